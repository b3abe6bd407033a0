"""What a host fills in: the event, and the small forms of a host's own page."""
