"""The desk's machinery: the queue, decisions that are taken back as one, rules, limits, lockdown, the overview by the hour.

It knows no kind of thing by name: what waits is a ``seam.QueueKind`` that a capability brings. ``judgement`` is what the
checks found, as a row keeps it.
"""
