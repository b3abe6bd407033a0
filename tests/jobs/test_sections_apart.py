"""What the worker does for all sections at once stays with each: no count, rule or mail lands in another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from flask_w4r.models import AuditHead, DeskState, Event, OutboxMail, Rule
from flask_w4r.services.audit import verify as audit_verify
from flask_w4r.services.moderation import pulse, rule_list
from flask_w4r.services.moderation.pulse_counts import count_hours
from flask_w4r.services.privacy.retention import purge
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.signals import alert_raised
from flask_w4r.state import Actor, get_state
from flask_w4r.testing import make_events, make_signatures, run_jobs
from tests.conftest import MakeHost, every_database
from tests.jobs.many import START, Moved, forget_rhythm, site_of, write_one
from tests.jobs.many import clock as clock


@every_database
def test_what_is_counted_of_one_section_never_lands_in_another(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 3)
    app = host.app
    for number, (confirmed, held) in enumerate([(6, 2), (9, 0), (0, 0)]):
        where = {"section": f"S{number}", "net_day": START.date()}
        for hour in (0, 1, 26):
            at = START - timedelta(hours=hour)
            make_signatures(
                app, "ann-example", confirmed - (hour > 0), state="confirmed", mail_domain="gmail.com", created_at=at,
                net_host=bytes([number]) * 32, net_site=bytes([number]) * 32, net_block=b"b" * 32,
                email=lambda n, h=hour: f"c{h}-{n}@example.org", **where,
            )  # fmt: skip
            make_signatures(
                app, "bo-example", held, held_at=START, created_at=at,
                reasons=[{"check": "honeypot", "score": 0, "hold": True}],
                email=lambda n, h=hour: f"h{h}-{n}@example.org", section=f"S{number}",
            )  # fmt: skip
    assert pulse.run_pulse(app)["hours"] == 6
    one_by_one: dict[Any, int] = {}
    for code in get_state(app).sections:
        for back in range(pulse.LONG_HOURS):
            until = pulse.hour_of(START) - (back - 1) * pulse.HOUR
            one_by_one |= read(
                app, lambda session, code=code, until=until: count_hours(session, [code], until - pulse.HOUR, until)
            )
    key = "`key`" if host.engine.dialect.name in ("mysql", "mariadb") else '"key"'
    rows = host.rows(f"SELECT section, hour, case_id, metric, {key}, count FROM w4r_pulse")
    kept = {(row[0], str(row[1])[:13], *row[2:5]): row[5] for row in rows}
    assert kept == {(code, f"{hour:%Y-%m-%d %H}", *rest): n for (code, hour, *rest), n in one_by_one.items()}
    assert {row[0] for row in rows} == {"S0", "S1"}
    wholes = {(row[0], str(row[1])[:13]): row[5] for row in rows if row[2] == 0 and row[3] == "submitted"}
    assert wholes == {
        ("S0", "2026-12-10 00"): 8, ("S0", "2026-12-09 23"): 7, ("S0", "2026-12-08 22"): 7,
        ("S1", "2026-12-10 00"): 9, ("S1", "2026-12-09 23"): 8, ("S1", "2026-12-08 22"): 8,
    }  # fmt: skip
    networks = {(row[0], row[4]) for row in rows if row[3] == "net_host"}
    assert networks == {("S0", f"2026-12-10/{'00' * 32}"), ("S1", f"2026-12-10/{'01' * 32}")}
    assert pulse.run_pulse(app)["hours"] == 0
    # What one section's rows become changes its own counts only.
    with host.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM w4r_signature WHERE section = 'S0'")
    forget_rhythm(host)
    assert pulse.run_pulse(app)["hours"] == 3
    assert {row[0] for row in host.rows("SELECT section FROM w4r_pulse")} == {"S1"}


def test_what_is_usual_is_each_sections_own_and_raises_its_version_alone(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 3)
    for hour in range(48):
        at = START - timedelta(hours=hour + 1)
        for number, count in ((0, 4), (1, 2)):
            make_signatures(
                host.app, "ann-example", count, section=f"S{number}", created_at=at,
                email=lambda n, h=hour: f"u{h}-{n}@example.org",
            )  # fmt: skip
    pulse.run_pulse(host.app)
    found = read(host.app, lambda session: {row.section: row for row in session.query(DeskState)})
    assert {code: list(row.usual.get("case", {}).values()) for code, row in found.items()} == {
        "S0": [pytest.approx(4, abs=0.2)], "S1": [pytest.approx(2, abs=0.2)], "S2": [],
    }  # fmt: skip
    assert {code: row.version for code, row in found.items()} == {"S0": 1, "S1": 1, "S2": 0}
    assert {row.counted_at for row in found.values()} == {START}
    forget_rhythm(host)
    pulse.run_pulse(host.app)
    assert read(host.app, lambda session: session.get(DeskState, "S0").version) == 1, "nothing new"
    clock.now += timedelta(days=9)
    pulse.run_pulse(host.app)
    later = read(host.app, lambda session: session.get(DeskState, "S0"))
    assert (later.version, later.usual) == (2, {"case": {}, "domain": {}}), "what was usual is over"


def test_a_flood_in_one_section_tells_its_own_desk_alone(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 3)
    run_jobs(host.app)
    host.mailer.messages.clear()
    for number, per_hour in ((0, 3), (1, 40)):
        for hour in range(40):
            make_signatures(
                host.app, "ann-example", per_hour, section=f"S{number}", created_at=START - timedelta(hours=hour + 2),
                email=lambda n, h=hour: f"u{h}-{n}@example.org",
            )  # fmt: skip
    forget_rhythm(host)
    pulse.run_pulse(host.app)
    heard: list[Any] = []

    def hear(sender: Any, **ids: Any) -> None:
        heard.append((ids["section"], ids["metric"], ids["count"]))

    with alert_raised.connected_to(hear, sender=host.app):
        # A flood where three an hour are usual, nothing where forty are.
        for number in (0, 1):
            make_signatures(
                host.app, "ann-example", 45, section=f"S{number}", created_at=START,
                email=lambda n: f"f{n}@example.org",
            )  # fmt: skip
        assert run_jobs(host.app)["pulse"] == {"hours": 2, "alerts": 2}
    assert set(heard) == {("S0", "submitted", 45)}
    assert [message["To"] for message in host.mailer.messages] == ["desk0@example.org"]


@every_database
def test_every_section_has_its_head_mailed_and_its_log_let_go(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 3)
    run(host.app, lambda work: execute(work.session, delete(AuditHead).where(AuditHead.section == "S2")))
    assert run_jobs(host.app)["daily"] == {"heads": 2}
    assert sorted(message["To"] for message in host.mailer.messages) == ["desk0@example.org", "desk1@example.org"]
    assert run_jobs(host.app)["daily"] == {"heads": 0}
    days = get_state(host.app).config.retention["audit_days"]
    clock.now += timedelta(days=days - 1)
    assert run_jobs(host.app)["purge"]["log_entries"] == 0
    assert run_jobs(host.app)["daily"] == {"heads": 0}
    write_one(host, "S1")
    clock.now += timedelta(days=2)
    assert run_jobs(host.app)["purge"]["log_entries"] == 2
    for code in ("S0", "S1"):
        report = read(host.app, lambda s, code=code: audit_verify.verify(s, get_state(host.app).keyring, code))
        assert not report.faults
    kept = host.rows("SELECT section, seq FROM w4r_audit ORDER BY section, seq")
    assert ("S1", 2) in kept
    assert ("S0", 1) not in kept


def test_rules_end_in_every_section_and_touch_no_other(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 3)
    state = get_state(host.app)

    def add(code: str, days: int) -> None:
        run(host.app, lambda work: rule_list.add_rule(
            work.session, state.keyring, state.hooks, Actor("mo", "Mo"), state.sections[code], effect="block",
            kind="address", value="eve@example.org", days=days, now=state.clock(),
        ))  # fmt: skip

    for code, days in (("S0", 1), ("S1", 1), ("S2", 9)):
        add(code, days)
    before = {code: read(host.app, lambda s, c=code: s.get(DeskState, c).version) for code in state.sections}
    clock.now += timedelta(days=2)
    assert purge(host.app)["rules"] == 2
    assert [row.section for row in read(host.app, lambda session: session.query(Rule).all())] == ["S2"]
    assert host.rows("SELECT section FROM w4r_suppression") == [("S2",)]
    after = {code: read(host.app, lambda s, c=code: s.get(DeskState, c).version) for code in state.sections}
    assert [after[code] - before[code] for code in sorted(after)] == [1, 1, 0]


@every_database
def test_what_is_shown_of_seats_and_what_drifted_is_found_in_every_section(
    make_host: MakeHost, clock: Moved, caplog: pytest.LogCaptureFixture
) -> None:
    host = site_of(make_host, clock, 3)
    for code in ("S0", "S1", "S2"):
        make_events(host.app, 2, section=code, cases=("ann-example",), starts_at=START + timedelta(days=9), capacity=10)
    run_jobs(host.app)
    clock.now += timedelta(minutes=6)
    taken = update(Event).where(Event.section.in_(("S0", "S2"))).values(seats_taken=10)
    run(host.app, lambda work: execute(work.session, taken))
    versions = dict(host.rows("SELECT section, version FROM w4r_event_change"))
    forget_rhythm(host)
    done = run_jobs(host.app)["events"]
    assert (done["renewed"], done["drifts"]) == (4, 4)
    shown = {(row[0], row[1]) for row in host.rows("SELECT section, availability FROM w4r_event")}
    assert shown == {("S0", "full"), ("S1", "open"), ("S2", "full")}
    later = dict(host.rows("SELECT section, version FROM w4r_event_change"))
    assert [later.get(code, 0) - versions.get(code, 0) for code in ("S0", "S1", "S2")] == [1, 0, 1]
    assert len([one for one in caplog.messages if "seats_taken kept 10, counted 0" in one]) == 4


def test_mails_count_for_the_section_that_sent_them(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 2)
    for code, count in (("S0", 3), ("S1", 1)):
        for _ in range(count):
            run(host.app, lambda work, code=code: work.session.add(OutboxMail(
                section=code, kind="confirm", locale="en", state="sent", message_id="x", not_before=START,
                attempts=1, created_at=START, sent_at=START,
            )))  # fmt: skip
    pulse.run_pulse(host.app)
    assert sorted(host.rows("SELECT section, case_id, metric, count FROM w4r_pulse")) == [
        ("S0", 0, "mailed", 3), ("S1", 0, "mailed", 1),
    ]  # fmt: skip
