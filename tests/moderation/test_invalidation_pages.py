"""The desk's pages for invalidations, as a moderator without scripts uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r.services.petitions import invalidation, invalidation_preview, invalidation_run
from flask_w4r.testing import form_fields, make_signatures, run_jobs
from tests.conftest import Host

from .conftest import Staff

NEW = "/au/moderation/batches/new"
MakeStaff = Callable[..., Staff]


def states(host: Host) -> set[str]:
    return {row[0] for row in host.rows("SELECT state FROM w4r_signature")}


def previewed(person: Staff, **typed: Any) -> tuple[Any, dict[str, Any]]:
    """The preview's page, and its form as it is then."""
    answer = person.post(NEW, {"act": "preview", **typed}, page=NEW)
    assert answer.status_code == 200, answer.text
    _, fields = form_fields(answer, "seen")
    return answer, fields


def proposed(person: Staff, act: str = "start", **typed: Any) -> str:
    _, fields = previewed(person, **typed)
    answer = person.post(NEW, {**fields, "why": "A flood.", "act": act, **typed}, page=NEW)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_from_the_conditions_to_the_undo(desk: Host, staff: MakeStaff) -> None:
    make_signatures(desk.app, "ann-example", 7, state="confirmed", first_name="<b>Bot</b>")
    before = desk.rows("SELECT * FROM w4r_signature ORDER BY id")
    mo = staff("mo")
    page, _ = previewed(mo, case="ann-example", score="0", state="confirmed")
    assert "7 signatures match" in page.text
    assert "&lt;b&gt;Bot&lt;/b&gt; Sample7" in page.text
    assert "m…@e….org" in page.text
    assert "made-up-7" not in page.text
    path = proposed(mo, case="ann-example", state="confirmed")
    waiting = mo.get(path)
    assert waiting.headers["Refresh"] == "5"
    assert "Case: Ann Example" in waiting.text
    assert "Status: Confirmed" in waiting.text
    assert "A flood." in waiting.text
    assert "Refresh" not in mo.get(f"{path}?still=1").headers
    run_jobs(desk.app)
    done = mo.get(path)
    assert "Refresh" not in done.headers
    assert "Undo: restore 7 signatures" in done.text
    assert states(desk) == {"invalid"}
    assert mo.post(f"{path}/undo", page=path).status_code == 303
    run_jobs(desk.app)
    assert desk.rows("SELECT * FROM w4r_signature ORDER BY id") == before
    assert "Undone" in mo.get("/au/moderation/batches").text
    actions = [row[0] for row in desk.rows("SELECT action FROM w4r_audit ORDER BY seq")]
    assert actions == [f"invalidation_{act}" for act in ("proposed", "done", "undo_asked", "undone")]


def test_empty_conditions_are_refused(desk: Host, staff: MakeStaff) -> None:
    make_signatures(desk.app, "ann-example", 1)
    for typed in ({}, {"state": "pending"}, {"name": "*"}, {"only_held": "y", "score": "0"}):
        for act in ("preview", "start", "draft"):
            answer = staff().post(NEW, {"act": act, "why": "x", **typed}, page=NEW)
            assert answer.status_code == 422
            assert "at least one condition" in answer.text
    assert desk.rows("SELECT * FROM w4r_batch") == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"since": "yesterday"}, "Enter a date and a time"),
        ({"score": "²"}, "Enter a number"),
        ({"score": "9" * 30}, "Enter a number"),
        ({"network": "300.1.1.1"}, "could not understand"),
        ({"network": "10.0.0.0/3"}, "too large"),
        ({"net": "x"}, "could not understand"),
        ({"case": "nobody"}, "Choose an option from the list"),
        ({"held_for": "';--"}, "Choose an option from the list"),
        ({"state": "erased", "case": "ann-example"}, "Choose an option from the list"),
        ({"email": "x" * 201}, "too long"),
        ({"since": "2026-05-02T10:00", "until": "2026-05-02T10:00"}, "after the start"),
        ({"since": "0001-01-01T00:00+14:00"}, "Enter a date and a time"),
    ],
)
def test_what_cannot_be_read_is_said_on_its_field(
    desk: Host, staff: MakeStaff, typed: dict[str, str], words: str
) -> None:
    answer = staff().post(NEW, {"act": "preview", "name": "kept*", **typed}, page=NEW)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="kept*"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_conditions_changed_after_the_look_are_shown_again(desk: Host, staff: MakeStaff) -> None:
    make_signatures(desk.app, "ann-example", 3, score=lambda number: number)
    mo = staff()
    page, fields = previewed(mo, score="3")
    assert "1 signature matches" in page.text
    answer = mo.post(NEW, {**fields, "score": "1", "why": "x", "act": "start"}, page=NEW)
    assert answer.status_code == 422
    assert "3 signatures match" in answer.text
    assert mo.post(NEW, {"score": "1", "why": "x", "act": "start"}, page=NEW).status_code == 422
    assert desk.rows("SELECT * FROM w4r_batch") == []


