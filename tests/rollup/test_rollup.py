"""``flask w4r rollup``: what sections signed is added up; what is not in order is named, and the rest counts."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from flask_w4r.services.rollup.documents import write_moment
from tests.conftest import Host, every_database

from .world import Clock, Sender, add, call, total, trust


@every_database
def test_sections_are_added_up(centre: Host, au: Sender, nz: Sender, tmp_path: Path) -> None:
    trust(centre, au, nz)
    first = au.file(tmp_path, {("ann-example", "letter"): 100, ("ben-example", "letter"): 20})
    second = nz.file(tmp_path, {("ann-example", "letter"): 30, ("ann-example", "petition_signature"): 500})
    assert add(centre, first, second) == {first.name: "", second.name: ""}
    assert total(centre) == {
        "edition": "2026", "sections": 2, "total": 650, "by_type": {"letter": 150, "petition_signature": 500},
        "by_case": {"ann-example": 630, "ben-example": 20},
    }  # fmt: skip
    assert call(centre, "rollup", "sum", "2026", "--csv").output.splitlines() == [
        "edition,case,type,count", "2026,ann-example,letter,130", "2026,ann-example,petition_signature,500",
        "2026,ben-example,letter,20",
    ]  # fmt: skip
    assert total(centre, "2025")["total"] == 0

    # What a section sends takes the place of what it sent before.
    newer = au.file(tmp_path, {("ann-example", "letter"): 130, ("ben-example", "letter"): 20})
    assert add(centre, newer) == {newer.name: ""}
    assert total(centre)["total"] == 680
    assert add(centre, first) == {first.name: "replayed"}
    assert add(centre, newer) == {newer.name: "replayed"}
    assert total(centre)["total"] == 680


def test_what_is_not_in_order_is_named_and_the_rest_counts(
    centre: Host, clock: Clock, au: Sender, nz: Sender, tmp_path: Path
) -> None:
    others = {code: Sender(code, clock) for code in ("IE", "DE", "FR", "IS", "PL", "PT")}
    trust(centre, au, nz, *others.values())
    held = others["IS"].file(tmp_path)
    add(centre, held)
    stranger = Sender("XX", clock)
    pretender = Sender("NZ", clock)
    later, before = clock() + timedelta(hours=1), clock() - timedelta(seconds=1)
    flipped = others["FR"].file(tmp_path)
    flipped.write_bytes(flipped.read_bytes().replace(b'"count":100', b'"count":900'))
    nonsense = tmp_path / "nonsense.json"
    nonsense.write_text("[]")
    why = {
        au.file(tmp_path): "",
        stranger.file(tmp_path): "unknown_key",
        pretender.file(tmp_path): "unknown_key",
        flipped: "tampered",
        others["IE"].file(tmp_path, as_of=write_moment(later)): "future",
        others["DE"].file(tmp_path, expires=write_moment(before)): "expired",
        held: "replayed",
        others["PL"].file(tmp_path, {("ann-example", "smoke_signal"): 40}): "unknown_type",
        others["PT"].file(tmp_path, {("ann-example", "letter"): -4}): "unreadable",
        nonsense: "unreadable",
        tmp_path / "missing.json": "unreadable",
    }
    assert add(centre, *why) == {path.name: word for path, word in why.items()}
    assert (total(centre)["sections"], total(centre)["total"]) == (2, 200)
    told = call(centre, "rollup", "add", nz.file(tmp_path), *list(why)[2:5])
    assert told.exit_code == 1
    for path in list(why)[2:5]:
        assert path.name in told.stderr
    assert told.stdout.strip() == "1 of 4 taken."
    assert total(centre)["sections"] == 3


def test_a_section_counts_once(centre: Host, au: Sender, tmp_path: Path) -> None:
    trust(centre, au)
    older, newer = au.file(tmp_path), au.file(tmp_path, {("ann-example", "letter"): 120})
    copy = tmp_path / "copy.json"
    copy.write_bytes(newer.read_bytes())
    assert add(centre, older, newer, copy) == {older.name: "doubled", newer.name: "", "copy.json": "doubled"}
    assert (total(centre)["sections"], total(centre)["total"]) == (1, 120)


def test_numbers_that_are_older_than_those_held_are_stale(
    centre: Host, clock: Clock, au: Sender, tmp_path: Path
) -> None:
    trust(centre, au)
    add(centre, au.file(tmp_path))
    stale = au.file(tmp_path, as_of=write_moment(clock() - timedelta(days=2)))
    assert add(centre, stale) == {stale.name: "stale"}


@pytest.mark.parametrize(("number", "why"), [(99, "fell"), (1001, "jumped"), (1000, "")])
@every_database
def test_a_jump_waits_for_a_person(centre: Host, au: Sender, tmp_path: Path, number: int, why: str) -> None:
    trust(centre, au)
    add(centre, au.file(tmp_path))
    jump = au.file(tmp_path, {("ann-example", "letter"): number})
    assert add(centre, jump) == {jump.name: why}
    assert total(centre)["total"] == (100 if why else number)
    if why:
        waiting = json.loads(call(centre, "rollup", "waiting", "--json").output)
        assert waiting == [{"sender": "AU", "edition": "2026", "sequence": 2, "total": number, "before": 100}]
        assert call(centre, "rollup", "accept", "AU", "3").exit_code == 1
        assert f"AU counts with {number}" in call(centre, "rollup", "accept", "AU", "2").output
        assert total(centre)["total"] == number
    assert call(centre, "rollup", "waiting").output.strip() == "Nothing waits."


def test_newer_numbers_take_the_place_of_a_jump_nobody_accepted(centre: Host, au: Sender, tmp_path: Path) -> None:
    trust(centre, au)
    add(centre, au.file(tmp_path))
    add(centre, au.file(tmp_path, {("ann-example", "letter"): 5_000_000}))
    mended = au.file(tmp_path, {("ann-example", "letter"): 150})
    assert add(centre, mended) == {mended.name: ""}
    assert total(centre)["total"] == 150
    assert call(centre, "rollup", "accept", "AU", "2").exit_code == 1


def test_looking_keeps_nothing(centre: Host, au: Sender, nz: Sender, tmp_path: Path) -> None:
    trust(centre, au)
    good, bad = au.file(tmp_path), nz.file(tmp_path)
    assert call(centre, "rollup", "verify", good, good).exit_code == 0
    told = call(centre, "rollup", "verify", good, bad)
    assert (told.exit_code, bad.name in told.stderr, good.name in told.stderr) == (1, True, False)
    assert total(centre)["sections"] == 0


def test_numbers_are_counted_after_their_file_could_be_taken(
    centre: Host, clock: Clock, au: Sender, tmp_path: Path
) -> None:
    trust(centre, au)
    path = au.file(tmp_path)
    add(centre, path)
    clock.pass_on(days=200)
    assert total(centre)["total"] == 100
    assert call(centre, "rollup", "verify", path).exit_code == 1


@every_database
def test_a_revoked_key_counts_nowhere_and_is_never_trusted_again(
    centre: Host, clock: Clock, au: Sender, nz: Sender, tmp_path: Path
) -> None:
    trust(centre, au, nz)
    # Whoever stole the key tries to have the last word.
    add(centre, nz.file(tmp_path), au.file(tmp_path, sequence=2**53 - 1))
    (listed,) = [
        one for one in json.loads(call(centre, "rollup", "keys", "list", "--json").output) if one["section"] == "AU"
    ]
    assert call(centre, "rollup", "revoke", listed["key_id"]).exit_code == 0
    assert total(centre)["by_case"] == {"ann-example": 100}
    path = au.file(tmp_path)
    assert add(centre, path) == {path.name: "revoked"}
    assert "was revoked" in call(centre, "rollup", "trust", "AU", au.pair.public).output
    assert "was revoked" in call(centre, "rollup", "trust", "NZ", au.pair.public).output
    fresh = Sender("AU", clock)
    trust(centre, fresh)
    path = fresh.file(tmp_path, {("ann-example", "letter"): 40})
    assert add(centre, path) == {path.name: ""}
    assert total(centre)["total"] == 140
    log = [row.action for row in centre.rows("SELECT action FROM w4r_audit ORDER BY seq")]
    assert log.count("rollup_key_trusted") == 3
    assert "rollup_key_revoked" in log


def test_a_withdrawn_case_is_named_in_no_sum(centre: Host, au: Sender, tmp_path: Path) -> None:
    from flask_w4r.testing import make_campaign

    make_campaign(centre.app)
    trust(centre, au)
    add(centre, au.file(tmp_path, {("ann-example", "letter"): 100, ("ben-example", "letter"): 30}))
    call(centre, "case", "status", "ann-example", "withdrawn")
    assert total(centre)["by_case"] == {"*": 100, "ben-example": 30}
    assert total(centre)["total"] == 130
