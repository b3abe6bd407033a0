"""Hosting as hosts do it: two events on one device, links that end in time, secrets that stay secret, clear words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.services.hosting import again as event_again
from flask_w4r.services.hosting.texts import looks_like_address
from flask_w4r.services.rsvps import codes
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import RecordingMailer, submit
from tests.conftest import MakeHost, every_database
from tests.events.rows import add_rsvp
from tests.events.test_hosting import STREET, Site, edit
from tests.events.test_resubmitted import letters
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host())


@pytest.fixture
def desk_site(make_host: MakeHost) -> Site:
    mailer = RecordingMailer()
    host = make_host(w4r=W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission))
    host.mailer = mailer
    return Site(host)


def staff(site: Site) -> Staff:
    return Staff(site.host.app.test_client(), "mo", ALL, None)


def decide(site: Site, what: str, reason: str = "") -> Any:
    """A press in the queue; the batch that it made, to take it back."""
    answer = staff(site).post(
        "/au/moderation/decisions", {"one": what, "reason": reason, "kind": what.split()[1].split(":")[0]}
    )
    assert answer.status_code == 303, answer.text
    return site.host.rows("SELECT max(id) FROM w4r_batch")[0][0]


def undo(site: Site, batch: int) -> None:
    assert staff(site).post(f"/au/moderation/decisions/{batch}/undo").status_code == 303


def proposed(site: Site, **changes: Any) -> None:
    """An event whose host proved their address; it waits for the desk."""
    assert site.post(**changes).status_code == 303
    site.jobs()
    assert site.enter().status_code == 303


def texts(site: Site, since: int) -> list[str]:
    return letters(site, since)


# Two events on one device


def test_a_form_of_one_event_never_acts_on_another(site: Site) -> None:
    site.hosted()
    first = {path: site.client.get(f"/au/host/{path}") for path in ("cancel", "edit", "message", "duplicate", "list")}
    first["close"] = site.client.get("/au/host")
    assert submit(site.client, site.client.get("/au/host/duplicate"), "csrf_token").status_code == 303
    site.jobs()
    assert site.enter().status_code == 303
    assert "/au/host" in site.client.get("/au/host").request.path
    before = site.host.rows("SELECT * FROM w4r_event"), site.host.rows("SELECT count(*) FROM w4r_outbox")
    for path, page in first.items():
        answer = submit(site.client, page, "closed" if path == "close" else "csrf_token", text="Bring pens")
        assert answer.status_code == 409, path
        assert "Open your link" in answer.text
    assert (site.host.rows("SELECT * FROM w4r_event"), site.host.rows("SELECT count(*) FROM w4r_outbox")) == before
    assert submit(site.client, site.client.get("/au/host/cancel"), "csrf_token").status_code == 303
    assert [row[0] for row in site.host.rows("SELECT state FROM w4r_event ORDER BY id")] == ["published", "cancelled"]


# How long links hold


def shift(site: Site, **columns: str) -> None:
    with site.host.engine.begin() as connection:
        for name, value in columns.items():
            connection.exec_driver_sql(f"UPDATE w4r_event SET {name} = '{value}'")


def test_the_link_ends_30_days_after_an_event_that_was_put_forward(site: Site) -> None:
    site.hosted()
    link = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    assert site.client.get(link).status_code == 200
    for days, code in ((29, 200), (31, 410)):
        ended = (site.state.clock() - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
        shift(site, starts_at=ended, ends_at=ended)
        assert site.host.app.test_client().get(link).status_code == code


def test_who_puts_an_event_off_gets_a_link_that_outlives_it(site: Site) -> None:
    site.hosted()
    old = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    day = (site.state.clock() + timedelta(days=120)).strftime("%Y-%m-%d")
    assert "done=edited" in edit(site, starts_at=f"{day}T18:00", ends_at=f"{day}T20:00").location
    assert site.client.get("/au/host").status_code == 200, "the page stays open"
    site.jobs()
    assert site.client.get(old).status_code == 410
    assert site.enter().status_code == 303
    [until] = site.host.rows("SELECT max(expires_at) FROM w4r_token WHERE purpose = 'host'")[0]
    assert datetime.fromisoformat(str(until)[:19]) > (site.state.clock() + timedelta(days=149)).replace(tzinfo=None)


# The approval that was taken back


@pytest.mark.parametrize("comes", [True, False])
@every_database
def test_guests_hear_of_a_no_after_the_first_approval_was_undone(desk_site: Site, comes: bool) -> None:
    site = desk_site
    proposed(site)
    batch = decide(site, "approve event:1")
    site.jobs()
    if comes:
        site.guest()
    undo(site, batch)
    reader, slug = site.host.app.test_client(), site.event().slug
    assert reader.get(f"/au/events/{slug}").status_code == 404
    before = len(site.host.mailer.messages)
    decide(site, "reject event:1", "Not this one.")
    assert site.event().state == ("cancelled" if comes else "rejected")
    sent = texts(site, before)
    assert len(sent) == comes
    if comes:
        assert "Called off: Letters at the library" in sent[0]
        assert "METHOD:CANCEL" in sent[0]
    assert [reader.get(f"/au/events/{slug}{end}").status_code for end in ("", ".ics", "/rsvp")] == [404] * 3
    assert slug not in reader.get("/au/events").text + reader.get("/au/events.atom").text


def test_an_approval_that_was_undone_can_be_given_again(desk_site: Site) -> None:
    site = desk_site
    proposed(site)
    batch = decide(site, "approve event:1")
    site.guest()
    undo(site, batch)
    before = len(site.host.mailer.messages)
    decide(site, "approve event:1")
    assert texts(site, before) == [], "nothing changed for the guests"
    assert site.host.app.test_client().get(f"/au/events/{site.event().slug}").status_code == 200


# Who learns what


def test_the_link_of_an_online_event_goes_to_whom_the_host_lets_in(site: Site) -> None:
    room = "https://meet.example/secret-room"
    site.hosted(kind="online", visibility="approval", online_url=room)
    site.guest()
    page = site.client.get("/au/host")
    assert "Send the link" in page.text
    before = len(site.host.mailer.messages)
    assert submit(site.client, page, "guest").status_code == 303
    [letter] = texts(site, before)
    assert room in letter
    assert "knows the link" in site.client.get("/au/host").text


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
    assert len(texts(site, before)) == (not refused)
    if refused:
        assert "what not every guest was let in to know" in answer.text
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
    assert "name of the town alone" in answer.text
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


# What is typed wrong


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"starts_at": "2026-12-20"}, "starts_at", "Enter day and time in the form"),
        ({"cases": ["nobody"]}, "cases", "Choose at least one person to write for"),
        ({"time_zone": "Nowhere/None"}, "time_zone", "Choose one of the time zones"),
    ],
)
def test_one_fault_is_said_once_at_its_field(site: Site, changes: dict[str, Any], field: str, words: str) -> None:
    answer = site.post(**changes)
    assert answer.status_code == 422
    assert answer.text.count(f'href="#{field}"') == 1
    assert answer.text.count('<a href="#') - answer.text.count('<a href="#w4r') == 1
    assert words in answer.text
    assert site.host.rows("SELECT count(*) FROM w4r_event")[0][0] == 0


def test_each_number_that_is_none_is_named(site: Site) -> None:
    site.hosted(cases=["ann-example", "bob-example"])
    shift(site, starts_at="2020-01-01 00:00:00")
    ann, bob = (site.cases[f"AU/{slug}"] for slug in ("ann-example", "bob-example"))
    typed = {f"count-{ann}-letter": "ten", f"count-{bob}-card": "-3", f"count-{ann}-card": "7"}
    answer = submit(site.client, site.client.get("/au/host/report"), "csrf_token", people="", **typed)
    assert answer.status_code == 422
    for words in ("How many people came? Enter", "Ann Example – Letters – Enter", "Bob Example – Cards – Enter"):
        assert answer.text.count(words) == 2, words
    for value in typed.values():
        assert f'value="{value}"' in answer.text


# Again at another date


def test_the_date_proposed_for_the_same_event_again_lies_ahead(site: Site) -> None:
    site.hosted()
    event, now = site.event(), site.state.clock() + timedelta(days=70)
    starts, ends = event_again.suggested_dates(event, now=now)
    assert starts > now.replace(tzinfo=None)
    assert (starts - event.starts_local) % timedelta(days=7) == timedelta(0)
    assert ends - starts == event.ends_local - event.starts_local


# At the door


def test_only_the_code_as_it_was_printed_opens(site: Site) -> None:
    for number in range(1, 60):
        code = codes.check_in_code(site.state.keyring, number)
        assert codes.rsvp_of_code(site.state.keyring, f" {code.upper()} ") == number
        for letter in "abcdefghijklmnopqrstuvwxyz234567":
            if letter != code[-1]:
                assert codes.rsvp_of_code(site.state.keyring, code[:-1] + letter) is None


def test_checking_in_twice_and_by_the_code_of_another_event(site: Site) -> None:
    site.hosted()
    number = site.guest()
    assert submit(site.client, site.client.get("/au/host/duplicate"), "csrf_token").status_code == 303

    def add(uow: Any) -> int:
        other = uow.session.get_one(type(site.event()), 2)
        now = site.state.clock()
        return add_rsvp(
            uow.session, site.state.keyring, site.section, other, now=now, email="x@example.org", name="Xi"
        ).id

    foreign = run(site.host.app, add)
    code = codes.check_in_code(site.state.keyring, foreign)
    page = site.client.get("/au/host/check-in", query_string={"code": code})
    assert "This code is of no guest of this event." in page.text
    assert "Xi" not in page.text
    assert site.press("check-in", guest=str(foreign), present="1").status_code == 422
    for _ in range(2):
        assert site.press("check-in", guest=str(number), present="1").status_code == 303
    assert "2 people are there" in site.client.get("/au/host/check-in").text
    assert site.host.rows("SELECT count(*) FROM w4r_rsvp WHERE checked_in_at IS NOT NULL")[0][0] == 1
    code = codes.check_in_code(site.state.keyring, number)
    assert "is there already" in site.client.get("/au/host/check-in", query_string={"code": code}).text
    site.press("check-in", guest=str(number), present="0")
    assert "0 people are there" in site.client.get("/au/host/check-in").text


# The numbers afterwards


def tally(site: Site) -> dict[str, int]:
    found = site.host.rows("SELECT action_type, SUM(count) FROM w4r_tally GROUP BY action_type")
    return {row[0]: int(row[1]) for row in found if row[1]}


@every_database
def test_numbers_count_once_whatever_the_desk_does(desk_site: Site) -> None:
    site = desk_site
    proposed(site)
    decide(site, "approve event:1")
    site.jobs()
    shift(
        site,
        starts_at="2026-01-01 00:00:00",
        ends_at=(site.state.clock() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
    )
    site.jobs()
    assert site.event().state == "over"
    assert [subject for subject in site.subjects(0) if "How did it go" in subject]
    assert site.enter().status_code == 303
    ann = site.cases["AU/ann-example"]

    def report(letter: str) -> str:
        page = site.client.get("/au/host/report")
        return str(submit(site.client, page, "people", people="9", **{f"count-{ann}-letter": letter}).location)

    assert "done=reported" in report("120")
    assert "done=reported" in report("100")
    assert tally(site) == {}
    decide(site, "reject report:1", "Too many")
    assert "done=reported" in report("90")
    batch = decide(site, "approve report:1")
    assert tally(site) == {"letter": 90}
    assert "Your numbers count" in site.client.get("/au/host/report").text
    decide(site, "approve report:1")
    assert tally(site) == {"letter": 90}
    undo(site, batch)
    undo(site, batch)
    assert tally(site) == {}
    assert "done=reported" in report("80")
    decide(site, "approve report:1")
    undo(site, batch)
    assert tally(site) == {"letter": 80}


@pytest.mark.parametrize(
    "venue", ["Read evil.example/now", "www.evil.example", "Write to me@evil.example", "https://e.example"]
)
def test_no_link_comes_onto_a_page_as_the_name_of_the_place(site: Site, venue: str) -> None:
    site.hosted()
    assert "done=submitted" in edit(site, venue_name=venue).location
    assert "evil" not in site.host.app.test_client().get(f"/au/events/{site.event().slug}").text


def test_a_small_change_of_the_place_needs_no_desk(site: Site) -> None:
    site.hosted()
    assert "done=edited" in edit(site, venue_name="St. Mary's Hall, Rm. 2", address="14 Long St., Newtown").location
    assert "14 Long St." in site.host.app.test_client().get(f"/au/events/{site.event().slug}").text


# What the desk saw, and what it has not seen


def test_words_that_the_desk_let_pass_stay_up_until_the_place_is_another(desk_site: Site) -> None:
    site = desk_site
    proposed(site, kind="private", description=f"The bus stops at {STREET}, then walk.")
    decide(site, "approve event:1")
    site.jobs()
    assert site.enter().status_code == 303
    assert "done=edited" in edit(site, capacity="9").location
    assert site.event().state == "published", "one more chair is nothing for the desk"
    assert "done=submitted" in edit(site, address="77 Other Street").location
    assert site.event().state == "submitted"


def test_what_was_called_off_and_hidden_does_not_come_back(desk_site: Site) -> None:
    site = desk_site
    proposed(site)
    decide(site, "approve event:1")
    site.jobs()
    assert site.enter().status_code == 303
    assert submit(site.client, site.client.get("/au/host/cancel"), "csrf_token").status_code == 303
    shift(site, state="rejected")
    assert "done=gone" in edit(site, title="On again").location
    assert (site.event().state, site.event().title) == ("rejected", "Letters at the library")
