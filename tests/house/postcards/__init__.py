"""A capability that the library does not know: postcards to somebody at risk, looked at by the desk.

It brings a table, a form page, a mail, a kind of the desk's queue, a job, a retention rule, an action type, a check of
the doctor and an export, in files of its own, and is one more item in ``W4R(capabilities=...)``.
"""
