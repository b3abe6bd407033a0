"""What only some may know of an event: to whom it is offered, and words that would tell it to everybody."""

from __future__ import annotations

from typing import Any

import pytest

from flask_w4r.services.hosting.texts import looks_like_address
from flask_w4r.testing import submit
from tests.conftest import MakeHost
from tests.events.walks import STREET, Site, letters


def test_the_link_of_an_online_event_goes_to_whom_the_host_lets_in(site: Site) -> None:
    room = "https://meet.example/secret-room"
    site.hosted(kind="online", visibility="approval", online_url=room)
    site.guest()
    page = site.client.get("/au/host")
    assert "Send the link" in page.text
    before = len(site.host.mailer.messages)
    assert submit(site.client, page, "guest").status_code == 303
    [letter] = letters(site, before)
    assert room in letter
    assert "has the link" in site.client.get("/au/host").text


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"visibility": "unlisted"}, False),
        ({"visibility": "exact"}, False),
        ({"visibility": "approval"}, True),
        ({"visibility": "town"}, True),
        ({"kind": "private", "visibility": "unlisted"}, True),
        ({"kind": "school", "visibility": "exact"}, True),
        ({"kind": "private", "visibility": "approval", "address": "", "venue_name": "", "lat": "", "lon": ""}, False),
    ],
)
def test_an_address_is_offered_where_there_is_one_to_send(site: Site, changes: dict[str, Any], offered: bool) -> None:
    site.hosted(**changes)
    site.guest()
    assert ("Send the address" in site.client.get("/au/host").text) is offered


@pytest.mark.parametrize(
    ("changes", "words", "refused"),
    [
        ({"kind": "private", "visibility": "approval"}, "It is 12, hidden\nLANE.", True),
        ({"kind": "private", "visibility": "town"}, f"Come to {STREET}", True),
        ({"visibility": "approval"}, STREET, True),
        ({"kind": "online", "visibility": "approval", "online_url": "https://meet.example/r1"}, "https://meet.example/r1", True),
        ({"kind": "private", "visibility": "approval"}, "Bring 12 pens.", False),
        ({"visibility": "town"}, STREET, False),
        ({"visibility": "exact"}, STREET, False),
    ],
)  # fmt: skip
def test_a_message_tells_nobody_what_only_some_may_know(
    site: Site, changes: dict[str, Any], words: str, refused: bool
) -> None:
    site.hosted(**{**changes, "address": f"{STREET}, Newtown NSW 2042"})
    site.guest()
    before = len(site.host.mailer.messages)
    answer = submit(site.client, site.client.get("/au/host/message"), "csrf_token", text=words, to="going")
    assert answer.status_code == (422 if refused else 303)
    assert len(letters(site, before)) == (not refused)
    if refused:
        assert "details that some guests are not allowed to see yet" in answer.text
        assert words.split()[-1] in answer.text, "what was typed is kept"
        site.press("approve", guest="1")
        answer = submit(site.client, site.client.get("/au/host/message"), "csrf_token", text=words, to="going")
        assert answer.status_code == 303


def test_a_street_as_the_name_of_the_town_is_refused_where_no_town_is_known(make_host: MakeHost) -> None:
    site = Site(make_host())
    with site.host.engine.begin() as connection:
        for table in ("w4r_place_name", "w4r_place"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    answer = site.post(kind="private", visibility="approval", place=f"{STREET}, Newtown", lat="", lon="")
    assert answer.status_code == 422
    assert "only the name of the town" in answer.text
    assert (
        site.post(kind="private", visibility="approval", place="12 Hidden", address="12 Hidden, Newtown").status_code
        == 303
    )
    assert "address_in_text" in [item["check"] for item in site.event().reasons]


@pytest.mark.parametrize(
    "words",
    [
        "Hauptstr. 5", "Kerkstraat 12", "C/ Mayor 5", "ul. Długa 3", "33°52'S 151°12'E", "12 Hidden Lane", "Calle Mayor, 5",
        "شارع النيل 12", "Via Roma 3",
    ],
)  # fmt: skip
def test_streets_are_known_in_many_tongues(words: str) -> None:
    assert looks_like_address(f"Come to {words} at six.")


@pytest.mark.parametrize("words", ["Bring a pen.", "From 6 to 9, with tea.", "We wrote 120 letters in 2025."])
def test_plain_words_are_no_street(words: str) -> None:
    assert not looks_like_address(words)
