"""Events and reports at the desk: decided in the queue, once; asked, hidden, verified; counted once, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from flask_w4r.models import Case, Report, Rsvp
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.signals import event_published
from flask_w4r.state import get_state
from flask_w4r.testing import make_events, run_jobs
from tests.conftest import Host, every_database
from tests.moderation.conftest import Staff

QUEUE = "/au/moderation/queue"
DECISIONS = "/au/moderation/decisions"
STREET = "17 Hidden Lane"
Make = Callable[..., Staff]


def make_event(host: Host, number: int = 1, **columns: Any) -> int:
    """An event at somebody's home that waits for the desk, of a host who proved their address."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "slug": f"letters-{number}", "uid": f"uid-{number}", "title": f"Letters number {number}", "kind": "private",
        "visibility": "approval", "state": "submitted", "held_at": now + timedelta(seconds=number),
        "published_at": None, "town": "Hobart", "capacity": 10, "address": STREET, "host_name": "Sam Host",
        "host_email": "sam@example.org", **columns,
    }  # fmt: skip
    return make_events(host.app, 1, section="AU", cases=["ann-example"], **values)[0]


def make_report(host: Host, event: int, letters: int = 120) -> int:
    now = datetime.now(UTC)

    def work(uow: UnitOfWork) -> int:
        case = uow.session.scalars(select(Case.id).where(Case.section == "AU")).one()
        report = Report(
            section="AU", role="host", event_id=event, hosted_id=event, source="self_reported", status="interim",
            is_counted=False, reasons=[], state="submitted", people=14, held_at=now, created_at=now, updated_at=now,
            counts={str(case): {"letter": letters, "card": 3}, "999": {"letter": 1}},
        )  # fmt: skip
        uow.session.add(report)
        uow.session.flush()
        return report.id

    return run(host.app, work)


def rows(host: Host, table: str = "w4r_event") -> list[tuple[str, bool]]:
    found = host.rows(f"SELECT state, held_at IS NOT NULL FROM {table} ORDER BY id")
    return [(row[0], bool(row[1])) for row in found]


def subjects(host: Host) -> list[str]:
    run_jobs(host.app)
    return [str(message["Subject"]) for message in host.mailer.messages]


def counted(host: Host) -> dict[str, int]:
    found = host.rows("SELECT action_type, SUM(count) FROM w4r_tally GROUP BY action_type ORDER BY action_type")
    return {row[0]: int(row[1]) for row in found if row[1]}


def logged(host: Host) -> list[str]:
    return [row[0] for row in host.rows("SELECT action FROM w4r_audit ORDER BY seq")]


def test_the_queue_shows_an_event_without_its_street(desk: Host, staff: Make) -> None:
    number = make_event(desk, reasons=[{"check": "address_in_text", "score": 0, "hold": True}])
    page = staff().get(f"{QUEUE}?kind=event").text
    for words in ("1 waiting", "Letters number 1", "Bring a pen.", "Sam Host", "Ann Example", "may reveal an address"):
        assert words in page
    assert f'value="event:{number}"' in page
    assert STREET not in page
    assert "sam@example.org" not in page
    assert "Letters number 1" not in staff().get(QUEUE).text
    own = staff().get(f"/au/moderation/events/{number}").text
    assert STREET in own
    assert "sam@example.org" not in own


@every_database
def test_approve_publishes_mails_the_host_and_can_be_taken_back(desk: Host, staff: Make) -> None:
    first, second = make_event(desk), make_event(desk, 2)
    told: list[Any] = []

    def listen(sender: Any, **ids: Any) -> None:
        told.append(ids)

    mo = staff()
    with event_published.connected_to(listen):
        answer = mo.post(DECISIONS, {"items": [f"event:{first}"], "decision": "approve", "kind": "event"}, page=QUEUE)
        late = mo.post(DECISIONS, {"items": [f"event:{first}"], "decision": "approve", "kind": "event"}, page=QUEUE)
    assert answer.status_code == 303
    assert "kind=event" in answer.location
    assert "already=1" in late.location
    assert rows(desk) == [("published", False), ("submitted", True)]
    assert told == [{"section": "AU", "event_id": first}]
    assert subjects(desk) == ["Your event is published: Letters number 1"]
    assert logged(desk) == ["queue_approved"]
    assert desk.app.test_client().get("/au/events/letters-1").status_code == 200
    assert STREET not in desk.app.test_client().get("/au/events/letters-1").text
    batch = desk.rows("SELECT MAX(id) FROM w4r_batch")[0][0]
    assert mo.post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE).status_code == 303
    assert rows(desk) == [("submitted", True), ("submitted", True)]
    assert desk.rows("SELECT COUNT(*) FROM w4r_event WHERE published_at IS NOT NULL")[0][0] == 0
    assert desk.app.test_client().get("/au/events/letters-1").status_code == 404
    mo.post(DECISIONS, {"items": [f"event:{first}", f"event:{second}"], "decision": "approve"}, page=QUEUE)
    assert rows(desk) == [("published", False)] * 2
    assert len(subjects(desk)) == 3


