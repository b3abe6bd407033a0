"""Coming to an event: seats that are never oversold, the waiting list, and what a guest may know.

``ask`` takes an RSVP, ``lifecycle`` confirms, changes and cancels it, ``seats`` counts under the event's lock, ``letters``
are the mails a guest can get, ``guests`` what a party is told beyond the public (the street of a private event, once let in).
"""
