"""A guest in a real browser: find an event, come, open the mail, take the calendar entry, cancel."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_w4r.models import Event
from flask_w4r.services.events.changes import touch
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.browser.conftest import Served, Visitor
from tests.browser.maps import FOCUSED, PANEL, READY, STILL, tab_to

pytestmark = pytest.mark.browser

#: Section prefix and code; the town, as its readers type it, and where it is.
PLACES = {
    "en": ("/au", "AU", "Bathurst", -33.42, 149.58),
    "ar": ("/ma", "MA", "طنجة", 35.77, -5.8),
}
SCREENS = ("desktop", "phone")
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.fixture(scope="module", autouse=True)
def somewhere_to_go(served: Served, towns: None) -> Iterator[None]:
    """The gazetteer and events in each section in a town that no other test uses; gone from the map afterwards."""
    now = get_state(served.app).clock()
    for _, code, town, lat, lon in PLACES.values():
        for screen in SCREENS:
            slug = f"guest-{screen}"
            if not read(served.app, lambda session, code=code, slug=slug: _known(session, code, slug)):
                make_events(
                    served.app, 1, section=code, slug=slug, uid=f"{slug}-{code}", town=town, public_lat=lat,
                    public_lon=lon, title=f"{town} {screen}", starts_at=now + timedelta(days=40), capacity=10,
                )  # fmt: skip

    def become(state: str, work: UnitOfWork) -> None:
        work.session.execute(update(Event).where(Event.slug.startswith("guest-")).values(state=state))
        for section in get_state(served.app).sections.values():
            touch(work.session, section, now)

    # Another file's tests may have had them before.
    run(served.app, partial(become, "published"))
    yield
    run(served.app, partial(become, "over"))


def _known(session: Any, code: str, slug: str) -> bool:
    return session.scalar(select(Event.id).where(Event.section == code, Event.slug == slug)) is not None


def find_by_town(visitor: Visitor, prefix: str, town: str) -> None:
    page = visitor.page
    visitor.open(f"{prefix}/events")
    page.fill("[name=near]", town)
    page.locator(".w4r-eventfilter button[type=submit]").click()
    page.wait_for_url("**near=**")
    assert page.locator(".w4r-eventcard").count() >= 2


def find_on_map(visitor: Visitor, town: str, screen: str) -> None:
    """From the list around the town to the event's page, with the keyboard alone."""
    page = visitor.page
    if screen == "phone":
        tab_to(page, str(page.text_content("[data-w4r-map-switch]")).strip())
        page.keyboard.press("Enter")
    visitor.until(READY)
    page.focus("[data-w4r-map-canvas]")
    for _ in range(6):
        tab_to(page, town)
        before = page.evaluate("location.hash")
        page.keyboard.press("Enter")
        visitor.until(f"{PANEL} || location.hash !== {json.dumps(before)}")
        visitor.until(STILL)
        if page.evaluate(PANEL):
            break
        page.focus("[data-w4r-map-canvas]")
    tab_to_link(visitor, f"{town} {screen}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/events/guest-{screen}")


def tab_to_link(visitor: Visitor, title: str) -> None:
    """The chosen place's panel has the focus on its first event."""
    for _ in range(6):
        if title in visitor.page.evaluate(FOCUSED):
            return
        visitor.page.keyboard.press("Tab")
    raise AssertionError(f"{title} is not in the panel")


def open_mail(visitor: Visitor, address: str, count: int) -> None:
    """Open the newest mail to an address, once there are so many."""
    visitor.open(visitor.mails(address, count)[0])


def open_link(visitor: Visitor) -> None:
    link = visitor.page.locator(".site-plain a[href*='/rsvp/']").first
    link.wait_for()
    visitor.open(str(link.get_attribute("href")))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", PLACES)
def test_come_and_cancel(visit: Any, language: str, screen: str) -> None:
    prefix, _, town, _, _ = PLACES[language]
    visitor: Visitor = visit(WIDTHS[screen])
    page, shot = visitor.page, f"rsvp_{language}_{screen}"
    find_by_town(visitor, prefix, town)
    findings = visitor.axe()
    find_on_map(visitor, town, screen)
    findings += visitor.axe()
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert page.context.cookies() == [], "reading sets no cookie"
    page.locator(f"a[href='{prefix}/events/guest-{screen}/rsvp']").click()
    page.wait_for_url("**/rsvp")
    visitor.shot(f"{shot}_1_form")
    address = f"gus-{uuid.uuid4().hex[:10]}@example.org"
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_load_state()
    page.locator("[data-w4r-errors]").wait_for()
    findings += visitor.axe()
    visitor.shot(f"{shot}_2_errors")
    page.fill("[name=name]", "Gus Guest")
    page.fill("[name=email]", address)
    page.select_option("[name=party_size]", "3")
    page.fill("[name=access_needs]", "A seat near the door")
    page.check("[name=access_consent]")
    visitor.until("document.querySelector('[name=altcha]').value !== ''")
    findings += visitor.axe()
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/rsvp/thanks")
    findings += visitor.axe()
    visitor.shot(f"{shot}_3_thanks")
    open_mail(visitor, address, 1)
    open_link(visitor)
    findings += visitor.axe()
    visitor.shot(f"{shot}_4_confirm")
    page.locator(".w4r-rsvp--ask .w4r-button--go").click()
    page.locator(".w4r-rsvp--going").wait_for()
    findings += visitor.axe()
    visitor.shot(f"{shot}_5_going")
    with page.expect_download() as started:
        page.locator("a[download]").click()
    assert started.value.suggested_filename.endswith(".ics")
    text = started.value.path().read_text("utf-8")
    assert "BEGIN:VCALENDAR" in text
    assert "METHOD:REQUEST" in text
    open_mail(visitor, address, 2)
    assert page.locator("a[href*='/files/']").count() == 1, "the calendar entry came with the mail"
    open_link(visitor)
    page.locator("button.w4r-button--stop").click()
    page.locator(".w4r-rsvp--cancelled").wait_for()
    findings += visitor.axe()
    visitor.shot(f"{shot}_6_cancelled")
    assert findings == []
    visitor.saw_nothing_foreign()


@pytest.mark.parametrize("language", PLACES)
def test_without_javascript(visit: Any, language: str) -> None:
    prefix, _, town, _, _ = PLACES[language]
    visitor: Visitor = visit(390, javascript=False)
    page = visitor.page
    find_by_town(visitor, prefix, town)
    page.locator(f"a[href='{prefix}/events/guest-phone']").click()
    page.locator(f"a[href='{prefix}/events/guest-phone/rsvp']").click()
    address = f"gus-{uuid.uuid4().hex[:10]}@example.org"
    page.fill("[name=name]", "Gus Guest")
    page.fill("[name=email]", address)
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    assert page.url.endswith("/thanks"), "the form page has its tokens"
    open_mail(visitor, address, 1)
    open_link(visitor)
    page.locator(".w4r-rsvp--ask .w4r-button--go").click()
    page.locator(".w4r-rsvp--going").wait_for()
    page.locator("button.w4r-button--stop").click()
    page.locator(".w4r-rsvp--cancelled").wait_for()
