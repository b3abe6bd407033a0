"""The outbox: mails are written down in the transaction that brings them about, and leave later, at least once.

``outbox`` writes and claims them, ``send`` is the worker's round, ``caps`` says who gets none and how many an address
gets in a day, ``faults`` what a failed hand-over means. It knows no mail: each capability brings its kinds in
``capability.py`` (guests: ``rsvps.letters``, hosts: ``hosting.letters``, signers: ``petitions.letters``).
"""
