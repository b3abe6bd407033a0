"""Emails to those in power: written on the site, sent by the section one by one, never faster than an office can read.

A press is one row of the intake; the worker writes one email for each target (:mod:`.writing`), its writer's mailbox is proved
(:mod:`.confirming`), what was changed waits for the desk (:mod:`.queue`), and :mod:`.drip` lets them leave in the target's
own office hours, through the outbox (:mod:`.letters`). What goes to the person at risk is another capability's.
"""
