"""A case that stops taking signatures, by the database's word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.blueprints.petitions import flow
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, submit, supporter
from tests.conftest import Host, MakeHost, every_database

from .helpers import CASE, PREFIX, SLUG, MovingClock, clocked, column, dump, link, tally


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app, (SLUG, "bo-example"))
    return host


@every_database
@pytest.mark.parametrize(("status", "code"), [("closed", 409), ("freed", 409), ("withdrawn", 410)])
def test_the_database_has_the_last_word(host: Host, status: str, code: int) -> None:
    client = host.app.test_client()
    assert client.get(CASE).status_code == 200
    page = client.get(f"{CASE}/sign")
    # Another process changes the status: nothing that is cached here hears of it.
    with host.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE w4r_case SET status = '{status}' WHERE slug = '{SLUG}'")
    before = dump(host)
    answer = submit(client, page, "form_token", **supporter())
    assert answer.status_code == code
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert ("Ann Example" in answer.text) == (code == 409 and "See what happened" not in answer.text)
    after = dump(host)
    for table in ("w4r_signature", "w4r_consent", "w4r_outbox", "w4r_tally"):
        assert before.get(table) == after.get(table)


def test_closed_between_the_look_and_the_write(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The view saw an active case; the statement that writes does not."""
    original = flow.take_in

    def closed_meanwhile(*args: Any) -> None:
        with host.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE w4r_case SET status = 'closed'")
        original(*args)

    monkeypatch.setattr(flow, "take_in", closed_meanwhile)
    answer = sign(host.app.test_client(), PREFIX, SLUG)
    assert answer.status_code == 409
    assert "nothing has been saved" in answer.text
    assert not column(host, "id")


@every_database
@pytest.mark.parametrize(("status", "rows"), [("closed", 1), ("withdrawn", 0)])
def test_a_case_that_closes_before_the_worker_looks(host: Host, status: str, rows: int) -> None:
    """What was pressed while it was open is kept as if the worker had been quicker; of a withdrawn case nothing is."""
    client = host.app.test_client()
    _, hidden = form_fields(client.get(f"{CASE}/sign"), "form_token")
    assert client.post(f"{CASE}/sign", data={**hidden, **supporter()}).status_code == 303
    with host.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE w4r_case SET status = '{status}'")
    assert column(host, "state") == ["pending"] * rows
    run_jobs(host.app)
    assert not host.mailer.messages
    assert not host.rows("SELECT id FROM w4r_intake")


def test_a_closed_case_confirms_nothing_more(host: Host) -> None:
    client = host.app.test_client()
    page = client.get(f"{PREFIX}/sign")
    assert submit(client, page, "form_token", **supporter(), cases=[SLUG, "bo-example"]).status_code == 303
    run_jobs(host.app)
    opened = client.get(link(host))
    host.run("w4r", "case", "status", SLUG, "closed")
    assert "Ann Example" not in client.get(link(host)).text
    assert "Your signature is confirmed" in submit(client, opened, "form_token").text
    assert (tally(host), tally(host, "bo-example")) == (0, 1)
    host.run("w4r", "case", "status", SLUG, "active")
    assert "Your signature is confirmed" in submit(client, client.get(link(host)), "form_token").text
    assert tally(host) == 1
    host.run("w4r", "tally", "recount")


def test_a_link_for_a_closed_case_says_so(host: Host) -> None:
    client = host.app.test_client()
    sign(client, PREFIX, SLUG)
    run_jobs(host.app)
    opened = client.get(link(host))
    host.run("w4r", "case", "status", SLUG, "freed")
    found = client.get(link(host))
    assert (found.status_code, "Signing has closed" in found.text) == (200, True)
    assert "Sample1" not in found.text
    answer = submit(client, opened, "form_token")
    assert (answer.status_code, "Signing has closed" in answer.text) == (409, True)
    assert column(host, "state") == ["pending"]
    host.run("w4r", "case", "status", SLUG, "withdrawn")
    for answer in (client.get(link(host)), submit(client, opened, "form_token")):
        assert answer.status_code == 410
        assert "Ann Example" not in answer.text


@pytest.mark.parametrize("days", [-20, 60])
def test_outside_its_window_nothing_is_signed(make_host: MakeHost, days: int) -> None:
    clock = MovingClock()
    w4r, _ = clocked(clock)
    host = make_host(w4r=w4r, captcha="none")
    make_campaign(host.app)
    client = host.app.test_client()
    page = form_fields(client.get(f"{CASE}/sign"), "form_token")[1]
    clock.move(days=days)
    answer = client.post(f"{CASE}/sign", data={**page, **supporter()})
    assert answer.status_code == 409
    assert ("Signing opens on" in answer.text) == (days < 0)
    assert not column(host, "id")
    assert client.get(f"{CASE}/sign").status_code == 303


def test_what_does_not_exist(host: Host) -> None:
    client = host.app.test_client()
    for path in ("sign", "sign/token", "thanks"):
        assert client.get(f"{PREFIX}/cases/nobody/{path}").status_code in (404, 200 if path == "sign/token" else 404)
    assert client.post(f"{PREFIX}/cases/nobody/sign", data=supporter()).status_code == 404


def test_unconfirmed_signatures_go_after_a_while(make_host: MakeHost) -> None:
    clock = MovingClock()
    w4r, mailer = clocked(clock)
    host = make_host(w4r=w4r, captcha="none")
    host.mailer = mailer
    make_campaign(host.app)
    sign(host.app.test_client(), PREFIX, SLUG)
    run_jobs(host.app)
    clock.moment += timedelta(days=15)
    assert run_jobs(host.app)["purge"]["pending_signatures"] == 1
    assert not column(host, "id")
    assert host.app.test_client().get(link(host)).status_code == 404
    assert (
        run(host.app, lambda uow: uow.session.connection().exec_driver_sql("SELECT count(*) FROM w4r_consent").scalar())
        == 0
    )
