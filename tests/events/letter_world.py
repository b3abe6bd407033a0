"""A site with an event and one party, the mails about them, and how a test reads those."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from flask_w4r.cli.jobs import tools_for
from flask_w4r.models import Event, Rsvp
from flask_w4r.services.hosting import mail as host_mail
from flask_w4r.services.rsvps import mail as rsvp_mail
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost
from tests.events.rows import add_event, add_rsvp


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