def test_without_a_reason_nothing_is_proposed(desk: Host, staff: MakeStaff) -> None:
    make_signatures(desk.app, "ann-example", 3)
    mo = staff()
    _, fields = previewed(mo, case="ann-example")
    answer = mo.post(NEW, {**fields, "act": "start", "case": "ann-example"}, page=NEW)
    assert answer.status_code == 422
    assert "Give a reason" in answer.text
    assert "3 signatures match" in answer.text


def test_a_link_fills_in_what_may_stand_in_a_url(desk: Host, staff: MakeStaff) -> None:
    mark = "2026-05-01/site/" + "ab" * 32
    answer = staff().get(
        f"{NEW}?net={mark}&case=ann-example&held_for=rate_network&email=a@b.c&name=Ann&since=2026-05-01T00:00Z"
    )
    assert f'value="{mark}"' in answer.text
    assert '<option value="ann-example" selected>' in answer.text
    assert '<option value="rate_network" selected>' in answer.text
    assert 'value="2026-05-01T10:00"' in answer.text
    assert "a@b.c" not in answer.text
    assert desk.rows("SELECT * FROM w4r_audit") == []


def test_above_the_bound_a_second_person(desk: Host, staff: MakeStaff, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (invalidation, invalidation_preview, invalidation_run):
        monkeypatch.setattr(module, "ALONE_AT_MOST", 2)
    make_signatures(desk.app, "ann-example", 3)
    mo, eve = staff("mo"), staff("eve")
    path = proposed(mo, case="ann-example")
    assert "someone else has to review" in mo.get(path).text
    assert mo.post(f"{path}/approve", page=path).status_code == 403
    run_jobs(desk.app)
    assert states(desk) == {"pending"}
    assert "Approve: invalidate 3 signatures" in eve.get(path).text
    assert eve.post(f"{path}/approve", page=path).status_code == 303
    run_jobs(desk.app)
    assert states(desk) == {"invalid"}


def test_draft_then_cancel(desk: Host, staff: MakeStaff) -> None:
    make_signatures(desk.app, "ann-example", 1)
    mo = staff()
    path = proposed(mo, "draft", case="ann-example")
    run_jobs(desk.app)
    assert mo.post(f"{path}/undo", page=path).status_code == 409
    assert mo.post(f"{path}/cancel", page=path).status_code == 303
    late = mo.post(f"{path}/start", page=NEW)
    assert late.status_code == 409
    assert "Someone else acted first" in late.text
    assert states(desk) == {"pending"}


def test_a_whole_address_needs_the_permission_to_ask(desk: Host, staff: MakeStaff) -> None:
    make_signatures(desk.app, "ann-example", 1)
    moderator = staff(may="invalidate,view_queue")
    typed = {"act": "preview", "email": "made-up-1@example.org"}
    answer = moderator.post(NEW, typed, page=NEW)
    assert answer.status_code == 422
    assert "signature matches" not in answer.text
    assert "1 signature matches" in staff().post(NEW, typed, page=NEW).text


@pytest.mark.parametrize("act", ["start", "approve", "cancel", "undo"])
def test_without_the_token_or_the_permission(desk: Host, staff: MakeStaff, act: str) -> None:
    make_signatures(desk.app, "ann-example", 1)
    mo = staff()
    path = proposed(mo, "draft", case="ann-example")
    row = desk.rows("SELECT * FROM w4r_batch")
    assert mo.client.post(f"{path}/{act}", headers=mo.headers).status_code == 422
    token = {"csrf_token": form_fields(mo.get(path), "csrf_token")[1]["csrf_token"]}
    for headers in ({}, {"X-Actor": "x", "X-May": "decide,view_queue"}, {**mo.headers, "X-Section": "XX"}):
        assert mo.client.post(f"{path}/{act}", data=token, headers=headers).status_code == 403
        assert mo.client.get(path, headers=headers).status_code == 403
        assert mo.client.get("/au/moderation/batches", headers=headers).status_code == 403
        assert mo.client.get(NEW, headers=headers).status_code == 403
    assert desk.rows("SELECT * FROM w4r_batch") == row
    for unknown in ("/au/moderation/batches/999", "/au/moderation/batches/999/undo"):
        method = mo.client.post if unknown.endswith("undo") else mo.client.get
        assert method(unknown, data=token if unknown.endswith("undo") else None, headers=mo.headers).status_code == 404


def test_a_long_list_goes_on(desk: Host, staff: MakeStaff, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_w4r.blueprints.petitions import invalidations as desk_batches

    monkeypatch.setattr(desk_batches, "PAGE", 2)
    make_signatures(desk.app, "ann-example", 1)
    mo = staff()
    for _ in range(3):
        proposed(mo, "draft", case="ann-example")
    first = mo.get("/au/moderation/batches")
    assert "batches?before=2" in first.text
    assert ">1</a>" in mo.get("/au/moderation/batches?before=2").text
