"""What a check says of a log, word for word; what retention does piece by piece; and how an entry is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest

from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.services.audit import keep, log
from flask_w4r.services.audit import record as audit
from flask_w4r.services.audit import verify as audit_verify
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from tests.audit.writing import NOW, dump, restore, tamper, verify, write
from tests.conftest import Host

Said = list[tuple[str, int | None, str]]
MISSING_HEAD = "the stored head is missing; the last entry is 6"
FOUND: dict[str, Said] = {
    "UPDATE w4r_audit SET actor_id = 'eve' WHERE seq = 3": [
        ("changed", 3, "entry 3 was changed, or moved from another place")
    ],
    "UPDATE w4r_audit SET changes = 'no JSON' WHERE seq = 3": [
        ("changed", 3, "entry 3 was changed, or moved from another place")
    ],
    "DELETE FROM w4r_audit WHERE seq = 1": [("missing", 1, "entry 1 is missing")],
    "DELETE FROM w4r_audit WHERE seq IN (2, 3)": [("missing", 2, "entries 2 to 3 are missing")],
    "DELETE FROM w4r_audit WHERE seq > 4": [("cut", 5, "the log ends with entry 4; 6 were written")],
    "DELETE FROM w4r_audit": [("cut", 1, "the log ends with entry 0; 6 were written")],
    "DELETE FROM w4r_audit_head": [("head", 6, MISSING_HEAD)],
    "UPDATE w4r_audit_head SET seq = 4": [("head", 4, "the stored head says 4 entries; the last one is 6")],
    "UPDATE w4r_audit_head SET digest = zeroblob(32)": [("head", 6, "the stored head is not that of the last entry")],
    "UPDATE w4r_audit_head SET digest = 'text'": [("head", 6, "the stored head is not that of the last entry")],
    "UPDATE w4r_audit SET seq = 0 WHERE seq = 2": [
        ("stray", None, "there are entries numbered 0 or less, before the log begins"),
        ("missing", 2, "entry 2 is missing"),
    ],
    "UPDATE w4r_audit SET seq = 'x' WHERE seq = 6": [
        ("changed", None, "an entry has something else in place of its number"),
        ("cut", 6, "the log ends with entry 5; 6 were written"),
    ],
    "INSERT INTO w4r_audit_checkpoint VALUES ('AU', 2, zeroblob(32), '2026-01-01 00:00:00.000000', zeroblob(32))": [
        ("checkpoint", 2, "the checkpoint from which the log begins was not created by this site"),
        ("stray", None, "there are entries numbered 2 or less, before the log begins"),
        ("changed", 3, "entry 3 was changed, or moved from another place"),
    ],
}


#: What stands in logs of sites that run. Whatever changes here finds each of them tampered with.
KEPT = {
    "section": "AU", "seq": 7, "at": NOW, "actor_id": "mo", "action": "rule_added", "subject": "rule:é", "count": 2,
    "changes": {"level": ["normal", "closed"], "a": {"d": 1, "c": None}},
}  # fmt: skip
DIGEST = "135b01f467a28b02e3890419f16f763d8ca2cea870fdc6859221373c0305b13b"


def test_an_entry_has_the_digest_it_had_whatever_order_its_changes_come_back_in() -> None:
    keyring = Keyring([generate_key()], "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=")
    turned = {**KEPT, "changes": {"a": {"c": None, "d": 1}, "level": ["normal", "closed"]}}
    elsewhere = {**KEPT, "at": NOW.astimezone(timezone(timedelta(hours=11)))}
    for values in (KEPT, turned, elsewhere, {**KEPT, "id": 1}):
        assert audit.entry_digest(keyring, values, audit.FIRST).hex() == DIGEST
    others = [{**KEPT, name: "other"} for name in KEPT if name not in ("at", "seq", "count")]
    others += [{**KEPT, "at": NOW + timedelta(microseconds=1)}, {**KEPT, "seq": 8}, {**KEPT, "count": 3}]
    made = {audit.entry_digest(keyring, values, audit.FIRST) for values in (KEPT, *others)}
    made |= {audit.entry_digest(keyring, KEPT, b"1" * 32)}
    assert len(made) == len(KEPT) + 2


def said(host: Host, expect: audit.Head | None = None) -> Said:
    return [(fault.kind, fault.seq, fault.text) for fault in verify(host, expect=expect).faults]


def test_each_fault_is_said_with_its_place(host: Host) -> None:
    write(host, 6)
    whole = dump(host)
    for statement, wanted in FOUND.items():
        tamper(host, statement)
        assert said(host) == wanted, statement
        restore(host, whole)
    assert said(host) == []


def test_a_known_head_is_looked_for_by_its_number_and_digest(host: Host) -> None:
    early, head = write(host, 2), write(host, 4)
    assert said(host, head) == said(host, early) == said(host, audit.Head(0, audit.FIRST)) == []
    assert said(host, audit.Head(9, head.digest)) == [("cut", 7, "the log ends with entry 6; 9 were expected")]
    for seq in (2, 0):
        text = f"the log does not contain the expected entry {seq}"
        assert said(host, audit.Head(seq, head.digest)) == [("expected", seq, text)]
    report = verify(host, expect=audit.Head(2, head.digest)).as_dict()
    assert (report["ok"], report["entries"], report["begins_after"], report["head"]) == (False, 6, 0, str(head))
    assert report["faults"] == [
        {"kind": "expected", "number": 2, "text": "the log does not contain the expected entry 2"}
    ]
    assert verify(host).as_dict() == {**report, "ok": True, "faults": []}


@pytest.mark.parametrize("text", ["", "12", "12:", ":" + "a" * 64, "x:" + "a" * 64, "1:" + "a" * 63, "1:" + "z" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"head|hex"):
        audit_verify.parse_head(text)


def let_go(host: Host, *, hours: int, limit: int = 100) -> int:
    """Of entries an hour apart, those of the first hours."""
    keyring, before = get_state(host.app).keyring, NOW + timedelta(hours=hours)
    return run(host.app, lambda unit: keep.let_go(unit.session, keyring, "AU", before=before, now=before, limit=limit))


def old(host: Host, hours: int) -> list[str]:
    return list(read(host.app, lambda session: keep.sections_with_old(session, NOW + timedelta(hours=hours))))


def numbers(host: Host) -> list[int]:
    return [row["seq"] for row in dump(host)["w4r_audit"]]


def test_entries_go_in_pieces_to_the_moment(host: Host) -> None:
    head = write(host, 6)
    assert (old(host, 0), let_go(host, hours=0)) == ([], 0)
    assert dump(host)["w4r_audit_checkpoint"] == []
    assert old(host, 3) == ["AU"]
    assert (let_go(host, hours=3, limit=2), numbers(host)) == (2, [3, 4, 5, 6])
    assert (let_go(host, hours=3, limit=2), numbers(host)) == (1, [4, 5, 6])
    assert (old(host, 3), let_go(host, hours=3)) == ([], 0)
    assert said(host, head) == []
    text = "the log begins after entry 3; a head as old as 2 cannot be checked"
    assert said(host, audit.Head(2, head.digest)) == [("expected", 2, text)]
    assert (let_go(host, hours=9), numbers(host), old(host, 9)) == (3, [], [])
    assert said(host, head) == []


def test_what_does_not_verify_stays_and_is_told(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    write(host, 6)
    whole = dump(host)
    tried: dict[str, tuple[int, str]] = {
        "UPDATE w4r_audit SET action = 'other' WHERE seq = 3": (2, "does not verify after entry 2"),
        "UPDATE w4r_audit SET changes = 'no JSON' WHERE seq = 2": (1, "does not verify after entry 1"),
        "DELETE FROM w4r_audit WHERE seq = 1": (0, "does not verify after entry 0"),
        "DELETE FROM w4r_audit WHERE seq = 4": (3, "does not verify after entry 3"),
    }
    for statement, (gone, words) in tried.items():
        tamper(host, statement)
        caplog.clear()
        with caplog.at_level(logging.ERROR, "flask_w4r.audit"):
            assert let_go(host, hours=9) == gone, statement
            assert let_go(host, hours=9) == 0
        assert {record.getMessage() for record in caplog.records} == {
            f"the log of AU {words}; nothing from there on is removed"
        }
        restore(host, whole)
    assert let_go(host, hours=2) == 2
    tamper(host, "UPDATE w4r_audit_checkpoint SET seq = 1")
    caplog.clear()
    with caplog.at_level(logging.ERROR, "flask_w4r.audit"):
        assert let_go(host, hours=9) == 0
    assert caplog.messages == ["the checkpoint of the log of AU is not ours; nothing is removed"]


def test_entries_that_go_while_one_looks_are_no_fault(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    head = write(host, 6)
    real: Callable[..., Any] = audit_verify._kept_head
    wanted = [7]

    def kept_head(session: Any, section: str) -> Any:
        if wanted:
            # The entries were read; before the rest is, they go, and another comes.
            write(host, 1, at=NOW + timedelta(hours=6))
            assert let_go(host, hours=7) == wanted.pop()
        return real(session, section)

    monkeypatch.setattr(audit_verify, "_kept_head", kept_head)
    assert said(host, head) == [("expected", 6, "the log begins after entry 7; a head as old as 6 cannot be checked")]
    wanted.append(1)
    assert said(host) == []


def test_a_change_is_shown_as_before_and_after() -> None:
    changes = {
        "on": [False, True],
        "b": ["é", None],
        "a": [None, "x"],
        "list": [1, 2, 3],
        "word": "é",
        "deep": {"b": 1, "a": "é"},
    }
    entry = log.Entry(1, NOW, "mo", "act", "case:x", 1, changes, "")
    assert entry.pairs == [
        ("a", "", "x"), ("b", "é", ""), ("deep", "", '{"a": "é", "b": 1}'), ("list", "", "[1, 2, 3]"),
        ("on", "false", "true"), ("word", "", "é"),
    ]  # fmt: skip
    assert log.Filters("act", "").as_values() == {"action": "act"}
    assert log.Filters("", "mo").as_values() == {"actor": "mo"}
