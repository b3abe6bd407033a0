"""Telling the host's other programs, such as its CRM, what happens: signed, from the outbox, at least once.

``events`` writes down in the transaction of an act what whom is to be told, ``send`` is the worker's turn, ``post`` sends one
message to an address that was looked at before, ``status`` says what waits. It knows no event by name: signals come to it by
the seam, and what tells about a person is put in by the capability that knows them.
"""
