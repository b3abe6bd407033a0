"""The log: what is written is found unchanged, and whatever was done to it is found."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs
from tests.conftest import Host, MakeHost, every_database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Make = Callable[..., Any]


def write(host: Host, number: int = 5, *, section: str = "AU", at: datetime = NOW, **other: Any) -> audit.Head:
    """Append entries, an hour apart."""
    state = get_state(host.app)
    head = audit.Head(0, audit.FIRST)
    for place in range(number):
        values: dict[str, Any] = {
            "actor_id": "mo", "action": f"act_{place % 3}", "subject": f"rule:{place}",
            "changes": {"level": ["normal", "closed"], "count": [place, place + 1]}, "count": place + 1, **other,
        }  # fmt: skip
        head = run(
            host.app,
            lambda uow: audit.append(
                uow.session, state.keyring, state.sections[section], now=at + timedelta(hours=place), **values
            ),
        )
    return head


def verify(host: Host, section: str = "AU", expect: audit.Head | None = None) -> audit_verify.Report:
    keyring = get_state(host.app).keyring
    return read(host.app, lambda session: audit_verify.verify(session, keyring, section, expect=expect))


def kinds(report: audit_verify.Report) -> set[str]:
    return {fault.kind for fault in report.faults}


def tamper(host: Host, *statements: str, **values: Any) -> None:
    with host.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)


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
    kept = [host.rows(f"SELECT * FROM {table}") for table in ("w4r_audit", "w4r_audit_head")]
    for wanted, statements in cases:
        tamper(host, *statements)
        assert wanted <= kinds(verify(host)), statements
        tamper(host, "DELETE FROM w4r_audit", "DELETE FROM w4r_audit_head")
        with host.engine.begin() as connection:
            for table, rows in zip(("w4r_audit", "w4r_audit_head"), kept, strict=True):
                for row in rows:
                    names = row._mapping
                    marks = ", ".join(f":{name}" for name in names)
                    plain = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in names.items()}
                    connection.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"), plain)
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
    restore(logged)
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
    restore(logged)
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
    restore(logged)
    assert not verify(logged).faults


def restore(host: Host) -> None:
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


# ---------------------------------------------------------------- commands


def invoke(host: Host, *args: str) -> Any:
    return host.app.test_cli_runner().invoke(args=["w4r", *args])


def test_the_command(make_host: MakeHost) -> None:
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    host = make_host(sections=sections)
    assert "AU: sound; 0 entries" in host.run("w4r", "audit", "verify").output
    head = write(host, 3)
    other = write(host, 2, section="MA")
    output = host.run("w4r", "audit", "head").output
    assert output.split() == ["AU", str(head), "MA", str(other)]
    assert host.run("w4r", "audit", "head", "--section", "MA").output.split() == ["MA", str(other)]
    assert invoke(host, "audit", "verify", "--expect", str(head)).exit_code == 2
    assert invoke(host, "audit", "verify", "--expect", "12", "--section", "AU").exit_code == 2
    assert invoke(host, "audit", "verify", "--section", "ZZ").exit_code == 2
    host.run("w4r", "audit", "verify", "--expect", str(head), "--section", "au")
    wrong = invoke(host, "audit", "verify", "--expect", str(other), "--section", "AU", "--json")
    assert wrong.exit_code == 1
    assert json.loads(wrong.output)["sections"][0]["faults"][0]["kind"] == "expected"
    tamper(host, "DELETE FROM w4r_audit WHERE section = 'AU' AND seq = 2")
    result = invoke(host, "audit", "verify")
    assert result.exit_code == 1
    assert "AU: entry 2 is missing" in result.output
    assert "MA: sound; 2 entries" in result.output
    assert "Traceback" not in result.output


def test_a_section_that_the_site_no_longer_has_is_verified_too(make_host: MakeHost) -> None:
    key = {"index_key": "A" * 43 + "="}
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    write(make_host(sections=sections, **key), 2, section="MA")
    host = make_host(**key)
    assert "MA: sound; 2 entries" in host.run("w4r", "audit", "verify").output
    assert "MA: sound; 2 entries" in host.run("w4r", "audit", "verify", "--section", "ma").output


def test_many_faults_are_cut_short_in_words_and_whole_in_json(host: Host) -> None:
    write(host, 30)
    tamper(host, "UPDATE w4r_audit SET actor_id = 'eve'")
    assert "and 10 more" in invoke(host, "audit", "verify").output
    assert len(json.loads(invoke(host, "audit", "verify", "--json").output)["sections"][0]["faults"]) == 30


def logged_acts(host: Host) -> list[tuple[str, str, int]]:
    rows = host.rows("SELECT action, subject, count, actor_id FROM w4r_audit ORDER BY seq")
    assert {row.actor_id for row in rows} <= {"cli"}
    return [(row.action, row.subject, row.count) for row in rows]


def test_what_commands_do_is_logged(host: Host) -> None:
    make_campaign(host.app)
    host.run("w4r", "case", "status", "ann-example", "closed")
    host.run("w4r", "case", "status", "ann-example", "closed")  # Changes nothing.
    host.run("w4r", "kit", "import", "2021", "--dry-run")
    assert logged_acts(host) == [("case_status", "case:ann-example", 1)]
    assert json.loads(host.rows("SELECT changes FROM w4r_audit")[0][0]) == {"status": ["active", "closed"]}
    host.run("w4r", "kit", "import", "2021")
    host.run("w4r", "kit", "import", "2021")
    assert logged_acts(host)[1:] == [("kit_imported", "edition:2021", 1)]
    host.run("w4r", "mail", "bounced", "Sam.Private@example.org")
    host.run("w4r", "mail", "bounced", "sam.private@example.org")
    assert logged_acts(host)[2:] == [("mail_bounced", "mail", 1)]
    assert "private" not in str(host.rows("SELECT * FROM w4r_audit")).lower()
    host.run("w4r", "keys", "rotate")
    host.run("w4r", "tally", "recount", "--fix")
    assert len(logged_acts(host)) == 3  # Nothing was to do.
    host.run("w4r", "db", "check")
    assert not verify(host).faults


def test_corrected_counts_are_logged(host: Host) -> None:
    from flask_w4r.testing import make_signatures

    make_campaign(host.app)
    make_signatures(host.app, "ann-example", 3, state="confirmed")
    tamper(host, "UPDATE w4r_tally SET count = count + 2")
    assert invoke(host, "tally", "recount").exit_code == 1
    assert logged_acts(host) == []
    host.run("w4r", "tally", "recount", "--fix")
    ((action, subject, _),) = logged_acts(host)
    assert (action, subject) == ("counts_corrected", "tally")


def test_rotated_keys_are_logged_in_every_section(make_host: MakeHost) -> None:
    from flask_w4r.keyring import generate_key
    from flask_w4r.testing import make_signatures

    old, key = generate_key(), {"index_key": generate_key()}
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    first = make_host(sections=sections, encryption_keys=[old], **key)
    make_campaign(first.app)
    make_signatures(first.app, "ann-example", 7, section="AU")
    second = make_host(sections=sections, encryption_keys=[generate_key(), old], **key)
    second.run("w4r", "keys", "rotate", "--batch", "3")
    assert logged_acts(second) == [("keys_rotated", "site", 7)] * 2
    assert not verify(second).faults
    assert not verify(second, "MA").faults


# ---------------------------------------------------------------- page and file


def test_the_page(desk: Host, staff: Make) -> None:
    assert "Nothing was logged yet" in staff().get("/au/moderation/audit").text
    head = write(desk, 120, subject="case:<script>")
    reader = staff(may="read_audit")
    page = reader.get("/au/moderation/audit")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert str(head) in page.text
    assert "<script>" not in page.text.split("<table")[1]
    assert page.text.count("<tr>") == 51
    assert "audit.csv" not in page.text
    assert "audit.csv" in staff(may="read_audit,export").get("/au/moderation/audit").text
    seen = [number for number in range(120, 0, -1) if f">{number}</th>" in page.text]
    assert seen == list(range(120, 70, -1))
    older = reader.get("/au/moderation/audit?before=71")
    assert ">70</th>" in older.text
    assert ">71</th>" not in older.text
    assert "Older entries" not in reader.get("/au/moderation/audit?before=21").text
    assert reader.get("/au/moderation/audit?action=act_1&actor=mo").text.count("<tr>") == 41
    assert "No entry matches" in reader.get("/au/moderation/audit?actor=eve").text
    for odd in ("before=x", "before=-1", f"before={10**30}", "action=%00", "actor=" + "x" * 999):
        assert reader.get(f"/au/moderation/audit?{odd}").status_code == 200, odd


def test_the_file(desk: Host, staff: Make) -> None:
    write(desk, 3)
    write(desk, 1, actor_id="=HYPERLINK(1)", action="@act", subject="-2+3", changes={"level": ["+1", "\ttab"]})
    write(desk, 1100)
    answer = staff(may="read_audit,export").get("/au/moderation/audit.csv")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="log-AU.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["number"]) for row in rows] == list(range(1104, 0, -1))
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    fourth = rows[-4]
    assert (fourth["actor"], fourth["action"], fourth["subject"]) == ("'=HYPERLINK(1)", "'@act", "'-2+3")
    some = staff(may="read_audit,export").get("/au/moderation/audit.csv?action=@act").text
    assert len(list(csv.DictReader(io.StringIO(some)))) == 1
    for less in ("read_audit", "export", ""):
        assert staff(may=less).get("/au/moderation/audit.csv").status_code == 403


def test_another_section_s_log_is_not_shown(make_host: MakeHost) -> None:
    from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)
    host = make_host(sections=sections, w4r=w4r)
    write(host, 2, subject="rule:of-au")
    reader = Staff(host.app.test_client(), "mo", ALL, None)
    for path in ("/ma/moderation/audit", "/ma/moderation/audit.csv"):
        assert "of-au" not in reader.get(path).text
