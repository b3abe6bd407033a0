"""Every page of a host in a real browser: at every width, in both schemes and directions, and by keyboard alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Event
from flask_w4r.services.events.changes import touch
from flask_w4r.services.people import tokens
from flask_w4r.services.rsvps import codes
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.browser.conftest import Served, Visitor
from tests.browser.hosts import CASE, event_of
from tests.browser.maps import tab_to
from tests.browser.test_events import somewhere_to_go as somewhere_to_go
from tests.events.rows import add_rsvp

pytestmark = pytest.mark.browser

TITLES = {"/au": "Letters and tea at the Old Library", "/ma": "أمسية كتابة الرسائل في المكتبة القديمة"}
GUESTS = (
    {"name": "Gus Guest", "email": "gus@example.org", "party_size": 2},
    {"name": "نور الهدى", "email": "nour@example.org", "party_size": 1, "checked_in": True},
    {"name": "Wolfeschlegelsteinhausenbergerdorff Maximilian", "email": "a.very.long.address@mail.example.org",
     "party_size": 4, "access": "A seat near the door, please, and somebody who signs in Auslan."},
    {"name": "Wanda Waits", "email": "wanda@example.org", "party_size": 3, "state": "waitlisted"},
)  # fmt: skip


@dataclass(frozen=True)
class Hosted:
    """What a host's mails would link to, and a guest's code for the door."""

    open: str
    confirm: str
    list: str
    code: str
    guest: int


@pytest.fixture
def hosted(served: Served) -> Iterator[Callable[..., Hosted]]:
    """Make an event that has begun, with guests of all kinds, and one that waits for its host's confirmation."""
    state, made = get_state(served.app), []

    def make(prefix: str) -> Hosted:
        section = state.sections[prefix.strip("/").upper()]
        now, unique = state.clock(), uuid.uuid4().hex[:8]

        def event(title: str, **columns: Any) -> int:
            slug = f"hosted-{unique}-{len(made)}"
            [number] = make_events(
                served.app, 1, section=section.code, cases=[CASE], slug=slug, uid=slug, title=title, kind="private",
                visibility="approval", venue_name="Old Library", starts_at=now - timedelta(hours=1),
                ends_at=now + timedelta(hours=3), capacity=20, **columns,
            )  # fmt: skip
            made.append(number)
            return number

        number = event(TITLES[prefix])
        waits = event(TITLES[prefix], state="unconfirmed", published_at=None)

        def come_in(work: UnitOfWork) -> Hosted:
            row, ids = work.session.get_one(Event, number), []
            for guest in GUESTS:
                person = {"name": guest["name"], "email": guest["email"], "access_needs": guest.get("access", "")}
                size, where = guest["party_size"], guest.get("state", "going")
                columns = {
                    "email": guest["email"], "person": state.keyring.seal_json(person), "party_size": size,
                    "state": where, "access_consent": True, "checked_in_at": now if guest.get("checked_in") else None,
                    "waitlisted_at": now if where == "waitlisted" else None,
                }  # fmt: skip
                ids.append(add_rsvp(work.session, state.keyring, section, row, now=now, **columns).id)

            def link(purpose: str, event_id: int) -> str:
                return tokens.issue(work.session, section.code, purpose, [event_id, 1], now=now, days=1)

            return Hosted(
                f"{prefix}/host/{link('host', number)}", f"{prefix}/host/{link('event_confirm', waits)}",
                f"{prefix}/host/list/{link('host_list', number)}",
                codes.check_in_code(state.keyring, ids[0]), ids[0],
            )  # fmt: skip

        return run(served.app, come_in)

    yield make

    def end(work: UnitOfWork) -> None:
        work.session.execute(update(Event).where(Event.id.in_(made)).values(state="over"))
        for section in state.sections.values():
            touch(work.session, section, state.clock())

    run(served.app, end)


