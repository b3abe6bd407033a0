"""What was counted before counts had a status and a day stays counted, and finds its day by a recount."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, column, insert, select, table, text

from flask_w4r.keyring import Sealed
from flask_w4r.models import metadata
from flask_w4r.services.storage import schema
from flask_w4r.state import get_state
from flask_w4r.testing import make_signatures

from .hosts import close, invoke, make_host
from .test_0002 import CASE

NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
TALLY, CLASS = metadata.tables["w4r_tally"], metadata.tables["w4r_school_class"]
NO_DAY = date(1970, 1, 1)
#: Type, source, slot and count.
BEFORE = [
    ("petition_signature", "counted", 3, 5),
    ("petition_signature", "counted", 9, 2),
    ("letter", "self_reported", 0, 30),
    ("letter", "self_reported", 7, 20),
    ("card", "section_counted", 4, 9),
]
#: Status, state, source, whether it counts, and counts of the case.
REPORTS: list[tuple[str, str, str, bool, dict[str, int]]] = [
    ("interim", "approved", "self_reported", True, {"letter": 6}),
    ("final", "approved", "self_reported", True, {"letter": 12}),
    ("corrected", "approved", "self_reported", True, {"letter": 4}),
    ("final", "reversed", "self_reported", False, {"letter": 1000}),
    ("final", "approved", "section_counted", True, {"card": 9}),
]
PUPILS = 28


def values() -> list[tuple[str, dict[str, Any]]]:
    """Rows of revision 0017."""
    moments = {"created_at": NOW, "updated_at": NOW}
    school = {
        "id": 1, "section": "AU", "edition_id": 1, "state": "approved", "name": "School", "town": "Perth", "country": "AU",
        "size": 30, "cases": [], "locale": "en", "link_version": 1, "score": 0, "reasons": [], "version": 1, **moments,
    }  # fmt: skip
    of_class = {
        "id": 1, "section": "AU", "school_id": 1, "secret": Sealed(""), "code_index": b"x" * 32, "size": 30, "people": PUPILS,
        "counts": {"1": PUPILS}, **moments,
    }  # fmt: skip
    rows: list[tuple[str, dict[str, Any]]] = [("w4r_school", school), ("w4r_school_class", of_class)]
    for kind, source, slot, count in BEFORE:
        place = {"section": "AU", "edition_id": 1, "case_id": 1, "action_type": kind, "source": source}
        rows.append(("w4r_tally", {**place, "slot": slot, "count": count}))
    people = {"section": "AU", "edition_id": 1, "case_id": 0, "action_type": "people", "source": "counted"}
    rows.append(("w4r_tally", {**people, "slot": 0, "count": 7}))
    for number, (status, state, source, is_counted, counts) in enumerate(REPORTS, 1):
        report = {
            "id": number, "section": "AU", "role": "desk", "source": source, "status": status, "state": state,
            "is_counted": is_counted, "people": 0, "counts": {"1": counts}, "score": 0,
            "reasons": [], "version": 1, "on_date": date(2024, 11, number), **moments,
        }  # fmt: skip
        rows.append(("w4r_report", report))
    return rows


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """The tables of revision 0017, with reports, a class, and what was counted of them."""
    schema.upgrade(engine, "0017")
    with engine.begin() as connection:
        edition = metadata.tables["w4r_edition"]
        connection.execute(
            insert(edition).values(
                id=1, section="AU", year="2024", titles={}, starts_on=NOW.date(), ends_on=NOW.date(), is_demo=False,
                updated_at=NOW,
            )
        )  # fmt: skip
        connection.execute(insert(metadata.tables["w4r_case"]).values(CASE))
        for name, row in values():
            known = metadata.tables[name].columns
            connection.execute(table(name, *(column(key, known[key].type) for key in row)).insert().values(row))
    return engine


def kept(engine: Engine) -> Counter[tuple[Any, ...]]:
    """By type, source, status and day."""
    key = (TALLY.c.action_type, TALLY.c.source, TALLY.c.status, TALLY.c.day)
    with engine.connect() as connection:
        sums: Counter[tuple[Any, ...]] = Counter()
        for *place, count in connection.execute(select(*key, TALLY.c.count)):
            sums[tuple(place)] += count
        return sums


AFTER = {
    ("petition_signature", "counted", "interim", NO_DAY): 7,
    ("people", "counted", "interim", NO_DAY): 7,
    ("letter", "self_reported", "interim", NO_DAY): 34,
    ("letter", "self_reported", "final", NO_DAY): 12,
    ("letter", "self_reported", "corrected", NO_DAY): 4,
    ("card", "section_counted", "interim", NO_DAY): 0,
    ("card", "section_counted", "final", NO_DAY): 9,
}


def test_numbers_keep_their_sum_and_say_what_reports_said(filled: Engine) -> None:
    assert schema.upgrade(filled, "0018") == ["0018"]
    assert dict(kept(filled)) == AFTER
    with filled.connect() as connection:
        assert connection.execute(select(CLASS.c.counts)).scalar_one() == {"1": {"1970-01-01": PUPILS}}


def test_the_numbers_outlive_the_way_back(filled: Engine) -> None:
    schema.upgrade(filled, "0018")
    schema.downgrade(filled, "0017")
    sums: Counter[tuple[str, str]] = Counter()
    with filled.connect() as connection:
        for kind, source, count in connection.execute(text("SELECT action_type, source, count FROM w4r_tally")):
            sums[kind, source] += count
        assert connection.execute(select(CLASS.c.counts)).scalar_one() == {"1": PUPILS}
    wanted: Counter[tuple[str, str]] = Counter({("people", "counted"): 7})
    for kind, source, _, count in BEFORE:
        wanted[kind, source] += count
    assert sums == wanted


def test_a_recount_finds_the_days(filled: Engine) -> None:
    """What the rows know nothing of, here signatures and letters beyond the reports', goes; what they know gets its day."""
    schema.upgrade(filled)
    app, db = make_host(filled.url.render_as_string(hide_password=False))
    try:
        with app.app_context():
            make_signatures(app, "ann-example", 2, state="confirmed", confirmed_at=NOW)
        day = get_state(app).sections["AU"].local_date(NOW)
        arguments = ("w4r", "tally", "recount", "--fix")
        assert "were corrected" in app.test_cli_runner().invoke(args=list(arguments)).output
        found = {key: count for key, count in kept(filled).items() if count and key[0] != "people"}
        assert found == {
            ("petition_signature", "counted", "interim", day): 2,
            ("letter", "self_reported", "interim", date(2024, 11, 1)): 6,
            ("letter", "self_reported", "final", date(2024, 11, 2)): 12,
            ("letter", "self_reported", "corrected", date(2024, 11, 3)): 4,
            ("letter", "self_reported", "interim", NO_DAY): PUPILS,
            ("card", "section_counted", "final", date(2024, 11, 5)): 9,
        }
        assert invoke(app, "check")[0] == 0
        assert ", 0 differ" in app.test_cli_runner().invoke(args=list(arguments)).output
    finally:
        close(app, db)
