"""A site whose clock stands, and one round of the worker's part in its events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r import W4R
from flask_w4r.models import Event
from flask_w4r.services.events.changes import version
from flask_w4r.services.hosting import jobs as event_jobs
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host, MakeHost
from tests.rsvps.guests import Party


class Site:
    """A site whose clock stands, with one event in ten days."""

    def __init__(self, make_host: MakeHost) -> None:
        self.now = datetime(2026, 11, 1, 12, 1, tzinfo=UTC)
        self.host: Host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=lambda: self.now))
        self.party = Party(self.host.app)
        self.starts = self.party.event().starts_at

    def come(self, *guests: int, size: int = 1) -> None:
        for guest in guests:
            self.party.ask(guest, size)
            self.party.do("confirm", guest)

    def run(self, *, fresh: bool = True) -> dict[str, Any]:
        """One round, of a worker that was just started unless said otherwise; what it did."""
        if fresh:
            self.party.state.lazy.pop("event_rhythm", None)
        return {name: count for name, count in event_jobs.run_events(self.host.app).items() if count}

    def mails(self, kind: str) -> int:
        return int(self.host.rows("SELECT count(*) FROM w4r_outbox WHERE kind = :kind", kind=kind)[0][0])

    def sent(self) -> None:
        """As if all mail had left."""
        with self.host.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE w4r_outbox SET state = 'sent', dedupe = NULL")

    def set(self, **values: Any) -> None:
        """Behind the services' back."""
        own = update(Event).where(Event.id == self.party.event_id).values(**values)
        run(self.host.app, lambda work: execute(work.session, own))

    def version(self) -> int:
        return read(self.host.app, lambda session: version(session, self.party.section))


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host)
