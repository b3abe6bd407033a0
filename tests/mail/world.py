"""A stand-in for a host site: one section, three cases, people who sign, and a clock that can be moved."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.orm import Session

from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.config import W4RConfig
from flask_w4r.keyring import Keyring
from flask_w4r.models import Case, Edition, OutboxMail, Signature
from flask_w4r.seam import Capability, MailKind, Seam
from flask_w4r.sections import Section
from flask_w4r.services.mail import send as mail
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import day_secret
from flask_w4r.services.storage.unit_of_work import prepare_engine, read, run
from flask_w4r.state import Hooks, W4RState

#: Mails that are about nothing, as a capability of a site may bring them; the second is one that a stranger can cause.
NOTICES = Capability("notices", mails=(MailKind("notice"), MailKind("asked", capped=True, answered=5)))
ENCRYPTION_KEY = "c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE="
INDEX_KEY = "YW5vdGhlciBrZXksIGFuZCBub3QgdGhlIHNhbWUgb25lISE="[:43] + "="
SENDER = "Write for Rights <w4r@mail.example.org>"


@dataclass
class MovingClock:
    """A clock that stands until it is moved."""

    moment: datetime = datetime(2024, 12, 1, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


def real_clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class StandIn:
    """What services see of a Flask app."""

    extensions: dict[str, Any] = field(default_factory=dict)

    def app_context(self) -> AbstractContextManager[None]:
        return nullcontext()


def make_engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def quick(connection: Any, record: Any) -> None:
            # Tests kill processes, not the machine.
            connection.execute("PRAGMA synchronous=OFF")

    return engine


def make_section(code: str = "AU", **more: Any) -> Section:
    return Section(code, "Section", "AU", ("en", "fr"), "en", "Australia/Sydney", **more)


def make_state(engine: Engine, clock: Any, *, sections: Sequence[Section] = (), **config: Any) -> W4RState:
    chosen = sections or (make_section(),)
    return W4RState(
        config=W4RConfig(**{"mail_sender": SENDER, **config}),
        sections={section.code: section for section in chosen},
        mounts=(),
        keyring=Keyring([ENCRYPTION_KEY], INDEX_KEY),
        clock=clock,
        hooks=Hooks(seam=Seam((*CAPABILITIES, NOTICES))),
        secret_key="not used here",
        translation_directories=(),
        engine_source=lambda app: prepare_engine(engine),
    )


def words(kind: str, section: Section, locale: str, context: Mapping[str, Any], **_: Any) -> tuple[str, str, str]:
    """Stands in for the templates: everything a mail was given, as JSON."""
    told = json.dumps(dict(context), sort_keys=True, default=lambda value: value.id)
    return f"{kind} {section.code} {locale}", told + "\n", f"<p>{kind}</p>"


def told(message: EmailMessage) -> dict[str, Any]:
    """What :func:`words` was given."""
    body = message.get_body(("plain",))
    assert body is not None
    found: dict[str, Any] = json.loads(body.get_content())
    return found


class Postbox:
    """A mailer that keeps what it is given, or does as told."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.error: Exception | None = None
        self.before: Any = None
        self._lock = threading.Lock()

    def __call__(self, message: EmailMessage) -> None:
        if self.before:
            self.before(message)
        if self.error:
            raise self.error
        with self._lock:
            self.messages.append(message)

    @property
    def kinds(self) -> list[str]:
        return [message["Subject"].split()[0] for message in self.messages]


class World:
    """A database with a running edition, and what tests do in it."""

    def __init__(self, engine: Engine, clock: Any = None, **config: Any) -> None:
        self.clock = clock or MovingClock()
        self.app = StandIn()
        self.state = make_state(engine, self.clock, **config)
        self.app.extensions["w4r"] = self.state
        self.keyring, self.section = self.state.keyring, next(iter(self.state.sections.values()))
        self.postbox = Postbox()
        self.asked = 0

    def add_cases(self, count: int = 3) -> list[int]:
        def write(work: Any) -> list[int]:
            now = self.clock()
            edition = Edition(
                section=self.section.code, year="2024", titles={}, starts_on=date(2024, 11, 1),
                ends_on=date(2025, 1, 31), updated_at=now,
            )  # fmt: skip
            work.session.add(edition)
            work.session.flush()
            cases = [
                Case(
                    section=self.section.code, edition_id=edition.id, slug=f"case-{number}", position=number,
                    name=f"Case {number}", country="AU", kind="person", topics=[], status="active",
                    facts_as_of=now.date(), sources=[], updates=[], target={}, solidarity={}, sensitive=[],
                    updated_at=now,
                )
                for number in range(count)
            ]  # fmt: skip
            work.session.add_all(cases)
            work.session.flush()
            return [case.id for case in cases]

        return run(self.app, write)

    def add_signature(self, case_id: int, address: str, *, state: str = "pending", version: int = 1) -> int:
        canonical = parse_address(address, test_environment=True).canonical
        now = self.clock()

        def write(work: Any) -> int:
            row = Signature(
                section=self.section.code, case_id=case_id, state=state, version=version,
                email_index=self.keyring.blind(f"signature|{self.section.code}|{case_id}", canonical),
                person=self.keyring.seal_json({"first_name": "Ann", "email": address}), locale="en", reasons=[],
                captcha="pass", created_at=now, updated_at=now,
            )  # fmt: skip
            work.session.add(row)
            work.session.flush()
            return row.id

        return run(self.app, write)

    def values(
        self, kind: str, address: str, params: Mapping[str, Any], matter: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Outbox columns as the signing service makes them."""
        now = self.clock()
        canonical = parse_address(address, test_environment=True).canonical
        secret = run(self.app, lambda work: day_secret(work.session, self.keyring, now.date()))
        dedupe = self.keyring.blind("dedupe", matter or f"{kind} {canonical} {params}")
        return mail.outbox_values(
            self.keyring, self.section, kind, "en", address, params, now=now, dedupe=dedupe, cap_day=now.date(),
            cap_index=mail.cap_index(secret, self.section, canonical), **more,
        )  # fmt: skip

    def enqueue(self, kind: str, address: str, params: Mapping[str, Any], **more: Any) -> bool:
        replace = more.pop("replace", kind == "confirm")
        values = self.values(kind, address, params, **more)
        return run(self.app, lambda work: mail.enqueue(work.session, values, replace=replace))

    def ask(self, address: str, count: int) -> None:
        """As many mails that a stranger can cause."""
        for _ in range(count):
            self.asked += 1
            self.enqueue("asked", address, {"number": self.asked})

    def sign(self, case_id: int, address: str) -> int:
        """A pending signature, and its confirmation mail in the outbox."""
        number = self.add_signature(case_id, address)
        self.enqueue("confirm", address, {"signatures": [[number, 1]]})
        return number

    def set_signature(self, number: int, **values: Any) -> None:
        def write(work: Any) -> None:
            row = work.session.get(Signature, number)
            for key, value in values.items():
                setattr(row, key, value)

        run(self.app, write)

    def send(self, **more: Any) -> mail.MailReport:
        return mail.run_due(self.app, **{"render": words, "mailer": self.postbox, **more})

    def rows(self, kind: str | None = None) -> list[OutboxMail]:
        def look(session: Session) -> list[OutboxMail]:
            found = session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
            session.expunge_all()
            return [row for row in found if kind in (None, row.kind)]

        return read(self.app, look)

    def add_plain(self, addresses: Sequence[str]) -> None:
        """Many mails at once, of a kind that needs no signature."""
        rows = [self.values("notice", address, {"cases": []}) for address in addresses]
        run(self.app, lambda work: work.session.execute(insert(OutboxMail), rows))