def test_reject_says_why_to_the_host(desk: Host, staff: Make) -> None:
    number = make_event(desk)
    mo = staff()
    silent = mo.post(DECISIONS, {"one": f"reject event:{number}", "kind": "event"}, page=QUEUE)
    assert (silent.status_code, "it is emailed to the host" in silent.text) == (422, True)
    assert rows(desk) == [("submitted", True)]
    data = {"one": f"reject event:{number}", "kind": "event", "reason": "Please name a venue."}
    assert mo.post(DECISIONS, data, page=QUEUE).status_code == 303
    assert rows(desk) == [("rejected", False)]
    assert subjects(desk) == ["Your event was not published: Letters number 1"]
    assert "Please name a venue." in desk.mailer.messages[0].get_body(("plain",)).get_content()
    assert "Please name" not in str(desk.rows("SELECT changes FROM w4r_audit"))


def test_a_question_is_mailed_and_the_event_waits_on(desk: Host, staff: Make) -> None:
    number = make_event(desk)
    mo, url = staff(), f"/au/moderation/events/{number}"
    assert mo.post(f"{url}/question", {"question": " "}, page=url).status_code == 422
    for words in ("Is the door wide?", "Is the door wide?"):
        answer = mo.post(f"{url}/question", {"question": words}, page=url)
        assert "on its way" in mo.get(answer.location).text
    assert rows(desk) == [("submitted", True)]
    assert subjects(desk) == ["A question about your event: Letters number 1"] * 2
    assert "Is the door wide?" in desk.mailer.messages[0].get_body(("plain",)).get_content()
    mo.post(DECISIONS, {"one": f"approve event:{number}"}, page=QUEUE)
    answer = mo.post(f"{url}/question", {"question": "Too late?"}, page=url)
    assert "changed in the meantime" in mo.get(answer.location).text
    assert logged(desk) == ["event_asked", "event_asked", "queue_approved"]


@pytest.mark.parametrize(
    ("state", "after"),
    [("published", ("submitted", True)), ("over", ("submitted", True)), ("cancelled", ("rejected", False))],
)
def test_hiding_takes_an_event_off_every_page(desk: Host, staff: Make, state: str, after: tuple[str, bool]) -> None:
    number = make_event(desk, state=state, held_at=None, kind="public", published_at=datetime.now(UTC))
    client, mo, url = desk.app.test_client(), staff(), f"/au/moderation/events/{number}"
    assert client.get("/au/events/letters-1").status_code == 200
    answer = mo.post(f"{url}/hide", page=url)
    assert "removed from every page" in mo.get(answer.location).text
    assert rows(desk) == [after]
    assert client.get("/au/events/letters-1").status_code == 404
    for path in ("/au/events", "/au/events.geojson", "/au/events.ics", "/au/events.atom", "/au/events/letters-1.ics"):
        assert "Letters number" not in client.get(path).text, path
    again = mo.post(f"{url}/hide", page=url)
    assert "changed in the meantime" in mo.get(again.location).text
    assert (logged(desk), subjects(desk)) == (["event_hidden"], [])


def test_an_event_that_was_public_is_cancelled_for_its_guests_when_rejected(desk: Host, staff: Make) -> None:
    number = make_event(desk, published_at=datetime.now(UTC))
    keyring, now = get_state(desk.app).keyring, datetime.now(UTC)

    def work(uow: UnitOfWork) -> None:
        uow.session.add(
            Rsvp(
                section="AU", event_id=number, state="going", email_index=b"1" * 32, party_size=2, seats_held=0,
                person=keyring.seal_json({"name": "Gil", "email": "gil@example.org"}), locale="en", reminded=[],
                reasons=[], confirmed_at=now, created_at=now, updated_at=now,
            )
        )  # fmt: skip

    run(desk.app, work)
    staff().post(DECISIONS, {"one": f"reject event:{number}", "reason": "No."}, page=QUEUE)
    assert rows(desk) == [("cancelled", False)]
    assert {message["To"] for message in desk.mailer.messages} == set()
    assert len(subjects(desk)) == 2
    assert {message["To"] for message in desk.mailer.messages} == {"sam@example.org", "gil@example.org"}


