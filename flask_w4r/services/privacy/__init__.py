"""What supporters entrust to us: who is held (``find``) and for how long (``retention``).

It asks every capability: how long what is kept stands in each ``capability.py`` as ``Retention``, where it is stored as
``Personal``.
"""
