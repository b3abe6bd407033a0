"""A host in a real browser: publish, edit, check somebody in, report; and the desk, until the letters count."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_w4r.models import Case, Event, EventCase, Report
from flask_w4r.services.events.changes import touch
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.rsvps import lifecycle as rsvps
from flask_w4r.services.rsvps.lifecycle import Guest
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from tests.browser.conftest import Served, Visitor
from tests.browser.hosts import CASE, event_of
from tests.browser.test_desk import desk_login as desk_login
from tests.browser.test_events import PLACES, WIDTHS, open_mail
from tests.browser.test_events import somewhere_to_go as somewhere_to_go

pytestmark = pytest.mark.browser


def open_link(visitor: Visitor) -> None:
    """Go where a mail to a host leads, and press the button there."""
    link = visitor.page.locator(".site-plain a[href*='/host/']").first
    link.wait_for()
    visitor.open(str(link.get_attribute("href")))
    visitor.page.locator("form[method=post] button.w4r-button--go").click()
    visitor.page.wait_for_url("**/host")


def come(served: Served, event: Event, address: str) -> None:
    """Somebody comes to the event: their own pages are looked at elsewhere."""
    state = get_state(served.app)
    section, now = state.sections[event.section], state.clock()
    guest = Guest("Gus Guest", parse_address(address), 2, section.default_locale)

    def work(uow: UnitOfWork) -> None:
        done = rsvps.ask(uow.session, state.keyring, section, event.id, guest, held=False, now=now)
        rsvps.confirm(uow.session, state.keyring, section, event.id, done.rsvp_id, 1, now=now)

    run(served.app, work)


def begin(served: Served, event: Event, hours: float) -> None:
    """Move the event's beginning: nobody wants to wait for it."""
    now = get_state(served.app).clock()

    def work(uow: UnitOfWork) -> None:
        uow.session.execute(update(Event).where(Event.id == event.id).values(starts_at=now + timedelta(hours=hours)))
        touch(uow.session, get_state(served.app).sections[event.section], now)

    run(served.app, work)


def letters(visitor: Visitor, prefix: str) -> int:
    answer = visitor.page.request.get(f"{visitor.base}{prefix}/cases/{CASE}/tally.json")
    return int(answer.json()["actions"].get("letter", 0))


def approve(desk: Visitor, prefix: str, kind: str, number: int) -> None:
    desk.open(f"{prefix}/moderation/queue?kind={kind}")
    row = desk.page.locator(f"[data-item='{kind}:{number}']")
    row.locator("button[name=one][value^=approve]").click()
    row.wait_for(state="detached")


@pytest.mark.parametrize(
    ("language", "screen"), [("en", "desktop"), ("en", "phone"), ("ar", "desktop"), ("ar", "phone")]
)
def test_from_the_form_to_the_count(visit: Any, served: Served, desk_login: Any, language: str, screen: str) -> None:
    prefix, _, town, _, _ = PLACES[language]
    visitor: Visitor = visit(WIDTHS[screen])
    desk: Visitor = visit(storage_state=desk_login)
    page, shot = visitor.page, f"host_{language}_{screen}"
    unique = uuid.uuid4().hex[:8]
    address, title = f"host-{unique}@example.org", f"Letters {unique}"
    before = letters(visitor, prefix)
    visitor.open(f"{prefix}/events/new")
    findings = visitor.axe()
    page.fill("[name=title]", title)
    page.check("[name=kind][value=public]")
    soon = get_state(served.app).clock() + timedelta(days=3)
    page.fill("[name=starts_at]", f"{soon:%Y-%m-%d}T18:00")
    page.fill("[name=ends_at]", f"{soon:%Y-%m-%d}T20:00")
    page.fill("[name=place]", town)
    page.fill("[name=venue_name]", "Old Library")
    page.fill("[name=address]", "8 Library Lane")
    page.check("[name=visibility][value=exact]")
    page.fill("[name=capacity]", "10")
    page.fill("[name=description]", "Bring a pen. We have paper, stamps and tea.")
    page.fill("[name=host_name]", "Hana Host")
    page.fill("[name=host_email]", address)
    visitor.until("document.querySelector('[name=altcha]').value !== ''")
    visitor.shot(f"{shot}_1_form")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/events/new/thanks")
    findings += visitor.axe()
    open_mail(visitor, address, 1)
    open_link(visitor)
    findings += visitor.axe()
    event = event_of(served, title)
    assert event.state == "submitted"
    approve(desk, prefix, "event", event.id)
    assert event_of(served, title).state == "published"
    open_mail(visitor, address, 2)
    open_link(visitor)
    visitor.shot(f"{shot}_2_host")
    page.locator("a[href$='/host/edit']").click()
    findings += visitor.axe()
    page.fill("[name=capacity]", "12")
    page.locator("form.w4r-form button.w4r-button--go").click()
    page.wait_for_url("**/host?**")
    assert event_of(served, title).capacity == 12
    assert event_of(served, title).state == "published", "a small change needs no second look"
    come(served, event, f"gus-{unique}@example.org")
    begin(served, event, -1)
    visitor.open(f"{prefix}/host/check-in")
    findings += visitor.axe()
    page.locator("input[name=present][value='1'] ~ button").first.click()
    page.locator("input[name=present][value='0']").first.wait_for(state="attached")
    visitor.shot(f"{shot}_3_door")
    visitor.open(f"{prefix}/host/report")
    page.fill("[name=people]", "12")
    page.fill(f"[name='count-{case_of(served, event)}-letter']", "120")
    findings += visitor.axe()
    visitor.shot(f"{shot}_4_report")
    page.locator("form.w4r-form button.w4r-button--go").click()
    page.wait_for_url("**/host?**")
    assert letters(visitor, prefix) == before
    approve(desk, prefix, "report", report_of(served, event))
    for _ in range(60):
        if letters(visitor, prefix) == before + 120:
            break
        page.wait_for_timeout(100)
    assert letters(visitor, prefix) == before + 120
    run(served.app, lambda work: work.session.execute(update(Event).where(Event.id == event.id).values(state="over")))
    assert findings == []
    visitor.saw_nothing_foreign()


def report_of(served: Served, event: Event) -> int:
    """The id of the host's report."""
    wanted = select(Report.id).where(Report.event_id == event.id)
    return read(served.app, lambda session: int(session.scalars(wanted).one()))


def case_of(served: Served, event: Event) -> int:
    """The id of the case in the event's own edition."""

    def load(session: Any) -> int:
        rows = select(Case.id).join(EventCase, EventCase.case_id == Case.id)
        return int(session.scalars(rows.where(EventCase.event_id == event.id, Case.slug == CASE)).one())

    return read(served.app, load)
