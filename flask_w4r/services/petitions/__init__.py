"""Signatures: signed, confirmed by mail, disowned, held, invalidated many at once and given back, counted.

``signing`` writes them, ``confirming`` is what the links in mails do, ``states`` changes their state, ``queue`` hangs them
into the desk, ``letters`` are their mails, ``keep`` how long the unconfirmed and the networks stay.
"""
