"""What only some mails give: the calendar entry to who has a place, the street and the link to who may know them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import vobject

from tests.events.letter_world import GUEST_KINDS, STATES, World, entries, html, plain
from tests.events.letter_world import world as world
from tests.events.rows import SECRET


@pytest.mark.parametrize(
    ("kind", "method"),
    [("rsvp_going", "REQUEST"), ("rsvp_changed", "REQUEST"), ("rsvp_reminder", "REQUEST"),
     ("rsvp_approved", "REQUEST"), ("event_changed", "REQUEST"), ("rsvp_cancelled", "CANCEL"),
     ("event_cancelled", "CANCEL")],
)  # fmt: skip
def test_the_calendar_entry_comes_with_the_mail(world: World, kind: str, method: str) -> None:
    event = {"state": STATES.get(kind, "published"), "sequence": 4}
    message = world.mail(kind, event=event, **{"sequence": 3, **GUEST_KINDS[kind]})
    [(of_part, text)] = entries(message)
    calendar = vobject.readOne(text)
    assert of_part == calendar.method.value == method
    assert calendar.vevent.sequence.value == "7"
    assert calendar.vevent.uid.value == "0a1b2c3d@au.w4r"
    assert calendar.vevent.attendee.value.lower() == "mailto:guest@example.org"
    assert calendar.vevent.url.value == "http://localhost/au/events/letters"
    [file] = list(message.iter_attachments())
    assert file.get_content_type() == "application/ics"
    assert file.get_filename() == "event.ics"
    assert file.get_content().decode().replace("\r\n", "\n") == text.replace("\r\n", "\n")
    # Mail programs take the last form that they know: the invitation, whose words are the mail's.
    alternative = message.get_payload(0)
    kinds = [part.get_content_type() for part in alternative.iter_parts()]  # type: ignore[union-attr]
    assert kinds == ["text/plain", "text/html", "text/calendar"]


@pytest.mark.parametrize("kind", ["rsvp_confirm", "rsvp_waitlisted", "rsvp_offer", "rsvp_known", "event_message"])
def test_nobody_gets_an_entry_without_a_place(world: World, kind: str) -> None:
    assert entries(world.mail(kind, **GUEST_KINDS[kind])) == []


PLACES = [
    # kind, visibility, approved: learns the street, learns the link.
    ("public", "exact", False, True, False),
    ("public", "unlisted", False, True, False),
    ("public", "town", False, False, False),
    ("public", "town", True, True, False),
    ("public", "approval", False, False, False),
    ("public", "approval", True, True, False),
    ("private", "exact", False, False, False),
    ("private", "unlisted", False, False, False),
    ("private", "approval", True, True, False),
    ("school", "exact", False, False, False),
    ("online", "exact", False, False, True),
    ("online", "approval", False, False, False),
    ("online", "approval", True, False, True),
    ("hybrid", "exact", False, True, True),
    ("hybrid", "town", False, False, True),
]


@pytest.mark.parametrize(("kind", "visibility", "approved", "street", "link"), PLACES)
def test_who_learns_the_street_and_the_link(
    world: World, kind: str, visibility: str, approved: bool, street: bool, link: bool
) -> None:
    message = world.mail(
        "rsvp_going",
        event={"kind": kind, "visibility": visibility},
        approved_at=datetime(2026, 1, 1, tzinfo=UTC) if approved else None,
    )
    [(_, entry)] = entries(message)
    entry = entry.replace("\r\n ", "").replace("\n ", "")
    for words in (plain(message), html(message), entry):
        assert (SECRET["address"] in words) is street
        assert (SECRET["online_url"] in words) is link
    assert (f"{SECRET['lat']}" in entry) is street


@pytest.mark.parametrize("kind", ["rsvp_confirm", "rsvp_waitlisted", "rsvp_offer", "rsvp_known", "rsvp_cancelled"])
def test_who_is_not_going_learns_neither(world: World, kind: str) -> None:
    message = world.mail(
        kind,
        event={"kind": "hybrid", "visibility": "unlisted"},
        **{"state": "waitlisted", **GUEST_KINDS[kind], "approved_at": datetime(2026, 1, 1, tzinfo=UTC)},
    )
    assert SECRET["address"] not in message.as_string() + plain(message) + html(message)
    assert SECRET["online_url"] not in message.as_string() + plain(message) + html(message)
