"""Counts that are fresh and can be proved."""

from __future__ import annotations

import time

import pytest

from flask_w4r.testing import make_campaign, sign, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import CASE, PREFIX, SLUG, mail_and_press, tally


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app, (SLUG, "bo-example"))
    return host


def test_counts_on_pages_are_at_most_five_seconds_old(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_w4r.web import kept

    moment = time.monotonic()
    monkeypatch.setattr(kept, "monotonic", lambda: moment)
    client = host.app.test_client()
    first = client.get(f"{CASE}/tally.json")
    age = int(first.headers["Cache-Control"].removeprefix("public, max-age="))
    assert sign(client, PREFIX, SLUG).status_code == 303
    assert "Your signature is confirmed" in mail_and_press(host).text
    moment += 5 - age
    assert client.get(f"{CASE}/tally.json").get_json()["actions"] == {"petition_signature": 1}
    for path in (CASE, f"{PREFIX}/", f"{PREFIX}/tally.json"):
        assert client.get(path).headers["Cache-Control"] == f"public, max-age={age}"
        assert "stale" not in client.get(path).headers["Cache-Control"]


@every_database
def test_recount_finds_and_mends_what_differs(host: Host) -> None:
    client = host.app.test_client()
    for number in range(3):
        sign(client, PREFIX, SLUG, **supporter(number))
        mail_and_press(host)
    assert "0 differ" in host.run("w4r", "tally", "recount").output
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_tally SET count = count + 4 WHERE case_id <> 0")
        connection.exec_driver_sql("DELETE FROM w4r_edition_person")
    kept = tally(host)
    found = host.app.test_cli_runner().invoke(args=["w4r", "tally", "recount"])
    assert found.exit_code == 1
    (day,) = host.rows("SELECT DISTINCT day FROM w4r_tally WHERE case_id <> 0")[0]
    assert f"2026 {SLUG} ({day}): kept {kept}, counted 3" in found.output
    host.run("w4r", "tally", "recount", "--fix")
    assert tally(host) == 3
    assert "0 differ" in host.run("w4r", "tally", "recount").output
    sign(client, PREFIX, "bo-example")
    mail_and_press(host)
    assert "0 differ" in host.run("w4r", "tally", "recount").output, "the table of people was rebuilt"
