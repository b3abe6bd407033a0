"""Presses of the sign form of every sort, written down without a browser; and a worker to kill at a statement."""

from __future__ import annotations

import os
import signal
import traceback
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import NullPool

from flask_w4r import W4R
from flask_w4r.services.intake import batch
from flask_w4r.services.intake.sent import Sent
from flask_w4r.services.people import consents
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import day_secret, network_of, network_tiers
from flask_w4r.services.petitions.intake import take_in
from flask_w4r.services.petitions.signing import Submission
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state

#: What a batch may change, and how its rows are compared.
TABLES = {
    "w4r_intake": "kind, problem",
    "w4r_signature": "case_id, state, version, email_index, slot, held_for, captcha",
    "w4r_consent": "purpose, granted, signature_id IS NULL",
    "w4r_outbox": "kind, state, dedupe",
    "w4r_spent_proof": "digest",
    "w4r_edition_person": "edition_id, person_index",
}


def make_app(config: Mapping[str, Any]) -> Flask:
    """A site as another process of it has it."""
    app = Flask("host_site")
    app.config.update(config)
    extension = W4R(mailer=lambda message: None)
    extension.subscriber_sink(lambda subscriber: None)
    extension.init_app(app, SQLAlchemy(app))
    return app


def press(
    app: Flask,
    number: int,
    case_ids: list[int],
    *,
    first_name: str = "Sam",
    proof: str | None = None,
    proved: bool = False,
    email: bool = True,
) -> None:
    """Somebody presses the button."""
    state = get_state(app)
    section = next(iter(state.sections.values()))
    now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC) + timedelta(seconds=number)
    secret = run(app, lambda uow: day_secret(uow.session, state.keyring, now.date()))
    asked = [consents.question(section, purpose, "en") for purpose in (consents.PETITION, consents.NEWSLETTER)]
    submission = Submission(
        first_name, f"Sample{number}", parse_address(f"sam{number % 100}@example.org") if email else None, "en",
        newsletter=True, consents=tuple(consents.ConsentAnswer(one.purpose, one.digest, True) for one in asked),
    )  # fmt: skip
    sent = Sent(
        now, network_of(secret, now.date(), network_tiers(f"198.51.{number % 250}.7")),
        "pass" if proof else "off", tuple(case_ids), proved=proved,
        proof=sha256(proof.encode()).digest() if proof else None,
        proof_expires_at=now + timedelta(minutes=20) if proof else None,
    )  # fmt: skip
    take_in(app, section, submission, sent)


def press_of_every_sort(app: Flask, cases: list[int]) -> None:
    """New, the same again, changed, with a used proof, counted at once, without an address; one case and several."""
    for number in range(6):
        press(app, number, cases, proof=f"proof {number}")
    press(app, 1, cases, proof="proof 1")
    press(app, 102, cases[:1], first_name="Samira")
    for number in (3, 7, 8):
        press(app, 200 + number, cases, proved=True)
    press(app, 9, cases, email=False)


def state_of(url: str) -> dict[str, Counter[Any]]:
    """What stands in the tables that a batch writes, and the counts."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        found = {
            table: Counter(tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table}")))
            for table, columns in TABLES.items()
        }
        counts = "SELECT case_id, action_type, sum(count) FROM w4r_tally GROUP BY case_id, action_type"
        found["w4r_tally"] = Counter({(row[0], row[1]): int(row[2]) for row in connection.execute(text(counts))})
        return found


def kill_one_by_one(config: Mapping[str, Any]) -> None:
    """Workers that take one batch each: the first dies before its first statement or commit, the second before its second...

    Each is a process of its own, forked from this one before it has any connection. Prints how many died, and ends when one
    came through; anything else is an error.
    """
    app, url = make_app(config), str(config["SQLALCHEMY_DATABASE_URI"])
    before = state_of(url)
    number = 1
    for _ in range(200):
        worker = os.fork()
        if worker == 0:
            _take_and_die(app, number)
        _, status = os.waitpid(worker, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            assert state_of(url) == before, number
            number += 1
            continue
        assert os.WEXITSTATUS(status) == 0
        # A server may not have noticed yet that the one before is dead, and keep its rows locked: then nothing was taken.
        if state_of(url) != before:
            print(number - 1)
            return
    raise AssertionError("it never ends")


def _take_and_die(app: Flask, statement: int) -> None:
    seen = 0

    def strike(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        for engine in set(get_state(app).engines(app)):
            event.listen(engine, "before_cursor_execute", strike)
            event.listen(engine, "commit", strike)
        batch.take(app)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
