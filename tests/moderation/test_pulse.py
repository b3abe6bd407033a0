"""What the worker counts by the hour: the same however often it is done, on every database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from flask_w4r import W4R
from flask_w4r.errors import PermissionDenied
from flask_w4r.models import Signature
from flask_w4r.services.moderation import alerts, funnel, overview, pulse
from flask_w4r.services.privacy.retention import purge
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.signals import alert_raised
from flask_w4r.state import Actor, Permission, get_state
from flask_w4r.testing import RecordingMailer, make_campaign, make_signatures, run_jobs, sign, submit
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import load_actor

START = datetime(2026, 12, 10, 0, 20, tzinfo=UTC)
SECTION = {"preset": "AU", "url_prefix": "/au", "desk_email": "desk@example.org"}


class Moved:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Moved:
    return Moved()


@pytest.fixture
def site(make_host: MakeHost, clock: Moved) -> Host:
    mailer = RecordingMailer()
    w4r = W4R(
        mailer=mailer, clock=clock, actor_loader=load_actor, permission_check=lambda actor, permission, section: True
    )
    host = make_host(w4r=w4r, section=SECTION)
    host.mailer = mailer
    make_campaign(host.app, ("ann-example", "bo-example"))
    return host


def counts(host: Host, **wanted: Any) -> dict[tuple[Any, ...], int]:
    where = " AND ".join(f"{name} = :{name}" for name in wanted) or "1 = 1"
    rows = host.rows(
        f"SELECT case_id, metric, key, count FROM w4r_pulse WHERE {where}".replace("key", _key(host)), **wanted
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _key(host: Host) -> str:
    return "`key`" if host.engine.dialect.name in ("mysql", "mariadb") else '"key"'


def see(host: Host, **options: Any) -> overview.Overview:
    state = get_state(host.app)
    section = state.sections["AU"]
    return read(
        host.app,
        lambda session: overview.overview(
            session, state.hooks, Actor("mo", "Mo"), section, now=state.clock(), **options
        ),
    )


def network(number: int) -> dict[str, Any]:
    value = bytes([number]) * 32
    return {"net_day": START.date(), "net_host": value, "net_site": value, "net_block": value}


@every_database
def test_an_hour_is_counted_by_what_became_of_its_arrivals(site: Host, clock: Moved) -> None:
    app = site.app
    same = network(7)
    first = make_signatures(app, "ann-example", 6, state="confirmed", mail_domain="gmail.com", **same)
    make_signatures(app, "ann-example", 3, email=lambda n: f"p{n}@example.org", net_day=None)
    make_signatures(
        app, "bo-example", 2, held_at=START, reasons=[{"check": "honeypot", "score": 0, "hold": True}],
        email=lambda n: f"h{n}@example.org",
    )  # fmt: skip
    make_signatures(app, "bo-example", 1, state="invalid", email="x@example.org")
    ann, bo = (row[0] for row in site.rows("SELECT id FROM w4r_case ORDER BY slug"))
    assert pulse.run_pulse(app)["hours"] == 1
    found = counts(site)
    assert found[0, "submitted", ""] == 12
    assert found[ann, "submitted", ""] == 9
    assert found[ann, "confirmed", ""] == 6
    assert found[ann, "pending", ""] == 3
    assert found[bo, "held", ""] == found[bo, "reason", "honeypot"] == 2
    assert found[bo, "invalid", ""] == 1
    assert found[ann, "domain", "gmail.com"] == found[0, "domain", "gmail.com"] == 6
    mark = f"2026-12-10/{'07' * 32}"
    for metric in pulse.NETWORK_METRICS:
        assert found[0, metric, mark] == found[ann, metric, mark] == 6
    assert pulse.run_pulse(app)["hours"] == 0
    assert counts(site) == found, "counting again changes nothing"
    run(app, lambda work: _set(work.session, first[0], "invalid"))
    clock.now += timedelta(hours=1)
    pulse.run_pulse(app)
    later = counts(site)
    assert (later[ann, "confirmed", ""], later[ann, "invalid", ""]) == (5, 1), "decisions show in the hour of arrival"


def _set(session: Any, number: int, state: str) -> None:
    session.get(Signature, number).state = state


@every_database
def test_forms_opened_are_added_up_and_outlive_a_count(site: Host, clock: Moved) -> None:
    client, app = site.app.test_client(), site.app
    ann = site.rows("SELECT id FROM w4r_case ORDER BY slug")[0][0]
    assert client.get("/au/cases/ann-example/sign").status_code == 200
    assert client.get("/au/cases/bo-example/sign/token").status_code == 200
    assert client.get("/au/sign").status_code == 200
    assert counts(site) == {}, "no visit waits for the database"
    opened = funnel.opened(app)
    assert opened.flush(app) == 3
    assert opened.flush(app) == 0
    client.get("/au/cases/ann-example/sign")
    opened.flush(app)
    pulse.run_pulse(app)
    found = counts(site, metric="opened")
    assert found[0, "opened", ""] == 4
    assert found[ann, "opened", ""] == 2


def test_the_funnel_from_form_to_count(site: Host, clock: Moved) -> None:
    client = site.app.test_client()
    assert sign(client, "/au", "ann-example").status_code == 303
    funnel.opened(site.app).flush(site.app)
    run_jobs(site.app)
    link = site.mailer.links("/confirm/")[0].removeprefix("http://localhost")
    page = client.get(link)
    assert submit(client, page).status_code in (200, 303)
    pulse.run_pulse(site.app)
    found = see(site).funnel
    assert [found[name] for name in overview.FUNNEL] == [1, 1, 1, 1, 0, 1], (
        "it came without a captcha and was released with its mail"
    )


def test_what_is_usual_leaves_a_flood_and_the_invalid_out(site: Host, clock: Moved) -> None:
    app = site.app
    for hour in range(48):
        at = START - timedelta(hours=hour + 1)
        make_signatures(
            app, "ann-example", 4, email=lambda n, h=hour: f"u{h}-{n}@example.org", created_at=at,
            mail_domain="gmail.com",
        )  # fmt: skip
    make_signatures(app, "ann-example", 300, email=lambda n: f"f{n}@example.org", created_at=START - timedelta(hours=5))
    pulse.run_pulse(app)
    state = get_state(app)
    usual = read(app, lambda session: pulse.usual_rates(session, list(state.sections), START))["AU"]
    assert list(usual["case"].values()) == [pytest.approx(4, abs=0.2)]
    assert usual["domain"] == {"gmail.com": pytest.approx(4, abs=0.2)}
    version, counted = site.rows("SELECT version, counted_at FROM w4r_desk_state")[0]
    assert version == 1, "every process reads the new rates"
    assert counted is not None
    pulse.run_pulse(app)
    assert site.rows("SELECT version FROM w4r_desk_state") == [(1,)], "worked out every ten minutes, not each time"


def history(site: Host, per_hour: int, hours: int = 72) -> None:
    for hour in range(hours):
        at = START - timedelta(hours=hour + 2)
        make_signatures(
            site.app, "ann-example", per_hour, email=lambda n, h=hour: f"u{h}-{n}@example.org", created_at=at
        )
    pulse.run_pulse(site.app)


def test_a_flood_is_told_once_on_the_page_by_signal_and_by_mail(site: Host, clock: Moved) -> None:
    app = site.app
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, **ids: Any) -> None:
        heard.append(ids)

    history(site, 3)
    with alert_raised.connected_to(hear, sender=app):
        make_signatures(app, "ann-example", 35, email=lambda n: f"a{n}@example.org", **network(1))
        run_jobs(app)
        assert heard, "far more than usual"
        assert {(ids["metric"], ids["case_id"] > 0) for ids in heard} == {("submitted", True), ("submitted", False)}
        assert {(ids["count"], ids["usual"]) for ids in heard} == {(35, 30)}
        mails = len(site.mailer.messages)
        run_jobs(app)
        make_signatures(app, "bo-example", 200, email=lambda n: f"b{n}@example.org", **network(2))
        run_jobs(app)
    assert Counter(ids["metric"] for ids in heard) == {"submitted": 3, "net_host": 1, "net_site": 1}
    assert (mails, len(site.mailer.messages)) == (1, 1), "one mail an hour"
    mail = site.mailer.messages[0]
    assert mail["To"] == "desk@example.org"
    body = mail.get_body(("plain",)).get_content()
    assert "Ann Example" in body
    assert "35 signatures arrived in an hour; up to 30 is usual." in body
    assert "/au/moderation/" in body
    assert "example.org" not in body.replace("w4r@example.org", ""), "no address of a supporter"
    clock.now += timedelta(hours=1)
    make_signatures(app, "bo-example", 200, email=lambda n: f"c{n}@example.org", **network(2))
    run_jobs(app)
    assert len(site.mailer.messages) == 2
    lines = see(site).alerts
    assert {line.case for line in lines} >= {"Bo Example", None}


def test_a_school_class_and_a_busy_hour_are_no_alert(site: Host, clock: Moved) -> None:
    history(site, 20)
    make_signatures(site.app, "ann-example", 45, email=lambda n: f"s{n}@example.org", **network(3))
    assert pulse.run_pulse(site.app)["alerts"] == 0


@pytest.mark.parametrize(
    ("counts", "hours", "expected"),
    [([], 168, 30), ([100] * 168, 168, 160), ([2] * 160 + [5000] * 8, 168, 30), ([1000], 24, 30)],
)
def test_the_most_that_is_likely(counts: list[int], hours: int, expected: int) -> None:
    assert alerts.most_likely(counts, hours, 30) == expected


def test_networks_go_with_their_days_key_and_counts_after_a_year(site: Host, clock: Moved) -> None:
    make_signatures(site.app, "ann-example", 120, **network(1))
    pulse.run_pulse(site.app)
    clock.now += timedelta(days=13)
    purge(site.app)
    assert counts(site, metric="net_host")
    clock.now += timedelta(days=1)
    purge(site.app)
    assert not counts(site, metric="net_host")
    assert counts(site, metric="submitted")
    clock.now += timedelta(days=400)
    purge(site.app)
    assert counts(site) == {}
    assert site.rows("SELECT * FROM w4r_alert") == []


def test_the_overview_reads_no_more_for_more_signatures(site: Host, clock: Moved) -> None:
    statements: list[str] = []
    make_signatures(site.app, "ann-example", 40, held_at=START)
    pulse.run_pulse(site.app)

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(site.engine, "before_cursor_execute", note)
    try:
        found = see(site)
    finally:
        event.remove(site.engine, "before_cursor_execute", note)
    assert found.waiting == 40
    asked = [statement for statement in statements if "w4r_signature" in statement]
    assert len(asked) == 1
    assert "LIMIT" in asked[0], "what waits is counted up to a bound"
    assert len(statements) <= 9


def test_the_overview_asks_for_the_permission_itself(site: Host) -> None:
    state = get_state(site.app)
    hooks = type(state.hooks)(permission_check=lambda actor, permission, section: permission != Permission.VIEW_QUEUE)
    with pytest.raises(PermissionDenied):
        read(
            site.app,
            lambda session: overview.overview(
                session, hooks, Actor("eve", "Eve"), state.sections["AU"], now=state.clock()
            ),
        )
