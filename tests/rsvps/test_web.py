"""Coming to an event through the pages: the form, the link in the mail, changing one's mind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_w4r import W4R, Actor
from flask_w4r.services.moderation import lockdown
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.signals import rsvp_changed, rsvp_created
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost, every_database
from tests.events.rows import add_event
from tests.petitions.helpers import solve

FORM = "/au/events/letters/rsvp"


class Clock:
    """The time, which tests turn."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(make_host: MakeHost, clock: Clock) -> Host:
    return make_site(make_host, clock)


def make_site(make_host: MakeHost, clock: Clock, **config: Any) -> Host:
    mailer = RecordingMailer()
    hooks = {name: config.pop(name) for name in ("actor_loader", "permission_check") if name in config}
    host = make_host(w4r=W4R(mailer=mailer, clock=clock, **hooks), captcha=config.pop("captcha", "none"), **config)
    host.mailer = mailer
    make_campaign(host.app)
    put_event(host)
    return host


def put_event(host: Host, **columns: Any) -> int:
    state = get_state(host.app)
    section = state.sections["AU"]

    def work(uow: UnitOfWork) -> int:
        return add_event(uow.session, state.keyring, section, now=state.clock(), **columns).id

    return run(host.app, work)


def guest(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"name": f"Gus Guest{number}", "email": f"gus{number}@example.org", "party_size": "2", **changes}


def ask(client: FlaskClient, number: int = 1, *, path: str = FORM, **typed: Any) -> TestResponse:
    return submit(client, client.get(path), "form_token", **guest(number, **typed))


def mail_link(host: Host, number: int = -1) -> str:
    run_jobs(host.app)
    return urlsplit(host.mailer.links("/rsvp/", number)[0]).path


def press(client: FlaskClient, link: str, what: str, **typed: Any) -> TestResponse:
    """Press one of the page's buttons as a browser would, and follow."""
    page = client.get(link)
    assert page.status_code == 200
    assert f'name="do" value="{what}"' in page.text
    fields = form_fields(page, "form_token")[1]
    return client.post(link, data={**fields, "do": what, **typed}, follow_redirects=True)


def parties(host: Host) -> list[Any]:
    return host.rows("SELECT state, party_size, seats_held, held_at, reasons FROM w4r_rsvp ORDER BY id")


def states(host: Host) -> list[str]:
    return [row.state for row in parties(host)]


@every_database
def test_from_the_form_to_the_cancellation(site: Host) -> None:
    client = site.app.test_client()
    answer = ask(client, access_needs="A seat near the door", access_consent="y")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{FORM}/thanks")
    thanks = client.get(f"{FORM}/thanks")
    assert "One press to go" in thanks.text
    assert "public" in thanks.headers["Cache-Control"]
    assert states(site) == ["pending"]
    link = mail_link(site)
    page = client.get(link)
    assert "Confirm that you are coming" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert states(site) == ["pending"]
    page = press(client, link, "confirm")
    assert "You are coming" in page.text
    assert "A seat near the door" in page.text
    assert states(site) == ["going"]
    link = mail_link(site)
    assert "Saved." in press(client, link, "change", party_size="4").text
    assert site.rows("SELECT seats_taken FROM w4r_event")[0][0] == 4
    page = press(client, link, "cancel")
    assert "You are not coming" in page.text
    assert "Ask again" in page.text
    assert (states(site), site.rows("SELECT seats_taken FROM w4r_event")[0][0]) == (["cancelled"], 0)
    run_jobs(site.app)
    assert site.mailer.messages[0]["Subject"].startswith("Confirm that you are coming")


def test_a_press_without_a_name_confirms(site: Host) -> None:
    """The first POST of the link confirms the address."""
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    answer = submit(client, client.get(link))
    assert (answer.status_code, states(site)) == (303, ["going"])
    # The same link goes on as the page to manage it.
    assert "You are coming" in client.get(link).text


