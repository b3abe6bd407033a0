"""``python -m benchmarks.mails``: how fast the outbox empties, beside what no program can leave out, on PostgreSQL.

Each round queues the confirmation mails of so many people and sends them, in turn with its floor:

* **words**: a mailer that does nothing; the floor renders the same mails, fills an ``EmailMessage`` with each and takes
  its bytes, without any database;
* **smtp**: a server on loopback that takes 20 ms for each command, through ``W4R_MAIL_CONNECTIONS``; the floor is
  ``smtplib`` with the same messages in as many threads.
"""

from __future__ import annotations

import argparse
import json
import os
import smtplib
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from queue import Empty, SimpleQueue
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from flask_w4r import W4R
from flask_w4r.cli.jobs import tools_for
from flask_w4r.mailers import SMTPMailer
from flask_w4r.services.mail import letters, outbox
from flask_w4r.services.mail import send as mail
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import day_secret
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures

from . import stand

#: Seconds that the slow mail server takes for a command.
SLOW = 0.02
CONNECTIONS = 4
GOALS = {"words": 0.6, "smtp": 0.7}


@dataclass
class Measured:
    """Mails a second, ours and the floor's, by round."""

    name: str
    ours: list[float]
    floor: list[float]
    statements: float

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return statistics.median(self.ours) / statistics.median(self.floor)

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= GOALS[self.name]


def create_app(env: Mapping[str, str]) -> Flask:
    """A site with one section."""
    app = Flask("bench_mails")
    app.config.update(
        SECRET_KEY=env["W4R_BENCH_SECRET"],
        SQLALCHEMY_DATABASE_URI=env["W4R_BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://"),
        RATELIMIT_STORAGE_URI="memory://",
        W4R_SECTION={"preset": "AU", "url_prefix": "/au"},
        W4R_ENCRYPTION_KEYS=[env["W4R_BENCH_ENCRYPTION_KEY"]],
        W4R_INDEX_KEY=env["W4R_BENCH_INDEX_KEY"],
        W4R_BASE_URL="https://w4r.example.org",
        W4R_MAIL_SENDER="Write for Rights <w4r@example.org>",
    )
    W4R(app, SQLAlchemy(app), mailer=lambda message: None)
    return app


