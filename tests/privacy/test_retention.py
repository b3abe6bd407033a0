"""How long signatures are kept, and what stays of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.errors import ConfigurationError
from flask_w4r.seam import Capability, Reserves
from flask_w4r.testing import RecordingMailer, make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import Staff, check_permission, load_actor

#: What is personal of a signature.
PERSONAL = "email_index, details_index, name_index, person, mail_domain, net_host"


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 10, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def made(make_host: MakeHost, **config: Any) -> tuple[Host, Clock]:
    clock = Clock()
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=clock), **config)
    make_campaign(host.app, ["ann", "ben"])
    return host, clock


def rules(host: Host, *more: str) -> dict[str, Any]:
    """What ``retention run --json`` says, by the rule."""
    output = host.run("w4r", "retention", "run", "--json", *more).output
    return {rule["what"]: rule for rule in json.loads(output)["rules"]}


def delivered(host: Host, clock: Clock, days: float, where: str = "1 = 1") -> None:
    moment = (clock() - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    with host.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE w4r_signature SET delivered_at = '{moment}' WHERE {where}")


def known(host: Host, where: str = "1 = 1") -> int:
    """How many signatures say whose they are."""
    return len(host.rows(f"SELECT id FROM w4r_signature WHERE {where} AND person IS NOT NULL"))


def sound(host: Host) -> str:
    """The counts are what the rows say."""
    return str(host.run("w4r", "tally", "recount").output)


@every_database
def test_names_go_a_while_after_they_were_handed_over_and_count_still(make_host: MakeHost) -> None:
    host, clock = made(make_host)
    make_signatures(host.app, "ann", 7, state="confirmed", withhold_name=lambda number: number < 3)
    make_signatures(host.app, "ben", 2, state="confirmed")
    delivered(host, clock, 13.9, "case_id = (SELECT id FROM w4r_case WHERE slug = 'ann')")
    assert all(rule["due"] == 0 for rule in rules(host, "--dry-run").values())

    clock.now += timedelta(days=1)
    assert rules(host, "--dry-run")["withheld_signatures"] == {
        "what": "withheld_signatures", "due": 2, "done": 0, "needed": 0, "why": "",
    }  # fmt: skip
    assert known(host) == 9, "a dry run changes nothing"
    assert rules(host)["withheld_signatures"]["done"] == 2
    assert (known(host), known(host, "withhold_name")) == (7, 0)

    clock.now += timedelta(days=80)
    found = rules(host, "--batch", "2")
    assert (found["delivered_signatures"]["due"], found["delivered_signatures"]["done"]) == (5, 5)
    assert known(host) == 2, "those of the other case were not handed over"
    empty = host.rows(f"SELECT {PERSONAL} FROM w4r_signature WHERE let_go_at IS NOT NULL")
    assert empty == [(None,) * 6] * 7
    assert host.rows("SELECT state, count(*) FROM w4r_signature GROUP BY state") == [("confirmed", 9)]
    counts = host.app.test_client().get("/au/tally.json").get_json()
    assert (counts["total"], counts["people"]) == (9, 7), "two of the nine signed both cases"
    assert "0 differ" in sound(host)
    # The two who signed the other case too are known still, as people.
    assert len(host.rows("SELECT person_index FROM w4r_edition_person")) == 2
    assert all(rule["done"] == 0 for rule in rules(host).values()), "once is enough"


@every_database
def test_what_was_never_handed_over_goes_long_after_the_edition(make_host: MakeHost) -> None:
    host, clock = made(make_host, retention={"undelivered_days": 100, "invalid_days": 20, "pending_days": 5})
    make_signatures(host.app, "ann", 3, state="confirmed")
    make_signatures(host.app, "ben", 4, state=lambda number: "invalid" if number < 3 else "pending")
    clock.now += timedelta(days=21)
    found = rules(host)
    assert {name: rule["done"] for name, rule in found.items() if rule["done"]} == {
        "pending_signatures": 2, "invalid_signatures": 2,
    }  # fmt: skip
    assert known(host) == 3
    # The edition ends thirty days after it was made.
    clock.now += timedelta(days=100)
    assert rules(host)["undelivered_signatures"]["due"] == 0
    clock.now += timedelta(days=11)
    assert rules(host)["undelivered_signatures"]["done"] == 3
    assert known(host) == 0
    assert "0 differ" in sound(host)
    assert host.rows("SELECT * FROM w4r_edition_person") == []
    assert host.app.test_client().get("/au/editions/2026/").status_code == 200


def test_what_waits_at_the_desk_waits_no_more_once_nothing_tells_whose_it_was(make_host: MakeHost) -> None:
    """Released, it would be a number without a person: whoever it was of is known to nobody."""
    host, clock = made(make_host, retention={"undelivered_days": 10})
    make_signatures(host.app, "ann", 2, state="confirmed", held_at=lambda number: clock() if number == 1 else None)
    clock.now += timedelta(days=60)
    assert rules(host)["undelivered_signatures"]["done"] == 2
    assert [tuple(row) for row in host.rows("SELECT state, held_at FROM w4r_signature ORDER BY id")] == [
        ("invalid", None), ("confirmed", None),
    ]  # fmt: skip
    assert "0 differ" in sound(host)


def test_the_worker_does_the_same(make_host: MakeHost) -> None:
    host, clock = made(make_host)
    make_signatures(host.app, "ann", 3, state="confirmed")
    delivered(host, clock, 91)
    assert "3 delivered signatures" in host.run("w4r", "jobs", "run", "--once").output
    assert known(host) == 0


def test_a_section_keeps_less(make_host: MakeHost) -> None:
    short = {"preset": "AU", "url_prefix": "/au", "retention": {"delivered_days": 10}}
    host, clock = made(make_host, sections=[short, {"preset": "NZ", "url_prefix": "/nz"}])
    for code in ("AU", "NZ"):
        make_signatures(host.app, "ann", 2, section=code, state="confirmed")
    delivered(host, clock, 11)
    assert rules(host)["delivered_signatures"]["done"] == 2
    assert (known(host, "section = 'AU'"), known(host, "section = 'NZ'")) == (0, 2)
    # What a section left behind that is no more goes by the site's own days.
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_signature SET section = 'XX' WHERE section = 'NZ'")
    delivered(host, clock, 91)
    assert rules(host)["delivered_signatures"]["done"] == 2
    assert known(host) == 0


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"section": {"preset": "FR", "retention": {"pending_days": 31}}}, "W4R_SECTION.retention: pending_days is 31"),
        ({"section": {"preset": "FR", "retention_longest": {"pending_days": 99}}}, "the preset allows 30 days at most"),
        ({"section": {"preset": "FR", "retention_longest": None}}, "it can only be made shorter"),
        ({"section": {"preset": "AU", "retention": {"pending": 3}}}, "'pending' is not kept by a section"),
        (
            {"section": {"preset": "AU", "retention": {"pending_days": 0}}},
            "pending_days must be a whole number of days",
        ),
        ({"section": {"preset": "AU", "retention": 7}}, "must be a table of days by name"),
        ({"section": "FR", "retention": {"pending_days": 60}}, "W4R_RETENTION: pending_days is 60, and FR keeps"),
        ({"retention": {"weeks": 2}}, "W4R_RETENTION: has no entry 'weeks'"),
    ],
)
def test_days_that_cannot_be_are_told_at_the_start(make_host: MakeHost, config: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        make_host(**config)
    assert fault in str(told.value)


def test_a_preset_s_limit_holds_for_the_usual_days_too(make_host: MakeHost) -> None:
    own = {"preset": "FR", "url_prefix": "/fr", "retention_longest": {"delivered_days": 20}}
    host, clock = made(make_host, section=own)
    make_signatures(host.app, "ann", 2, state="confirmed")
    delivered(host, clock, 21)
    assert rules(host)["delivered_signatures"]["done"] == 2


@every_database
def test_what_a_delivery_needs_stays_and_is_told(make_host: MakeHost) -> None:
    clock = Clock()
    held: list[int] = []
    needs = Reserves("drafts", "w4r_signature", "a draft of ours", lambda ident: ident.in_(held))
    drafts = Capability("drafts", reserves=(needs,))
    w4r = W4R(mailer=RecordingMailer(), clock=clock, capabilities=(*CAPABILITIES, drafts))
    host = make_host(w4r=w4r)
    make_campaign(host.app, ["ann"])
    ids = make_signatures(host.app, "ann", 5, state="confirmed")
    delivered(host, clock, 91)
    held += ids[:2]
    told = host.run("w4r", "retention", "run").output
    assert (
        "delivered_signatures: 5 due, 3 done; 2 of them stay for a draft of ours"
        "  (confirmed signatures: delivered_days after they were handed over, then only counts)"
    ) in told.splitlines()
    assert rules(host)["delivered_signatures"]["needed"] == 2
    held.clear()
    assert rules(host)["delivered_signatures"]["done"] == 2


def test_the_desk_says_what_falls_due_when(make_host: MakeHost) -> None:
    clock = Clock()
    w4r = W4R(mailer=RecordingMailer(), clock=clock, actor_loader=load_actor, permission_check=check_permission)
    host = make_host(w4r=w4r, section={"preset": "AU", "url_prefix": "/au", "retention": {"delivered_days": 60}})
    make_campaign(host.app, ["ann"])
    ids = make_signatures(host.app, "ann", 9, state="confirmed")
    for number, days in zip(ids, (61, 59, 58, 50, 50, 50, 45, 20, 1), strict=True):
        delivered(host, clock, days, f"id = {number}")
    staff = Staff(host.app.test_client(), "mo", "erase", None)
    page = staff.get("/au/moderation/retention").get_data(as_text=True)
    (row,) = re.findall(r'data-w4r-rule="delivered_signatures">(.*?)</tr>', page, re.DOTALL)
    assert "confirmed signatures: 60 days after they were handed over, then only counts" in row
    assert re.findall(r">\s*(\d+)\s*</td>", row) == ["1", "2", "3", "1", "0"]
    assert "example.org" not in page
    assert "Sample" not in page
    others = Staff(host.app.test_client(), "mo", "decide,find_person,export", None)
    assert others.get("/au/moderation/retention").status_code == 403
    assert "moderation/retention" not in others.get("/au/moderation/find").get_data(as_text=True)


@every_database
def test_a_delivery_keeps_its_names_until_it_is_handed_over(make_host: MakeHost, tmp_path: Path) -> None:
    """By the commands themselves: prepared, they stay; called off, they go; what went is in no later one."""
    host, clock = made(make_host, retention={"undelivered_days": 10})
    make_signatures(host.app, "ann", 4, state="confirmed")
    told = host.run(
        "w4r", "deliver", "prepare", "ann", "--to", "Embassy", "--out", str(tmp_path / "out"), "--json"
    ).output
    clock.now += timedelta(days=60)
    found = rules(host)["undelivered_signatures"]
    assert (found["due"], found["done"], found["needed"]) == (4, 0, 4)
    assert found["why"] == "a delivery that is being prepared"
    assert known(host) == 4
    host.run("w4r", "deliver", "call-off", json.loads(told)["id"])
    assert rules(host)["undelivered_signatures"]["done"] == 4
    again = ["w4r", "deliver", "prepare", "ann", "--to", "Embassy", "--out", str(tmp_path / "again")]
    result = host.app.test_cli_runner().invoke(args=again)
    assert result.exit_code == 1
    assert "0 differ" in sound(host)
