"""What hosts do with their events, and staff with hosts': created, looked at, published, changed, repeated, reported, over.

``lifecycle`` has every change of an event's state; ``hosts`` what a host's link opens; ``queue`` and ``decisions`` hang
events and reports into the desk; ``letters`` are the mails a host can get; ``jobs`` is what the worker does; ``keep``
forgets who came and who hosted.
"""
