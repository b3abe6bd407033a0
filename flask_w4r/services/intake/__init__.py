"""The intake: a press of a public form is one row, written by :mod:`.append`; the worker looks at rows in batches.

:mod:`.batch` takes them in their order, has them judged together, and lets each kind write its own by sets, in one
transaction a batch: it was done whole or not at all.
"""
