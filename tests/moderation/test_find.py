"""Finding an address: exact, with a reason, limited, logged without the address, and in no URL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import Staff, check_permission, load_actor

FIND = "/au/moderation/find"
ASKED = {"address": "made-up-1@example.org", "why": "complaint"}
Make = Callable[..., Staff]


def logged(desk: Host) -> list[Any]:
    return desk.rows("SELECT action, actor_id, subject, count, changes FROM w4r_audit ORDER BY seq")


@every_database
def test_an_address_is_found_and_the_question_logged(desk: Host, staff: Make) -> None:
    make_signatures(desk.app, "ann-example", 1, state="confirmed", held_at=datetime(2026, 11, 20, tzinfo=UTC))
    answer = staff().post(FIND, ASKED, page=FIND)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "1 signature with this address" in text
    assert "Ann Example" in text
    assert "Held" in text
    assert "Sam" not in text, "that they signed was asked, not who they are"
    ((action, actor, subject, count, changes),) = logged(desk)
    assert (action, actor, subject, count) == ("address_sought", "mo", "address", 1)
    assert "complaint" in str(changes)
    assert "made-up" not in str(changes)


def test_who_did_not_sign_is_not_found_and_that_is_logged_too(desk: Host, staff: Make) -> None:
    make_signatures(desk.app, "ann-example", 1)
    answer = staff().post(FIND, {**ASKED, "address": "made-up-2@example.org"}, page=FIND)
    assert "No signatures with this address" in answer.get_data(as_text=True)
    assert [row[3] for row in logged(desk)] == [0]


@pytest.mark.parametrize("change", [{"address": ""}, {"address": "made-up-%"}, {"why": ""}, {"why": "curious"}])
def test_half_a_question_comes_back_as_typed(desk: Host, staff: Make, change: dict[str, str]) -> None:
    asked = {**ASKED, **change}
    answer = staff().post(FIND, asked, page=FIND)
    _, fields = form_fields(answer, "address")
    assert answer.status_code == 422
    assert "There is a problem" in answer.get_data(as_text=True)
    assert fields["address"] == [asked["address"]]
    assert logged(desk) == []


def test_nothing_is_asked_by_url_or_without_a_token(desk: Host, staff: Make) -> None:
    make_signatures(desk.app, "ann-example", 1)
    mo = staff()
    asked = mo.get(f"{FIND}?address=made-up-1@example.org&why=complaint").get_data(as_text=True)
    assert "with this address" not in asked
    assert "made-up" not in asked
    answer = mo.client.post(FIND, data=ASKED, headers=mo.headers)
    assert answer.status_code == 422
    assert "with this address" not in answer.get_data(as_text=True)
    assert logged(desk) == []


def test_it_needs_its_own_permission(desk: Host, staff: Make) -> None:
    eve = staff("eve", may="view_queue,decide,invalidate,export,read_audit")
    assert eve.get(FIND).status_code == 403
    assert eve.post(FIND, ASKED, page="/au/moderation/queue").status_code == 403
    assert "Find an address" not in eve.get("/au/moderation/queue").get_data(as_text=True)


def test_each_may_ask_so_often(make_host: MakeHost) -> None:
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)
    host = make_host(w4r=w4r, rate_limits={"desk_find": "2/hour"})
    make_campaign(host.app)
    mo = Staff(host.app.test_client(), "mo", "view_queue,find_person", None)
    assert [mo.post(FIND, ASKED, page=FIND).status_code for _ in range(3)] == [200, 200, 429]
    eve = Staff(host.app.test_client(), "eve", "view_queue,find_person", None)
    assert eve.post(FIND, ASKED, page=FIND).status_code == 200
    assert len(logged(host)) == 3


def test_everything_is_shown_and_erased_for_who_wrote_by_post(desk: Host, staff: Make) -> None:
    make_signatures(desk.app, "ann-example", 1, state="confirmed")
    asked = {**ASKED, "why": "asked_by_person"}
    who = staff()
    shown = who.post(FIND, {**asked, "act": "show"}, page=FIND)
    assert "Everything that is held" in shown.text
    assert "Sam" in shown.text
    unsure = who.post(FIND, {**asked, "act": "erase"}, page=FIND)
    assert (unsure.status_code, "Tick the box to confirm" in unsure.text) == (422, True)
    done = who.post(FIND, {**asked, "act": "erase", "sure": "yes"}, page=FIND)
    assert "has been erased: 1 record." in done.text
    assert desk.rows("SELECT state, person FROM w4r_signature") == [("erased", None)]
    assert [row[0] for row in logged(desk)] == ["person_shown", "person_erased"]
    assert "made-up" not in str(logged(desk))


def test_the_command_shows_and_erases(desk: Host) -> None:
    make_signatures(desk.app, "ann-example", 1, state="confirmed")
    shown = json.loads(desk.run("w4r", "person", "show", "made-up-1@example.org").output)
    assert [one["case"] for one in shown["signatures"]] == ["ann-example"]
    done = json.loads(desk.run("w4r", "person", "erase", "made-up-1@example.org", "--yes", "--json").output)
    assert done["erased"]["signatures"] == 1
    assert json.loads(desk.run("w4r", "person", "show", "made-up-1@example.org").output)["signatures"] == []
    bad = desk.app.test_cli_runner().invoke(args=["w4r", "person", "erase", "nonsense", "--yes"])
    assert (bad.exit_code, "not an email address" in bad.output) == (2, True)
    assert [row[0] for row in logged(desk)] == ["person_shown", "person_erased", "person_shown"]
