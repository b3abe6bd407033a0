"""Signals, sent after commit with the Flask app as sender. They carry ids, never personal data."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

signature_created = _signals.signal("w4r.signature_created")
signature_confirmed = _signals.signal("w4r.signature_confirmed")
signature_held = _signals.signal("w4r.signature_held")
message_submitted = _signals.signal("w4r.message_submitted")
action_reported = _signals.signal("w4r.action_reported")
event_submitted = _signals.signal("w4r.event_submitted")
event_published = _signals.signal("w4r.event_published")
event_cancelled = _signals.signal("w4r.event_cancelled")
rsvp_created = _signals.signal("w4r.rsvp_created")
rsvp_changed = _signals.signal("w4r.rsvp_changed")
case_changed = _signals.signal("w4r.case_changed")
alert_raised = _signals.signal("w4r.alert_raised")
delivery_made = _signals.signal("w4r.delivery_made")

#: What they are called, without the prefix.
NAMES = tuple(name.removeprefix("w4r.") for name in _signals)
