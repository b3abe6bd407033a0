"""``flask w4r mail suppressed``: staff look up who gets no mail, and lift what a server or the desk said."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from flask_w4r.cli import mail as mail_cli
from flask_w4r.models import AuditEntry
from flask_w4r.services.mail import caps
from flask_w4r.services.storage.unit_of_work import read, run

from .world import World

ANN = "Ann.Canary@mail.example.org"


@pytest.fixture
def runner(small_world: World) -> FlaskCliRunner:
    app = Flask("host")
    app.extensions["w4r"] = small_world.state
    app.cli.add_command(mail_cli.group)
    return app.test_cli_runner()


def suppress(world: World, reason: str) -> bool:
    now, canonical = world.clock(), ANN.lower()
    return run(
        world.app, lambda work: caps.suppress(work.session, world.keyring, world.section, canonical, reason, now=now)
    )


def logged(world: World) -> list[AuditEntry]:
    return read(world.app, lambda session: list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq))))


@pytest.mark.parametrize(
    ("reason", "words"), [("bounced", "its mailbox does not exist"), ("blocked", "the desk blocked it")]
)
def test_what_a_server_or_the_desk_said_can_be_lifted(
    small_world: World, runner: FlaskCliRunner, reason: str, words: str
) -> None:
    world = small_world
    show = ["mail", "suppressed", "show", ANN]
    assert runner.invoke(args=show).output == "gets mail\n"
    suppress(world, reason)
    assert runner.invoke(args=show).output == f"gets no mail since 2024-12-01: {words}\n"
    as_json = json.loads(runner.invoke(args=[*show, "--json"]).output)
    assert as_json == {
        "section": "AU",
        "suppressed": True,
        "reason": reason,
        "since": "2024-12-01",
        "unsubscribed": None,
    }
    world.add_plain([ANN])
    assert world.send().dropped == 1
    lifted = runner.invoke(args=["mail", "suppressed", "lift", ANN.upper().replace("MAIL.", "mail.")])
    assert (lifted.exit_code, lifted.output) == (0, "lifted\n")
    assert runner.invoke(args=["mail", "suppressed", "lift", ANN]).output == "nothing to lift: gets mail\n"
    assert runner.invoke(args=show).output == "gets mail\n"
    world.add_plain([ANN])
    assert world.send().sent == 1

    entries = logged(world)
    assert [entry.action for entry in entries] == [
        *["suppression_shown"] * 3,
        "suppression_lifted",
        "suppression_shown",
    ]
    assert {entry.actor_id for entry in entries} == {"cli"}
    assert entries[3].changes["reason"] == [reason, None]
    assert entries[3].changes["address"][0] == entries[0].changes["address"][1], "the same, and which one is not told"
    assert "canary" not in str([entry.changes for entry in entries]).lower()


def test_what_its_owner_said_is_not_for_staff_to_lift(small_world: World, runner: FlaskCliRunner) -> None:
    world = small_world
    suppress(world, "not_me")
    assert "its owner said" in runner.invoke(args=["mail", "suppressed", "show", ANN]).output
    refused = runner.invoke(args=["mail", "suppressed", "lift", ANN])
    assert refused.exit_code == 1 and refused.output.startswith("Error: not lifted: its owner said")
    assert "canary" not in refused.output.lower()
    world.add_plain([ANN])
    assert world.send().dropped == 1


@pytest.mark.parametrize("before", ["blocked", "bounced"])
def test_the_owners_word_stands_above_what_staff_and_servers_said(
    small_world: World, runner: FlaskCliRunner, before: str
) -> None:
    world = small_world
    assert suppress(world, before)
    assert not suppress(world, "not_me")
    # The desk takes its rule away.
    run(world.app, lambda work: caps.unblock(work.session, world.keyring, world.section, ANN.lower()))
    assert runner.invoke(args=["mail", "suppressed", "lift", ANN]).exit_code == 1
    assert not suppress(world, "blocked")
    world.add_plain([ANN])
    assert world.send().dropped == 1


@pytest.mark.parametrize("command", ["show", "lift"])
def test_what_is_no_address_is_told_without_repeating_it(
    small_world: World, runner: FlaskCliRunner, command: str
) -> None:
    wrong = runner.invoke(args=["mail", "suppressed", command, "canary at home"])
    assert wrong.exit_code == 2 and "canary" not in wrong.output and "Traceback" not in wrong.output
    assert runner.invoke(args=["mail", "suppressed", command, ANN, "--section", "XX"]).exit_code == 2
