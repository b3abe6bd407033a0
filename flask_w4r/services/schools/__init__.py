"""Schools: a teacher's page, classes with links of their own, and pupils who are counted without an address.

``joining`` takes a school in, ``decisions`` is what the desk does, ``classes`` makes links, ``pupils`` counts who comes by them,
``counts`` says what it came to.
"""
