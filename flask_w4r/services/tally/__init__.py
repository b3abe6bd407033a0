"""Counts, raised by the transaction that changes what counts, in sixteen slots so that writers do not queue.

``counts`` adds, ``totals`` reads, ``recount`` proves, ``fold`` keeps reading quick. What an action is, and how many of it the rows say, each capability brings.
"""
