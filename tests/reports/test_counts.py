"""What the section counted itself: typed in, read from a file, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from flask_w4r.services.tally.views import GoalView
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import Staff
from tests.moderation.conftest import desk as desk
from tests.moderation.conftest import staff as staff

from .test_telling import tally

PATH = "/au/moderation/counts"
Make = Callable[..., Staff]
CSV = """\
case,type,count,source,status,on,place,note
ann-example,letter,205,section_counted,final,2026-12-12,School,"by hand, twice"
ann-example,letter,205,section_counted,final,2026-12-12,School,"by hand, twice"
ann-example,card,3,self_reported,,,,
"""


def case_id(host: Host) -> int:
    return int(host.rows("SELECT id FROM w4r_case WHERE slug = 'ann-example'")[0][0])


@every_database
def test_typed_in_it_counts_at_once_and_can_be_taken_back(desk: Host, staff: Make) -> None:
    mo, number = staff(), case_id(desk)
    answer = mo.post(
        PATH, {"act": "type", f"count-{number}-letter": "٤٠", "status": "interim", "place": "Perth"}, page=PATH
    )
    assert answer.status_code == 303
    assert tally(desk) == {"letter": 40}
    page = mo.get(PATH).text
    assert "Perth" in page
    assert "counted by the section" in page
    report = int(desk.rows("SELECT id FROM w4r_report")[0][0])
    mo.post(PATH, {"act": "final", "item": report}, page=PATH)
    assert desk.rows("SELECT status FROM w4r_report")[0][0] == "final"
    mo.post(PATH, {"act": "reverse", "item": report}, page=PATH)
    mo.post(PATH, {"act": "reverse", "item": report}, page=PATH)
    assert tally(desk) == {"letter": 0}
    desk.run("w4r", "tally", "recount")
    acts = [row[0] for row in desk.rows("SELECT action FROM w4r_audit ORDER BY seq")]
    assert acts[-3:] == ["counts_entered", "counts_final", "counts_reverse"]


def test_who_may_not_decide_sees_nothing(desk: Host, staff: Make) -> None:
    assert staff(may="view_queue").get(PATH).status_code == 403


def test_a_bad_number_names_its_field_and_nothing_is_entered(desk: Host, staff: Make) -> None:
    answer = staff().post(PATH, {"act": "type", f"count-{case_id(desk)}-letter": "many", "place": "Perth"}, page=PATH)
    assert answer.status_code == 422
    assert "Ann Example – Letters" in answer.text
    assert 'value="Perth"' in answer.text
    assert desk.rows("SELECT * FROM w4r_report") == []


def test_a_file_is_shown_before_it_is_entered(desk: Host, staff: Make) -> None:
    mo = staff()
    shown = mo.post(PATH, {"act": "file", "file": (BytesIO(CSV.encode()), "counts.csv")}, page=PATH)
    assert "3 rows are new." in shown.text
    assert "413 actions" in shown.text
    assert tally(desk) == {}
    mo.post(PATH, {"act": "file", "text": CSV, "sure": "y"}, page=PATH)
    assert tally(desk) == {"letter": 410, "card": 3}
    again = mo.post(PATH, {"act": "file", "file": (BytesIO(CSV.encode()), "counts.csv")}, page=PATH)
    assert "3 rows were entered before" in again.text


@every_database
def test_the_command_enters_a_file_once(desk: Host, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(CSV)
    dry = desk.run("w4r", "reports", "import", str(file), "--dry-run", "--json")
    assert json.loads(dry.output) == {"faults": [], "new": 3, "known": 0, "entered": 0, "total": 413}
    assert tally(desk) == {}
    for known in (0, 3):
        done = json.loads(desk.run("w4r", "reports", "import", str(file), "--json").output)
        assert (done["known"], done["entered"]) == (known, 3 - known)
    assert tally(desk) == {"letter": 410, "card": 3}
    desk.run("w4r", "tally", "recount")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case,type\nx,y\n", "1: the column 'count' is missing"),
        (CSV + "nobody,letter,1\n", "5: case 'nobody' is not known"),
        (CSV + "ann-example,letters,1\n", "5: type 'letters' is not known"),
        (CSV + "ann-example,letter,-1\n", "5: count '-1' is not a whole number"),
        (CSV + "ann-example,letter,1,guess\n", "5: source 'guess' is not known"),
        (CSV + "ann-example,letter,1,,,tomorrow\n", "5: on 'tomorrow' is not a date"),
        (CSV + "ann-example,letter,1,,,,,,,,\n", "5: has more columns"),
        (CSV + "ann-example,letter,1,,,,,<b>\n", "5: note HTML is not allowed"),
        ("\ufeff", "the column 'case' is missing"),
        (CSV.replace("twice", "a\0b"), "2: note contains the unsupported character U+0000"),
    ],
)
def test_every_bad_row_is_named_and_nothing_is_written(desk: Host, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(text)
    done = desk.app.test_cli_runner().invoke(args=["w4r", "reports", "import", str(file)])
    assert done.exit_code == 1
    assert words in done.output
    assert desk.rows("SELECT * FROM w4r_report") == []


def test_what_is_no_text_is_told(desk: Host, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_bytes(b"case,type,count\nann-example,letter,\xff\n")
    done = desk.app.test_cli_runner().invoke(args=["w4r", "reports", "import", str(file)])
    assert (done.exit_code, "is not UTF-8" in done.output) == (1, True)


def test_real_sums_come_out_of_their_parts(make_host: MakeHost, tmp_path: Path) -> None:
    """Myslenice 2018: 205+169+184+146+146 by case is 703+80+47+20 by place, 850 in all."""
    cases = {"ann-example": 205, "bo-example": 169, "cy-example": 184, "di-example": 146, "ed-example": 146}
    desk = make_host()
    make_campaign(desk.app, list(cases))
    by_place = {"School": 703, "Library": 80, "Church": 47, "Square": 20}
    left, lines = dict(cases), ["case,type,count,place"]
    for place, number in by_place.items():
        for case in cases:
            part = min(left[case], number)
            if part:
                lines.append(f"{case},letter,{part},{place}")
                left[case] -= part
                number -= part
    file = tmp_path / "counts.csv"
    file.write_text("\n".join(lines))
    done = json.loads(desk.run("w4r", "reports", "import", str(file), "--json").output)
    assert done["total"] == 850
    assert [tally(desk, case)["letter"] for case in cases] == list(cases.values())
    desk.app.extensions["w4r"].lazy.pop("pages", None)
    assert desk.app.test_client().get("/au/tally.json").get_json()["total"] == 850


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ({"letter": 952, "card": 440, "other": 479}, 1871),  # Heerde 2022; 479 were printed beforehand and signed
        (
            {"letter": 7921, "card": 6778, "petition_paper": 25028},
            39727,
        ),  # Germany 2019, one case: online, groups, schools
        ({"letter": 572, "card": 511}, 1083),  # Velp 2020, published as 1,082
    ],
)
def test_published_sums_are_computed_from_their_parts(
    desk: Host, staff: Make, tmp_path: Path, parts: dict[str, int], total: int
) -> None:
    rows = [f"ann-example,{kind},{number},published as 1082" for kind, number in parts.items()]
    file = tmp_path / "counts.csv"
    file.write_text("\n".join(["case,type,count,note", *rows]))
    desk.run("w4r", "reports", "import", str(file))
    desk.app.extensions["w4r"].lazy.pop("pages", None)
    assert desk.app.test_client().get("/au/cases/ann-example/tally.json").get_json()["total"] == total
    assert "published as 1082" in staff().get(PATH).text, "a published figure stands beside ours as a note"


@pytest.mark.parametrize(("number", "percent"), [(29_297, 59), (29_085, 58), (49_999, 99), (50_000, 100)])
def test_a_bar_says_what_icelands_did(number: int, percent: int) -> None:
    assert GoalView("total", "", number, 50_000).percent == percent


def test_the_centres_table_says_where_each_number_comes_from(desk: Host, staff: Make, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text(CSV)
    desk.run("w4r", "reports", "import", str(file))
    found = json.loads(desk.run("w4r", "tally", "report", "--json", "--interim").output)
    rows = [(row["type"], row["source"], row["status"], row["count"]) for row in found["rows"]]
    assert rows == [("card", "self_reported", "interim", 3), ("letter", "section_counted", "final", 410)]
    final = json.loads(desk.run("w4r", "tally", "report", "--json", "--final").output)
    assert {row["status"] for row in final["rows"]} == {"final"}
    shown = desk.app.test_client().get("/au/tally.json").get_json()
    assert sum(row["count"] for row in found["rows"]) == shown["total"]


def test_pages_say_where_a_number_comes_from_and_how_far_a_goal_is(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(section={"preset": "AU", "url_prefix": "/au", "goals": {"letter": 1000, "total": 400}})
    make_campaign(host.app)
    file = tmp_path / "counts.csv"
    file.write_text(CSV)
    host.run("w4r", "reports", "import", str(file))
    host.app.extensions["w4r"].lazy.pop("pages", None)
    client = host.app.test_client()
    for path in ("/au/", "/au/cases/ann-example"):
        page = " ".join(client.get(path).text.split())
        assert "<strong>410</strong> Letters" in page
        assert "counted by the section" in page
        assert "reported by those who did it" in page
        # Not all are of one status, so that each says its own.
        assert "counted by the section · Final" in page
        assert "reported by those who did it · Interim" in page
        assert "All of these numbers are" not in page
    page = " ".join(client.get("/au/").text.split())
    assert "Final · Interim · counted by the section, reported by those who did it" in page
    assert "410 of 1,000" in page
    assert "Next: 500" in page
    assert "413 of 400" in page
    assert "The goal has been reached." in page


def test_a_status_that_all_numbers_share_is_said_once(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(section={"preset": "AU", "url_prefix": "/au"})
    make_campaign(host.app)
    file = tmp_path / "counts.csv"
    file.write_text(CSV.replace("final", "interim"))
    host.run("w4r", "reports", "import", str(file))
    host.app.extensions["w4r"].lazy.pop("pages", None)
    for path in ("/au/", "/au/cases/ann-example"):
        page = " ".join(host.app.test_client().get(path).text.split())
        assert page.count("All of these numbers are interim: more may come in.") == 1
        assert "· Interim" not in page
