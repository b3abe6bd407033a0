"""Telling what was done: from the form through the mailbox and the desk into the counts, each number once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r import W4R
from flask_w4r.models import Case, Event, Report
from flask_w4r.services.campaign import codes
from flask_w4r.services.reports import hosted
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, submit
from flask_w4r.testing.events import make_events
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import Staff, check_permission, load_actor
from tests.moderation.conftest import desk as desk
from tests.moderation.conftest import staff as staff
from tests.petitions.helpers import path_of

PATH, QUEUE = "/au/report", "/au/moderation/queue?kind=report"
Make = Callable[..., Staff]
TOLD: dict[str, Any] = {
    "people": "12", "on_date": "2026-11-20", "where": "Sydney", "name": "Sam Teller", "email": "sam@example.org",
    "note": "Counted twice.", "letters": ["30"], "cards": ["4"], "emails": [""], "posts": [""],
    "signatures_on_paper": ["7"],
}  # fmt: skip


def tell(host: Host, client: Any = None, **typed: Any) -> Any:
    client = client or host.app.test_client()
    page = client.get(PATH)
    answer = submit(client, page, "form_token", **{**TOLD, **typed})
    run_jobs(host.app)
    return answer


def confirm(host: Host) -> Any:
    client = host.app.test_client()
    path = path_of(host.mailer.links("/prove/")[-1])
    page = client.get(path)
    _, fields = form_fields(page, "form_token")
    return client.post(path, data=fields)


def tally(host: Host, slug: str = "ann-example") -> dict[str, int]:
    host.app.extensions["w4r"].lazy.pop("pages", None)
    return dict(host.app.test_client().get(f"/au/cases/{slug}/tally.json").get_json()["actions"])


def reports(host: Host) -> list[Any]:
    columns = (Report.id, Report.state, Report.is_counted, Report.status, Report.people)
    return read(host.app, lambda session: list(session.execute(select(*columns).order_by(Report.id))))


def decide(person: Staff, number: int, decision: str = "approve") -> None:
    answer = person.post(
        "/au/moderation/decisions",
        {"items": [f"report:{number}"], "decision": decision, "kind": "report", "reason": "other"},
        page=QUEUE,
    )
    assert answer.status_code == 303


@every_database
def test_the_whole_way(desk: Host, staff: Make) -> None:
    answer = tell(desk)
    assert (answer.status_code, answer.location) == (303, "/au/report/thanks")
    assert "data-w4r-typed" in desk.app.test_client().get(answer.location).text, "a mistyped address can be mended"
    assert [row[1] for row in reports(desk)] == ["unconfirmed"]
    assert "Nothing that counts" not in staff().get(QUEUE).text
    assert "Sam Teller" not in staff().get(QUEUE).text, "nobody sees it before the mailbox is proved"
    assert "This is confirmed:" in confirm(desk).text
    mo = staff()
    page = mo.get(QUEUE).text
    assert "Sam Teller" in page
    assert "sam@example.org" not in page, "the address is masked"
    assert "Counted twice." in page
    assert tally(desk) == {}, "nothing counts before the desk has looked"
    decide(mo, reports(desk)[0][0])
    assert tally(desk) == {"letter": 30, "card": 4, "petition_paper": 7}
    desk.run("w4r", "tally", "recount")


def test_the_same_once_more_is_no_second_report_and_a_correction_takes_its_place(desk: Host, staff: Make) -> None:
    tell(desk)
    confirm(desk)
    tell(desk)
    assert len(reports(desk)) == 1, "a resend is dropped"
    mo = staff()
    decide(mo, reports(desk)[0][0])
    tell(desk, letters=["28"])
    confirm(desk)
    second = reports(desk)[1]
    assert tally(desk)["letter"] == 30, "the first counts until the correction is approved"
    assert "Correction" in mo.get(QUEUE).text
    decide(mo, second[0])
    assert tally(desk) == {"letter": 28, "card": 4, "petition_paper": 7}
    assert [(row[1], row[3]) for row in reports(desk)] == [("replaced", "interim"), ("approved", "corrected")]
    batch = desk.rows("SELECT id FROM w4r_batch ORDER BY id DESC")[0][0]
    mo.post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
    run_jobs(desk.app)
    assert tally(desk) == {"letter": 30, "card": 4, "petition_paper": 7}
    desk.run("w4r", "tally", "recount")


def test_a_correction_of_what_nobody_decided_on_takes_the_place_of_what_counts(desk: Host, staff: Make) -> None:
    for number, letters in enumerate(("30", "28", "25")):
        tell(desk, letters=[letters])
        confirm(desk)
        if not number:
            decide(staff(), reports(desk)[0][0])
    assert [row[1] for row in reports(desk)] == ["approved", "replaced", "submitted"]
    decide(staff(), reports(desk)[2][0])
    assert tally(desk) == {"letter": 25, "card": 4, "petition_paper": 7}
    assert [row[2] for row in reports(desk)] == [False, False, True]
    desk.run("w4r", "tally", "recount")


@every_database
def test_what_a_host_and_a_guest_tell_of_an_event_is_not_added_twice(desk: Host, staff: Make) -> None:
    begun = datetime.now(UTC) - timedelta(days=1)
    event = make_events(
        desk.app, 1, section="AU", cases=["ann-example"], slug="over", uid="over", state="over", starts_at=begun
    )[0]
    state = get_state(desk.app)
    code = codes.write(state.keyring, None, event)
    tell(desk, code=code.lower().replace("-", " "))
    confirm(desk)
    mo = staff()
    decide(mo, reports(desk)[0][0])
    assert tally(desk)["letter"] == 30

    def host_tells(work: UnitOfWork) -> None:
        case = work.session.scalars(select(Case.id)).one()
        held = work.session.get(Event, event)
        told = hosted.submit(
            work.session, state.keyring, state.sections["AU"], held, [case], 20, {case: {"letter": 50}}, "",
            now=state.clock(),
        )  # fmt: skip
        assert told == "reported"

    run(desk.app, host_tells)
    assert "what the host told counts" in mo.get(QUEUE).text
    decide(mo, reports(desk)[1][0])
    assert tally(desk) == {"letter": 50, "card": 0, "petition_paper": 0}
    assert [row[2] for row in reports(desk)] == [False, True]
    desk.run("w4r", "tally", "recount")
    batch = desk.rows("SELECT id FROM w4r_batch ORDER BY id DESC")[0][0]
    mo.post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
    run_jobs(desk.app)
    assert tally(desk)["letter"] == 30, "with the host's gone, the guest's counts again"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"people": "0"}, "Enter a whole number between 1"),
        ({"letters": ["lots"]}, "Enter a whole number"),
        ({"letters": [""], "cards": [""], "signatures_on_paper": [""]}, "for at least one person"),
        ({"on_date": "yesterday"}, "Enter a date"),
        ({"on_date": "2099-01-01"}, "still to come"),
        ({"code": "7K3M-Q2XD-90FB"}, "We do not know this code"),
        ({"email": "sam"}, "@"),
        ({"where": "x" * 121}, "no more than 120"),
    ],
)
def test_a_fault_is_named_and_what_was_typed_stays(desk: Host, typed: dict[str, Any], words: str) -> None:
    answer = tell(desk, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Sam Teller" in answer.text
    assert "Counted twice." in answer.text
    assert reports(desk) == []


def test_far_too_many_wait_with_the_reason(desk: Host, staff: Make) -> None:
    tell(desk, letters=["480"], people="12")
    confirm(desk)
    page = staff().get(QUEUE).text
    assert "Far more actions a person than usual" in page
    assert "40" in page


def test_erased_and_disowned(desk: Host, staff: Make) -> None:
    tell(desk)
    client = desk.app.test_client()
    path = path_of(desk.mailer.links("/prove/")[-1])
    _, fields = form_fields(client.get(path), "form_token")
    client.post(path, data={**fields, "not_me": "y"})
    assert reports(desk) == []
    tell(desk, email="lee@example.org")
    confirm(desk)
    decide(staff(), reports(desk)[0][0])
    desk.run("w4r", "person", "erase", "lee@example.org", "--yes")
    rows = desk.rows("SELECT note, person, email_index, digest FROM w4r_report")
    assert [tuple(row) for row in rows] == [(None, None, None, None)]
    assert tally(desk)["letter"] == 30, "numbers stay"
    desk.run("w4r", "tally", "recount")


def test_whoever_told_sees_the_numbers(desk: Host) -> None:
    tell(desk)
    client = desk.app.test_client()
    submit(client, client.get("/au/my-data"), "email", email=TOLD["email"])
    run_jobs(desk.app)
    submit(client, client.get(path_of(desk.mailer.links("/my-data/")[-1])), "form_token")
    page = client.get("/au/my-data").text
    for words in ("Ann Example", "Letters: 30 · Cards: 4 · Signatures on paper: 7", "Number of people", "Sydney"):
        assert words in page, words


def test_a_case_that_closed_is_reported_of_and_a_withdrawn_one_is_not(make_host: MakeHost) -> None:
    desk = make_host(w4r=W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission))
    make_campaign(desk.app, ["ann-example", "bo-example"])
    desk.run("w4r", "case", "status", "ann-example", "closed")
    desk.run("w4r", "case", "status", "bo-example", "withdrawn")
    page = desk.app.test_client().get(PATH).text
    assert "Ann Example" in page
    assert "Bo Example" not in page
    assert tell(desk).status_code == 303
    assert [row[1] for row in reports(desk)] == ["unconfirmed"]
