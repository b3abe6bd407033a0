"""What was done on each day and at each event: at the desk, as files, and the same everywhere."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_w4r.models import Event
from flask_w4r.services.reports import hosted
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_signatures
from flask_w4r.testing.events import make_events
from flask_w4r.testing.messages import make_messages
from tests.conftest import Host, every_database

from .test_numbers import PAGE, TABLE, table

#: Past midnight in Sydney, and before it.
LATE, EARLY = datetime(2026, 12, 3, 13, 30, tzinfo=UTC), datetime(2026, 12, 3, 12, 30, tzinfo=UTC)
CSV = """\
case,type,count,source,status,on,place
ann-example,letter,205,section_counted,final,2026-12-12,School
ann-example,letter,3,self_reported,interim,2026-12-12,Church
ann-example,card,40,self_reported,corrected,,Square
"""


def fill(host: Host, staff: Callable[..., Any], tmp_path: Path) -> None:
    """Signatures on two days, messages, reports of all sorts, and what a host tells of an event."""
    make_signatures(
        host.app, "ann-example", 3, state="confirmed", confirmed_at=EARLY, email=lambda n: f"a{n}@example.org"
    )
    make_signatures(
        host.app, "ann-example", 2, state="confirmed", confirmed_at=LATE, email=lambda n: f"b{n}@example.org"
    )
    make_signatures(host.app, "ann-example", 4, email=lambda n: f"c{n}@example.org")
    make_messages(host.app, "ann-example", 2, created_at=EARLY)
    file = tmp_path / "counts.csv"
    file.write_text(CSV)
    host.run("w4r", "reports", "import", str(file))
    state = get_state(host.app)
    now, section = state.clock(), state.sections["AU"]
    begun = now - timedelta(days=1)
    (event,) = make_events(host.app, 1, cases=("ann-example",), slug="over", uid="over", state="over", starts_at=begun)
    case_id = host.rows("SELECT id FROM w4r_case WHERE slug = 'ann-example'")[0].id

    def tell(work: Any) -> None:
        row = work.session.get(Event, event)
        told = {case_id: {"letter": 12, "card": 5}}
        hosted.submit(work.session, state.keyring, section, row, [case_id], 9, told, "", now=now)

    run(host.app, tell)
    (number,) = host.rows("SELECT id FROM w4r_report WHERE state = 'submitted'")[0]
    staff().post("/au/moderation/decisions", {"items": f"report:{number}", "decision": "approve"})
    host.app.extensions["w4r"].lazy.pop("pages", None)


def taken(host: Host, kind: str) -> list[dict[str, str]]:
    """The rows of an export."""
    rows = csv.DictReader(io.StringIO(host.run("w4r", "export", kind, "--out", "-").stdout))
    # The last line says who took it.
    return [row for row in rows if not row["edition"].startswith("#")]


@every_database
def test_all_who_tell_the_numbers_tell_the_same(desk: Host, staff: Callable[..., Any], tmp_path: Path) -> None:
    fill(desk, staff, tmp_path)
    file = taken(desk, "tally")
    own = desk.rows("SELECT day FROM w4r_tally WHERE action_type = 'letter' AND count = 12")[0].day
    sent = desk.rows("SELECT day FROM w4r_tally WHERE action_type = 'card' AND count = 40")[0].day
    assert {(row["type"], row["source"], row["status"], row["day"]): int(row["count"]) for row in file} == {
        ("petition_signature", "counted", "interim", "2026-12-03"): 3,
        ("petition_signature", "counted", "interim", "2026-12-04"): 2,
        ("solidarity_message", "counted", "interim", "2026-12-03"): 2,
        ("letter", "section_counted", "final", "2026-12-12"): 205,
        ("letter", "self_reported", "interim", "2026-12-12"): 3,
        ("letter", "self_reported", "interim", str(own)): 12,
        ("card", "self_reported", "interim", str(own)): 5,
        ("card", "self_reported", "corrected", str(sent)): 40,
    }
    sums: Counter[tuple[str, ...]] = Counter()
    days: Counter[tuple[str, str]] = Counter()
    for row in file:
        sums[row["type"], row["source"], row["status"]] += int(row["count"])
        days[row["day"], row["type"]] += int(row["count"])
    told = json.loads(desk.run("w4r", "tally", "report", "--json").output)["rows"]
    shown = desk.app.test_client().get("/au/tally.json").get_json()
    of_case = desk.app.test_client().get("/au/cases/ann-example/tally.json").get_json()
    for rows in (told, shown["rows"], of_case["rows"]):
        assert {(row["type"], row["source"], row["status"]): row["count"] for row in rows} == sums
    assert shown["total"] == of_case["total"] == sums.total() == 272
    numbers = table(staff(may="view_queue").get(TABLE))
    at_desk = {(of, kind): int(count) for (name, of, kind), count in numbers.items() if name == "action_day"}
    assert at_desk == days
    assert "0 differ" in desk.run("w4r", "tally", "recount").output


def test_the_desk_sees_days_and_events(desk: Host, staff: Callable[..., Any], tmp_path: Path) -> None:
    fill(desk, staff, tmp_path)
    title = desk.rows("SELECT title FROM w4r_event")[0].title
    page = staff(may="view_queue").get(PAGE).text
    days = page[page.index("Actions by day") : page.index("Actions by event")]
    assert days.count("<tr>") == len(desk.rows("SELECT DISTINCT day FROM w4r_tally WHERE case_id <> 0")) + 2
    assert "December 4, 2026" in days or "4 December 2026" in days
    assert [part.split("<")[0] for part in days.split("<strong>")[1:]] == ["220", "45", "5", "2", "272"]
    events = page[page.index("Actions by event") : page.index("By source")]
    assert title in events
    assert [part.split("<")[0] for part in events.split("<strong>")[1:]] == ["12", "5", "17"]
    rows = table(staff(may="view_queue").get(TABLE))
    assert (rows["event", "over", "letter"], rows["event", "over", "card"]) == ("12", "5")
    assert [(row["event"], row["title"], row["type"], row["count"]) for row in taken(desk, "events")] == [
        ("over", title, "card", "5"), ("over", title, "letter", "12"),
    ]  # fmt: skip


def test_what_has_no_day_is_told_as_that(desk: Host, staff: Callable[..., Any], tmp_path: Path) -> None:
    fill(desk, staff, tmp_path)
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_tally SET day = '1970-01-01' WHERE action_type = 'solidarity_message'")
    assert "Day not known" in staff(may="view_queue").get(PAGE).text
    assert [row["day"] for row in taken(desk, "tally") if row["type"] == "solidarity_message"] == [""]
    assert table(staff(may="view_queue").get(TABLE))["action_day", "", "solidarity_message"] == "2"


def test_once_it_is_over_what_was_interim_is_final(desk: Host, staff: Callable[..., Any], tmp_path: Path) -> None:
    fill(desk, staff, tmp_path)
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_edition SET starts_on = '2020-01-01', ends_on = '2020-12-31'")
    wanted = {"letter": {"final"}, "card": {"final", "corrected"}, "petition_signature": {"final"}}
    rows = {
        "export": taken(desk, "tally"),
        "report": json.loads(desk.run("w4r", "tally", "report", "--json").output)["rows"],
        "page": desk.app.test_client().get("/au/tally.json").get_json()["rows"],
    }
    for told in rows.values():
        for kind, statuses in wanted.items():
            assert {row["status"] for row in told if row["type"] == kind} == statuses


def test_a_withdrawn_case_is_in_no_file(desk: Host, staff: Callable[..., Any], tmp_path: Path) -> None:
    fill(desk, staff, tmp_path)
    desk.run("w4r", "case", "status", "ann-example", "withdrawn")
    assert taken(desk, "tally") == taken(desk, "events") == []
    assert "Nothing was counted yet." in staff(may="view_queue").get(PAGE).text
