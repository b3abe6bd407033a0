"""The mails about events: what they say, to whom they say it, what is attached, and when they stay unsaid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import vobject
from sqlalchemy import select

from flask_w4r.cli.jobs import tools_for
from flask_w4r.models import Event, Rsvp, Token
from flask_w4r.services.hosting import letters as host_letters
from flask_w4r.services.hosting import mail as host_mail
from flask_w4r.services.mail.send import run_due
from flask_w4r.services.rsvps import letters as rsvp_letters
from flask_w4r.services.rsvps import mail as rsvp_mail
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost, every_database
from tests.events.rows import SECRET, add_event, add_rsvp


class World:
    """A site with an event, and one party."""

    def __init__(self, host: Host) -> None:
        self.host, self.state = host, get_state(host.app)
        self.section = next(iter(self.state.sections.values()))
        self.cases = make_campaign(host.app)

    def add(self, *, event: dict[str, Any] | None = None, **rsvp: Any) -> tuple[int, int]:
        def work(uow: Any) -> tuple[int, int]:
            keyring, now = self.state.keyring, self.state.clock()
            cases = tuple(self.cases.values())
            row = add_event(uow.session, keyring, self.section, now=now, cases=cases, **(event or {}))
            return row.id, add_rsvp(uow.session, keyring, self.section, row, now=now, **rsvp).id

        return run(self.host.app, work)

    def write(self, kind: str, event_id: int, rsvp_id: int, **more: Any) -> None:
        """Put a mail in the outbox."""

        def work(uow: Any) -> None:
            session, keyring, now = uow.session, self.state.keyring, self.state.clock()
            event = session.get_one(Event, event_id)
            if kind in host_mail.KINDS:
                host_mail.enqueue(session, keyring, self.section, event, kind, now=now, **more)
            else:
                rsvp = session.get_one(Rsvp, rsvp_id)
                rsvp_mail.enqueue(session, keyring, self.section, event, rsvp, kind, now=now, **more)

        run(self.host.app, work)

    def change(self, model: Any, number: int, **columns: Any) -> None:
        def work(uow: Any) -> None:
            row = uow.session.get_one(model, number)
            for name, value in columns.items():
                setattr(row, name, value)

        run(self.host.app, work)

    def send(self) -> list[EmailMessage]:
        """What leaves now."""
        before = len(self.host.mailer.messages)
        with self.host.app.app_context():
            done = self.state.seam.jobs["mail"].run(self.host.app, tools_for(self.host.app))
        assert done["failed"] == done["retried"] == 0
        return self.host.mailer.messages[before:]

    def mail(self, kind: str, *, event: dict[str, Any] | None = None, text: str | None = None, **rsvp: Any) -> Any:
        """The one mail of a kind about a new event."""
        numbers = self.add(event=event, **rsvp)
        self.write(kind, *numbers, **({"text": text} if text else {}))
        sent = self.send()
        assert len(sent) <= 1
        return sent[0] if sent else None


@pytest.fixture
def world(make_host: MakeHost) -> World:
    sections = [{"preset": "AU", "url_prefix": "/au", "locales": ["en", "ar", "fr"]}]
    return World(make_host(sections=sections))


def plain(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def entries(message: EmailMessage) -> list[tuple[str, str]]:
    """Method of the MIME part and text of each calendar in it."""
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return [(str(part.get_param("method")), part.get_content()) for part in parts]


GUEST_KINDS = {
    "rsvp_confirm": {"state": "pending", "seats_held": 2, "confirmed_at": None},
    "rsvp_known": {},
    "rsvp_going": {},
    "rsvp_waitlisted": {"state": "waitlisted"},
    "rsvp_offer": {"state": "offered", "due_at": datetime(2100, 1, 1, tzinfo=UTC)},
    "rsvp_expired": {"state": "expired"},
    "rsvp_changed": {},
    "rsvp_cancelled": {"state": "cancelled"},
    "rsvp_reminder": {},
    "rsvp_approved": {"approved_at": datetime(2026, 1, 1, tzinfo=UTC)},
    "event_changed": {},
    "event_cancelled": {},
    "event_message": {},
}
STATES = {
    "event_cancelled": "cancelled", "event_confirm": "unconfirmed", "event_rejected": "rejected",
    "event_question": "submitted", "event_report": "over",
}  # fmt: skip
ALL = [*GUEST_KINDS, *host_mail.KINDS]


def test_every_kind_is_tried_here() -> None:
    assert set(ALL) == {kind.name for kind in (*rsvp_letters.MAILS, *host_letters.MAILS)}
    assert set(GUEST_KINDS) == set(rsvp_mail.KINDS)


@pytest.mark.parametrize("locale", ["en", "ar"])
@pytest.mark.parametrize("kind", ALL)
def test_a_mail_says_the_same_in_both_its_parts(world: World, kind: str, locale: str) -> None:
    event = {"state": STATES.get(kind, "published"), "locale": locale}
    message = world.mail(kind, event=event, locale=locale, **GUEST_KINDS.get(kind, {}))
    text, page = plain(message), html(message)
    assert f'dir="{"rtl" if locale == "ar" else "ltr"}"' in page
    links = world.host.mailer.links()
    one = [link for link in links if "/rsvp/" in link or "/host/" in link]
    assert len(one) <= 1
    assert all(link in page for link in links)
    assert ("Letters in Newtown" in text) == ("Letters in Newtown" in page) == (kind != "event_confirm")
    # What a stranger may have typed in somebody's name is in no mail, nor who hosts.
    for typed in ("Gus Guest", "Sam Host", "sam.host@"):
        assert typed not in text + page + str(message["Subject"])
    assert "\n\n\n" not in text
    assert "None" not in text + page


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in ("rsvp_cancelled", "rsvp_expired")])
def test_a_mail_about_a_withdrawn_or_unpublished_event_stays_unsaid(world: World, kind: str) -> None:
    assert world.mail(kind, event={"state": "rejected" if kind != "event_rejected" else "submitted"},
                      **GUEST_KINDS.get(kind, {})) is None  # fmt: skip


@pytest.mark.parametrize("kind", ["rsvp_confirm", "rsvp_going", "rsvp_waitlisted", "rsvp_offer", "rsvp_changed"])
def test_what_is_no_longer_so_stays_unsaid(world: World, kind: str) -> None:
    numbers = world.add(**GUEST_KINDS[kind])
    world.write(kind, *numbers)
    world.change(Rsvp, numbers[1], version=2)
    assert world.send() == []


def test_an_offer_that_ended_is_not_sent(world: World) -> None:
    assert world.mail("rsvp_offer", state="offered", due_at=datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_host_that_was_replaced_is_not_written_to(world: World) -> None:
    numbers = world.add()
    world.write("event_approved", *numbers)
    world.change(Event, numbers[0], host_version=2)
    assert world.send() == []


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


def test_a_mail_handed_over_again_has_the_same_links(world: World) -> None:
    numbers = world.add()
    world.write("rsvp_going", *numbers)
    seen: list[str] = []

    def fail(message: EmailMessage) -> None:
        seen.append(plain(message))
        raise ConnectionError("away")

    app = world.host.app
    for later in (0, 7200):
        moment = world.state.clock() + timedelta(seconds=later)
        with app.app_context():
            run_due(app, render=tools_for(app).render, mailer=fail, now=moment)
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert read(app, lambda s: len(s.scalars(select(Token.id)).all())) == 1


def test_links_hold_until_a_while_after_the_event(world: World) -> None:
    numbers = world.add()
    world.write("rsvp_going", *numbers)
    world.write("event_approved", *numbers)
    world.send()
    ends = read(world.host.app, lambda s: s.get_one(Event, numbers[0]).ends_at)
    found = read(world.host.app, lambda s: dict(s.execute(select(Token.purpose, Token.expires_at)).all()))
    assert {purpose: (until - ends).days for purpose, until in found.items()} == {"rsvp": 7, "host": 30}


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


def test_times_are_the_events_own_in_the_readers_language(world: World) -> None:
    message = world.mail(
        "rsvp_reminder", locale="fr",
        event={"time_zone": "Australia/Lord_Howe", "starts_local": datetime(2099, 12, 5, 14),
               "ends_local": datetime(2099, 12, 5, 16)},
    )  # fmt: skip
    words = "samedi 5 décembre 2099, 14:00 – 16:00 (heure d’été de Lord Howe)"
    assert words in plain(message)
    assert words in html(message)


def test_the_hosts_words_come_as_they_were_and_harmless(world: World) -> None:
    message = world.mail("event_message", text="Bring tea.\n<script>alert(1)</script>")
    assert "Bring tea.\n<script>alert(1)</script>" in plain(message)
    assert "&lt;script&gt;" in html(message)
    assert "<script>" not in html(message)


@every_database
def test_prepared_and_sent_on_every_database(world: World) -> None:
    message = world.mail("rsvp_going")
    assert "/au/rsvp/" in plain(message)
    assert len(entries(message)) == 1
