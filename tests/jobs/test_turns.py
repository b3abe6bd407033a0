from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.cli import jobs as jobs_cli
from flask_w4r.cli import mail as mail_cli
from flask_w4r.mailers import SMTPMailer
from flask_w4r.models import Consent, DayKey, OutboxMail, Signature, SpentProof, Suppression, Token
from flask_w4r.seam import Seam, Tools
from flask_w4r.services.jobs import rounds as jobs
from flask_w4r.services.mail import faults, stop
from flask_w4r.services.people import tokens
from flask_w4r.services.privacy.retention import purge
from flask_w4r.services.storage.unit_of_work import read, run
from tests.mail.sink import Sink
from tests.mail.world import World, words

ANN = "Ann.Canary@mail.example.org"


def count(world: World, model: Any) -> int:
    return read(world.app, lambda session: session.scalar(select(func.count()).select_from(model)) or 0)


def tools(world: World, **more: Any) -> Tools:
    return Tools(**{"render": words, "mailer": world.postbox, **more})


def test_purge_takes_what_is_over_and_leaves_the_rest(world: World) -> None:
    case, *_ = world.add_cases()
    now = world.clock()

    def consent(number: int) -> dict[str, Any]:
        return {"signature_id": number, "purpose": "sign", "text_digest": b"d" * 32, "granted": True, "method": "box",
                "given_at": world.clock()}  # fmt: skip

    def fill(tag: str) -> None:
        numbers = [
            world.add_signature(case, f"{state}-{tag}@mail.example.org", state=state)
            for state in ("pending", "confirmed")
        ]
        world.add_plain([f"{tag}@mail.example.org"])
        world.send()

        def write(work: Any) -> None:
            work.session.execute(insert(Consent), [consent(number) for number in numbers])
            work.session.execute(insert(SpentProof).values(digest=tag.encode() * 8, expires_at=world.clock()))
            tokens.issue(work.session, "AU", "confirm", [], now=world.clock(), days=7)

        run(world.app, write)

    fill("oldx")
    world.clock.move(days=40)
    fill("newx")
    world.add_plain([ANN])
    world.clock.move(seconds=1)
    gone = purge(world.app, tools(world))
    expected = {"tokens": 1, "proofs": 2, "mails": 1, "day_keys": 1, "pending_signatures": 1, "networks": 0}
    assert {name: number for name, number in gone.items() if name in expected} == expected
    assert not any(number for name, number in gone.items() if name not in expected)
    assert [count(world, model) for model in (Signature, Consent, OutboxMail, Token, DayKey)] == [3, 3, 2, 1, 1]
    assert purge(world.app) == dict.fromkeys(gone, 0)
    assert now < world.clock()


def test_purge_waits_for_retention(world: World) -> None:
    case, *_ = world.add_cases()
    world.add_signature(case, ANN)
    world.clock.move(days=14)
    assert purge(world.app)["pending_signatures"] == 0
    world.clock.move(seconds=1)
    assert purge(world.app)["pending_signatures"] == 1


def run_for_a_while(
    world: World, given: Tools, until: Any, reports: list[tuple[str, dict[str, Any]]] | None = None, **more: Any
) -> list[tuple[str, dict[str, Any]]]:
    reports = [] if reports is None else reports
    worker = threading.Thread(
        target=lambda: jobs.run_until_stopped(
            world.app, given, interval=0.02, report=lambda name, done: reports.append((name, done)), **more
        )
    )
    worker.start()
    deadline = time.monotonic() + 20
    while not until() and time.monotonic() < deadline:
        time.sleep(0.01)
    given.stop.set()
    worker.join(20)
    assert not worker.is_alive() and until()
    return reports


def test_the_worker_sends_what_comes_and_stops_when_told(world: World) -> None:
    world.add_plain(["one@mail.example.org"])
    given = tools(world)
    reports: list[tuple[str, dict[str, Any]]] = []
    later = ["two@mail.example.org"]

    def both_sent() -> bool:
        """Whether both are; the second comes when the first round is over."""
        if later and any(name == "mail" for name, _ in reports):
            world.add_plain([later.pop()])
        return len(world.postbox.messages) == 2

    run_for_a_while(world, given, both_sent, reports)
    assert [done["sent"] for name, done in reports if name == "mail"] == [1, 1]


