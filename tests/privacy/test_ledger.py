"""Who was erased stays erased: a backup that is older is made to forget again before the site serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MakeHost, every_database

from .walks import ADDRESS, Walk, make_walk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def held(walk: Walk) -> dict[str, int]:
    found = walk.data(walk.enter())
    return {name: len(found[name]) for name in ("signatures", "rsvps", "events")}


NOTHING = {"signatures": 0, "rsvps": 0, "events": 0}
#: What stands in for a dump: the tables with what is personal, as rows.
TABLES = (
    "w4r_signature",
    "w4r_consent",
    "w4r_event",
    "w4r_event_case",
    "w4r_rsvp",
    "w4r_edition_person",
    "w4r_tally",
    "w4r_erasure",
)


def dump(walk: Walk) -> dict[str, list[dict[str, Any]]]:
    with walk.host.engine.connect() as connection:
        return {name: [dict(row) for row in connection.execute(_table(name).select()).mappings()] for name in TABLES}


def restore(walk: Walk, rows: dict[str, list[dict[str, Any]]]) -> None:
    with walk.host.engine.begin() as connection:
        for name in reversed(TABLES):
            connection.execute(_table(name).delete())
        for name in TABLES:
            if rows[name]:
                connection.execute(_table(name).insert(), rows[name])


def _table(name: str) -> Any:
    from flask_w4r.models import metadata

    return metadata.tables[name]


@every_database
def test_an_older_backup_forgets_again(make_host: MakeHost, file: Path) -> None:
    walk = make_walk(make_host, W4R_ERASURE_LEDGER=str(file))
    walk.act()
    walk.sign("other@example.org", cases=("ann-example",))
    walk.work()
    walk.confirm()
    left = walk.enter(walk.ask("other@example.org"))
    before = dump(walk)
    walk.choose(walk.enter(), "erase_all", sure="yes")
    walk.choose(left, "leave", item="signatures:2026/ann-example")
    walk.work()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["scope"] for line in lines] == ["all", "signatures|leave|2026/ann-example"]
    assert ADDRESS not in file.read_text()
    assert walk.host.app.test_client().get("/au/healthz").get_json()["erasures"] == "ok"

    restore(walk, before)
    health = walk.host.app.test_client().get("/au/healthz")
    assert (health.status_code, health.get_json()["erasures"]) == (503, "to be made again")
    assert "older than W4R_ERASURE_LEDGER" in walk.host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert walk.host.rows("SELECT count(*) AS n FROM w4r_signature WHERE person IS NOT NULL")[0].n == 3
    done = walk.host.run("w4r", "erasures", "replay").output
    assert "erasures missing 2, made again 2" in done
    assert walk.host.app.test_client().get("/au/healthz").get_json()["erasures"] == "ok"
    assert walk.host.rows("SELECT count(*) AS n FROM w4r_signature WHERE person IS NOT NULL")[0].n == 0
    assert held(walk) == NOTHING
    assert walk.counts() == (1, 1)
    assert "kept" not in walk.recount()
    assert "missing 0, made again 0" in walk.host.run("w4r", "erasures", "replay").output
    # Nothing is written twice.
    walk.work()
    assert len(file.read_text().splitlines()) == 2


def test_the_ledger_goes_from_one_site_to_another(make_host: MakeHost, tmp_path: Path) -> None:
    walk = make_walk(make_host)
    walk.act()
    before = dump(walk)
    walk.choose(walk.enter(), "erase_all", sure="yes")
    away = tmp_path / "away.jsonl"
    assert "erasures written: 1" in walk.host.run("w4r", "erasures", "export", str(away)).output
    restore(walk, before)
    assert held(walk) != NOTHING
    assert "missing 1, made again 1" in walk.host.run("w4r", "erasures", "import", str(away)).output
    assert held(walk) == NOTHING


def test_what_was_done_since_the_erasure_stays(make_host: MakeHost, tmp_path: Path) -> None:
    walk = make_walk(make_host)
    walk.act()
    walk.choose(walk.enter(), "erase_all", sure="yes")
    away = tmp_path / "away.jsonl"
    walk.host.run("w4r", "erasures", "export", str(away))
    walk.change("DELETE FROM w4r_erasure")
    walk.clock.move(days=1)
    walk.sign()
    walk.work()
    walk.confirm()
    walk.host.run("w4r", "erasures", "import", str(away))
    assert held(walk)["signatures"] == 2


@pytest.mark.parametrize(
    ("text", "fault"), [("nonsense\n", "line 1"), ('{"line": "a"}\n{"line": "b"}\n', "line 1"), ("[]\n\n", "line 1")]
)
def test_a_file_that_is_no_ledger_is_refused(make_host: MakeHost, file: Path, text: str, fault: str) -> None:
    host = make_host()
    file.write_text(text)
    done = host.app.test_cli_runner().invoke(args=["w4r", "erasures", "import", str(file)])
    assert (done.exit_code, fault in done.output) == (1, True)


def test_a_torn_last_line_is_written_again(make_host: MakeHost, file: Path) -> None:
    """The machine stopped while the file was written."""
    walk = make_walk(make_host, W4R_ERASURE_LEDGER=str(file))
    walk.act()
    walk.choose(walk.enter(), "erase_all", sure="yes")
    walk.work()
    whole = file.read_text()
    walk.sign("other@example.org", cases=("ann-example",))
    walk.work()
    walk.confirm()
    walk.choose(walk.enter(walk.ask("other@example.org")), "erase_all", sure="yes")
    walk.work()
    both = file.read_text()
    file.write_text(both[: len(whole) + 30])
    walk.sign("third@example.org", cases=("ann-example",))
    walk.work()
    walk.confirm()
    walk.choose(walk.enter(walk.ask("third@example.org")), "erase_all", sure="yes")
    walk.work()
    assert len({json.loads(line)["line"] for line in file.read_text().splitlines()}) == 3


def test_a_disk_that_is_full_stops_no_erasure(make_host: MakeHost, tmp_path: Path) -> None:
    walk = make_walk(make_host, W4R_ERASURE_LEDGER=str(tmp_path / "gone" / "ledger.jsonl"))
    walk.act()
    walk.choose(walk.enter(), "erase_all", sure="yes")
    walk.work()
    assert held(walk) == NOTHING
    assert "lacks the last" in walk.host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    (tmp_path / "gone").mkdir()
    walk.sign("other@example.org", cases=("ann-example",))
    walk.work()
    walk.confirm()
    walk.choose(walk.enter(walk.ask("other@example.org")), "erase_all", sure="yes")
    walk.work()
    assert len((tmp_path / "gone" / "ledger.jsonl").read_text().splitlines()) == 2


def test_lines_of_a_section_that_is_not_here_stop_nothing(make_host: MakeHost, file: Path) -> None:
    """One ledger for two sites: what is of the other's section is not waited for."""
    walk = make_walk(make_host, W4R_ERASURE_LEDGER=str(file))
    walk.act()
    walk.choose(walk.enter(), "erase_all", sure="yes")
    walk.work()
    line = json.loads(file.read_text())
    foreign = json.dumps({**line, "line": "f" * 32, "section": "ZZ"}, separators=(",", ":"))
    file.write_text(file.read_text() + foreign + "\n")
    client = walk.host.app.test_client()
    assert client.get("/au/healthz").get_json()["erasures"] == "ok"
    assert "missing 0" in walk.host.run("w4r", "erasures", "replay").output
    assert "missing 0" in walk.host.run("w4r", "erasures", "import", str(file)).output
    # A section that was taken out of the configuration while something of it was to be settled.
    walk.change("UPDATE w4r_erasure SET section = 'ZZ', settled_at = NULL")
    walk.work()
    assert walk.host.rows("SELECT count(*) AS n FROM w4r_erasure WHERE settled_at IS NULL")[0].n == 0
