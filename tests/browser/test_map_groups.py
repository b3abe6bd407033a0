"""The map where there are more events than are sent whole, and where it cannot ask for them: in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_w4r.services.events import geojson as event_geojson
from flask_w4r.services.events.changes import touch
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from tests.browser.conftest import Served, Visitor
from tests.browser.maps import FOCUSED, PANEL, READY, STATE, STILL, names, tab_to
from tests.browser.maps import some_events as some_events

pytestmark = pytest.mark.browser
RETRY = "!document.querySelector('[data-w4r-map-retry]').hidden"
#: Whether what lies over the map covers the middle of the pin that is chosen, or in focus.
COVERED = """(() => {
  const pin = document.querySelector('.w4r-pin[aria-current]') ?? document.activeElement;
  const { x, y, width, height } = pin.getBoundingClientRect();
  const top = document.elementFromPoint(x + width / 2, y + height / 2);
  return !pin.contains(top) && !top?.closest('.w4r-pin');
})()"""


def told(served: Served) -> None:
    state = get_state(served.app)

    def work(uow: UnitOfWork) -> None:
        for section in state.sections.values():
            touch(uow.session, section, state.clock())

    run(served.app, work)


@pytest.fixture
def many(served: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As if the few events there are were too many to be sent whole."""
    monkeypatch.setattr(event_geojson, "WHOLE", 3)
    told(served)
    state = get_state(served.app)
    state.lazy.pop("event_maps", None)
    yield
    monkeypatch.undo()
    state.lazy.pop("event_maps", None)


@pytest.mark.parametrize("width", [1280, 390])
def test_groups_open_into_their_events(visit: Any, many: None, width: int) -> None:
    visitor: Visitor = visit(width)
    page = visitor.page
    visitor.open("/au/events?kind=public")
    if width < 900:
        page.click("[data-w4r-map-switch]")
    visitor.until(READY)
    page.focus("[data-w4r-map-canvas]")
    for _ in range(9):
        tab_to(page, "Sydney")
        before = page.evaluate("location.hash")
        page.keyboard.press("Enter")
        # A group may be drawn anew just under the finger, when its numbers come late; then one presses again.
        visitor.becomes(f"{PANEL} || location.hash !== {json.dumps(before)}", 4)
        visitor.until(STILL)
        if page.evaluate(PANEL):
            break
        page.focus("[data-w4r-map-canvas]")
    assert page.evaluate("document.querySelectorAll('[data-w4r-map-chosen] li').length") == 3
    assert not page.is_visible("[data-w4r-map-more]"), "there are no others"
    assert visitor.axe() == []
    visitor.shot(f"map_groups_{width}_chosen")
    page.keyboard.press("Escape")
    assert "Sydney" in page.evaluate(FOCUSED), "closing leads back to the group"
    page.keyboard.press("Enter")
    visitor.until("document.activeElement.matches('[data-w4r-map-chosen] a')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/events/map-*")
    visitor.saw_nothing_foreign()


def test_those_left_over_are_in_a_list_of_the_same_search(visit: Any) -> None:
    visitor: Visitor = visit()
    group = {"cluster": True, "point_count": 1234, "place": "Perth"}
    point = {"type": "Point", "coordinates": [115.86, -31.95]}
    found = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": point, "properties": group}]}
    visitor.page.route("**/events.geojson*", lambda route: route.fulfill(json=found))
    visitor.open("/au/events?kind=hybrid&online=1&from=2026-01-01#map=9/-31.950/115.860")
    visitor.until(READY)
    visitor.page.click(".w4r-pin")
    visitor.until(PANEL)
    more = visitor.page.get_attribute("[data-w4r-map-more]", "href")
    for part in ("kind=hybrid", "online=1", "from=2026-01-01", "near=-31.950%2C115.860"):
        assert part in more, more


def test_a_view_that_fails_can_be_asked_for_again(visit: Any, many: None) -> None:
    visitor: Visitor = visit()
    page = visitor.page
    visitor.open("/au/events")
    visitor.until(READY)
    page.route("**/events.geojson?*", lambda route: route.abort())
    page.click("[data-w4r-map-zoom='1']")
    visitor.until(RETRY)
    assert "The list has all the events" in page.evaluate(STATE)
    page.unroute("**/events.geojson?*")
    page.focus("[data-w4r-map-retry]")
    page.keyboard.press("Enter")
    visitor.until(f"!({RETRY})")
    assert names(page)
    assert page.evaluate("document.activeElement.matches('[data-w4r-map-canvas]')"), "the focus does not get lost"


def test_a_slow_view_says_that_it_loads(visit: Any, many: None) -> None:
    visitor: Visitor = visit()
    page = visitor.page
    visitor.open("/au/events")
    visitor.until(READY)
    waiting: list[Any] = []
    page.route("**/events.geojson?*", lambda route: waiting.append(route))
    page.click("[data-w4r-map-zoom='1']")
    visitor.until(f"{STATE}.startsWith('The map is loading')")
    assert names(page), "what was there stays"
    for route in waiting:
        route.continue_()
    visitor.until(f"{STATE}.includes('in view')")


