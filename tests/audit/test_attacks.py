"""What who holds the database, or a backup of it, may try with the log: none of it is taken for the history there was.

Two histories of one site are told apart by their digests alone, since each stands on all entries before it. Who has no
key cannot make a digest, so they copy, move, put back and remove; who puts back an older backup and lets the site go
on with it has digests that are good, and is found by a head that was mailed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from flask_w4r import W4R
from flask_w4r.services.audit import record as audit
from flask_w4r.testing import RecordingMailer, run_jobs
from tests.audit.writing import NOW, Dump, dump, kinds, restore, tamper, verify, write
from tests.conftest import Host, MakeHost

FORK, LAST = 3, 7


class Histories(NamedTuple):
    """What was written first, and what a backup of its first three entries was gone on with."""

    host: Host
    first: Dump
    second: Dump
    #: The heads of the first, as they were mailed, by number.
    mailed: dict[int, audit.Head]


def heads(kept: Dump) -> dict[int, audit.Head]:
    rows = [row for row in kept["w4r_audit"] if row["section"] == "AU"]
    return {row["seq"]: audit.Head(row["seq"], bytes(row["digest"])) for row in rows}


@pytest.fixture
def forked(host: Host) -> Histories:
    """Two histories that differ in who did the fourth act; every other act is the same, to the microsecond."""

    def go_on(actor: str) -> Dump:
        write(host, 1, at=NOW + timedelta(days=1), actor_id=actor)
        write(host, LAST - FORK - 1, at=NOW + timedelta(days=2))
        return dump(host)

    write(host, FORK)
    backup = dump(host)
    first = go_on("mo")
    restore(host, backup)
    return Histories(host, first, go_on("eve"), heads(first))


def test_a_digest_stands_on_every_entry_before_it(forked: Histories) -> None:
    other = heads(forked.second)
    assert {seq for seq, head in forked.mailed.items() if other[seq] == head} == set(range(1, FORK + 1))


def test_a_backup_that_was_gone_on_with_shows_against_every_later_head(forked: Histories) -> None:
    host = forked.host
    assert not verify(host).faults, "the database alone cannot tell"
    for seq, head in forked.mailed.items():
        assert kinds(verify(host, expect=head)) == (set() if seq <= FORK else {"expected"}), seq
    answer = host.app.test_cli_runner().invoke(
        args=["w4r", "audit", "verify", "--section", "AU", "--expect", str(forked.mailed[LAST])]
    )
    assert answer.exit_code == 1
    assert f"does not contain the expected entry {LAST}" in answer.output


def test_a_backup_that_nobody_went_on_with_shows_as_a_cut_tail(forked: Histories) -> None:
    host = forked.host
    tamper(host, f"DELETE FROM w4r_audit WHERE seq > {FORK}")
    digest = forked.mailed[FORK].digest
    tamper(host, f"UPDATE w4r_audit_head SET seq = {FORK}, digest = :digest", digest=digest)
    for seq, head in forked.mailed.items():
        assert kinds(verify(host, expect=head)) == (set() if seq <= FORK else {"cut"}), seq


@pytest.mark.parametrize("first_of_other", range(FORK + 1, LAST + 1))
def test_entries_of_two_histories_do_not_stand_in_one_log(forked: Histories, first_of_other: int) -> None:
    """Somebody hides one act: what follows it is put back as it was, digests and head too."""
    mixed = copy.deepcopy(forked.first)
    before = [row for row in forked.second["w4r_audit"] if row["seq"] < first_of_other]
    mixed["w4r_audit"] = before + [row for row in mixed["w4r_audit"] if row["seq"] >= first_of_other]
    restore(forked.host, mixed)
    report = verify(forked.host)
    # Up to the fork both are the same, so that from there on it is the first, whole.
    expected = [] if first_of_other == FORK + 1 else [("changed", first_of_other)]
    assert [(fault.kind, fault.seq) for fault in report.faults] == expected


def test_an_entry_that_was_taken_out_is_missed_wherever_it_stood(forked: Histories) -> None:
    """Its number is given to the next, and so on to the end, and the head is moved too."""
    for gone in range(1, LAST):
        restore(forked.host, forked.first)
        tamper(forked.host, f"DELETE FROM w4r_audit WHERE seq = {gone}")
        for seq in range(gone + 1, LAST + 1):
            tamper(forked.host, f"UPDATE w4r_audit SET seq = {seq - 1} WHERE seq = {seq}")
        tamper(forked.host, f"UPDATE w4r_audit_head SET seq = {LAST - 1}")
        report = verify(forked.host)
        assert {fault.seq for fault in report.faults} == set(range(gone, LAST)), gone


def test_the_end_is_missed_whatever_the_head_is_set_to(forked: Histories) -> None:
    host, other = forked.host, heads(forked.second)
    for end in range(LAST):
        restore(host, forked.first)
        tamper(host, f"DELETE FROM w4r_audit WHERE seq > {end}")
        assert kinds(verify(host)) == {"cut"}
        # As no entry says it, as the other history says it, and as the first did.
        tamper(host, f"UPDATE w4r_audit_head SET seq = {end}")
        assert kinds(verify(host)) == {"head"}
        if end > FORK:
            tamper(host, "UPDATE w4r_audit_head SET digest = :digest", digest=other[end].digest)
            assert kinds(verify(host)) == {"head"}
        right = forked.mailed[end].digest if end else audit.FIRST
        tamper(host, "UPDATE w4r_audit_head SET digest = :digest", digest=right)
        assert not verify(host).faults, "the database alone cannot tell"
        assert kinds(verify(host, expect=forked.mailed[LAST])) == {"cut"}


def test_a_log_that_was_begun_anew_does_not_lead_to_what_was_mailed(forked: Histories) -> None:
    host = forked.host
    tamper(host, "DELETE FROM w4r_audit", "DELETE FROM w4r_audit_head")
    assert kinds(verify(host, expect=forked.mailed[1])) == {"cut"}
    write(host, LAST, actor_id="eve")
    assert not verify(host).faults, "the database alone cannot tell"
    for head in forked.mailed.values():
        assert kinds(verify(host, expect=head)) == {"expected"}


class Kept(NamedTuple):
    """A log whose first entries were let go: as it is, as it was before, and the same of another section."""

    host: Host
    whole: Dump
    earlier: Dump
    now: Dump


KEPT_DAYS, GONE, MORE_GONE, ALL = 10, 2, 4, 6


@pytest.fixture
def let_go(make_host: MakeHost) -> Kept:
    moment = [NOW]
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    clocked = W4R(mailer=RecordingMailer(), clock=lambda: moment[0])
    host = make_host(w4r=clocked, sections=sections, retention={"audit_days": KEPT_DAYS})
    for code in ("AU", "MA"):
        for day in range(0, ALL, GONE):
            write(host, GONE, section=code, at=NOW + timedelta(days=day))
    whole = dump(host)
    kept = []
    for day in (0, 2):
        moment[0] = NOW + timedelta(days=KEPT_DAYS + day + 1)
        assert run_jobs(host.app)["purge"]["log_entries"] == 2 * GONE
        kept.append(dump(host))
    assert not verify(host).faults
    return Kept(host, whole, *kept)


def checkpoint(kept: Dump, section: str = "AU") -> dict[str, object]:
    return next(row for row in kept["w4r_audit_checkpoint"] if row["section"] == section)


def replaced(let_go: Kept, **columns: object) -> set[str]:
    """What is found once some columns of the checkpoint are others."""
    restore(let_go.host, let_go.now)
    setting = ", ".join(f"{name} = :{name}" for name in columns)
    tamper(let_go.host, f"UPDATE w4r_audit_checkpoint SET {setting} WHERE section = 'AU'", **columns)
    return kinds(verify(let_go.host))


def without_section(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "section"}


ATTEMPTS: dict[str, tuple[Callable[[Kept], dict[str, object]], set[str]]] = {
    "an older one of this log": (lambda kept: without_section(checkpoint(kept.earlier)), {"missing"}),
    "that of another section": (lambda kept: without_section(checkpoint(kept.now, "MA")), {"checkpoint"}),
    "another moment": (lambda kept: {"made_at": checkpoint(kept.earlier)["made_at"]}, {"checkpoint"}),
    "another digest": (lambda kept: {"digest": checkpoint(kept.earlier)["digest"]}, {"checkpoint"}),
    "an older seal": (lambda kept: {"signature": checkpoint(kept.earlier)["signature"]}, {"checkpoint"}),
    "no seal": (lambda kept: {"signature": b"\0" * 32}, {"checkpoint"}),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_another_checkpoint_is_found(let_go: Kept, attempt: str) -> None:
    columns, wanted = ATTEMPTS[attempt]
    assert wanted <= replaced(let_go, **columns(let_go))


def test_who_removes_entries_cannot_say_that_they_were_let_go(let_go: Kept) -> None:
    host, before = let_go.host, heads(let_go.now)
    following = before[MORE_GONE + 1]
    columns = {"seq": following.seq, "digest": following.digest}
    assert replaced(let_go, **columns) >= {"checkpoint"}
    tamper(host, f"DELETE FROM w4r_audit WHERE section = 'AU' AND seq <= {following.seq}")
    assert kinds(verify(host)) == {"checkpoint"}
    # A log that was never let go of has no checkpoint that could be changed; one of another section is no good.
    restore(host, let_go.whole)
    tamper(host, f"DELETE FROM w4r_audit WHERE section = 'AU' AND seq <= {MORE_GONE}")
    assert kinds(verify(host)) == {"missing"}
    row = {**checkpoint(let_go.now, "MA"), "section": "AU"}
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    tamper(host, f"INSERT INTO w4r_audit_checkpoint ({names}) VALUES ({marks})", **row)
    assert "checkpoint" in kinds(verify(host))


def test_what_was_let_go_does_not_come_back(let_go: Kept) -> None:
    """An entry of before the checkpoint, put back as if it had always stood there."""
    mixed = copy.deepcopy(let_go.now)
    mixed["w4r_audit"] += [row for row in let_go.whole["w4r_audit"] if row["section"] == "AU" and row["seq"] == 1]
    restore(let_go.host, mixed)
    assert kinds(verify(let_go.host)) == {"stray"}


def test_nothing_is_let_go_by_a_checkpoint_that_is_not_ours(let_go: Kept) -> None:
    """Retention would seal what somebody put there."""
    replaced(let_go, **without_section(checkpoint(let_go.now, "MA")))
    left = [row for row in dump(let_go.host)["w4r_audit"] if row["section"] == "AU"]
    tamper(let_go.host, "UPDATE w4r_audit SET at = '2020-01-01 00:00:00.000000' WHERE section = 'MA'")
    run_jobs(let_go.host.app)
    assert [row for row in dump(let_go.host)["w4r_audit"] if row["section"] == "AU"] == left
