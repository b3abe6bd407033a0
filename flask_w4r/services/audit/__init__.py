"""The log of what staff and commands did: append-only and hash-chained, one chain a section.

``record.append`` writes an entry in the transaction of the act, ``verify`` proves the chain, ``keep`` mails its head each
day and lets old entries go, ``log`` reads it for staff.
"""
