"""Decisions through the queue's forms: of what was ticked, by who may, never twice, and taken back as one."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r import W4R
from flask_w4r.errors import NotFound, PermissionDenied
from flask_w4r.models import Signature
from flask_w4r.services.moderation import decisions, queue
from flask_w4r.services.moderation.filters import Filters
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import Actor, get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor
from tests.moderation.queued import QUEUE, Make, hold, items


def states(desk: Host) -> list[tuple[int, str, bool]]:
    sql = "SELECT id, state, held_at IS NOT NULL FROM w4r_signature ORDER BY id"
    return [(row[0], row[1], bool(row[2])) for row in desk.rows(sql)]


def counted(desk: Host) -> int:
    sql = "SELECT COALESCE(SUM(count), 0) FROM w4r_tally WHERE action_type = 'petition_signature'"
    return int(desk.rows(sql)[0][0])


def logged(desk: Host) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in desk.rows("SELECT action, actor_id, count FROM w4r_audit ORDER BY seq")]


@pytest.mark.parametrize(
    ("act", "after", "count"), [("approve", ("confirmed", False), 2), ("reject", ("invalid", False), 0)]
)
def test_those_ticked_are_decided(desk: Host, staff: Make, act: str, after: tuple[str, bool], count: int) -> None:
    first, second, third = hold(desk, state="confirmed")
    mo = staff()
    answer = mo.post(
        "/au/moderation/decisions", {"items": items([first, third]), "decision": act, "order": "newest"}, page=QUEUE
    )
    assert answer.status_code == 303
    assert "order=newest" in answer.location
    assert states(desk) == [(first, *after), (second, "confirmed", True), (third, *after)]
    assert counted(desk) == count
    assert logged(desk) == [("queue_approved" if act == "approve" else "queue_rejected", "mo", 2)]
    said = mo.get(answer.location).get_data(as_text=True)
    assert f"2 {act}{'d' if act == 'approve' else 'ed'}." in said
    assert "Undo" in said


def test_a_rows_own_button_decides_that_row_alone(desk: Host, staff: Make) -> None:
    first, second = hold(desk, 2)
    data = {"items": items([second]), "one": f"approve signature:{first}"}
    assert staff().post("/au/moderation/decisions", data, page=QUEUE).status_code == 303
    assert states(desk) == [(first, "pending", False), (second, "pending", True)]


def test_by_key_the_answer_is_json(desk: Host, staff: Make) -> None:
    ids = hold(desk)
    mo = staff()
    _, fields = form_fields(mo.get(QUEUE), "csrf_token")
    headers = {**mo.headers, "Accept": "application/json"}
    data = {"csrf_token": fields["csrf_token"], "items": items(ids[:2]), "decision": "reject"}
    answer = mo.client.post("/au/moderation/decisions", data=data, headers=headers)
    found = answer.get_json()
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (found["done"], found["already"], found["message"], found["waits"]) == (2, 0, "2 rejected.", "1 waiting")
    back = mo.client.post(found["undo"], data={"csrf_token": fields["csrf_token"]}, headers=headers).get_json()
    assert back == {"restored": 2, "message": "2 restored."}
    again = mo.client.post(found["undo"], data={"csrf_token": fields["csrf_token"]}, headers=headers).get_json()
    assert again == {"restored": 0, "message": "This has already been undone."}
    stale = mo.client.post("/au/moderation/decisions", data={**data, "csrf_token": "x"}, headers=headers)
    assert (stale.status_code, "open for a long time" in stale.get_json()["message"]) == (422, True)
    assert [action for action, *_ in logged(desk)] == ["queue_rejected", "decision_undone"]


@every_database
def test_undo_gives_everything_back(desk: Host, staff: Make) -> None:
    ids = hold(desk, 2, state="confirmed") + hold(desk, 2, email=lambda number: f"other-{number}@example.org")
    sql = "SELECT id, state, held_at, released_at, updated_at, version FROM w4r_signature ORDER BY id"
    before = desk.rows(sql.replace("updated_at, ", ""))
    mo = staff()
    for act in decisions.ACTS:
        mo.post("/au/moderation/decisions", {"items": items(ids), "decision": act}, page=QUEUE)
        assert desk.rows(sql.replace("updated_at, ", "")) != before
        batch = desk.rows("SELECT MAX(id) FROM w4r_batch")[0][0]
        answer = mo.post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
        assert answer.status_code == 303
        assert "4 restored." in mo.get(answer.location).get_data(as_text=True)
        assert desk.rows(sql.replace("updated_at, ", "")) == before
        assert counted(desk) == 0


def test_what_changed_since_is_left_alone_and_told(desk: Host, staff: Make) -> None:
    ids = hold(desk, 2)
    mo = staff()
    mo.post("/au/moderation/decisions", {"items": items(ids), "decision": "reject"}, page=QUEUE)

    def erase(uow: Any) -> None:
        uow.session.execute(update(Signature).where(Signature.id == ids[0]).values(state="erased", person=None))

    run(desk.app, erase)
    batch = desk.rows("SELECT id FROM w4r_batch")[0][0]
    answer = mo.post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
    assert "1 was left unchanged" in mo.get(answer.location).get_data(as_text=True)
    assert states(desk) == [(ids[0], "erased", False), (ids[1], "pending", True)]


def test_what_somebody_else_decided_stands(desk: Host, staff: Make) -> None:
    ids = hold(desk, 3, state="confirmed")
    staff("eve").post("/au/moderation/decisions", {"items": items(ids[:2]), "decision": "approve"}, page=QUEUE)
    mo = staff("mo")
    answer = mo.post("/au/moderation/decisions", {"items": items(ids), "decision": "reject"}, page=QUEUE)
    said = mo.get(answer.location).get_data(as_text=True)
    assert "1 rejected." in said
    assert "2 were no longer waiting" in said
    assert [state for _, state, _ in states(desk)] == ["confirmed", "confirmed", "invalid"]
    assert counted(desk) == 2
    before = logged(desk)
    answer = mo.post("/au/moderation/decisions", {"items": items(ids), "decision": "reject"}, page=QUEUE)
    assert "3 were no longer waiting" in mo.get(answer.location).get_data(as_text=True)
    assert logged(desk) == before, "what did nothing is not logged"


@pytest.mark.parametrize(
    "data",
    [
        {"decision": "approve"},
        {"items": "signature:x", "decision": "approve"},
        {"items": "signature:0", "decision": "approve"},
        {"items": "signature:" + "9" * 30, "decision": "approve"},
        {"items": "letter:1", "decision": "approve"},
        {"items": "signature:1", "decision": "delete"},
        {"items": "signature:1"},
        {"items": [f"signature:{number}" for number in range(1, 202)], "decision": "approve"},
        {"one": "approve"},
        {"one": "delete signature:1"},
    ],
)
def test_nonsense_is_sent_back(desk: Host, staff: Make, data: dict[str, Any]) -> None:
    hold(desk, 1)
    answer = staff().post("/au/moderation/decisions", data, page=QUEUE)
    assert answer.status_code == 422 if len(data.get("items", "")) != 201 else answer.status_code in (413, 422)
    assert states(desk)[0][1:] == ("pending", True)
    assert logged(desk) == []


def test_an_expired_token_keeps_what_was_ticked(desk: Host, staff: Make) -> None:
    ids = hold(desk, 2)
    mo = staff()
    data = {"csrf_token": "x", "items": items(ids[:1]), "decision": "reject", "reason": "Bots", "order": "newest"}
    answer = mo.client.post("/au/moderation/decisions", data=data, headers=mo.headers)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "open for a long time" in text
    _, fields = form_fields(answer, "reason")
    assert fields["items"] == items(ids[:1])
    assert fields["reason"] == ["Bots"]
    assert fields["order"] == ["newest"]


def test_another_sections_rows_and_batches_are_not_there(make_host: MakeHost) -> None:
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    host = make_host(w4r=w4r, section=None, sections=sections, url_prefix=None)
    make_campaign(host.app)
    ours = hold(host, 1)
    state = get_state(host.app)
    au, ma = state.sections["AU"], state.sections["MA"]
    actor = Actor("mo", "Mo")
    hooks = replace(state.hooks, permission_check=lambda *asked: True)
    now = state.clock()

    def decide(section: Any) -> Any:
        def work(uow: Any) -> Any:
            return decisions.decide(
                uow.session, hooks, actor, state.keyring, section, {"signature": ours}, "reject", None, now=now
            )

        return run(host.app, work)

    assert decide(ma)[0].done == 0
    assert read(host.app, lambda session: queue.page_of(session, hooks, actor, state.keyring, ma, Filters())).rows == []
    (done,) = decide(au)
    with pytest.raises(NotFound):
        run(host.app, lambda uow: decisions.undo(uow.session, hooks, actor, state.keyring, ma, done.batch_id, now=now))
    with pytest.raises(PermissionDenied):
        run(host.app, lambda uow: decisions.undo(uow.session, hooks, None, state.keyring, au, done.batch_id, now=now))


def test_who_may_only_look_has_no_buttons(desk: Host, staff: Make) -> None:
    (number,) = hold(desk, 1)
    eve = staff("eve", may="view_queue")
    text = eve.get(QUEUE).get_data(as_text=True)
    assert "Sam Sample1" in text
    assert "Approve" not in text
    data = {"items": items([number]), "decision": "approve"}
    assert eve.post("/au/moderation/decisions", data, page=QUEUE).status_code == 403


@every_database
def test_two_moderators_at_once_never_decide_twice(desk: Host) -> None:
    ids = hold(desk, 12, state="confirmed")
    state = get_state(desk.app)
    section = state.sections["AU"]
    hooks = replace(state.hooks, permission_check=lambda *asked: True)
    ready = threading.Barrier(4)
    results: list[tuple[str, decisions.Decided]] = []

    def work(name: str, act: str) -> None:
        actor = Actor(name, name)
        ready.wait()
        for start in (0, 4, 8):

            def press(uow: Any, some: list[int] = ids[start : start + 4]) -> list[decisions.Decided]:
                return decisions.decide(
                    uow.session, hooks, actor, state.keyring, section, {"signature": some}, act, None,
                    now=state.clock(),
                )  # fmt: skip

            (done,) = run(desk.app, press)
            results.append((act, done))

    threads = [threading.Thread(target=work, args=(f"m{number}", decisions.ACTS[number % 2])) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    assert sum(done.done for _, done in results) == 12
    assert sum(done.already for _, done in results) == 36
    approved = sum(done.done for act, done in results if act == "approve")
    now = states(desk)
    assert not any(held for _, _, held in now)
    assert sum(state == "confirmed" for _, state, _ in now) == approved == counted(desk)
    assert len(desk.rows("SELECT item_id FROM w4r_batch_row")) == 12
    assert sum(count for *_, count in logged(desk)) == 12


def test_an_opt_in_that_waited_is_handed_on(make_host: MakeHost) -> None:
    """Where signatures count without a mail, a held one's newsletter opt-in goes out when it is released."""
    handed: list[str] = []
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)
    w4r.subscriber_sink(lambda subscriber: handed.append(subscriber.email))
    site = make_host(w4r=w4r, section={"preset": "AU", "url_prefix": "/au", "confirmation": "none"})
    make_campaign(site.app)
    sign(site.app.test_client(), "/au", "ann-example", newsletter="yes")
    run_jobs(site.app)
    assert handed == []
    mo = Staff(site.app.test_client(), "mo", ALL, None)
    number = site.rows("SELECT id FROM w4r_signature WHERE held_at IS NOT NULL")[0][0]
    assert (
        mo.post("/au/moderation/decisions", {"items": f"signature:{number}", "decision": "approve"}).status_code == 303
    )
    run_jobs(site.app)
    assert handed == ["sam1@example.org"]


def test_staff_whose_browser_refuses_cookies_are_told_why_nothing_happens(desk: Host) -> None:
    """A host may know its staff by a header or a certificate; our token still needs a session."""
    ids = hold(desk, 1)
    mo = Staff(desk.app.test_client(use_cookies=False), "mo", ALL, None)
    for _ in range(2):
        answer = mo.post("/au/moderation/decisions", {"items": items(ids), "decision": "reject", "reason": "Bots"})
        assert answer.status_code == 422
        assert "allow cookies for this site" in answer.text
    assert states(desk)[0][1:] == ("pending", True)
