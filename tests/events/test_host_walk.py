"""Hosting as hosts do it: two events on one device, links that end in time, clear words, another date, the door."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from flask_w4r.services.hosting import again as event_again
from flask_w4r.services.rsvps import codes
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import submit
from tests.events.rows import add_rsvp
from tests.events.walks import Site, edit, shift

# Two events on one device


def test_a_form_of_one_event_never_acts_on_another(site: Site) -> None:
    site.hosted()
    first = {path: site.client.get(f"/au/host/{path}") for path in ("cancel", "edit", "message", "duplicate", "list")}
    first["close"] = site.client.get("/au/host")
    assert submit(site.client, site.client.get("/au/host/duplicate"), "csrf_token").status_code == 303
    site.jobs()
    assert site.enter().status_code == 303
    assert "/au/host" in site.client.get("/au/host").request.path
    before = site.host.rows("SELECT * FROM w4r_event"), site.host.rows("SELECT count(*) FROM w4r_outbox")
    for path, page in first.items():
        answer = submit(site.client, page, "closed" if path == "close" else "csrf_token", text="Bring pens")
        assert answer.status_code == 409, path
        assert "Open your link" in answer.text
    assert (site.host.rows("SELECT * FROM w4r_event"), site.host.rows("SELECT count(*) FROM w4r_outbox")) == before
    assert submit(site.client, site.client.get("/au/host/cancel"), "csrf_token").status_code == 303
    assert [row[0] for row in site.host.rows("SELECT state FROM w4r_event ORDER BY id")] == ["published", "cancelled"]


# How long links hold


def test_the_link_ends_30_days_after_an_event_that_was_put_forward(site: Site) -> None:
    site.hosted()
    link = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    assert site.client.get(link).status_code == 200
    for days, code in ((29, 200), (31, 410)):
        ended = (site.state.clock() - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
        shift(site, starts_at=ended, ends_at=ended)
        assert site.host.app.test_client().get(link).status_code == code


def test_who_puts_an_event_off_gets_a_link_that_outlives_it(site: Site) -> None:
    site.hosted()
    old = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    day = (site.state.clock() + timedelta(days=120)).strftime("%Y-%m-%d")
    assert "done=edited" in edit(site, starts_at=f"{day}T18:00", ends_at=f"{day}T20:00").location
    assert site.client.get("/au/host").status_code == 200, "the page stays open"
    site.jobs()
    assert site.client.get(old).status_code == 410
    assert site.enter().status_code == 303
    [until] = site.host.rows("SELECT max(expires_at) FROM w4r_token WHERE purpose = 'host'")[0]
    assert datetime.fromisoformat(str(until)[:19]) > (site.state.clock() + timedelta(days=149)).replace(tzinfo=None)


# What is typed wrong


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"starts_at": "2026-12-20"}, "starts_at", "Enter the date and time in the format"),
        ({"cases": ["nobody"]}, "cases", "Choose at least one person to write for"),
        ({"time_zone": "Nowhere/None"}, "time_zone", "Choose a time zone from the list"),
    ],
)
def test_one_fault_is_said_once_at_its_field(site: Site, changes: dict[str, Any], field: str, words: str) -> None:
    answer = site.post(**changes)
    assert answer.status_code == 422
    assert answer.text.count(f'href="#{field}"') == 1
    assert answer.text.count('<a href="#') - answer.text.count('<a href="#w4r') == 1
    assert words in answer.text
    assert site.host.rows("SELECT count(*) FROM w4r_event")[0][0] == 0


def test_each_number_that_is_none_is_named(site: Site) -> None:
    site.hosted(cases=["ann-example", "bob-example"])
    shift(site, starts_at="2020-01-01 00:00:00")
    ann, bob = (site.cases[f"AU/{slug}"] for slug in ("ann-example", "bob-example"))
    typed = {f"count-{ann}-letter": "ten", f"count-{bob}-card": "-3", f"count-{ann}-card": "7"}
    answer = submit(site.client, site.client.get("/au/host/report"), "csrf_token", people="", **typed)
    assert answer.status_code == 422
    for words in ("How many people came? Enter", "Ann Example – Letters – Enter", "Bob Example – Cards – Enter"):
        assert answer.text.count(words) == 2, words
    for value in typed.values():
        assert f'value="{value}"' in answer.text


# Again at another date


def test_the_date_proposed_for_the_same_event_again_lies_ahead(site: Site) -> None:
    site.hosted()
    event, now = site.event(), site.state.clock() + timedelta(days=70)
    starts, ends = event_again.suggested_dates(event, now=now)
    assert starts > now.replace(tzinfo=None)
    assert (starts - event.starts_local) % timedelta(days=7) == timedelta(0)
    assert ends - starts == event.ends_local - event.starts_local


# At the door


def test_only_the_code_as_it_was_printed_opens(site: Site) -> None:
    for number in range(1, 60):
        code = codes.check_in_code(site.state.keyring, number)
        assert codes.rsvp_of_code(site.state.keyring, f" {code.upper()} ") == number
        for letter in "abcdefghijklmnopqrstuvwxyz234567":
            if letter != code[-1]:
                assert codes.rsvp_of_code(site.state.keyring, code[:-1] + letter) is None


def test_checking_in_twice_and_by_the_code_of_another_event(site: Site) -> None:
    site.hosted()
    number = site.guest()
    assert submit(site.client, site.client.get("/au/host/duplicate"), "csrf_token").status_code == 303

    def add(uow: Any) -> int:
        other = uow.session.get_one(type(site.event()), 2)
        now = site.state.clock()
        return add_rsvp(
            uow.session, site.state.keyring, site.section, other, now=now, email="x@example.org", name="Xiomara Quispe"
        ).id

    foreign = run(site.host.app, add)
    code = codes.check_in_code(site.state.keyring, foreign)
    page = site.client.get("/au/host/check-in", query_string={"code": code})
    assert "This code does not belong to any guest of this event." in page.text
    assert "Xiomara" not in page.text
    assert site.press("check-in", guest=str(foreign), present="1").status_code == 422
    for _ in range(2):
        assert site.press("check-in", guest=str(number), present="1").status_code == 303
    assert "2 people have arrived" in site.client.get("/au/host/check-in").text
    assert site.host.rows("SELECT count(*) FROM w4r_rsvp WHERE checked_in_at IS NOT NULL")[0][0] == 1
    code = codes.check_in_code(site.state.keyring, number)
    assert "is already checked in" in site.client.get("/au/host/check-in", query_string={"code": code}).text
    site.press("check-in", guest=str(number), present="0")
    assert "0 people have arrived" in site.client.get("/au/host/check-in").text