def test_no_button_is_shown_before_it_does_something(visit: Any) -> None:
    """On a slow phone the list is there long before the scripts, which may not come at all."""
    visitor: Visitor = visit(390)
    page = visitor.page
    waiting: list[Any] = []
    for name in ("map", "near"):
        page.route(f"**/js/events/{name}.js*", lambda route: waiting.append(route))
    page.goto(f"{visitor.base}/au/events", wait_until="domcontentloaded")
    for _ in range(50):
        if len(waiting) == 2:
            break
        page.wait_for_timeout(100)
    parts = ("[data-w4r-map-switch]", "[data-w4r-near-me]", "[data-w4r-on-map] >> nth=0")
    assert page.is_visible("[data-event=map-1]")
    assert not any(page.is_visible(part) for part in parts)
    for route in waiting:
        route.continue_()
    for part in parts:
        page.wait_for_selector(part, state="visible")


@pytest.mark.parametrize("path", ["/au/events", "/ma/events"])
def test_the_switch_lies_over_neither_the_heading_nor_the_first_event(visit: Any, path: str) -> None:
    """Wherever the list begins in the window; and it stays in reach down to the list's end."""
    visitor: Visitor = visit(390)
    page = visitor.page
    visitor.open(path)
    page.wait_for_selector("[data-w4r-map-switch]", state="visible")
    covered = """(up) => {
      const box = (selector) => document.querySelector(selector).getBoundingClientRect();
      const heading = box(".w4r-events__count");
      scrollTo(0, scrollY + heading.top - up);
      const button = box("[data-w4r-map-switch]");
      return [".w4r-events__count", "[data-w4r-finder-list] li:first-child"].filter((selector) => {
        const part = box(selector);
        return button.top < part.bottom && part.top < button.bottom;
      });
    }"""
    for up in (820, 700, 550, 400, 250, 100):
        assert page.evaluate(covered, up) == [], f"with the heading {up} pixels from the top"
    visitor.shot(f"map_switch_{path[1:3]}_390")
    page.evaluate("document.querySelector('[data-w4r-finder-list] li:last-child').scrollIntoView({block: 'center'})")
    reach = "(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.querySelector('[data-w4r-map-switch]').getBoundingClientRect())"
    assert page.evaluate(reach)


@pytest.mark.parametrize(("path", "width"), [("/au/events", 390), ("/ma/events", 390), ("/ma/events", 1280)])
def test_what_is_in_focus_or_chosen_is_not_covered(visit: Any, path: str, width: int) -> None:
    visitor: Visitor = visit(width)
    page = visitor.page
    visitor.open(path)
    if width < 900:
        page.click("[data-w4r-map-switch]")
    visitor.until(READY)
    # Each pin in turn is put under the words, then under the tools.
    for part in ("[data-w4r-map-state]", ".w4r-map__tools"):
        page.focus("[data-w4r-map-canvas]")
        page.keyboard.press("Tab")
        for _ in range(12):
            over = page.evaluate(
                """(part) => { const a = document.querySelector(part).getBoundingClientRect();
                const b = document.activeElement.getBoundingClientRect();
                return [a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2]; }""",
                part,
            )
            if abs(over[0]) < 60 and abs(over[1]) < 60:
                break
            page.focus("[data-w4r-map-canvas]")
            for key, gap in (("ArrowLeft" if over[0] > 0 else "ArrowRight", over[0]),
                             ("ArrowUp" if over[1] > 0 else "ArrowDown", over[1])):  # fmt: skip
                if abs(gap) >= 60:
                    page.keyboard.press(key)
                    page.wait_for_timeout(350)
            page.keyboard.press("Tab")
        page.wait_for_timeout(350)
        if page.evaluate("document.activeElement.matches('.w4r-pin')"):
            assert not page.evaluate(COVERED), part


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours(visit: Any, scheme: str) -> None:
    visitor: Visitor = visit(scheme=scheme, forced_colors="active", reduced_motion="reduce")
    page = visitor.page
    visitor.open("/au/events?near=-33.87,151.21&km=250")
    visitor.until(READY)
    page.click(".w4r-pin")
    page.wait_for_load_state("networkidle")
    visitor.shot(f"map_forced_{scheme}")
    colour = "getComputedStyle(document.querySelector('{}')).{}"
    back = page.evaluate(colour.format("[data-w4r-map-canvas]", "backgroundColor"))
    for part in (".w4r-map__searched", ".w4r-map__land"):
        assert page.evaluate(colour.format(part, "stroke")) != back, part
    tool = page.evaluate(colour.format("[data-w4r-map-all]", "color"))
    visitor.until(
        "(closer => closer.ariaDisabled === 'true' || closer.click())(document.querySelector('[data-w4r-map-zoom]'))"
    )
    assert page.evaluate(colour.format('[data-w4r-map-zoom="1"]', "color")) != tool
