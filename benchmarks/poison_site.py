"""The site of the poison simulation: an app in this process, by a simulated clock."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from flask_w4r import W4R, Actor
from flask_w4r.config_defaults import DEFAULT_RATE_LIMITS
from flask_w4r.keyring import generate_key
from flask_w4r.models import EditionPerson, Signature, TallySlot
from flask_w4r.models.moderation import DeskState
from flask_w4r.services.mail import send as mail
from flask_w4r.services.moderation import pulse
from flask_w4r.services.moderation.settings import touch
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import day_secret
from flask_w4r.services.petitions import confirming
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, take_in

from .poison_people import Person

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
#: Seconds between two looks of the worker at what forms wrote down.
WORKER_LOOKS = 1.0
_FRESH_FORM = timedelta(minutes=30)
#: The proportions that a week of the wide public would have shown.
_SHARES = {"gmail.com": 0.45, "outlook.com": 0.18, "yahoo.com": 0.13, "hotmail.com": 0.04}


@dataclass
class Outcome:
    """What became of the signatures of one kind."""

    kind: str
    total: int = 0
    held: int = 0
    invalid: int = 0
    confirmed: int = 0


class Site:
    """A site with one case.

    :param database: the URL of an empty database.
    """

    def __init__(self, database: str, slug: str) -> None:
        self.now, self._slug = NOON, slug
        self._tokens: dict[str, str] = {}
        self._form: tuple[datetime, dict[str, Any]] | None = None
        self.app = Flask("poison")
        self.app.config.update(
            SECRET_KEY="only for a simulation", TESTING=True, SQLALCHEMY_DATABASE_URI=database,
            W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(), W4R_BASE_URL="http://localhost",
            W4R_MAIL_SENDER="Write for Rights <w4r@example.org>", W4R_CAPTCHA="none", W4R_FORM_MIN_SECONDS=0,
            W4R_SECTION={"preset": "AU", "url_prefix": "/au"},
            # By the machine's clock these would mean something else than by the simulated one.
            W4R_RATE_LIMITS={name: "1000000/second" for name in DEFAULT_RATE_LIMITS if not name.startswith("hold_")},
        )  # fmt: skip
        self._db = SQLAlchemy(self.app)
        W4R(
            mailer=self._take, clock=lambda: self.now,
            actor_loader=lambda: None, permission_check=lambda actor, permission, section: True,
        ).init_app(self.app, self._db)  # fmt: skip
        done = self.app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
        if done.exit_code:
            raise RuntimeError(done.output)
        self.state = get_state(self.app)
        self.section = self.state.sections["AU"]
        self.case_id = make_campaign(self.app, [slug])[f"AU/{slug}"]
        self._client = self.app.test_client()
        self.moderator, self.second = Actor("mo", "Mo"), Actor("sec", "Sec")

    def close(self) -> None:
        """Let the database go."""
        with self.app.app_context():
            for engine in self._db.engines.values():
                engine.dispose()

    def usual(self, per_hour: float) -> None:
        """What the worker would have found after a quiet week."""
        found = {
            "case": {str(self.case_id): per_hour},
            "domain": {name: per_hour * share for name, share in _SHARES.items()},
        }

        def work(uow: UnitOfWork) -> None:
            touch(uow.session, self.section)
            uow.session.get_one(DeskState, self.section.code).usual = found

        run(self.app, work)

    def play(self, people: Sequence[Person]) -> None:
        """Let everybody sign and confirm in the order of time."""
        events: list[tuple[float, int, bool]] = [(person.at, number, False) for number, person in enumerate(people)]
        heapq.heapify(events)
        looked = 0.0
        while events:
            at, number, confirms = heapq.heappop(events)
            person = people[number]
            if at - looked >= WORKER_LOOKS or confirms:
                take_in(self.app)
                looked = at
            self.now = NOON + timedelta(seconds=at)
            if confirms:
                self._confirm(person)
            else:
                self._sign(person)
                if person.confirms_after is not None:
                    heapq.heappush(events, (at + person.confirms_after, number, True))
        take_in(self.app)
        self.now += timedelta(minutes=1)

    def _sign(self, person: Person) -> None:
        path = f"/au/cases/{self._slug}/sign"
        if self._form is None or self.now - self._form[0] > _FRESH_FORM:
            _, fields = form_fields(self._client.get(path), "form_token")
            self._form = self.now, fields
        typed = {"first_name": person.first, "last_name": person.last, "email": person.email, "consent": "y"}
        answer = self._client.post(path, data={**self._form[1], **typed}, environ_overrides={"REMOTE_ADDR": person.ip})
        if answer.status_code != 303:
            raise RuntimeError(f"{person.kind}: {answer.status_code} for {person.email}")

    def _confirm(self, person: Person) -> None:
        if person.email not in self._tokens:
            mail.run_due(self.app, render=_words, mailer=self._take, batch=200)
        scoring = self.state.config.scoring
        token = self._tokens[person.email]
        run(
            self.app,
            lambda uow: confirming.confirm(
                uow.session, self.state.keyring, self.section, token,
                secret=day_secret(uow.session, self.state.keyring, self.now.date()), hold_at=scoring["hold_at"], fast_score=scoring["fast_confirm"], now=self.now,
            ),
        )  # fmt: skip

    def _take(self, message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        self._tokens.setdefault(str(message["To"]), body.get_content().strip() if body else "")

    def count_pulse(self) -> None:
        """Have the worker count for the overview."""
        pulse.run_pulse(self.app)

    def _rows(self) -> Iterable[tuple[str, Signature]]:
        def load(session: Any) -> list[tuple[str, Signature]]:
            opened = self.state.keyring.open_json
            rows = session.scalars(select(Signature).order_by(Signature.id))
            return [(str(opened(row.person)["email"]), row) for row in rows]

        return read(self.app, load)

    def outcome(self, kinds: Mapping[str, str]) -> dict[str, Outcome]:
        """What became of everybody, by kind.

        :param kinds: each address's kind.
        """
        known = {parse_address(email, test_environment=True).typed: kind for email, kind in kinds.items()}
        found = {kind: Outcome(kind) for kind in sorted(set(kinds.values()))}
        for email, row in self._rows():
            item = found[known[email]]
            item.total += 1
            item.held += row.held_at is not None
            item.invalid += row.state == "invalid"
            item.confirmed += row.state == "confirmed" and row.held_at is None
        if sum(item.total for item in found.values()) != len(kinds):
            raise RuntimeError("not everybody signed")
        return found

    def touched_groups(self, people: Sequence[Person]) -> dict[str, int]:
        """How many of each group of genuine people are held or invalid now."""
        groups = {person.email: person.group for person in people if person.kind == "genuine"}
        touched = (email for email, row in self._rows() if row.held_at is not None or row.state == "invalid")
        return dict(Counter(groups[email] for email in touched if email in groups))

    def fingerprint(self) -> str:
        """A hash of every signature's every column, of the counts and of the table of people."""

        def load(session: Any) -> str:
            digest = hashlib.sha256()
            for row in session.execute(select(Signature.__table__).order_by(Signature.id)):
                digest.update(repr(tuple(row)).encode())
            for row in session.execute(select(EditionPerson.__table__).order_by(*EditionPerson.__table__.primary_key)):
                digest.update(repr(tuple(row)).encode())
            sums = select(TallySlot.case_id, TallySlot.action_type, func.sum(TallySlot.count)).group_by(
                TallySlot.case_id, TallySlot.action_type
            )
            for case_id, action, count in session.execute(sums.order_by(TallySlot.case_id, TallySlot.action_type)):
                digest.update(f"{case_id} {action} {int(count)}".encode())
            return digest.hexdigest()

        return read(self.app, load)


def _words(kind: str, section: Any, locale: str, context: Mapping[str, Any], /, **_: Any) -> tuple[str, str, str]:
    # The words cost most and say nothing here; the link's secret is all that the simulation needs of a mail.
    token = context["tokens"]["confirm"] if "tokens" in context and "confirm" in context["tokens"] else ""
    return kind, token, token
