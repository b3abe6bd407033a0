"""What the page about events says is so: its snippets and its numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import Flask

from flask_w4r.models.events import VISIBILITIES
from flask_w4r.services.hosting import letters as event_letters
from flask_w4r.services.rsvps import seats as rsvp_seats
from flask_w4r.signals import event_published
from flask_w4r.state import get_state
from flask_w4r.testing import make_events

from .conftest import MakeSite
from .pages import DOCS, covers, load, settings_of

PAGE = (DOCS / "events.rst").read_text("utf-8")


@covers("hosting_window.py")
def test_hosting_window(make_site: MakeSite) -> None:
    app = make_site(**settings_of("hosting_window.py"))
    opens_on = get_state(app).sections["AU"].window["hosting_opens_on"]
    listed = app.test_client().get("/act/events").text
    assert "You can host events from" in listed
    assert str(opens_on.year) in listed


@covers("event_signals.py")
def test_signals(make_site: MakeSite) -> None:
    module = load("event_signals.py")
    try:
        app: Flask = make_site("roles.py")
        waiting = make_events(app, 1, state="submitted", held_at=datetime.now(UTC))[0]
        event_published.send(app, section="AU", event_id=waiting)
    finally:
        event_published.disconnect(module.announce)
    assert module.to_announce == [("AU", waiting)]


def test_who_learns_the_place() -> None:
    table = PAGE.split("Who can see the location", 1)[1].split("\n\n\n", 1)[0].split("Seats\n", 1)[0]
    assert set(re.findall(r"^   \* - ``(\w+)``", table, re.MULTILINE)) == set(VISIBILITIES)


def test_the_numbers() -> None:
    assert timedelta(minutes=30) == rsvp_seats.PENDING_HOLDS
    assert timedelta(hours=24) == rsvp_seats.OFFER_HOLDS
    assert (rsvp_seats.PENDING_SHARE, event_letters.HOST_DAYS) == (4, 30)
