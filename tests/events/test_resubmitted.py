"""A public event that goes back to the desk: nobody reads what was not approved, whatever becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.services.hosting import acts as event_acts
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.people import tokens
from flask_w4r.services.people.permissions import Staff
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import Actor, Hooks, Permission
from flask_w4r.testing import submit
from tests.conftest import MakeHost, every_database
from tests.events.walks import Site, edit, letters, unfolded

#: What the host writes once the event is public, and no desk ever approves.
BAD = ("Buy my pills", "Pills for everybody", "Ask for pills at the door", "Pill Palace", "9 Pill Street")


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    found = Site(make_host())
    found.hosted(access_notes="A ramp at the back.")
    return found


def worsen(site: Site) -> None:
    """The host changes all that can be changed."""
    day = (site.state.clock() + timedelta(days=33)).strftime("%Y-%m-%d")
    answer = edit(
        site, title=BAD[0], description=BAD[1], access_notes=BAD[2], venue_name=BAD[3], address=BAD[4], place="Perth",
        lat="", lon="", starts_at=f"{day}T05:00", ends_at=f"{day}T06:00",
    )  # fmt: skip
    assert "done=submitted" in answer.location


def decide(site: Site, act: str, number: int = 1) -> str:
    def work(uow: Any) -> str:
        now, keyring = site.state.clock(), site.state.keyring
        if act == "reject":
            return events.reject(uow.session, keyring, site.section, number, reason="No pills.", now=now).outcome
        return events.publish(uow.session, keyring, site.section, number, now=now).outcome

    return str(run(site.host.app, work))


def hide(site: Site) -> None:
    hooks = Hooks(permission_check=lambda actor, permission, section: permission is Permission.MANAGE_EVENTS)

    def work(uow: Any) -> bool:
        now, keyring = site.state.clock(), site.state.keyring
        return event_acts.hide(uow.session, Staff(hooks, Actor("1", "Mo"), keyring, site.section, now), 1)

    assert run(site.host.app, work)


def public(site: Site) -> dict[str, tuple[int, str]]:
    """Every page, feed and file in which an event can stand, as a stranger gets it."""
    reader, path = site.host.app.test_client(), f"/au/events/{site.event().slug}"
    urls = (
        path,
        f"{path}.ics",
        f"{path}/rsvp",
        "/au/events",
        "/au/events.ics",
        "/au/events.atom",
        "/au/events.geojson",
    )
    answers = {url.removeprefix(path): reader.get(url) for url in urls}
    return {name: (answer.status_code, unfolded(answer.text)) for name, answer in answers.items()}


def has_bad(text: str) -> list[str]:
    return [word for word in (*BAD, "Perth") if word in text]


@every_database
def test_what_was_rejected_stands_nowhere_and_what_was_approved_does(site: Site) -> None:
    site.guest()
    worsen(site)
    for name, (code, text) in public(site).items():
        assert has_bad(text) == [], name
        if not name.startswith("/au"):
            assert code == 404, name
    assert BAD[0] in site.client.get("/au/host").text, "the host reads what waits"
    before = len(site.host.mailer.messages)
    assert decide(site, "reject") == "cancelled"
    pages = public(site)
    for name, (_, text) in pages.items():
        assert has_bad(text) == [], name
    for name in ("", ".ics"):
        code, text = pages[name]
        assert code == 200
        for words in ("Letters at the library", "Bring a pen.", "Sydney"):
            assert words in text, (name, words)
    assert "A ramp at the back." in pages[""][1]
    assert "STATUS:CANCELLED" in pages[".ics"][1]
    [letter] = letters(site, before)
    assert has_bad(letter) == []
    assert "Cancelled: Letters at the library" in letter
    assert "METHOD:CANCEL" in letter
    assert "T180000" in letter, "the time that the guests knew"


def test_a_host_cannot_make_it_public_by_calling_it_off(site: Site) -> None:
    site.guest()
    worsen(site)
    before = len(site.host.mailer.messages)
    assert submit(site.client, site.client.get("/au/host/cancel"), "csrf_token").status_code == 303
    assert site.event().state == "cancelled"
    assert [has_bad(text) for _, text in public(site).values() if has_bad(text)] == []
    [letter] = letters(site, before)
    assert has_bad(letter) == []


def test_what_was_never_approved_has_no_page_when_it_is_called_off(site: Site) -> None:
    page = site.client.get("/au/host/duplicate")
    assert submit(site.client, page, "csrf_token").status_code == 303

    def cancel(uow: Any) -> None:
        now, keyring = site.state.clock(), site.state.keyring
        assert events.cancel(uow.session, keyring, site.section, 2, now=now).outcome == "cancelled"

    run(site.host.app, cancel)
    reader, slug = site.host.app.test_client(), site.event(2).slug
    assert [reader.get(f"/au/events/{slug}{end}").status_code for end in ("", ".ics", "/rsvp")] == [404] * 3


@every_database
def test_what_is_approved_in_the_end_is_what_everybody_reads(site: Site) -> None:
    worsen(site)
    assert decide(site, "approve") == "published"
    assert site.event().approved is None
    for end in ("", ".ics"):
        code, text = public(site)[end]
        assert code == 200
        assert {BAD[0], BAD[1], BAD[2], "Perth"} <= set(has_bad(text)), end


def test_what_the_desk_took_off_does_not_come_back_by_a_no(site: Site) -> None:
    site.guest()
    hide(site)
    before = len(site.host.mailer.messages)
    assert decide(site, "reject") == "cancelled"
    pages = public(site)
    assert [pages[end][0] for end in ("", ".ics", "/rsvp")] == [404] * 3
    [letter] = letters(site, before)
    assert "Letters at the library" in letter


def test_a_guest_reads_nothing_new_while_it_waits(site: Site) -> None:
    number = site.guest()
    worsen(site)

    def work(uow: Any) -> str:
        return tokens.issue(uow.session, "AU", "rsvp", [number], now=site.state.clock(), days=9)

    page = site.host.app.test_client().get(f"/au/rsvp/{run(site.host.app, work)}")
    assert page.status_code == 200
    assert "Letters at the library" in page.text
    assert has_bad(page.text) == []
