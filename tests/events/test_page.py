"""An event's own page: what it offers, and what search engines read there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flask_w4r.services.hosting import hosts as event_hosts
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.conftest import Host

NOINDEX = '<meta name="robots" content="noindex">'


def page(host: Host, **columns: Any) -> str:
    make_events(host.app, 1, **columns)
    answer = host.app.test_client().get("/au/events/made-up-1")
    assert answer.status_code == 200
    return str(answer.text)


def test_one_that_lies_ahead_takes_guests(host: Host) -> None:
    text = page(host)
    assert "/events/made-up-1/rsvp" in text
    assert "EventScheduled" in text and NOINDEX not in text


def test_one_that_has_begun_takes_no_more(host: Host) -> None:
    now = datetime.now(UTC)
    text = page(host, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    assert "/events/made-up-1/rsvp" not in text
    assert NOINDEX not in text


def test_search_engines_learn_that_one_is_called_off(host: Host) -> None:
    text = page(host, state="cancelled")
    assert "https://schema.org/EventCancelled" in text and NOINDEX not in text
    assert "/events/made-up-1/rsvp" not in text


@pytest.mark.parametrize(
    "columns", [{"state": "over"}, {"kind": "private", "state": "cancelled"}, {"visibility": "unlisted"}]
)
def test_search_engines_are_to_leave_out_what_is_over_or_not_for_all(host: Host, columns: dict[str, str]) -> None:
    text = page(host, **columns)
    assert NOINDEX in text and "schema.org" not in text


@pytest.mark.parametrize(
    ("visibility", "words"),
    [
        ("town", "We will email you the link to join once you have a place."),
        ("approval", "The host decides who gets the link to join. If they approve you, we will email it to you."),
    ],
)
def test_how_one_comes_by_the_link(host: Host, visibility: str, words: str) -> None:
    assert words in page(host, kind="online", visibility=visibility, public_lat=None, public_lon=None)


def test_a_new_link_for_the_host_is_no_news_for_readers(host: Host) -> None:
    make_events(host.app, 1)
    state = get_state(host.app)
    section = next(iter(state.sections.values()))
    [(event_id, before)] = host.rows("SELECT id, updated_at FROM w4r_event")
    later = state.clock() + timedelta(hours=1)
    done = run(host.app, lambda uow: event_hosts.renew_link(uow.session, state.keyring, section, event_id, now=later))
    assert done.outcome == "renewed"
    assert host.rows("SELECT updated_at FROM w4r_event") == [(before,)]
