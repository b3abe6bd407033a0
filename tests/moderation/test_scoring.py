"""Scores at signing and at confirming, through the doors that supporters use."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign, submit, take_in
from tests.conftest import Host, MakeHost, every_database


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(make_host: MakeHost, clock: Clock) -> Callable[..., Host]:
    def make(**config: Any) -> Host:
        mailer = RecordingMailer()
        host = make_host(w4r=W4R(mailer=mailer, clock=clock), captcha="none", **config)
        host.mailer = mailer
        make_campaign(host.app)
        return host

    return make


def _rows(host: Host) -> list[Any]:
    rows = host.rows("SELECT state, held_at, held_for, score, reasons FROM w4r_signature ORDER BY id")
    return [
        (
            row.state,
            row.held_at is not None,
            row.held_for,
            row.score,
            json.loads(row.reasons) if isinstance(row.reasons, str) else row.reasons,
        )
        for row in rows
    ]


def _confirm(host: Host) -> None:
    client = host.app.test_client()
    run_jobs(host.app)
    page = client.get(host.mailer.links("/confirm/")[0].partition("localhost")[2])
    assert submit(client, page, "form_token").status_code == 200


@every_database
def test_a_flood_from_one_address_is_held_and_nobody_is_told(site: Callable[..., Host]) -> None:
    limits = {"sign_host": "1000/minute", "hold_host": "1000/minute"}
    host = site(rate_limits=limits, scoring={"rate_network": 50})
    client = host.app.test_client()
    page = client.get("/au/cases/ann-example/sign")
    _, fields = form_fields(page, "form_token")
    names = ["".join("abcdefgh"[int(digit)] for digit in f"{number:o}") for number in range(50)]

    def press(some: Sequence[str]) -> list[Any]:
        """All of them wait when the worker comes."""
        typed = ({"first_name": f"Q{name}", "last_name": "Lee", "email": f"{name}@d{name}.example"} for name in some)
        found = [client.post("/au/cases/ann-example/sign", data={**fields, **one, "consent": "y"}) for one in typed]
        take_in(host.app)
        return found

    answers = [*press(names[:44]), *press(names[44:])]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    rows = _rows(host)
    assert [held for _, held, _, _, _ in rows] == [False] * 44 + [True] * 6
    assert rows[-1][2:4] == ("rate_network", 50)
    assert rows[-1][4][-1] == {
        "check": "rate_network", "score": 50, "hold": False, "detail": {"count": 50, "usual": 45},
    }  # fmt: skip
    stored = json.dumps(rows)
    assert "127.0.0.1" not in stored
    assert "example" not in stored


@every_database
@pytest.mark.parametrize(
    ("seconds", "hold_at", "expected"),
    [
        (2, 25, ("confirmed", True, "too_fast", 25)),
        (2, 50, ("confirmed", False, None, 25)),
        (30, 25, ("confirmed", False, None, 20)),
    ],
)
def test_a_confirmation_within_seconds_adds_to_what_speaks_against_it(
    site: Callable[..., Host], clock: Clock, seconds: int, hold_at: int, expected: tuple[Any, ...]
) -> None:
    host = site(form_min_seconds=3, scoring={"hold_at": hold_at})
    sign(host.app.test_client(), "/au", "ann-example")
    clock.now += timedelta(seconds=seconds)
    _confirm(host)
    (row,) = _rows(host)
    assert row[:4] == expected
    assert [reason["check"] for reason in row[4]] == ["too_fast"] + ["fast_confirm"] * (seconds < 10)
    counted = host.rows("SELECT COALESCE(SUM(count), 0) AS n FROM w4r_tally WHERE case_id > 0")[0].n
    assert counted == (0 if expected[1] else 1)


def test_it_never_speaks_alone(site: Callable[..., Host], clock: Clock) -> None:
    host = site(scoring={"hold_at": 5})
    sign(host.app.test_client(), "/au", "ann-example")
    clock.now += timedelta(seconds=1)
    _confirm(host)
    assert _rows(host) == [("confirmed", False, None, 0, [])]


def test_what_the_desk_released_is_not_held_again(site: Callable[..., Host], clock: Clock) -> None:
    host = site(form_min_seconds=3, scoring={"hold_at": 25})
    sign(host.app.test_client(), "/au", "ann-example")
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_signature SET released_at = updated_at")
    clock.now += timedelta(seconds=1)
    _confirm(host)
    assert _rows(host)[0][:4] == ("confirmed", False, None, 25)