class SlowServer:
    """An SMTP server that takes its time for each command and keeps nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb", buffering=0) as raw:
            raw.write(b"220 slow\r\n")
            in_data = False
            for line in connection.makefile("rb"):
                if in_data and line != b".\r\n":
                    continue
                time.sleep(SLOW)
                command = line[:4].upper()
                replies = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
                reply = b"250 yes\r\n" if in_data else replies.get(command, b"250 yes\r\n")
                in_data = command == b"DATA" and not in_data
                raw.write(reply)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


def queue(app: Flask, count: int, turn: str) -> None:
    """People who signed, each with a mail that waits."""
    state = get_state(app)
    section = next(iter(state.sections.values()))
    emails = [f"{turn}-{number}@example.org" for number in range(count)]
    make_signatures(app, "ann-example", count, state="pending", email=lambda number: emails[number - 1])

    def write(work: UnitOfWork) -> None:
        now = state.clock()
        secret = day_secret(work.session, state.keyring, now.date())
        case = {"cases": [1]}
        rows = []
        for email in emails:
            canonical = parse_address(email, test_environment=True).canonical
            rows.append(
                outbox.outbox_values(
                    state.keyring, section, "confirm", "en", email, case, now=now,
                    cap_index=mail.cap_index(secret, section, canonical), cap_day=now.date(),
                    dedupe=state.keyring.blind("bench", canonical),
                )
            )  # fmt: skip
        outbox.enqueue_all(work.session, rows)

    run(app, write)


def empty(app: Flask, mailer: Callable[[EmailMessage], None], count: int) -> float:
    """Send all that waits; mails a second."""
    tools = tools_for(app)
    began = time.perf_counter()
    report = mail.run_due(app, render=tools.render, mailer=mailer, batch=tools.batch)
    taken = time.perf_counter() - began
    if report.sent != count:
        raise RuntimeError(f"{report} instead of {count} mails sent")
    return count / taken


def floor_words(app: Flask, count: int, keep: list[EmailMessage] | None = None) -> float:
    """Render as many of the same mails, fill a message with each and take its bytes; mails a second."""
    state, tools = get_state(app), tools_for(app)
    section = next(iter(state.sections.values()))
    memo: dict[Any, Any] = {}
    began = time.perf_counter()
    for number in range(count):
        token = f"{number:043}"
        context = {"cases": [1], "tokens": {"confirm": token, "not_me": token}, "expires_days": 7}
        facts = {"kind": "confirm", "locale": "en", "message_id": f"{number:032}"}
        words = tools.render("confirm", section, "en", context, memo=memo)
        letter = letters.Letter(facts, section, f"floor-{number}@example.org", {}, context)
        message = letters.compose(letter, state.config.mail_sender, words, now=state.clock())
        message.as_bytes()
        if keep is not None:
            keep.append(message)
    return count / (time.perf_counter() - began)


def floor_smtp(port: int, messages: Sequence[EmailMessage]) -> float:
    """Hand messages over with as many threads and connections as we have; mails a second."""
    waiting: SimpleQueue[EmailMessage] = SimpleQueue()
    for message in messages:
        waiting.put(message)

    def hand_over() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client, suppress(Empty):
            while True:
                client.send_message(waiting.get_nowait())

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(hand_over) for _ in range(CONNECTIONS)]:
            done.result()
    return len(messages) / (time.perf_counter() - began)


def measure(app: Flask, rounds: int, count: int, slow_count: int) -> list[Measured]:
    """Both, in turn with their floors."""
    server = SlowServer()
    words, smtp = Measured("words", [], [], 0.0), Measured("smtp", [], [], 0.0)
    engine, _ = get_state(app).engines(app)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
    for turn in range(rounds + 1):
        queue(app, count, f"words{turn}")
        statements.clear()
        ours = empty(app, lambda message: None, count)
        words.statements = len(statements) / count
        floor = floor_words(app, count)
        queue(app, slow_count, f"smtp{turn}")
        statements.clear()
        mailer = SMTPMailer("127.0.0.1", server.port, connections=CONNECTIONS)
        slow = empty(app, mailer, slow_count)
        smtp.statements = len(statements) / slow_count
        mailer.close()
        messages: list[EmailMessage] = []
        floor_words(app, slow_count, messages)
        slow_floor = floor_smtp(server.port, messages)
        if turn:  # The first is to warm up.
            words.ours.append(ours)
            words.floor.append(floor)
            smtp.ours.append(slow)
            smtp.floor.append(slow_floor)
    server.close()
    engine.dispose()
    return [words, smtp]


def table(found: list[Measured]) -> str:
    """The numbers as text."""
    lines = [f"{'':<8}{'mails/s':>9}{'floor':>9}{'ratio':>7}{'goal':>6}{'SQL a mail':>12}"]
    for one in found:
        ours, floor = statistics.median(one.ours), statistics.median(one.floor)
        lines.append(
            f"{one.name:<8}{ours:>9.0f}{floor:>9.0f}{one.ratio:>7.2f}{GOALS[one.name]:>6}{one.statements:>12.2f}"
            f"  {'ok' if one.holds else '--'}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and print; exit 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mails", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--slow-mails", type=int, default=200)
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too")
    options = parser.parse_args()
    with stand.environment() as env:
        app = create_app({**os.environ, **env})
        done = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
        if done.exit_code:
            raise RuntimeError(done.output)
        make_campaign(app, ["ann-example"])
        found = measure(app, options.rounds, options.mails, options.slow_mails)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            rows = [{"name": one.name, "ours": one.ours, "floor": one.floor, "ratio": one.ratio} for one in found]
            file.write(json.dumps(rows, indent=2) + "\n")
    print(table(found))
    return 0 if all(one.holds for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
