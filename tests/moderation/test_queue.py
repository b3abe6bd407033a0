"""The queue: what is in it and why, decisions through its forms, never twice, and taken back as one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r import W4R
from flask_w4r.config import DEFAULT_SCORING
from flask_w4r.errors import NotFound, PermissionDenied
from flask_w4r.models import Signature
from flask_w4r.models.moderation import RULE_KINDS
from flask_w4r.services.moderation import decisions, queue
from flask_w4r.services.moderation.filters import Filters, NetworkMark, Place, parse_filters
from flask_w4r.services.moderation.reasons import REASON_WORDS, reason_lines
from flask_w4r.services.people.networks import day_secret, network_hashes, network_tiers
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import Actor, get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, make_signatures, run_jobs, sign
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

QUEUE = "/au/moderation/queue"
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WHY = [{"check": "disposable_domain", "score": 50, "hold": True}, {"check": "too_fast", "score": 20, "hold": False}]
Make = Callable[..., Staff]


def hold(desk: Host, count: int = 3, **columns: Any) -> list[int]:
    """Held signatures, a minute apart."""
    values = {"held_at": lambda number: START + timedelta(minutes=number), "reasons": WHY, "score": 70, **columns}
    return make_signatures(desk.app, "ann-example", count, section="AU", **values)


def items(ids: list[int]) -> list[str]:
    return [f"signature:{number}" for number in ids]


def states(desk: Host) -> list[tuple[int, str, bool]]:
    sql = "SELECT id, state, held_at IS NOT NULL FROM w4r_signature ORDER BY id"
    return [(row[0], row[1], bool(row[2])) for row in desk.rows(sql)]


def counted(desk: Host) -> int:
    sql = "SELECT COALESCE(SUM(count), 0) FROM w4r_tally WHERE action_type = 'petition_signature'"
    return int(desk.rows(sql)[0][0])


def logged(desk: Host) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in desk.rows("SELECT action, actor_id, count FROM w4r_audit ORDER BY seq")]


def test_a_row_says_who_and_why(desk: Host, staff: Make) -> None:
    hold(desk, 1, state="confirmed", mail_domain="mailinator.com")
    page = staff().get(QUEUE)
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert "Sam Sample1" in text
    assert "m…@e….org" in text
    assert "made-up-1@example.org" not in text
    assert "A throw-away mailbox" in text
    assert "+50</bdi>, holds" in text
    assert "Sent sooner than a person types" in text
    assert "Score 70; from 50 it is held" in text
    assert "1 waits" in text


def test_an_empty_queue_says_so(desk: Host, staff: Make) -> None:
    assert "Nothing waits" in staff().get(QUEUE).get_data(as_text=True)
    assert "Nothing that waits is like this" in staff().get(f"{QUEUE}?state=pending").get_data(as_text=True)


def test_every_check_has_words() -> None:
    scored = set(DEFAULT_SCORING) - {"hold_at"}
    ruled = {f"rule_{kind}" for kind in RULE_KINDS}
    assert (scored | ruled) - set(REASON_WORDS) == set()
    (line,) = reason_lines([{"check": "of_the_host", "score": 3, "hold": False, "detail": {"count": 41, "who": "x"}}])
    assert (line.words, line.detail) == ("of_the_host", "counted: 41")


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
    assert (found["done"], found["already"], found["message"], found["waits"]) == (2, 0, "2 rejected.", "1 waits")
    back = mo.client.post(found["undo"], data={"csrf_token": fields["csrf_token"]}, headers=headers).get_json()
    assert back == {"restored": 2, "message": "2 put back as they were."}
    again = mo.client.post(found["undo"], data={"csrf_token": fields["csrf_token"]}, headers=headers).get_json()
    assert again == {"restored": 0, "message": "This was taken back already."}
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
        assert "4 put back as they were." in mo.get(answer.location).get_data(as_text=True)
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
    assert "1 was left alone" in mo.get(answer.location).get_data(as_text=True)
    assert states(desk) == [(ids[0], "erased", False), (ids[1], "pending", True)]


def test_what_somebody_else_decided_stands(desk: Host, staff: Make) -> None:
    ids = hold(desk, 3, state="confirmed")
    staff("eve").post("/au/moderation/decisions", {"items": items(ids[:2]), "decision": "approve"}, page=QUEUE)
    mo = staff("mo")
    answer = mo.post("/au/moderation/decisions", {"items": items(ids), "decision": "reject"}, page=QUEUE)
    said = mo.get(answer.location).get_data(as_text=True)
    assert "1 rejected." in said
    assert "2 were not waiting any more" in said
    assert [state for _, state, _ in states(desk)] == ["confirmed", "confirmed", "invalid"]
    assert counted(desk) == 2
    before = logged(desk)
    answer = mo.post("/au/moderation/decisions", {"items": items(ids), "decision": "reject"}, page=QUEUE)
    assert "3 were not waiting any more" in mo.get(answer.location).get_data(as_text=True)
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


@pytest.mark.parametrize("may", ["", "decide", "invalidate"])
def test_the_service_asks_too(desk: Host, may: str) -> None:
    state = get_state(desk.app)
    section = state.sections["AU"]
    with desk.app.test_request_context(headers={"X-May": may}):
        for actor in (None, Actor("mo", "Mo")):
            with pytest.raises(PermissionDenied):
                read(
                    desk.app,
                    lambda session, actor=actor: queue.page_of(
                        session, state.hooks, actor, state.keyring, section, Filters()
                    ),
                )


def test_who_may_only_look_has_no_buttons(desk: Host, staff: Make) -> None:
    (number,) = hold(desk, 1)
    eve = staff("eve", may="view_queue")
    text = eve.get(QUEUE).get_data(as_text=True)
    assert "Sam Sample1" in text
    assert "Approve" not in text
    data = {"items": items([number]), "decision": "approve"}
    assert eve.post("/au/moderation/decisions", data, page=QUEUE).status_code == 403


@every_database
@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_pages_show_each_row_once_whatever_happens_between(desk: Host, order: str) -> None:
    # Many at the same moment, as an import or one transaction leaves them.
    ids = hold(desk, 13, held_at=lambda number: START + timedelta(minutes=number // 4))
    state = get_state(desk.app)
    section, actor = state.sections["AU"], Actor("mo", "Mo")
    seen: list[int] = []
    cursor: str | None = None
    with desk.app.test_request_context(headers={"X-May": "view_queue,decide"}):
        while True:
            page = read(
                desk.app,
                lambda session, cursor=cursor: queue.page_of(
                    session, state.hooks, actor, state.keyring, section, Filters(order=order), cursor, size=4
                ),
            )
            seen += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break

            def approve(uow: Any, number: int = page.rows[0].id) -> Any:
                return decisions.decide(
                    uow.session, state.hooks, actor, state.keyring, section, {"signature": [number]}, "approve", None,
                    now=state.clock(),
                )  # fmt: skip

            run(desk.app, approve)
    assert seen == (ids if order == "oldest" else ids[::-1])


def test_the_count_stops_at_two_hundred(desk: Host, staff: Make) -> None:
    hold(desk, 201)
    page = staff().get(QUEUE).get_data(as_text=True)
    assert "More than 200 wait" in page
    assert page.count("data-item=") == queue.PAGE_SIZE
    assert "Next page" in page


def test_filters(desk: Host, staff: Make) -> None:
    state = get_state(desk.app)
    day = START.date()
    secret = run(desk.app, lambda uow: day_secret(uow.session, state.keyring, day))
    host, site, block = network_hashes(secret, network_tiers("192.0.2.7"))
    odd = hold(
        desk, 1, first_name="Odd", state="confirmed", score=90, held_for="honeypot", captcha="missing",
        mail_domain="mailinator.com", held_at=START + timedelta(days=1), net_day=day, net_host=host, net_site=site,
        net_block=block,
    )  # fmt: skip
    hold(desk, 2, email=lambda number: f"plain-{number}@example.org")
    mark = NetworkMark(day, "site", site)
    assert len(odd) == 1
    # Sydney is eleven hours ahead in November.
    for query, shown in {
        "state=confirmed": True, "state=pending": False, "held_for=honeypot": True, "held_for=too_fast": False,
        "mail_domain=Mailinator.com": True, "score=80": True, "score=91": False, "captcha=missing": True,
        "since=2026-11-21T18:59": True, "since=2026-11-21T19:01": False, "until=2026-11-21T19:01": True,
        "until=2026-11-21T19:00": False, f"net={mark}": True, f"net={day}/host/{site.hex()}": False,
        "case=ann-example": True, "case=nobody": False, "since=2026-11-21T08:00Z": True,
    }.items():  # fmt: skip
        text = staff().get(f"{QUEUE}?{query}").get_data(as_text=True)
        assert ("Odd Sample1" in text) is shown, query
        assert "this cannot be understood" not in text
    assert staff().get(f"{QUEUE}?net={mark}").get_data(as_text=True).count("data-item=") == 1
    assert f"net={day}/host/{host.hex()}".replace("/", "%2F") in staff().get(QUEUE).get_data(as_text=True).replace(
        f"{day}/host/", f"{day}%2Fhost%2F"
    )


@pytest.mark.parametrize(
    "query",
    ["state=erased", "score=-1", "score=x", "since=yesterday", "net=2026-13-40/host/" + "0" * 64, "net=x",
     "case=%00", "mail_domain=%27", "captcha=z", "held_for=A%20B", "order=x", "since=0001-01-01T00:00"],
)  # fmt: skip
def test_what_is_no_filter_is_left_out_and_said(desk: Host, staff: Make, query: str) -> None:
    hold(desk, 1)
    page = staff().get(f"{QUEUE}?{query}")
    assert page.status_code == 200
    assert "this cannot be understood" in page.get_data(as_text=True)
    assert "Sam Sample1" in page.get_data(as_text=True)


@pytest.mark.parametrize("cursor", ["x", "%00", "MjAyNi0xMS0yMSA1", "*" * 500])
def test_no_cursor_is_the_first_page(desk: Host, staff: Make, cursor: str) -> None:
    hold(desk, 1)
    assert "Sam Sample1" in staff().get(f"{QUEUE}?after={cursor}").get_data(as_text=True)


def test_filters_and_places_travel() -> None:
    given = {"case": "ann-example", "since": "2026-11-21T19:00", "score": "5", "order": "newest"}
    filters, bad = parse_filters(given, "Australia/Sydney")
    assert bad == []
    assert filters.query("Australia/Sydney") == given
    place = Place(START, 17)
    assert Place.parse(str(place)) == place


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