def test_the_page_says_whether_the_host_is_known(desk: Host, staff: Make) -> None:
    number = make_event(desk, state="published", held_at=None, kind="public")
    mo, url, client = staff(), f"/au/moderation/events/{number}", desk.app.test_client()
    assert "has not verified this host" in client.get("/au/events/letters-1").text
    assert mo.post(f"{url}/host", {"verified": "y"}, page=url).status_code == 303
    assert "knows this host" in client.get("/au/events/letters-1").text
    mo.post(f"{url}/host", {"verified": "y"}, page=url)
    mo.post(f"{url}/host", {"verified": "n"}, page=url)
    assert "has not verified this host" in client.get("/au/events/letters-1").text
    assert logged(desk) == ["event_host", "event_host"]


def test_a_held_guest_is_let_come(desk: Host, staff: Make) -> None:
    number = make_event(desk, state="published", held_at=None, waiting=0)
    keyring, now = get_state(desk.app).keyring, datetime.now(UTC)

    def work(uow: UnitOfWork) -> int:
        guest = Rsvp(
            section="AU", event_id=number, state="waitlisted", email_index=b"1" * 32, party_size=2, seats_held=0,
            person=keyring.seal_json({"name": "Gil Guest", "email": "gil@example.org"}), locale="en", reminded=[],
            reasons=[{"check": "name_link", "score": 50, "hold": True}], confirmed_at=now, waitlisted_at=now,
            held_at=now, created_at=now, updated_at=now,
        )  # fmt: skip
        uow.session.add(guest)
        uow.session.flush()
        return guest.id

    guest = run(desk.app, work)
    mo, url = staff(), f"/au/moderation/events/{number}"
    page = mo.get(url).text
    assert "Gil Guest" in page
    assert "gil@example.org" not in page
    assert mo.post(f"{url}/guest", {"guest": "x"}, page=url).status_code == 422
    mo.post(f"{url}/guest", {"guest": guest}, page=url)
    assert [tuple(row) for row in desk.rows("SELECT state, seats_held FROM w4r_rsvp")] == [("offered", 2)]
    assert "Gil Guest" not in mo.get(url).text
    assert logged(desk) == ["guest_released"]


@every_database
def test_a_report_counts_once_and_not_at_all_when_taken_back(desk: Host, staff: Make) -> None:
    report = make_report(desk, make_event(desk, state="over", held_at=None))
    mo = staff()
    assert "Letters 120, Cards 3" in " ".join(mo.get(f"{QUEUE}?kind=report").text.split())
    assert counted(desk) == {}
    for _ in range(2):
        mo.post(DECISIONS, {"items": [f"report:{report}"], "decision": "approve", "kind": "report"}, page=QUEUE)
        assert counted(desk) == {"letter": 120, "card": 3}
    found = desk.app.test_client().get("/au/cases/ann-example/tally.json").get_json()
    assert (found["actions"]["letter"], found["total"]) == (120, 123)
    desk.run("w4r", "tally", "recount")
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE w4r_tally SET count = count + 5 WHERE action_type = 'letter'"))
    desk.run("w4r", "tally", "recount", "--fix")
    assert counted(desk) == {"letter": 120, "card": 3}
    batch = desk.rows("SELECT MAX(id) FROM w4r_batch")[0][0]
    for _ in range(2):
        mo.post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
        assert counted(desk) == {}
    assert rows(desk, "w4r_report") == [("submitted", True)]
    mo.post(DECISIONS, {"items": [f"report:{report}"], "decision": "reject"}, page=QUEUE)
    assert (counted(desk), rows(desk, "w4r_report")) == ({}, [("rejected", False)])


def test_events_of_another_section_are_out_of_reach(desk: Host, staff: Make) -> None:
    number = make_event(desk)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE w4r_event SET section = 'NZ'"))
    mo, url = staff(), f"/au/moderation/events/{number}"
    assert mo.get(url).status_code == 404
    for act in ("hide", "host", "question", "guest"):
        data = {"verified": "y", "question": "Why?", "guest": "1"}
        assert mo.post(f"{url}/{act}", data).status_code == 404
    mo.post(DECISIONS, {"items": [f"event:{number}"], "decision": "approve"}, page=QUEUE)
    assert rows(desk) == [("submitted", True)]


def test_the_list_finds_by_title_town_and_state(desk: Host, staff: Make) -> None:
    make_event(desk)
    make_event(desk, 2, state="published", held_at=None, town="Perth")
    make_event(desk, 3, state="unconfirmed", held_at=None)
    mo, url = staff(), "/au/moderation/events"
    page = mo.get(url).text
    assert "number 1" in page
    assert "number 2" in page
    assert "number 3" not in page
    assert "1 event waiting" in page
    assert "number 2" not in mo.get(f"{url}?text=hob").text
    assert "number 1" not in mo.get(f"{url}?state=published").text
    assert "No matching events" in mo.get(f"{url}?text=100%25").text
