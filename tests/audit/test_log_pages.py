"""The log at the desk: a page and a file, for who may read them, of one section alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer
from tests.audit.writing import write
from tests.conftest import Host, MakeHost

Make = Callable[..., Any]


def test_the_page(desk: Host, staff: Make) -> None:
    assert "Nothing has been logged yet" in staff().get("/au/moderation/audit").text
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
    assert "Older entries" in page.text
    assert "before=71" in page.text
    older = reader.get("/au/moderation/audit?before=71")
    assert ">70</th>" in older.text
    assert ">71</th>" not in older.text
    assert "Older entries" not in reader.get("/au/moderation/audit?before=21").text
    assert reader.get("/au/moderation/audit?action=act_1&actor=mo").text.count("<tr>") == 41
    assert "No matching entries" in reader.get("/au/moderation/audit?actor=eve").text
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