def test_the_calendar_entry(site: Host) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    assert client.get(f"{link}/calendar.ics").status_code == 404
    press(client, link, "confirm")
    answer = client.get(f"{link}/calendar.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; method=REQUEST; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "METHOD:REQUEST" in answer.text
    assert "http://localhost/au/events/letters" in answer.text.replace("\r\n ", "")


def test_everybody_gets_the_same_answer(site: Host) -> None:
    """A new, a waiting, a coming and a held address cannot be told apart."""
    client = site.app.test_client()
    answers = [ask(client), ask(client)]
    press(client, mail_link(site), "confirm")
    answers += [ask(client, name="Somebody Else"), ask(client, 2, website="http://spam.example")]
    assert len({(answer.status_code, answer.headers["Location"], answer.text) for answer in answers}) == 1
    run_jobs(site.app)
    assert "has one already" in str(site.mailer.messages[-2].get_body(("plain",)))
    assert states(site) == ["going", "pending"]
    assert json.loads(parties(site)[1].reasons)[0]["check"] == "honeypot"
    assert parties(site)[1].held_at is not None


def test_without_a_captcha_the_mailbox_releases(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, captcha="altcha")
    client = host.app.test_client()
    assert ask(client).status_code == 303
    assert parties(host)[0].held_at is not None
    press(client, mail_link(host), "confirm")
    assert (states(host), parties(host)[0].held_at) == (["going"], None)


def test_a_solution_counts_once(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, captcha="altcha")
    client = host.app.test_client()
    tokens = client.get(f"{FORM}/token", headers={"Sec-Fetch-Site": "same-origin"}).get_json()
    hidden = {name: tokens[name] for name in ("csrf_token", "form_token")}
    hidden["altcha"] = solve(tokens["captcha"]["challenge"])
    assert client.post(FORM, data={**hidden, **guest(1)}).status_code == 303
    assert parties(host)[0].held_at is None
    again = client.post(FORM, data={**hidden, **guest(2)})
    assert again.status_code == 422
    assert "did not succeed" in again.text
    assert len(parties(host)) == 1
    # Nothing was kept of the claim.
    assert host.rows("SELECT seats_taken, pending_seats FROM w4r_event")[0] == (2, 2)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": " "}, "Enter your name"),
        ({"email": "gus"}, "Enter an e-mail address"),
        ({"party_size": "7"}, "Choose how many of you come"),
        ({"party_size": "-1"}, "Choose how many of you come"),
        ({"access_needs": "x" * 501}, "Use 500 characters at most"),
    ],
)
def test_what_was_typed_is_kept(site: Host, typed: dict[str, str], words: str) -> None:
    client = site.app.test_client()
    answer = ask(client, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    fields = form_fields(answer, "form_token")[1]
    assert fields["email"] == [guest(**typed)["email"]]
    assert not parties(site)
    assert submit(client, answer, "form_token", **guest(access_needs="")).status_code == 303


def test_without_tokens_the_form_comes_back(site: Host) -> None:
    client = site.app.test_client()
    answer = client.post(FORM, data=guest())
    assert answer.status_code == 422
    assert "Almost done" in answer.text
    assert submit(client, answer, "form_token").status_code == 303
    other = client.get("/au/cases/ann-example/sign/token").get_json()
    answer = client.post(FORM, data={**guest(2), **{name: other[name] for name in ("csrf_token", "form_token")}})
    assert answer.status_code == 422
    assert len(parties(site)) == 1


def test_a_limit_is_answered_with_the_time_to_wait(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, rate_limits={"rsvp_host": "1/minute"})
    client = host.app.test_client()
    assert ask(client).status_code == 303
    answer = ask(client, 2)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_a_waiting_list_with_an_offer(site: Host, clock: Clock) -> None:
    put_event(site, slug="small", uid="small", capacity=2)
    client = site.app.test_client()
    links = []
    for number in (1, 2, 3):
        ask(client, number, path="/au/events/small/rsvp")
        links.append(mail_link(site))
        press(client, links[-1], "confirm")
    assert states(site) == ["going", "waitlisted", "waitlisted"]
    assert "You are the first in the line" in client.get(links[1]).text
    assert "1 party is before you in the line" in client.get(links[2]).text
    press(client, links[0], "cancel")
    page = client.get(links[1])
    assert "There is a place for you" in page.text
    assert "kept until" in page.text
    assert "You are coming" in press(client, links[1], "accept").text
    assert states(site) == ["cancelled", "going", "waitlisted"]
    press(client, links[1], "cancel")
    clock.now += timedelta(hours=25)
    assert "The offer has ended" in client.get(links[2]).text


def test_more_than_there_is(site: Host) -> None:
    put_event(site, slug="small", uid="small", capacity=3)
    client = site.app.test_client()
    answer = ask(client, path="/au/events/small/rsvp", party_size="4")
    assert answer.status_code == 422
    assert "too small for so many" in answer.text
    ask(client, path="/au/events/small/rsvp", party_size="1")
    link = mail_link(site)
    press(client, link, "confirm")
    answer = press(client, link, "change", party_size="4")
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text
    assert [(row.state, row.party_size) for row in parties(site)] == [("going", 1)]


def test_a_link_confirms_what_it_was_made_for(site: Host) -> None:
    """Whoever asks again with somebody's address does not have it confirmed by an older mail."""
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    page = client.get(link)
    ask(client, party_size="6")
    answer = submit(client, page)
    assert states(site) == ["pending"]
    assert answer.status_code == 303
    assert "There is a newer mail" in client.get(link).text
    press(client, mail_link(site), "confirm")
    assert [(row.state, row.party_size) for row in parties(site)] == [("going", 6)]


@pytest.mark.parametrize(
    "columns", [{"closed_at": datetime(2026, 11, 1, tzinfo=UTC)}, {"state": "cancelled"}, {"state": "over"}]
)
def test_an_event_that_takes_no_guests(site: Host, columns: dict[str, Any]) -> None:
    put_event(site, slug="shut", uid="shut", **columns)
    client = site.app.test_client()
    tokens = client.get("/au/events/shut/rsvp/token").get_json()
    answer = client.get("/au/events/shut/rsvp")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/au/events/shut")
    answer = client.post("/au/events/shut/rsvp", data={**guest(), **tokens})
    assert answer.status_code == 409
    assert "Nothing was stored" in answer.text
    assert not parties(site)


@pytest.mark.parametrize("state", ["unconfirmed", "submitted", "rejected"])
def test_an_event_that_is_not_public(site: Host, state: str) -> None:
    put_event(site, slug="hidden", uid="hidden", state=state)
    client = site.app.test_client()
    for path in ("", "/token", "/thanks"):
        assert client.get(f"/au/events/hidden/rsvp{path}").status_code == 404
    assert client.post("/au/events/hidden/rsvp", data=guest()).status_code == 404


def test_an_event_that_was_called_off(site: Host, clock: Clock) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_event SET state = 'cancelled'")
    page = client.get(link)
    assert "This event was cancelled" in page.text
    assert 'name="do"' not in page.text
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_event SET state = 'published'")
    clock.now += timedelta(days=6)
    assert "Confirm that you are coming" in client.get(link).text
    clock.now += timedelta(days=2)
    assert "This link is too old" in client.get(link).text


def test_no_such_link(site: Host) -> None:
    client = site.app.test_client()
    for path in ("/au/rsvp/nothing", "/au/rsvp/nothing/calendar.ics"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "does not work" in answer.text
    assert client.post("/au/rsvp/nothing", data={"do": "cancel"}).status_code == 404


def test_a_button_needs_its_page(site: Host) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    assert client.post(link, data={"do": "confirm"}).status_code == 422
    assert states(site) == ["pending"]


@pytest.fixture
def told() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    heard: list[tuple[str, dict[str, Any]]] = []

    def created(sender: Any, **ids: Any) -> None:
        heard.append(("created", ids))

    def changed(sender: Any, **ids: Any) -> None:
        heard.append(("changed", ids))

    with rsvp_created.connected_to(created), rsvp_changed.connected_to(changed):
        yield heard


def test_the_host_site_is_told(site: Host, told: list[tuple[str, dict[str, Any]]]) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    press(client, link, "confirm")
    ask(client)
    press(client, link, "cancel")
    assert [name for name, _ in told] == ["created", "changed", "changed"]
    assert all(ids == {"rsvp_id": 1, "event_id": 1, "section": "AU"} for _, ids in told)


def set_level(host: Host, level: str) -> None:
    state = get_state(host.app)
    run(
        host.app,
        lambda work: lockdown.set_level(
            work.session, state.keyring, state.hooks, Actor("7", "Mo"), state.sections["AU"], None, level,
            now=state.clock(),
        ),
    )  # fmt: skip


def test_while_the_desk_is_on_its_guard(make_host: MakeHost, clock: Clock) -> None:
    hooks: dict[str, Any] = {"actor_loader": lambda: Actor("7", "Mo"), "permission_check": lambda *asked: True}
    host = make_site(make_host, clock, **hooks)
    client = host.app.test_client()
    ask(client)
    link = mail_link(host)
    set_level(host, "cautious")
    clock.now += timedelta(seconds=6)
    assert client.get(f"{FORM}/token").get_json()["captcha"]["kind"] == "altcha"
    assert ask(client, 2).status_code == 303
    assert [row.held_at is None for row in parties(host)] == [True, False]
    set_level(host, "closed")
    clock.now += timedelta(seconds=6)
    answer = client.get(FORM)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert client.post(FORM, data=guest(3)).status_code == 503
    assert client.get(f"{FORM}/token").status_code == 503
    # Who asked before may still confirm.
    assert "You are coming" in press(client, link, "confirm").text


def test_the_private_address_is_on_no_page(site: Host) -> None:
    put_event(site, slug="home", uid="home", kind="private", visibility="exact")
    client = site.app.test_client()
    ask(client, path="/au/events/home/rsvp")
    link = mail_link(site)
    press(client, link, "confirm")
    for path in ("/au/events/home/rsvp", "/au/events/home/rsvp/thanks", link, f"{link}/calendar.ics"):
        page = client.get(path)
        assert page.status_code == 200
        assert "Hidden Street" not in page.text
        assert "Old Library" not in page.text
