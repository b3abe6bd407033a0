"""The form to host an event and the link in its mail: what is refused, and that nothing that was typed is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.models import Event
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import form_fields, submit
from tests.conftest import every_database
from tests.events.walks import STREET, SYDNEY, Site, next_change

ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@every_database
def test_from_the_form_to_the_hosts_page(site: Site) -> None:
    answer = site.post()
    assert answer.status_code == 303
    assert site.client.get(answer.location).status_code == 200
    event = site.event()
    assert (event.state, event.held_at, event.time_zone, event.town) == (
        "unconfirmed",
        None,
        "Australia/Sydney",
        "Sydney",
    )
    assert (event.public_lat, event.public_lon) == (-33.8701, 151.2099)
    assert STREET not in str(vars(event))
    assert site.secret()["address"] == STREET
    site.jobs()
    link = site.host.mailer.links("/host/")[0]
    before = site.event()
    for _ in range(2):
        assert site.client.get(link.removeprefix("http://localhost")).status_code == 200
    assert site.event().version == before.version
    answer = site.enter(link)
    assert answer.status_code == 303
    assert answer.location.endswith("/au/host")
    assert site.event().state == "submitted"
    assert site.event().held_at is not None
    page = site.client.get("/au/host")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert STREET in page.text
    assert site.host.app.test_client().get("/au/host").status_code == 403


def test_the_link_ends_with_a_new_one_and_after_the_event(site: Site) -> None:
    site.hosted()
    old = site.host.mailer.links("/host/")[0]
    assert site.press("link").status_code == 200
    site.jobs()
    new = site.host.mailer.links("/host/")[0]
    assert new != old
    assert site.client.get("/au/host").status_code == 403
    assert site.client.get(old.removeprefix("http://localhost")).status_code == 410
    assert site.enter(new).status_code == 303


def test_numbers_are_read_in_any_digits_and_shown_without_an_exponent(site: Site) -> None:
    day = (site.state.clock() + timedelta(days=20)).strftime("%Y-%m-%d").translate(ARABIC)
    typed = {"capacity": "١٢", "lat": "−٣٣٫٨٧٠١", "lon": "151,2099", "starts_at": f"{day}T١٨:٠٠"}
    site.hosted(**typed)
    event = site.event()
    assert (event.capacity, event.public_lat, event.public_lon) == (12, -33.8701, 151.2099)
    assert event.starts_local.hour == 18

    def null_island(work: Any) -> None:
        event = work.session.get_one(Event, 1)
        event.secret = site.state.keyring.seal_json({**site.secret(), "lat": 0.00001, "lon": -0.0000025})

    run(site.host.app, null_island)
    fields = form_fields(site.client.get("/au/host/edit"), "place")[1]
    assert (fields["lat"], fields["lon"]) == (["0.00001"], ["-0.0000025"])


@pytest.mark.parametrize("kind", ["private", "school"])
def test_a_home_and_a_school_never_show_more_than_the_town(site: Site, kind: str) -> None:
    assert site.post(kind=kind).status_code == 303
    event = site.event()
    assert event.visibility != "exact"
    assert (event.public_lat, event.public_lon) == (SYDNEY[4], SYDNEY[5])
    assert (event.closed_at is not None) == (kind == "school")


def test_a_street_in_words_for_all_is_told_to_the_desk(site: Site) -> None:
    site.post(kind="private", description="Come to 5 Ocean Street, second floor.")
    assert [item["check"] for item in site.event().reasons].count("address_in_text") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Enter a name for the event"),
        ({"place": "Nowhereville"}, "We do not know this town"),
        ({"place": ""}, "Enter the town"),
        ({"ends_at": "2026-01-01T10:00"}, "after the start"),
        ({"starts_at": "soon"}, "in the form"),
        ({"kind": "online", "online_url": ""}, "link to join online"),
        ({"kind": "online", "online_url": "javascript:alert(1)"}, "starts with https"),
        ({"capacity": "many"}, "whole number"),
        ({"lat": "10", "lon": "10"}, "a long way from the town"),
        ({"cases": []}, "at least one person"),
        ({"host_email": "sam"}, "has an @ in it"),
        ({"host_email": "علي@example.org"}, "accents or letters"),
        ({"address": ""}, "Enter the address"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site, changes: dict[str, Any], words: str) -> None:
    answer = site.post(**changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert changes.get("venue_name", "Library") in answer.text
    assert site.host.rows("SELECT count(*) FROM w4r_event")[0][0] == 0


def test_a_form_without_tokens_comes_back_filled(site: Site) -> None:
    answer = site.client.post("/au/events/new", data=site.typed())
    assert answer.status_code == 422
    assert "Letters at the library" in answer.text
    assert submit(site.client, answer, "place").status_code == 303


def test_two_towns_of_one_name_are_to_choose_from(site: Site) -> None:
    answer = site.post(place="Springfield")
    assert answer.status_code == 422
    assert 'value="1"' in answer.text
    assert submit(site.client, answer, "place", place_id="2", lat="", lon="").status_code == 303
    assert (site.event().place_id, site.event().time_zone) == (2, "Australia/Brisbane")


@pytest.mark.parametrize("back", [True, False])
def test_the_night_when_the_clocks_are_changed(site: Site, back: bool) -> None:
    day = next_change("Australia/Sydney", site.state.clock(), back=back).strftime("%Y-%m-%d")
    answer = site.post(starts_at=f"{day}T02:30", ends_at=f"{day}T06:00")
    assert answer.status_code == 422
    if not back:
        assert "This time does not exist" in answer.text
        return
    assert "happens twice" in answer.text
    assert submit(site.client, answer, "place", starts_which="second").status_code == 303
    event = site.event()
    assert event.ends_at - event.starts_at == timedelta(hours=3, minutes=30)


def test_the_forms_have_what_they_say(site: Site) -> None:
    action, fields = form_fields(site.client.get("/au/events/new"), "place")
    assert action.endswith("/au/events/new")
    assert {"title", "place", "starts_at", "form_token"} <= set(fields)
