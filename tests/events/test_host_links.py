"""Links of hosts that were lost, that came too late, and what the mails say of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.testing import form_fields, submit
from tests.conftest import every_database
from tests.events.test_resubmitted import decide
from tests.events.walks import Site, edit, next_change


def ask(site: Site, email: str) -> Any:
    client = site.host.app.test_client()
    page = client.get("/au/host/lost")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    return submit(client, page, "host_email", host_email=email)


@every_database
def test_a_lost_link_comes_again_to_who_hosts_and_to_nobody_else(site: Site) -> None:
    site.hosted()
    old = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    before = len(site.host.mailer.messages)
    answers = [ask(site, email) for email in ("stranger@example.org", "SAM@example.org", "sam@example.org")]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)}
    assert "example.org" not in answers[0].location
    page = site.host.app.test_client().get(answers[0].location)
    assert "If we can, we will send you an email." in page.text
    site.jobs()
    assert site.subjects(before) == ["Your link to: Letters at the library"], "asked twice, mailed once"
    assert site.client.get(old).status_code == 200, "a stranger who asks ends no link"
    assert site.enter().status_code == 303


def test_who_never_proved_the_address_or_whose_event_is_long_over_gets_none(site: Site) -> None:
    assert site.post().status_code == 303
    site.jobs()
    before = len(site.host.mailer.messages)
    assert ask(site, "sam@example.org").status_code == 303
    site.jobs()
    assert site.subjects(before) == []
    assert site.enter().status_code == 303
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_event SET ends_at = '2026-01-01 00:00:00', starts_at = ends_at")
    assert ask(site, "sam@example.org").status_code == 303
    site.jobs()
    assert site.subjects(before) == []


def test_what_is_no_address_is_said_and_kept(site: Site) -> None:
    answer = ask(site, "sam at example")
    assert answer.status_code == 422
    assert "has an @ in it" in answer.text
    assert 'value="sam at example"' in answer.text
    answer = site.client.post("/au/host/lost", data={"host_email": "sam@example.org"})
    assert answer.status_code == 422
    assert 'value="sam@example.org"' in answer.text


@pytest.mark.parametrize("path", ["/au/host", "/au/host/made-up"])
def test_who_cannot_come_in_learns_how(site: Site, path: str) -> None:
    assert "/au/host/lost" in site.client.get(path).text


def test_a_button_pressed_too_late_says_what_to_do(site: Site) -> None:
    assert site.post().status_code == 303
    site.jobs()
    link = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_token SET expires_at = created_at")
    page = site.client.get(link)
    assert page.status_code == 410
    assert "30 days after it" not in page.text
    assert "Please submit it again." in page.text
    assert "/au/events/new" in page.text


def test_the_mail_of_a_second_event_does_not_say_that_the_first_link_ended(site: Site) -> None:
    site.hosted()
    first = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    assert submit(site.client, site.client.get("/au/host/duplicate"), "csrf_token").status_code == 303
    site.jobs()
    words = site.host.mailer.messages[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "have been deactivated" not in words
    assert site.client.get(first).status_code == 200


def test_an_event_in_the_hour_that_comes_twice_is_changed_without_asking_again(site: Site) -> None:
    day = next_change("Australia/Sydney", site.state.clock(), back=True).strftime("%Y-%m-%d")
    site.hosted(starts_at=f"{day}T02:30", ends_at=f"{day}T06:00", starts_which="second")
    before = site.event()
    _, fields = form_fields(site.client.get("/au/host/edit"), "starts_at")
    assert fields["starts_which"] == ["second"]
    assert "done=edited" in edit(site, capacity="20").location
    after = site.event()
    assert (after.starts_at, after.sequence, after.capacity) == (before.starts_at, before.sequence, 20)
    assert "done=edited" in edit(site, starts_which="first").location
    assert site.event().starts_at == before.starts_at - timedelta(hours=1)


def test_who_is_told_no_can_send_it_again_by_the_link_in_that_mail(site: Site) -> None:
    assert site.post().status_code == 303
    site.jobs()
    assert site.enter().status_code == 303
    assert decide(site, "reject") == "rejected"
    site.jobs()
    site.client.delete_cookie("session")
    assert site.client.get("/au/host").status_code == 403
    assert site.enter().status_code == 303
    assert "done=submitted" in edit(site, description="Bring two pens.").location
    assert decide(site, "approve") == "published"


def test_a_zone_that_is_not_in_the_list_is_kept(site: Site) -> None:
    site.hosted(time_zone="Europe/Paris")
    before = site.event()
    assert "done=edited" in edit(site, capacity="20").location
    assert (site.event().time_zone, site.event().starts_at) == ("Europe/Paris", before.starts_at)


def test_a_message_to_nobody_says_so(site: Site) -> None:
    site.hosted()
    answer = submit(site.client, site.client.get("/au/host/message"), "csrf_token", text="Bring pens", to="going")
    assert answer.status_code == 422
    assert "No one yet." in answer.text
    assert "Bring pens" in answer.text