LOOKS = [
    ("/au", 1280, "light"),
    ("/au", 390, "dark"),
    ("/ma", 390, "light"),
    ("/ma", 1280, "dark"),
    ("/au", 320, "light"),
]


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_every_page_of_a_host(visit: Any, hosted: Callable[..., Hosted], prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    page, findings, too_wide = visitor.page, [], []
    links = hosted(prefix)

    def look(name: str) -> None:
        findings.extend(visitor.axe())
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(name)
        visitor.shot(f"hosting_{prefix[1:]}_{width}_{scheme}_{name}")

    def press(button: str) -> None:
        with page.expect_navigation():
            page.locator(button).click()

    visitor.open(f"{prefix}/events/new")
    look("01_new")
    page.fill("[name=title]", TITLES[prefix])
    page.check("[name=kind][value=private]")
    page.fill("[name=place]", "Nowhereville")
    page.fill("[name=capacity]", "many")
    page.fill("[name=description]", "Bring a pen.\nWe have paper, stamps and tea.")
    press("form[data-w4r-sign] button[type=submit]")
    page.locator("[data-w4r-errors]").wait_for()
    assert page.input_value("[name=title]") == TITLES[prefix]
    assert page.input_value("[name=place]") == "Nowhereville"
    assert page.is_checked("[name=kind][value=private]")
    look("02_errors")
    visitor.open(f"{prefix}/events/new/thanks")
    look("03_thanks")
    visitor.open(f"{prefix}/host")
    look("04_away")
    page.locator("a[href$='/host/lost']").click()
    page.fill("[name=host_email]", "nobody")
    press("form[method=post] button.w4r-button--go")
    assert page.input_value("[name=host_email]") == "nobody"
    look("04_lost_errors")
    page.fill("[name=host_email]", "nobody@example.org")
    press("form[method=post] button.w4r-button--go")
    look("04_lost_sent")
    visitor.open(links.confirm)
    look("05_confirm")
    visitor.open(links.open)
    look("06_open")
    press("form[method=post] button.w4r-button--go")
    look("07_host")
    for number, path in enumerate(("edit", "message", "cancel", "duplicate", "list", f"check-in?code={links.code}")):
        visitor.open(f"{prefix}/host/{path}")
        look(f"{number + 8:02}_{path.partition('?')[0]}")
    visitor.open(links.list)
    press("form[method=post] button.w4r-button--go")
    look("14_full_list")
    visitor.open(f"{prefix}/host/report")
    look("15_report")
    page.fill("[name=people]", "lots")
    press("form.w4r-form button.w4r-button--go")
    look("16_report_errors")
    visitor.open(f"{prefix}/host/print?paper=letter")
    look("17_print")
    page.emulate_media(media="print")
    visitor.shot(f"hosting_{prefix[1:]}_{width}_{scheme}_18_paper")
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    visitor.saw_nothing_foreign()


NAMED = "document.activeElement.name ?? ''"


def tab_to_field(visitor: Visitor, name: str, value: str = "") -> None:
    """Press Tab until that field is in focus."""
    for _ in range(80):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate(NAMED) == name:
            return
    raise AssertionError(f"Tab never came to {name}")


def test_hosting_by_keyboard_alone(visit: Any, served: Served, hosted: Callable[..., Hosted]) -> None:
    visitor: Visitor = visit()
    keys, unique = visitor.page.keyboard, uuid.uuid4().hex[:8]
    day = get_state(served.app).clock() + timedelta(days=9)
    visitor.open("/au/events/new")
    fields = {
        "title": f"Keys {unique}", "kind": " ", "starts_at": f"{day:%m%d%Y}|0600PM", "ends_at": f"{day:%m%d%Y}|0800PM",
        "place": "Hobart", "venue_name": "Old Library", "address": "8 Library Lane", "visibility": " ",
        "description": "Bring a pen.", "host_name": "Kay Host", "host_email": f"kay-{unique}@example.org",
    }  # fmt: skip
    for name, typed in fields.items():
        tab_to_field(visitor, name)
        # A time is typed as its parts are shown: month, day, year; hour, minute, half of the day.
        for number, part in enumerate(typed.split("|")):
            if number:
                keys.press("Tab")
            keys.type(part)
    visitor.until("document.querySelector('[name=altcha]').value !== ''")
    keys.press("Enter")
    visitor.page.wait_for_url("**/events/new/thanks")
    assert event_of(served, f"Keys {unique}").state == "unconfirmed"
    visitor.open(hosted("/au").open)
    for words in ("Open my event", "Check guests in", "Check in Gus"):
        tab_to(visitor.page, words)
        with visitor.page.expect_navigation():
            keys.press("Enter")
    tab_to(visitor.page, "Undo check-in for Gus")
    visitor.saw_nothing_foreign()
