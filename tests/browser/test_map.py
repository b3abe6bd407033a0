"""The map of events in a real browser: by keyboard alone, in step with the list, and asking nobody else for anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.maps import FOCUSED, PANEL, READY, STATE, STILL, names, tab_to
from tests.browser.maps import some_events as some_events

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("path", "width"), [("/au/events", 1280), ("/au/events", 390), ("/ma/events", 390)])
def test_by_keyboard_alone(visit: Any, path: str, width: int) -> None:
    visitor: Visitor = visit(width)
    page = visitor.page
    visitor.open(path)
    town = "Sydney" if path.startswith("/au") else "الدار البيضاء"
    if width < 900:
        visitor.until("document.querySelector('[data-w4r-map]').offsetHeight === 0")
        tab_to(page, page.text_content("[data-w4r-map-switch]").strip())
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
        assert page.evaluate("document.activeElement.matches('.w4r-pin')"), "the focus goes on into the group"
        page.focus("[data-w4r-map-canvas]")
    assert page.evaluate("document.activeElement.matches('[data-w4r-map-panel] a')")
    assert town in page.text_content("[data-w4r-map-chosen]")
    assert page.evaluate("document.querySelectorAll('[data-w4r-map-chosen] li').length") == 3, (
        "all at one point are listed"
    )
    assert visitor.axe() == []
    visitor.shot(f"map_{path.strip('/').replace('/', '_')}_{width}_chosen")
    page.keyboard.press("Escape")
    assert town in page.evaluate(FOCUSED), "closing leads back to the pin"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/events/map-*")
    visitor.saw_nothing_foreign()


def test_in_step_with_the_list(visit: Any) -> None:
    visitor: Visitor = visit()
    page = visitor.page
    visitor.open("/au/events")
    visitor.until(READY)
    lit = "[...document.querySelectorAll('.w4r-pin[data-lit]')].map((pin) => pin.ariaLabel).join()"
    page.focus("[data-event=map-7] a")
    visitor.until(f"{lit}.includes('Darwin')")
    page.hover("[data-event=map-1]")
    visitor.until(f"{lit}.includes('Sydney')")
    page.hover(".w4r-pin[aria-label*=Darwin]")
    visitor.until("document.querySelector('[data-event=map-7]').hasAttribute('data-lit')")
    # From the list to the map and back.
    page.click("[data-event=map-7] [data-w4r-on-map]")
    visitor.until(PANEL)
    assert "Darwin" in page.text_content("[data-w4r-map-chosen]")
    visitor.until("document.querySelector('.w4r-pin[aria-current]')?.ariaLabel.includes('Darwin')")
    visitor.until("document.querySelector('[data-event=map-7]').hasAttribute('data-chosen')")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('[data-event=map-7] [data-w4r-on-map]')")
    visitor.saw_nothing_foreign()


def test_a_link_leads_to_a_view_across_the_antimeridian(visit: Any) -> None:
    visitor: Visitor = visit()
    visitor.open("/au/events#map=3/-20.000/179.000")
    visitor.until(READY)
    shown = names(visitor.page)
    assert any("Apia" in name for name in shown), shown
    assert any("Sydney" in name or "Newcastle" in name for name in shown), shown
    visitor.page.click("[data-w4r-map-zoom='1']")
    visitor.until("/^#map=4\\/-(19.9|20.0)[0-9]+\\/17(8.9|9.0)[0-9]+$/.test(location.hash)")
    visitor.page.click("[data-w4r-map-all]")
    visitor.until(f"{STATE}.startsWith('9 ')")
    visitor.saw_nothing_foreign()


def test_near_me_asks_on_a_press_and_rounds(visit: Any, site: str) -> None:
    visitor: Visitor = visit(
        390, geolocation={"latitude": -33.8712, "longitude": 151.2489}, permissions=["geolocation"]
    )
    asked = "window.asked = 0; const ask = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation);"
    visitor.page.add_init_script(
        asked + "navigator.geolocation.getCurrentPosition = (...all) => { window.asked += 1; ask(...all); };"
    )
    visitor.open("/au/events")
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.page.evaluate("window.asked") == 0
    visitor.page.click("[data-w4r-near-me]")
    visitor.page.wait_for_url("**near=-33.9*")
    assert "-33.9%2C151.2&" in visitor.page.url + "&"
    assert "33.87" not in visitor.page.url
    assert "Letters in Sydney" in visitor.page.text_content("[data-w4r-finder-list]")
    visitor.saw_nothing_foreign()


def test_refused_it_says_so(visit: Any) -> None:
    visitor: Visitor = visit()
    visitor.open("/au/events")
    visitor.page.wait_for_load_state("networkidle")
    visitor.page.click("[data-w4r-near-me]")
    visitor.until("document.getElementById('w4r-near-me-status').textContent.includes('Enter the name of your town')")


def test_many_events_come_in_groups_from_the_server(visit: Any) -> None:
    visitor: Visitor = visit()
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        group = {"cluster": True, "point_count": 1234, "place": "Perth"}
        point = {"type": "Point", "coordinates": [115.86, -31.95]}
        features = [{"type": "Feature", "geometry": point, "properties": group}]
        route.fulfill(json={"type": "FeatureCollection", "features": features})

    visitor.page.route("**/events.geojson*", answer)
    visitor.open("/au/events?kind=public")
    visitor.until(READY)
    visitor.until("document.querySelector('.w4r-pin')?.ariaLabel === '1,234 events near Perth'")
    assert "bbox=" not in asked[0]
    assert "bbox=" in asked[-1] and "zoom=" in asked[-1] and "kind=public" in asked[-1]
    for _ in range(8):
        visitor.page.click(".w4r-pin")
        visitor.until(STILL)
        if visitor.page.evaluate(PANEL):
            break
    assert visitor.page.evaluate(PANEL)
    more = visitor.page.get_attribute("[data-w4r-map-more]", "href")
    assert "/au/events?near=-31.9" in more or "/au/events?near=-32.0" in more
    # What is in the list but not known to the map by itself: its place is shown.
    visitor.page.keyboard.press("Escape")
    visitor.page.click("[data-event=map-7] [data-w4r-on-map]")
    visitor.until("location.hash.startsWith('#map=9/-12.4')")
    visitor.saw_nothing_foreign()
