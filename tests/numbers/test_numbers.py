"""Numbers for people: the page at the desk, the table, and the report to print."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Edition, Place, ShareCount, Signature
from flask_w4r.services.moderation.pulse import run_pulse
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.services.tally.counts import add_all
from flask_w4r.services.tally.keys import Key
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, every_database
from tests.letters.test_print import assert_tagged, keep_pictures
from tests.letters.world import words_of

PAGE = "/au/moderation/numbers"
TABLE = f"{PAGE}.csv"
REPORT = f"{PAGE}.pdf"


def fill(host: Host) -> None:
    """A campaign with four cases, of which one lags; signatures held and pending; links, and towns without events."""
    now = get_state(host.app).clock()
    make_signatures(
        host.app, "ann-example", 6, state="confirmed", mail_domain="gmail.com", email=lambda n: f"a{n}@example.org"
    )
    make_signatures(
        host.app, "ann-example", 12, state="confirmed", mail_domain="web.de", email=lambda n: f"w{n}@example.org"
    )
    make_signatures(host.app, "ann-example", 4, mail_domain="web.de", email=lambda n: f"v{n}@example.org")
    make_signatures(host.app, "ann-example", 5, mail_domain="gmail.com", email=lambda n: f"b{n}@example.org")
    make_signatures(host.app, "ann-example", 9, mail_domain="few.example", email=lambda n: f"c{n}@example.org")
    held = {"held_at": now, "reasons": [{"check": "no_captcha", "score": 0, "hold": True}]}
    make_signatures(host.app, "ann-example", 2, state="confirmed", email=lambda n: f"d{n}@example.org", **held)
    make_signatures(host.app, "ann-example", 1, email=lambda n: f"e{n}@example.org", **held)
    case_id = host.rows("SELECT id FROM w4r_case WHERE slug = 'ann-example'")[0].id

    def work(uow: Any) -> None:
        for kind, count in (("visit", 40), ("action", 7)):
            uow.session.add(
                ShareCount(
                    section="AU", case_id=case_id, day=now.date(), source="qr", variant=0, kind=kind, count=count
                )
            )
        for number, (name, population) in enumerate((("Bigtown", 900_000), ("Midtown", 400_000)), 1):
            uow.session.add(
                Place(
                    id=number, name=name, country="AU", region="NSW", lat=-33.0, lon=151.0 + number * 2,
                    population=population, time_zone="Australia/Sydney",
                )
            )  # fmt: skip

    run(host.app, work)
    run_pulse(host.app)


def table(answer: Any) -> dict[tuple[str, str, str], str]:
    """The rows of the CSV by what they are of."""
    rows = csv.DictReader(io.StringIO(answer.text))
    return {(row["table"], row["of"], row["what"]): row["number"] for row in rows}


def day_sum(rows: dict[tuple[str, str, str], str], what: str) -> int:
    return sum(int(number) for (name, _, which), number in rows.items() if (name, which) == ("day", what))


@every_database
def test_the_desk_sees_the_funnel_sources_providers_and_towns(desk: Host, staff: Callable[..., Any]) -> None:
    fill(desk)
    me = staff(may="view_queue")
    rows = table(me.get(TABLE))
    assert {name: day_sum(rows, name) for name in ("arrived", "confirmed", "counted", "held")} == {
        "arrived": 39, "confirmed": 20, "counted": 18, "held": 3,
    }  # fmt: skip
    assert (rows["source", "qr", "visits"], rows["source", "qr", "forms"]) == ("40", "<10")
    assert (rows["provider", "web.de", "arrived"], rows["provider", "web.de", "confirmed"]) == ("16", "12")
    assert (rows["provider", "gmail.com", "arrived"], rows["provider", "gmail.com", "confirmed"]) == ("11", "<10")
    assert ("provider", "few.example", "arrived") not in rows
    assert rows["town", "Bigtown, NSW", "nearest_event_km"] == ""
    assert rows["edition", "2026", "signatures"] == rows["case", "ann-example", "signatures"] == "18"
    assert rows["people", "2026", "people"] == rows["edition", "2026", "people"] == "18"
    assert rows["actions", "ann-example petition_signature", "counted interim"] == "18"
    page = me.get(PAGE).text
    for said in (
        "QR code",
        "gmail.com",
        "Bigtown",
        "75%",
        "under 10",
        "Write for Rights 2026",
        "numbers.pdf?edition=2026",
    ):
        assert said in page
    assert "few.example" not in page


def test_a_case_that_lags_is_named(desk: Host, staff: Callable[..., Any]) -> None:
    make_campaign(desk.app, ["big-example", "mid-example", "low-example"], year="2027")
    for slug, count in (("big-example", 9), ("mid-example", 6), ("low-example", 2)):
        make_signatures(desk.app, slug, count, state="confirmed", email=lambda n, slug=slug: f"{slug}{n}@example.org")
    run_pulse(desk.app)
    page = staff().get(f"{PAGE}?edition=2027").text
    assert page.count("Lags") == 1
    assert page.index("Low Example") < page.index("Lags") < page.index("Mid Example")
    # Of an edition that is not the current one nobody asks where events lack.
    assert ("Where events lack" in staff().get(f"{PAGE}?edition=2026").text) != ("Where events lack" in page)


@pytest.mark.parametrize(("number", "said"), [(0, "0"), (1, "<10"), (9, "<10"), (10, "10")])
def test_what_a_few_did_is_not_told_where_it_is_broken_down(
    desk: Host, staff: Callable[..., Any], number: int, said: str
) -> None:
    if number:
        make_signatures(desk.app, "ann-example", number, state="confirmed", mail_domain="gmail.com")
    make_signatures(desk.app, "ann-example", 10, mail_domain="gmail.com", email=lambda n: f"p{n}@example.org")
    run_pulse(desk.app)
    me = staff()
    rows = table(me.get(TABLE))
    assert rows["provider", "gmail.com", "confirmed"] == rows["case", "ann-example", "lately"] == said
    # What all of it comes to is told as it is.
    assert rows["edition", "2026", "petition_signature" if number else "signatures"] == str(number)
    assert day_sum(rows, "counted") == number
    page = me.get(PAGE).text
    assert ("under 10" in page.partition("not told")[2]) == (said == "<10")


def test_providers_are_counted_by_the_worker(desk: Host, staff: Callable[..., Any]) -> None:
    """Nobody who looks at the page has all signatures read for it; who confirms later shows with the worker's next count."""
    make_signatures(desk.app, "ann-example", 20, mail_domain="gmail.com")
    run_pulse(desk.app)
    run(desk.app, lambda uow: uow.session.execute(update(Signature).values(state="confirmed")))
    assert table(staff().get(TABLE))["provider", "gmail.com", "confirmed"] == "0"
    state = get_state(desk.app)
    now = state.clock()
    object.__setattr__(state, "clock", lambda: now + timedelta(minutes=11))
    run_pulse(desk.app)
    rows = table(staff().get(TABLE))
    assert (rows["provider", "gmail.com", "arrived"], rows["provider", "gmail.com", "confirmed"]) == ("20", "20")


