"""Events as everybody may find them: list, map, feeds, calendars.

``views`` is the rule of what is public: never a host's address, and of an event of kind ``private`` or ``school``
(``views.TOWN_ONLY``) its town only; ``search``, ``geojson`` and ``calendars`` show nothing but such views.
"""
