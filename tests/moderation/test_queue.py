"""The queue: what is in it and why, page by page, and what its filters find."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.config_defaults import DEFAULT_SCORING
from flask_w4r.errors import PermissionDenied
from flask_w4r.models.moderation import RULE_KINDS
from flask_w4r.services.moderation import decisions, queue
from flask_w4r.services.moderation.filters import Filters, NetworkMark, Place, parse_filters
from flask_w4r.services.moderation.reasons import REASON_WORDS, reason_lines
from flask_w4r.services.people.networks import day_secret, network_hashes, network_tiers
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import Actor, get_state
from tests.conftest import Host, every_database
from tests.moderation.queued import QUEUE, START, Make, hold


def test_a_row_says_who_and_why(desk: Host, staff: Make) -> None:
    hold(desk, 1, state="confirmed", mail_domain="mailinator.com")
    page = staff().get(QUEUE)
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert "Sam Sample1" in text
    assert "m…@e….org" in text
    assert "made-up-1@example.org" not in text
    assert "A disposable email address" in text
    assert "+50</bdi>, enough to hold" in text
    assert "Sent faster than a person can type" in text
    assert "Score 70; held at 50 or more" in text
    assert "1 waiting" in text


def test_words_in_brackets_have_a_space_before_them(desk: Host, staff: Make) -> None:
    hold(desk, 1, reasons=[{"check": "too_fast", "score": 20, "hold": True, "detail": 220}])
    assert "Sent faster than a person can type (counted: 220)" in " ".join(staff().get(QUEUE).text.split())


def test_an_empty_queue_says_so(desk: Host, staff: Make) -> None:
    assert "Nothing is waiting" in staff().get(QUEUE).get_data(as_text=True)
    assert "Nothing in the queue matches these filters" in staff().get(f"{QUEUE}?state=pending").get_data(as_text=True)


def test_every_check_has_words() -> None:
    scored = set(DEFAULT_SCORING) - {"hold_at"}
    ruled = {f"rule_{kind}" for kind in RULE_KINDS}
    assert (scored | ruled) - set(REASON_WORDS) == set()
    (line,) = reason_lines([{"check": "of_the_host", "score": 3, "hold": False, "detail": {"count": 41, "who": "x"}}])
    assert (line.words, line.detail) == ("of_the_host", "counted: 41")


@pytest.mark.parametrize("may", ["", "decide", "invalidate"])
def test_the_service_asks_too(desk: Host, may: str) -> None:
    state = get_state(desk.app)
    section = state.sections["AU"]
    with desk.app.test_request_context(headers={"X-May": may}):
        for actor in (None, Actor("mo", "Mo")):
            with pytest.raises(PermissionDenied):
                read(
                    desk.app,
                    lambda session, actor=actor: queue.page_of(
                        session, state.hooks, actor, state.keyring, section, Filters()
                    ),
                )


@every_database
@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_pages_show_each_row_once_whatever_happens_between(desk: Host, order: str) -> None:
    # Many at the same moment, as an import or one transaction leaves them.
    ids = hold(desk, 13, held_at=lambda number: START + timedelta(minutes=number // 4))
    state = get_state(desk.app)
    section, actor = state.sections["AU"], Actor("mo", "Mo")
    seen: list[int] = []
    cursor: str | None = None
    with desk.app.test_request_context(headers={"X-May": "view_queue,decide"}):
        while True:
            page = read(
                desk.app,
                lambda session, cursor=cursor: queue.page_of(
                    session, state.hooks, actor, state.keyring, section, Filters(order=order), cursor, size=4
                ),
            )
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break

            def approve(uow: Any, number: int = page.rows[0].id) -> Any:
                return decisions.decide(
                    uow.session, state.hooks, actor, state.keyring, section, {"signature": [number]}, "approve", None,
                    now=state.clock(),
                )  # fmt: skip

            run(desk.app, approve)
    assert seen == (ids if order == "oldest" else ids[::-1])


def test_the_count_stops_at_two_hundred(desk: Host, staff: Make) -> None:
    hold(desk, 201)
    page = staff().get(QUEUE).get_data(as_text=True)
    assert "More than 200 waiting" in page
    assert page.count("data-item=") == queue.PAGE_SIZE
    assert "Next page" in page


def test_filters(desk: Host, staff: Make) -> None:
    state = get_state(desk.app)
    day = START.date()
    secret = run(desk.app, lambda uow: day_secret(uow.session, state.keyring, day))
    host, site, block = network_hashes(secret, network_tiers("192.0.2.7"))
    odd = hold(
        desk, 1, first_name="Odd", state="confirmed", score=90, held_for="honeypot", captcha="missing",
        mail_domain="mailinator.com", held_at=START + timedelta(days=1), net_day=day, net_host=host, net_site=site,
        net_block=block,
    )  # fmt: skip
    hold(desk, 2, email=lambda number: f"plain-{number}@example.org")
    mark = NetworkMark(day, "site", site)
    assert len(odd) == 1
    # Sydney is eleven hours ahead in November.
    for query, shown in {
        "state=confirmed": True, "state=pending": False, "held_for=honeypot": True, "held_for=too_fast": False,
        "mail_domain=Mailinator.com": True, "score=80": True, "score=91": False, "captcha=missing": True,
        "since=2026-11-21T18:59": True, "since=2026-11-21T19:01": False, "until=2026-11-21T19:01": True,
        "until=2026-11-21T19:00": False, f"net={mark}": True, f"net={day}/host/{site.hex()}": False,
        "case=ann-example": True, "case=nobody": False, "since=2026-11-21T08:00Z": True,
    }.items():  # fmt: skip
        text = staff().get(f"{QUEUE}?{query}").get_data(as_text=True)
        assert ("Odd Sample1" in text) is shown, query
        assert "we could not understand this" not in text
    assert staff().get(f"{QUEUE}?net={mark}").get_data(as_text=True).count("data-item=") == 1
    assert f"net={day}/host/{host.hex()}".replace("/", "%2F") in staff().get(QUEUE).get_data(as_text=True).replace(
        f"{day}/host/", f"{day}%2Fhost%2F"
    )


@pytest.mark.parametrize(
    "query",
    ["state=erased", "score=-1", "score=x", "since=yesterday", "net=2026-13-40/host/" + "0" * 64, "net=x",
     "case=%00", "mail_domain=%27", "captcha=z", "held_for=A%20B", "order=x", "since=0001-01-01T00:00"],
)  # fmt: skip
def test_what_is_no_filter_is_left_out_and_said(desk: Host, staff: Make, query: str) -> None:
    hold(desk, 1)
    page = staff().get(f"{QUEUE}?{query}")
    assert page.status_code == 200
    assert "we could not understand this" in page.get_data(as_text=True)
    assert "Sam Sample1" in page.get_data(as_text=True)


@pytest.mark.parametrize("cursor", ["x", "%00", "MjAyNi0xMS0yMSA1", "*" * 500])
def test_no_cursor_is_the_first_page(desk: Host, staff: Make, cursor: str) -> None:
    hold(desk, 1)
    assert "Sam Sample1" in staff().get(f"{QUEUE}?after={cursor}").get_data(as_text=True)


def test_filters_and_places_travel() -> None:
    given = {"case": "ann-example", "since": "2026-11-21T19:00", "score": "5", "order": "newest"}
    filters, bad = parse_filters(given, "Australia/Sydney")
    assert bad == []
    assert filters.query("Australia/Sydney") == given
    place = Place(START, 17)
    assert Place.parse(str(place)) == place
