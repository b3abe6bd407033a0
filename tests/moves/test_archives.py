"""What an archive may hold: of an older version, of a newer one, of somebody who made it up; and who was erased since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from flask_w4r.keyring import generate_key
from flask_w4r.services.moves import archive, sealing
from flask_w4r.testing import make_campaign, make_signatures, run_jobs
from tests.conftest import Host, MakeHost, every_database
from tests.privacy.dying import die_at
from tests.privacy.test_killed_upkeep import settings
from tests.processes import Started

KEYS = {"encryption_keys": [generate_key()], "index_key": generate_key()}
#: A key of age's, since a passphrase is made slow on purpose.
IDENTITY = pyrage.x25519.Identity.generate()
OUT = ("--recipient", str(IDENTITY.to_public()))
Members = dict[str, bytes]
Change = Callable[[Members], None]


@pytest.fixture
def how(tmp_path: Path) -> list[str]:
    (tmp_path / "identity").write_text(str(IDENTITY))
    return ["--identity", str(tmp_path / "identity")]


@pytest.fixture
def first(make_host: MakeHost, tmp_path: Path) -> Host:
    """A site to move away from, always on SQLite."""
    host = make_host(f"sqlite:///{tmp_path}/first.sqlite3", captcha="none", **KEYS)
    make_campaign(host.app, ["ann"])
    make_signatures(host.app, "ann", 5, state="confirmed")
    return host


def rewritten(file: Path, change: Change, *, manifest: bool = True) -> Path:
    """An archive as somebody else might write it, with the passphrase."""
    with sealing.reading(file, identities=str(IDENTITY)) as stream:
        members = dict(archive.members(stream))
    change(members)
    other = file.with_name("rewritten")
    with sealing.writing(other, recipients=[str(IDENTITY.to_public())]) as stream:
        writer = archive.Writer(stream)
        for name, data in members.items():
            writer.add(name, data, rows=data.count(b"\n"))
        if not manifest:
            name = next(name for name in writer.members if "signature" in name)
            writer.members[name]["sha256"] = hashlib.sha256(b"").hexdigest()
        writer.close({})
    return other


def header_of(members: Members) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members[archive.HEADER])
    return found


def without_column(members: Members) -> None:
    """As the version before the column was there wrote it."""
    header = header_of(members)
    header["revision"] = "0007"
    place = header["tables"]["w4r_signature"].index("let_go_at")
    del header["tables"]["w4r_signature"][place]
    members[archive.HEADER] = archive.packed(header)
    for name, data in members.items():
        if name.startswith("tables/w4r_signature/"):
            rows = [json.loads(line) for line in data.splitlines()]
            members[name] = b"".join(json.dumps(row[:place] + row[place + 1 :]).encode() + b"\n" for row in rows)


@every_database
def test_an_older_version_s_archive_comes_in(make_host: MakeHost, first: Host, tmp_path: Path, how: list[str]) -> None:
    file = tmp_path / "archive"
    first.run("w4r", "section", "export", str(file), *OUT)
    host = make_host(captcha="none", **KEYS)
    host.run("w4r", "section", "import", str(rewritten(file, without_column)), *how)
    assert len(host.rows("SELECT id FROM w4r_signature WHERE let_go_at IS NULL")) == 5
    assert "0 differ" in host.run("w4r", "tally", "recount").output


def _header(**changes: Any) -> Change:
    def change(members: Members) -> None:
        members[archive.HEADER] = archive.packed({**header_of(members), **changes})

    return change


def _row(table: str, column: str, value: Any) -> Change:
    def change(members: Members) -> None:
        place = header_of(members)["tables"][table].index(column)
        name = f"tables/{table}/000000.jsonl"
        rows = [json.loads(line) for line in members[name].splitlines()]
        rows[0][place] = value
        members[name] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return change


def _more(name: str, data: bytes) -> Change:
    return lambda members: members.update({name: data})


def _column_more(members: Members) -> None:
    header = header_of(members)
    header["tables"]["w4r_signature"].append("horoscope")
    members[archive.HEADER] = archive.packed(header)


BAD: dict[str, tuple[Change, str]] = {
    "newer": (_header(revision="9999"), "of a newer version of flask_w4r"),
    "newer format": (_header(format=2), "of a newer version of flask_w4r"),
    "newer column": (_column_more, "no table or column"),
    "no header": (_header(tables=7), "header cannot be read"),
    "other section": (_row("w4r_signature", "section", "NZ"), "a row of w4r_signature of another section"),
    "no date": (_row("w4r_signature", "created_at", "yesterday"), "a row of w4r_signature that cannot be read"),
    "no number": (_row("w4r_signature", "id", True), "a row of w4r_signature that cannot be read"),
    "unsealed": (_row("w4r_signature", "person", "Sam"), "is sealed with a key that this site does not have"),
    "stranger": (_row("w4r_signature", "case_id", 77), "w4r_signature"),
    "member": (_more("../../etc/passwd", b"x"), "a member that does not belong there"),
    "table": (_more("tables/users/000000.jsonl", b"[]\n"), "a member that does not belong there"),
    "picture": (_more("pictures/1-2.jpg", b"x"), "pictures that no row of it names"),
    "ledger": (_more(archive.LEDGER, b"{}\n"), "ledger cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_somebody_made_up_changes_nothing(
    make_host: MakeHost, first: Host, tmp_path: Path, how: list[str], name: str
) -> None:
    file = tmp_path / "archive"
    first.run("w4r", "section", "export", str(file), *OUT)
    host = make_host(captcha="none", **KEYS)
    change, words = BAD[name]
    result = host.app.test_cli_runner().invoke(args=["w4r", "section", "import", str(rewritten(file, change)), *how])
    assert (result.exit_code, "Traceback" in result.output) == (1, False), result.output
    assert words in result.output
    assert host.rows("SELECT id FROM w4r_case") == []


def test_a_checksum_that_does_not_fit(make_host: MakeHost, first: Host, tmp_path: Path, how: list[str]) -> None:
    file = tmp_path / "archive"
    first.run("w4r", "section", "export", str(file), *OUT)
    host = make_host(captcha="none", **KEYS)
    bad = rewritten(file, lambda members: None, manifest=False)
    result = host.app.test_cli_runner().invoke(args=["w4r", "section", "import", str(bad), *how])
    assert "w4r_signature/000000.jsonl does not fit its checksum" in result.output
    assert host.rows("SELECT id FROM w4r_case") == []


@every_database
def test_who_was_erased_since_is_erased_again(make_host: MakeHost, first: Host, tmp_path: Path, how: list[str]) -> None:
    """By the ledger in the archive, and by the file that both places share."""
    ledger = str(tmp_path / "ledger.jsonl")
    file = tmp_path / "archive"
    old = make_host(str(first.app.config["SQLALCHEMY_DATABASE_URI"]), upgrade=False, erasure_ledger=ledger, **KEYS)
    old.run("w4r", "person", "erase", "made-up-1@example.org", "--yes")
    run_jobs(old.app)
    old.run("w4r", "section", "export", str(file), *OUT)
    old.run("w4r", "person", "erase", "made-up-2@example.org", "--yes")
    run_jobs(old.app)
    host = make_host(captcha="none", erasure_ledger=ledger, **KEYS)
    told = host.run("w4r", "section", "import", str(file), *how).output
    assert "rows of people who were erased since were erased again" in told
    assert len(host.rows("SELECT id FROM w4r_signature WHERE person IS NOT NULL")) == 3
    assert len(host.rows("SELECT line FROM w4r_erasure")) == 2
    assert host.app.test_client().get("/au/healthz").get_json()["erasures"] == "ok"
    assert "0 differ" in host.run("w4r", "tally", "recount").output


@pytest.mark.kill
@every_database
def test_an_import_that_is_killed_left_nothing(
    make_host: MakeHost, first: Host, tmp_path: Path, how: list[str]
) -> None:
    file = tmp_path / "archive"
    first.run("w4r", "section", "export", str(file), *OUT)
    host = make_host(captcha="none", **KEYS)
    words = ("w4r", "section", "import", str(file), *how)
    for number in (1, 5, 20, 45, 60):
        dying = Started(tmp_path, die_at, settings(host), words, number)
        assert (dying.wait(), dying.errors) == (-9, ""), number
        assert host.rows("SELECT id FROM w4r_case") == [], number
    host.run(*words)
    assert len(host.rows("SELECT id FROM w4r_signature")) == 5
