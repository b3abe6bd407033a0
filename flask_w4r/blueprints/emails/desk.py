"""The desk's part."""

ROUTES = ()