@every_database
def test_editions_stand_beside_each_other_by_type(desk: Host, staff: Callable[..., Any]) -> None:
    fill(desk)
    make_campaign(desk.app, ["big-example"], year="2027")
    make_signatures(desk.app, "big-example", 3, state="confirmed", email=lambda n: f"z{n}@example.org")
    case = desk.rows("SELECT id, edition_id FROM w4r_case WHERE slug = 'big-example'")[0]

    def work(uow: Any) -> None:
        done = {Key(case.id, "letter", "self_reported"): 30, Key(case.id, "letter", "section_counted"): 12}
        add_all(uow.session, "AU", case.edition_id, done)

    run(desk.app, work)
    me = staff()
    rows = table(me.get(TABLE))
    assert {of: number for (name, of, what), number in rows.items() if (name, what) == ("edition", "letter")} == {
        "2027": "42"
    }
    assert {of: number for (name, of, what), number in rows.items() if (name, what) == ("edition", "actions")} == {
        "2027": "45", "2026": "18",
    }  # fmt: skip
    compared = " ".join(re.sub("<[^>]*>", " ", me.get(PAGE).text.partition('id="w4r-numbers-editions"')[2]).split())
    assert "What was done 2027 2026 Signatures 3 18 Letters 42 0 All actions 45 18 People" in compared


def test_who_may_not_see_the_queue_sees_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    for path in (PAGE, TABLE, REPORT):
        assert staff(may="edit_cases").get(path).status_code == 403
        assert staff(may="view_queue").get(f"{path}?edition=1999").status_code == 404


def test_what_was_read_is_kept_for_ten_minutes(desk: Host, staff: Callable[..., Any]) -> None:
    me = staff()
    assert day_sum(table(me.get(TABLE)), "arrived") == 0
    fill(desk)
    assert day_sum(table(me.get(TABLE)), "arrived") == 0
    state = get_state(desk.app)
    now = state.clock()
    object.__setattr__(state, "clock", lambda: now + timedelta(minutes=11))
    assert day_sum(table(me.get(TABLE)), "arrived") == 39


def test_an_old_edition_has_its_sums_and_no_days(desk: Host, staff: Callable[..., Any]) -> None:
    fill(desk)

    def work(uow: Any) -> None:
        edition = uow.session.query(Edition).filter_by(year="2026").one()
        edition.starts_on, edition.ends_on = edition.starts_on.replace(year=2019), edition.ends_on.replace(year=2019)

    run(desk.app, work)
    page = staff().get(f"{PAGE}?edition=2026").text
    assert "Nothing is known by day" in page
    assert "2026" in page


@pytest.mark.parametrize("command", [False, True])
def test_the_report_is_printed(desk: Host, staff: Callable[..., Any], tmp_path: Path, command: bool) -> None:
    pytest.importorskip("typst")
    fill(desk)
    if command:
        path = tmp_path / "report.pdf"
        assert str(path) in desk.run("w4r", "tally", "report", "--pdf", str(path)).output
        made = path.read_bytes()
    else:
        answer = staff(may="view_queue").get(REPORT)
        assert answer.mimetype == "application/pdf"
        made = answer.data
    text = words_of(made)
    for said in (
        "Report: Write for Rights 2026", "Actions by type", "counted by this site", "Interim", "Ann Example",
        "Most in one day: 18", "Signatures handed over", "Nothing was handed over yet.", "Good news",
    ):  # fmt: skip
        assert said in text
    assert_tagged(made, "en", lists=False)
    keep_pictures(made, "report-en")
