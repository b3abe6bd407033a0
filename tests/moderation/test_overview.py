"""The desk's first page: numbers of the window, charts that read without eyes, and ways to act."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, text

from flask_w4r import W4R
from flask_w4r.blueprints.moderation.chart import ceiling, chart_of, spark
from flask_w4r.models import Alert
from flask_w4r.services.moderation import pulse
from flask_w4r.services.moderation.overview import SEGMENTS, Bucket
from flask_w4r.services.moderation.overview_kept import KEPT, MOST_KEPT, Kept, Stamp
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, make_signatures
from tests.conftest import Host, MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

DAY = datetime(2026, 12, 10, tzinfo=UTC)


def flood(desk: Host, **columns: Any) -> None:
    now = get_state(desk.app).clock()
    value = b"\x05" * 32
    make_signatures(
        desk.app, "ann-example", 30, held_at=now, mail_domain="gmail.com", net_day=now.date(), net_host=value,
        net_site=value, net_block=value, reasons=[{"check": "honeypot", "score": 0, "hold": True}], **columns,
    )  # fmt: skip


def test_the_page_shows_what_arrived_and_where_to_act(desk: Host, staff: Callable[..., Staff]) -> None:
    flood(desk)
    make_signatures(desk.app, "ann-example", 10, email=lambda n: f"ok{n}@example.org", state="confirmed")
    pulse.run_pulse(desk.app)
    page = staff().get("/au/moderation/").text
    assert "30 waiting in the queue" in page
    assert 'role="img"' in page
    assert "<title id=" in page
    assert "<desc id=" in page
    assert re.search(r"<th scope=\"row\">[^<]+</th>\s*<td class=\"w4r-table__number\">40</td>", page), "as a table too"
    assert "A hidden field was filled in" in page
    assert "gmail.com" in page
    mark = f"{get_state(desk.app).clock().date()}/host/{'05' * 32}".replace("/", "%2F")
    assert mark in page or mark.replace("%2F", "/") in page
    assert "style=" not in page


def test_a_case_and_a_window(desk: Host, staff: Callable[..., Staff]) -> None:
    flood(desk, created_at=get_state(desk.app).clock() - timedelta(hours=30))
    pulse.run_pulse(desk.app)
    mo = staff()
    assert "Nothing arrived in this period." in mo.get("/au/moderation/").text
    page = mo.get("/au/moderation/?case=ann-example&window=72h").text
    assert "Signatures for Ann Example by time of arrival" in page
    assert "30 signatures arrived." in page
    assert mo.get("/au/moderation/?window=14d").status_code == 200
    assert mo.get("/au/moderation/?window=nonsense").status_code == 200
    assert mo.get("/au/moderation/?case=nobody").status_code == 404


def test_it_says_when_the_worker_does_not_count(desk: Host, staff: Callable[..., Staff]) -> None:
    mo = staff()
    assert "has not counted anything yet" in mo.get("/au/moderation/").text
    pulse.run_pulse(desk.app)
    assert "As of" in mo.get("/au/moderation/").text
    past = get_state(desk.app).clock() - timedelta(minutes=3)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE w4r_desk_state SET counted_at = :at"), {"at": past.replace(tzinfo=None)})
    assert "Is the worker running?" in mo.get("/au/moderation/").text


def test_ways_are_shown_to_those_who_may_go_them(desk: Host, staff: Callable[..., Staff]) -> None:
    flood(desk)
    pulse.run_pulse(desk.app)
    page = staff("eve", may="view_queue").get("/au/moderation/").text
    assert "Block this network" not in page
    assert "Prepare an invalidation" not in page
    assert "Change status" not in page
    assert staff("eve", may="decide").get("/au/moderation/").status_code == 403
    assert staff("eve", section="MA").get("/au/moderation/").status_code == 403


def statements_of(desk: Host, function: Callable[[], Any]) -> list[str]:
    asked: list[str] = []

    def note(*about: Any) -> None:
        asked.append(about[2])

    event.listen(desk.engine, "before_cursor_execute", note)
    try:
        function()
    finally:
        event.remove(desk.engine, "before_cursor_execute", note)
    return asked


def test_a_second_look_asks_for_one_row_until_the_worker_counted_again(
    make_host: MakeHost,
) -> None:
    moved = [datetime(2026, 12, 10, 12, 5, tzinfo=UTC)]
    w4r = W4R(
        mailer=RecordingMailer(), clock=lambda: moved[0], actor_loader=load_actor, permission_check=check_permission
    )
    desk = make_host(w4r=w4r)
    make_campaign(desk.app)
    mo = Staff(desk.app.test_client(), "mo", ALL, None)
    flood(desk)
    pulse.run_pulse(desk.app)
    assert "30 signatures arrived." in mo.get("/au/moderation/").text
    # The overview's one row, and the lockdown's levels.
    asked = statements_of(desk, lambda: mo.get("/au/moderation/"))
    assert [statement for statement in asked if "w4r_pulse" in statement] == []
    assert len([statement for statement in asked if "w4r_desk_state.counted_at" in statement]) == 1
    assert len(asked) <= 3

    make_signatures(desk.app, "ann-example", 5, email=lambda n: f"late{n}@example.org", held_at=moved[0])
    page = mo.get("/au/moderation/").text
    assert "35 waiting in the queue" in page, "what waits is counted at every look"
    assert "30 signatures arrived." in page, "what arrived as of the worker's count"
    moved[0] += timedelta(seconds=15)
    pulse.run_pulse(desk.app)
    page = mo.get("/au/moderation/").text
    assert "35 signatures arrived." in page
    assert "Well above the usual level" not in page
    with desk.engine.begin() as connection:
        connection.execute(
            insert(Alert).values(
                section="AU", hour=pulse.hour_of(moved[0]), case_id=0, metric="submitted", key="", count=900,
                usual=30, raised_at=moved[0],
            )
        )  # fmt: skip
    assert "Well above the usual level" in mo.get("/au/moderation/").text, "though nothing was counted since"
    mo.post("/au/moderation/lockdown", {"level": "cautious", "back": "moderation"})
    assert re.search(r'value="cautious"\s+aria-pressed="true"', mo.get("/au/moderation/").text)


def test_what_is_kept_ends_without_a_worker_too_and_is_bounded() -> None:
    kept, stamp = Kept(), Stamp(1, DAY, None, None, None)
    kept.put("page", stamp, DAY, "numbers")
    assert kept.get("page", stamp, DAY + KEPT / 2) == "numbers"
    assert kept.get("page", stamp, DAY + KEPT) is None
    assert kept.get("page", stamp, DAY - KEPT) is None, "a clock that was set back"
    assert kept.get("page", stamp._replace(version=2), DAY) is None
    for number in range(MOST_KEPT):
        kept.put(number, stamp, DAY, number)
    assert kept.peek("page") is None
    assert kept.peek(0) == 0


def buckets(counts: list[int]) -> list[Bucket]:
    return [
        Bucket(DAY + timedelta(hours=number), count, {**dict.fromkeys(SEGMENTS, 0), "confirmed": count})
        for number, count in enumerate(counts)
    ]


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60), st.booleans())
def test_every_bar_stands_within_the_chart(counts: list[int], rtl: bool) -> None:
    chart = chart_of(buckets(counts), rtl=rtl)
    assert 2 <= len(chart.lines) <= 6
    for bar in chart.bars:
        assert chart.start - 0.2 <= bar.x <= chart.end - bar.width + 0.2
        assert all(0 <= y <= chart.ground and height >= 0 for _, y, height in bar.segments)
    highest = [bar for bar, count in zip(chart.bars, counts, strict=True) if count == max(counts)]
    assert chart.top is None or abs(chart.top[1] - highest[0].x - highest[0].width / 2) <= 37


@given(st.integers(0, 10**9))
def test_the_scale_is_round_and_reaches(highest: int) -> None:
    most, step = ceiling(highest)
    assert most >= highest
    assert most % step == 0
    assert set(str(step).rstrip("0")) <= set("125")


def test_time_runs_the_other_way_in_arabic() -> None:
    there, back = chart_of(buckets([1, 2]), rtl=False), chart_of(buckets([1, 2]), rtl=True)
    assert there.bars[0].x < there.bars[1].x
    assert back.bars[0].x > back.bars[1].x
    assert spark([0, 0], rtl=True) == []
    assert spark([4, 0], rtl=True)[0][0] > spark([4, 0], rtl=False)[0][0]