def test_the_worker_outlives_a_database_that_is_away(
    small_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = small_world
    world.add_plain([ANN])
    seam = world.state.seam
    real, calls = seam.jobs["mail"], []

    def flaky(app: Any, given: Tools) -> dict[str, Any]:
        calls.append(1)
        if len(calls) < 4:
            raise OperationalError("UPDATE ...", {"recipient": ANN}, Exception(f"away {ANN}"))
        return real.run(app, given)

    monkeypatch.setitem(seam.__dict__, "jobs", {**seam.jobs, "mail": replace(real, run=flaky)})
    monkeypatch.setattr(jobs, "LONGEST_WAIT", 0.05)
    run_for_a_while(world, tools(world), lambda: bool(world.postbox.messages))
    assert "job mail: OperationalError" in caplog.text
    assert "canary" not in caplog.text.lower()


def test_the_worker_outlives_a_mail_server_that_hangs_refuses_and_goes_away(
    small_world: World, sink: Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = small_world
    monkeypatch.setattr(jobs, "LONGEST_WAIT", 0.05)
    for name in ("later", "away"):
        monkeypatch.setitem(faults.PATIENCE, name, faults.Patience(timedelta(0), timedelta(0), 10**6))
    monkeypatch.setattr(stop, "LONGEST", timedelta(0))
    addresses = [f"canary{number}@mail.example.org" for number in range(12)]
    world.add_plain(addresses)
    mailer = SMTPMailer("127.0.0.1", sink.port, timeout=0.1)
    given = tools(world, mailer=mailer)
    states: list[dict[str, Any]] = [
        {"hang": True},
        {"hang": False, "replies": {"GREETING": b"421 busy"}},
        {"replies": {"RCPT": b"450 later"}},
        {"replies": {}},
    ]

    def change() -> None:
        for state in states:
            for key, value in state.items():
                setattr(sink, key, value)
            # The worker has met it like that before it is otherwise.
            met = sink.connections + sink.commands + 4
            while sink.connections + sink.commands < met and not given.stop.is_set():
                time.sleep(0.01)

    changer = threading.Thread(target=change)
    changer.start()
    run_for_a_while(world, given, lambda: len(sink.raw) >= 12)
    changer.join()
    mailer.close()
    assert sorted(str(message["To"]) for message in sink.messages) == sorted(addresses)
    assert "canary" not in caplog.text


@pytest.fixture
def runner(small_world: World, monkeypatch: pytest.MonkeyPatch) -> FlaskCliRunner:
    app = Flask("host")
    app.extensions["w4r"] = small_world.state
    small_world.state.lazy["made_mailer"] = small_world.postbox
    app.cli.add_command(jobs_cli.group)
    app.cli.add_command(mail_cli.group)
    monkeypatch.setattr(jobs_cli, "render_mail", lambda app, *mail: words(*mail))
    monkeypatch.setattr(jobs_cli, "section_url", lambda app, section, endpoint, *args, **values: f"/{endpoint}")
    return app.test_cli_runner()


def test_jobs_run_once(small_world: World, runner: FlaskCliRunner) -> None:
    case, *_ = small_world.add_cases()
    small_world.sign(case, ANN)
    done = runner.invoke(args=["jobs", "run", "--once", "--json"])
    lines = {line["job"]: line for line in map(json.loads, done.output.splitlines())}
    assert done.exit_code == 0
    assert set(lines) == set(Seam(CAPABILITIES).jobs)
    assert list(lines)[-2:] == ["mail", "purge"], "what the others wrote leaves at once"
    assert lines["mail"]["sent"] == 1
    assert '"cases": [' in small_world.postbox.messages[0].as_string()
    assert runner.invoke(args=["jobs", "run", "--once"]).output.count("mail: 0 sent") == 1


def test_mail_status_send_and_failed(small_world: World, runner: FlaskCliRunner) -> None:
    small_world.add_plain([ANN, "bob@mail.example.org"])
    small_world.clock.move(minutes=2)
    found = json.loads(runner.invoke(args=["mail", "status", "--json"]).output)
    assert (found["queued"], found["due"], found["oldest_due_age"]) == (2, 2, 120)

    import smtplib

    small_world.postbox.error = smtplib.SMTPRecipientsRefused({ANN: (552, b"full")})
    sent = json.loads(runner.invoke(args=["mail", "send", "--json"]).output)
    assert (sent["sent"], sent["retried"], sent["failed"]) == (0, 2, 0)
    # Given up after four days.
    while sent["failed"] == 0:
        small_world.clock.move(hours=6)
        sent = json.loads(runner.invoke(args=["mail", "send", "--json"]).output)
    assert (sent["sent"], sent["failed"]) == (0, 2)
    status = runner.invoke(args=["mail", "status"]).output
    assert "failed 2" in status and "SMTPRecipientsRefused 552" in status and "canary" not in status.lower()
    small_world.postbox.error = None
    again = runner.invoke(args=["mail", "send", "--failed"]).output
    assert again.splitlines()[0] == "failed emails to retry: 2" and "mail: 2 sent" in again


def test_mail_bounced(small_world: World, runner: FlaskCliRunner, caplog: pytest.LogCaptureFixture) -> None:
    first = runner.invoke(args=["mail", "bounced", ANN, "--section", "AU"])
    second = runner.invoke(args=["mail", "bounced", ANN.lower()])
    assert (first.output, second.output) == ("noted\n", "was already recorded\n")
    assert count(small_world, Suppression) == 1
    assert runner.invoke(args=["mail", "bounced", ANN, "--section", "XX"]).exit_code == 2
    wrong = runner.invoke(args=["mail", "bounced", "canary at home"])
    assert wrong.exit_code == 2 and "canary" not in wrong.output + caplog.text
    small_world.add_plain([ANN])
    assert small_world.send().dropped == 1
