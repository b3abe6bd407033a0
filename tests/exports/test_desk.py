"""Files at the desk: for who may, who says why and who proved again who they are; logged, marked and streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, make_signatures
from tests.conftest import Host, MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor
from tests.moderation.conftest import desk as desk
from tests.moderation.conftest import staff as staff

Make = Callable[..., Staff]
PAGE = "/au/moderation/exports"
TYPED = {"what": "signatures", "format": "csv", "why": "check"}


def taken(staff: Staff, **typed: str) -> Any:
    return staff.post(PAGE, {**TYPED, **typed}, page=PAGE)


def test_a_file_by_who_may(desk: Host, staff: Make) -> None:
    make_signatures(desk.app, "ann-example", 2500, state="confirmed")
    mo = staff("mo", "export")
    page = mo.get(PAGE)
    assert page.status_code == 200
    assert "Signatures that count" in page.text
    assert "The log of what staff" not in page.text, "only with READ_AUDIT"
    assert "names be kept back" not in page.text
    answer = taken(mo)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="signatures-AU.csv"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    *rows, mark = csv.reader(io.StringIO(answer.text))
    assert len(rows) == 2501
    assert mark[0].startswith("# 2500 rows of signatures, AU; taken by Staff mo at ")
    assert mark[0].endswith(", check")
    logged = desk.rows("SELECT actor_id, action, count FROM w4r_audit ORDER BY seq")
    assert [tuple(row) for row in logged] == [("mo", "export_begun", 0), ("mo", "export_taken", 2500)]
    assert staff("eve", "view_queue,read_audit").get(PAGE).status_code == 403
    assert taken(mo, what="audit").status_code == 422
    assert taken(staff("al", "export,read_audit"), what="audit").status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"why": ""}, "Say why you are exporting it."),
        ({"why": "curious"}, "Say why you are exporting it."),
        ({"what": "nothing"}, "Choose what to export."),
        ({"format": "pdf"}, "Choose a format."),
        ({"since": "soon"}, "Enter a date"),
        ({"what": "subscribers", "case": "ann-example"}, "cannot be of one case"),
        ({"csrf_token": "old"}, "page"),
    ],
)
def test_what_is_missing_is_said(staff: Make, desk: Host, typed: dict[str, str], words: str) -> None:
    answer = taken(staff(), **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert desk.rows("SELECT count(*) FROM w4r_audit") == [(0,)]


def test_a_case_that_is_not_there(staff: Make) -> None:
    assert taken(staff(), case="nobody").status_code == 404


def test_what_was_withheld_needs_a_permission_of_its_own(desk: Host, staff: Make) -> None:
    make_signatures(desk.app, "ann-example", 1, state="confirmed", withhold_name=True, first_name="Hidden")
    assert "Hidden" not in taken(staff("mo", "export")).text
    assert taken(staff("mo", "export"), withheld="y").status_code == 403
    assert "Hidden" not in taken(staff("mo", ALL)).text, "not without asking"
    assert "Hidden" in taken(staff("mo", ALL), withheld="y").text


def test_whoever_takes_data_proves_again_who_they_are(make_host: MakeHost) -> None:
    asked: list[tuple[str, str]] = []
    fresh: set[str] = set()
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)

    @w4r.confirm_identity
    def confirm(actor: Any, url: str) -> str | None:
        asked.append((actor.id, url))
        return None if actor.id in fresh else f"/login/again?next={url}"

    host = make_host(w4r=w4r)
    make_campaign(host.app)
    mo = Staff(host.app.test_client(), "mo", ALL, None)
    answer = mo.get(PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login/again?next={PAGE}")
    fresh.add("mo")
    page = mo.get(PAGE)
    assert page.status_code == 200
    fresh.clear()
    assert mo.client.post(PAGE, data=TYPED, headers=mo.headers).status_code == 303
    assert host.rows("SELECT count(*) FROM w4r_audit") == [(0,)]
    assert asked == [("mo", PAGE)] * 3
    assert "confirm_identity" not in host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output


def test_it_ends_where_the_permission_does(desk: Host, staff: Make) -> None:
    """A right that is taken away in the middle ends the file, which then lacks its last line."""
    make_signatures(desk.app, "ann-example", 2500, state="confirmed")
    left = [30]

    def until_then(actor: Any, permission: Any, section: Any) -> bool:
        left[0] -= permission == "export"
        return left[0] > 0

    mo = staff()
    page = mo.get(PAGE)
    assert page.status_code == 200
    state = desk.app.extensions["w4r"]
    object.__setattr__(state.hooks, "permission_check", until_then)
    answer = mo.client.post(PAGE, data={**TYPED, "csrf_token": _token(page)}, headers=mo.headers, buffered=False)
    assert answer.status_code == 200
    left[0] = 1
    with pytest.raises(Exception, match="export"):
        list(answer.response)
    assert [row[0] for row in desk.rows("SELECT action FROM w4r_audit")] == ["export_begun"]


def _token(page: Any) -> str:
    return form_fields(page, "csrf_token")[1]["csrf_token"][0]
