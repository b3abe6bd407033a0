"""The log: what is written is found unchanged, whatever was done to it is found, and what is let go is vouched for."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flask_w4r import W4R
from flask_w4r.services.audit import keep as audit_keep
from flask_w4r.services.audit import record as audit
from flask_w4r.services.audit import verify as audit_verify
from flask_w4r.testing import RecordingMailer, run_jobs
from tests.audit.writing import NOW, dump, kinds, restore, tamper, verify, write
from tests.conftest import Host, MakeHost, every_database


@every_database
def test_what_was_written_verifies(make_host: MakeHost) -> None:
    host = make_host()
    head = write(host, 5)
    odd = {
        "names": ["é“\N{PERSON WITH FOLDED HANDS}", None],
        "numbers": [1.5, -3],
        "nested": {"b": [1], "a": {}},
        "on": True,
        "10": 1,
        "9": 2,
    }
    head = write(host, 1, actor_id="ü" * 300, subject="s" * 300, changes=odd, at=NOW.replace(microsecond=123456))
    report = verify(host)
    assert not report.faults
    assert (report.entries, report.head, report.begins_after) == (6, head, 0)
    assert audit_verify.parse_head(str(head)) == head


@every_database
def test_one_chain_under_many_writers(make_host: MakeHost) -> None:
    host = make_host()
    threads = [Thread(target=write, args=(host, 4)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    report = verify(host)
    assert not report.faults
    assert report.entries == 16


def test_an_empty_log_is_sound(host: Host) -> None:
    report = verify(host)
    assert not report.faults
    assert report.head.seq == 0


@every_database
def test_each_kind_of_tampering(make_host: MakeHost) -> None:
    host = make_host()
    head = write(host, 6)
    cases: list[tuple[set[str], tuple[str, ...]]] = [
        ({"changed"}, ("UPDATE w4r_audit SET actor_id = 'eve' WHERE seq = 3",)),
        ({"changed"}, ("UPDATE w4r_audit SET changes = '{}' WHERE seq = 6",)),
        ({"missing"}, ("DELETE FROM w4r_audit WHERE seq = 3",)),
        ({"missing"}, ("DELETE FROM w4r_audit WHERE seq = 1",)),
        ({"cut"}, ("DELETE FROM w4r_audit WHERE seq >= 5",)),
        ({"cut"}, ("DELETE FROM w4r_audit",)),
        ({"head"}, ("DELETE FROM w4r_audit_head",)),
        ({"head"}, ("UPDATE w4r_audit_head SET seq = 4",)),
        ({"changed"}, ("UPDATE w4r_audit SET seq = 99 WHERE seq = 2", "UPDATE w4r_audit SET seq = 2 WHERE seq = 3",
                       "UPDATE w4r_audit SET seq = 3 WHERE seq = 99")),
        ({"stray", "missing"}, ("UPDATE w4r_audit SET seq = 0 WHERE seq = 2",)),
    ]  # fmt: skip
    kept = dump(host)
    for wanted, statements in cases:
        tamper(host, *statements)
        assert wanted <= kinds(verify(host)), statements
        restore(host, kept)
        assert not verify(host, expect=head).faults


@every_database
def test_a_tail_cut_with_its_head_set_back_shows_against_a_mailed_head(make_host: MakeHost) -> None:
    host = make_host()
    early = write(host, 3)
    head = write(host, 3)
    digest = host.rows("SELECT digest FROM w4r_audit WHERE seq = 4")[0][0]
    tamper(host, "DELETE FROM w4r_audit WHERE seq > 4")
    tamper(host, "UPDATE w4r_audit_head SET seq = 4, digest = :digest", digest=digest)
    assert not verify(host).faults  # The database alone cannot tell.
    assert not verify(host, expect=early).faults
    assert kinds(verify(host, expect=head)) == {"cut"}
    # Written over with other entries, as who has the site's keys could.
    write(host, 3, actor_id="eve")
    assert not verify(host).faults
    assert kinds(verify(host, expect=head)) == {"expected"}


def test_nothing_of_the_library_can_be_written_without_the_index_key(make_host: MakeHost) -> None:
    host = make_host()
    write(host, 3)
    stranger = make_host(index_key="x" * 43 + "=", upgrade=False)
    assert kinds(verify(stranger)) == {"changed"}


COLUMNS = ("section", "seq", "at", "actor_id", "action", "subject", "count", "changes", "digest")
garbage = st.one_of(
    st.integers(-5, 50), st.text("abc0:-", max_size=5), st.binary(max_size=33),
    st.sampled_from(["2026-11-20 12:00:00.000001", "{}", '{"level": ["normal", "closed"]}', "[]", "null", "FR"]),
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 8), column=st.sampled_from(COLUMNS), value=garbage)
def test_any_change_of_any_column_is_found(logged: Host, seq: int, column: str, value: Any) -> None:
    put_back(logged)
    with logged.engine.begin() as connection:
        before = connection.execute(text(f"SELECT {column}, typeof({column}) FROM w4r_audit WHERE seq = {seq}")).one()
        connection.execute(
            text(f"UPDATE OR IGNORE w4r_audit SET {column} = :value WHERE seq = {seq}"), {"value": value}
        )
        same = connection.execute(
            text(f"SELECT count(*) FROM w4r_audit WHERE seq = {seq} AND {column} IS :before"), {"before": before[0]}
        ).scalar()
    found = verify(logged).faults
    assert bool(found) != bool(same), (seq, column, value, before)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(1, 9)).filter(lambda order: list(order) != list(range(1, 9))), st.booleans())
def test_any_other_order_is_found(logged: Host, order: list[int], with_digests: bool) -> None:
    put_back(logged)
    columns = "at, actor_id, action, subject, count, changes" + (", digest" if with_digests else "")
    with logged.engine.begin() as connection:
        for place, source in enumerate(order, 1):
            connection.execute(
                text(
                    f"UPDATE w4r_audit SET ({columns}) = (SELECT {columns} FROM kept WHERE seq = :source) WHERE seq = :place"
                ),
                {"source": source, "place": place},
            )
    found = verify(logged).faults
    assert found
    put_back(logged)
    assert not verify(logged).faults


def put_back(host: Host) -> None:
    tamper(host, "DELETE FROM w4r_audit", "INSERT INTO w4r_audit SELECT * FROM kept")


@pytest.fixture
def logged(make_host: MakeHost) -> Host:
    host = make_host()
    write(host, 8)
    tamper(host, "CREATE TABLE kept AS SELECT * FROM w4r_audit")
    return host


@every_database
def test_retention_leaves_a_signed_checkpoint(make_host: MakeHost) -> None:
    moment = [NOW]
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=lambda: moment[0]), retention={"audit_days": 10})
    early = write(host, 4)
    moment[0] = NOW + timedelta(days=9)
    late = write(host, 2, at=moment[0])
    assert run_jobs(host.app)["purge"]["log_entries"] == 0
    moment[0] = NOW + timedelta(days=11)
    assert run_jobs(host.app)["purge"]["log_entries"] == 4
    report = verify(host)
    assert not report.faults
    assert (report.begins_after, report.entries, report.head) == (4, 2, late)
    assert not verify(host, expect=early).faults
    older = audit.Head(2, early.digest)
    assert kinds(verify(host, expect=older)) == {"expected"}  # Too old to be checked is not sound.
    write(host, 1, at=moment[0])
    assert not verify(host, expect=late).faults
    for statement in (
        "UPDATE w4r_audit_checkpoint SET seq = 5",
        "UPDATE w4r_audit_checkpoint SET signature = digest",
        "DELETE FROM w4r_audit_checkpoint",
    ):
        kept = host.rows("SELECT section, seq, digest, made_at, signature FROM w4r_audit_checkpoint")[0]._mapping
        tamper(host, statement)
        assert verify(host).faults, statement
        tamper(host, "DELETE FROM w4r_audit_checkpoint")
        tamper(host, "INSERT INTO w4r_audit_checkpoint VALUES (:section, :seq, :digest, :made_at, :signature)", **kept)
        assert not verify(host).faults
    # All may go; the next entry still continues the chain.
    moment[0] = NOW + timedelta(days=40)
    assert run_jobs(host.app)["purge"]["log_entries"] == 3
    assert not verify(host).faults
    write(host, 1, at=moment[0])
    assert not verify(host, expect=early if early.seq == 7 else None).faults


def test_what_was_tampered_with_is_not_let_go(make_host: MakeHost) -> None:
    moment = [NOW + timedelta(days=800)]
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=lambda: moment[0]))
    write(host, 5)
    tamper(host, "UPDATE w4r_audit SET actor_id = 'eve' WHERE seq = 3")
    assert run_jobs(host.app)["purge"]["log_entries"] == 2
    report = verify(host)
    assert [(fault.kind, fault.seq) for fault in report.faults] == [("changed", 3)]


@every_database
def test_the_head_is_mailed_once_a_day(make_host: MakeHost) -> None:
    moment = [NOW]
    mailer = RecordingMailer()
    section = {"preset": "AU", "url_prefix": "/au", "desk_email": "desk@example.org"}
    host = make_host(w4r=W4R(mailer=mailer, clock=lambda: moment[0]), section=section)
    assert run_jobs(host.app)["daily"] == {"heads": 0}  # Nothing was logged yet.
    head = write(host, 3)
    for _ in range(3):
        run_jobs(host.app)
    assert len(mailer.messages) == 1
    message = mailer.messages[0]
    assert message["To"] == "desk@example.org"
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        assert f"flask w4r audit verify --section AU --expect {head}" in body.get_content().replace("=\n", "")
    host.run("w4r", "audit", "verify", "--section", "AU", "--expect", str(head))
    moment[0] += timedelta(days=1)
    run_jobs(host.app)
    assert len(mailer.messages) == 2


def test_no_address_no_mail(host: Host) -> None:
    write(host)
    run_jobs(host.app)
    assert host.mailer.messages == []


def test_the_head_is_mailed_whatever_a_worker_beside_does(make_host: MakeHost) -> None:
    host = make_host(section={"preset": "AU", "url_prefix": "/au", "desk_email": "desk@example.org"})
    write(host, 1)
    done: list[int] = []
    threads = [Thread(target=lambda: done.append(audit_keep.mail_heads(host.app)["heads"])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [0, 0, 0, 1]
