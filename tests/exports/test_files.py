"""Files in the shell: what stands in them, in every format, and what never does."""

from __future__ import annotations

import csv
import io
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database

NASTY = ("=1+1", "+43 660", "-Ann", "@SUM(A1)", "\tTab", "\rReturn", "'quoted", 'a,b;"c"\nd', "आशा", "علي")


def rows_of(text: str) -> tuple[list[dict[str, str]], str]:
    """The rows of a CSV file, and the words of its last line."""
    lines = list(csv.reader(io.StringIO(text)))
    assert len(lines[-1]) == 1
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:-1]], lines[-1][0]


def signed(host: Host, count: int, slug: str = "ann-example", **columns: Any) -> list[int]:
    return make_signatures(host.app, slug, count, **{"state": "confirmed", **columns})


@pytest.fixture
def site(make_host: MakeHost) -> Host:
    host = make_host()
    make_campaign(host.app, ("ann-example", "ben-example"))
    return host


@every_database
def test_signatures_as_csv(site: Host) -> None:
    names = signed(site, len(NASTY), first_name=lambda number: NASTY[(number - 1) % len(NASTY)])
    signed(site, 1, state="pending", confirmed_at=None, email="pending@example.org")
    signed(site, 1, held_at=get_state(site.app).clock(), email="held@example.org")
    signed(site, 1, "ben-example")
    rows, mark = rows_of(site.run("w4r", "export", "signatures", "--out", "-").stdout)
    assert len(rows) == len(names) + 1
    assert [row["first_name"] for row in rows[: len(NASTY)]] == [
        "'=1+1", "'+43 660", "'-Ann", "'@SUM(A1)", "'\tTab", "'\rReturn", "'quoted", "a,b;\"c\"\nd", "आशा", "علي"
    ]  # fmt: skip
    assert {row["case"] for row in rows} == {"ann-example", "ben-example"}
    assert all(row["email"].endswith("@example.org") and row["confirmed_at"].endswith("Z") for row in rows)
    assert mark.startswith(f"# {len(rows)} rows of signatures, AU; taken by cli (")
    one, _ = rows_of(site.run("w4r", "export", "signatures", "--out", "-", "--case", "ben-example").stdout)
    assert [row["case"] for row in one] == ["ben-example"]
    soon = (get_state(site.app).clock() + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    later, mark = rows_of(site.run("w4r", "export", "signatures", "--out", "-", "--since", soon).stdout)
    assert later == []
    assert mark.startswith("# 0 rows")


def test_more_than_a_piece_of_them_in_every_format(site: Host, tmp_path: Path) -> None:
    signed(site, 2001, first_name=lambda number: f"-Ann{number}")
    made = {}
    for form in ("csv", "jsonl", "xlsx"):
        path = tmp_path / f"all.{form}"
        site.run("w4r", "export", "signatures", "--out", str(path), "--format", form, "--reason", "check")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        made[form] = path.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} >= {"all.csv", "all.jsonl", "all.xlsx"}
    assert not list(tmp_path.glob(".*part*"))
    rows, mark = rows_of(made["csv"].decode())
    assert len({row["email"] for row in rows}) == len(rows) == 2001
    assert "check" in mark
    lines = [json.loads(line) for line in made["jsonl"].splitlines()]
    head, *plain, end = lines
    assert head["export"]["export"] == "signatures"
    assert (head["export"]["why"], end) == ("check", {"export": {"rows": 2001}})
    assert list(plain[0]) == head["export"]["columns"]
    assert plain[0]["first_name"].startswith("-Ann"), "no spreadsheet reads JSON"
    assert plain[0]["withhold_name"] is False
    with ZipFile(io.BytesIO(made["xlsx"])) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        about = "".join(book.read(name).decode() for name in book.namelist() if "sheet2" in name or "docProps" in name)
    assert sheet.count("<row ") == 2002
    assert "<f>" not in sheet
    assert ">'-Ann1<" in sheet
    assert "taken" in about or "check" in about


def test_what_was_withheld_is_withheld(site: Host) -> None:
    signed(site, 1, withhold_name=True, first_name="Hidden")
    told, _ = rows_of(site.run("w4r", "export", "signatures", "--out", "-").stdout)
    assert told[0]["withhold_name"] == "yes"
    assert [told[0][name] for name in ("first_name", "last_name", "email", "phone", "postcode")] == [""] * 5
    more, _ = rows_of(site.run("w4r", "export", "signatures", "--out", "-", "--withheld").stdout)
    assert more[0]["first_name"] == "Hidden"


def test_it_is_logged_and_bad_input_is_told(site: Host) -> None:
    signed(site, 3)
    site.run("w4r", "export", "signatures", "--out", "-", "--reason", "hand_over")
    logged = site.rows("SELECT action, subject, count, changes FROM w4r_audit ORDER BY seq")
    assert [tuple(row)[:3] for row in logged] == [
        ("export_begun", "export:signatures", 0), ("export_taken", "export:signatures", 3)
    ]  # fmt: skip
    assert "hand_over" in str(logged[0][3])
    runner = site.app.test_cli_runner()
    for args, word in (
        (("postcards", "--out", "-"), "there are: "),
        (("signatures", "--out", "-", "--case", "nobody"), "there is no case"),
        (("audit", "--out", "-", "--case", "ann-example"), "--case says nothing of audit"),
        (("signatures", "--out", "/nowhere/at/all.csv"), "No such file"),
        (("signatures", "--out", "-", "--since", "yesterday"), "yesterday"),
    ):
        result = runner.invoke(args=["w4r", "export", *args])
        assert result.exit_code in (1, 2)
        assert word in result.output
        assert "Traceback" not in result.output
    assert "audit" in site.run("w4r", "export", "audit", "--out", "-").stdout
