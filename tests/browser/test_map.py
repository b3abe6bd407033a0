"""The map of events in a real browser: by keyboard alone, in step with the list, and asking nobody else for anything."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from flask_w4r.models import Event
from flask_w4r.services.events.changes import touch
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.browser.conftest import Served, Visitor

pytestmark = pytest.mark.browser

#: Town, latitude, longitude, how many events: two of them across the antimeridian from the others.
AU = (
    ("Sydney", -33.87, 151.21, 3), ("Newcastle", -32.93, 151.78, 1), ("Perth", -31.95, 115.86, 2),
    ("Darwin", -12.46, 130.84, 1), ("Apia", -13.83, -171.77, 2),
)  # fmt: skip
MA = (("الدار البيضاء", 33.57, -7.59, 3), ("الرباط", 34.02, -6.84, 1), ("مراكش", 31.63, -8.0, 1))
READY = "document.querySelectorAll('.w4r-pin').length > 0"
FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
PANEL = "!document.querySelector('[data-w4r-map-panel]').hidden"
#: No zoom is under way.
STILL = "!document.querySelector('.leaflet-zoom-anim')"
STATE = "document.querySelector('[data-w4r-map-state]').textContent"


@pytest.fixture(scope="module", autouse=True)
def some_events(served: Served) -> Iterator[None]:
    """Events to look at, in two sections; one of them online, which is on no map. All others stay off it meanwhile."""
    others = _hide_others(served)
    now = get_state(served.app).clock()
    for section, towns in (("AU", AU), ("MA", MA)):
        if read(served.app, lambda session, code=section: _has(session, code)):
            continue
        flat = [town for town in towns for _ in range(town[3])]
        make_events(
            served.app, len(flat), section=section, slug=lambda n: f"map-{n}",
            title=lambda n, flat=flat: f"Letters in {flat[n - 1][0]} {n}", town=lambda n, flat=flat: flat[n - 1][0],
            public_lat=lambda n, flat=flat: flat[n - 1][1], public_lon=lambda n, flat=flat: flat[n - 1][2],
            starts_at=lambda n: now + timedelta(hours=n), uid=lambda n, code=section: f"map-{code}-{n}",
            availability=lambda n: ("open", "few", "full")[n % 3],
        )  # fmt: skip
        make_events(
            served.app, 1, section=section, kind="online", slug="map-online", uid=f"map-{section}-online",
            public_lat=None, public_lon=None, town="", title="Letters from anywhere",
        )  # fmt: skip
    yield
    _show(served, others)


def _hide_others(served: Served) -> dict[int, str]:
    wanted = select(Event.id, Event.visibility).where(Event.visibility != "unlisted", Event.slug.not_like("map-%"))
    found = read(served.app, lambda session: dict(session.execute(wanted).all()))
    _show(served, dict.fromkeys(found, "unlisted"))
    return found


def _show(served: Served, visibilities: dict[int, str]) -> None:
    state = get_state(served.app)

    def work(uow: UnitOfWork) -> None:
        for number, visibility in visibilities.items():
            uow.session.execute(update(Event).where(Event.id == number).values(visibility=visibility))
        for section in state.sections.values():
            touch(uow.session, section, state.clock())

    run(served.app, work)


def _has(session: Any, section: str) -> bool:
    return session.scalar(select(Event.id).where(Event.section == section, Event.slug == "map-1")) is not None


def names(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('.w4r-pin')].map((pin) => pin.ariaLabel)")
    return found


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the thing in focus is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"Tab never came to {wanted}")


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
    visitor.until("document.getElementById('w4r-near-me-status').textContent.includes('Type the name of your town')")


def test_failing_and_trying_again(visit: Any) -> None:
    visitor: Visitor = visit()
    visitor.page.route("**/events.geojson", lambda route: route.abort())
    visitor.open("/au/events")
    visitor.until("!document.querySelector('[data-w4r-map-retry]').hidden")
    assert "The list has all the events" in visitor.page.evaluate(STATE)
    assert visitor.axe() == []
    visitor.shot("map_failed")
    visitor.page.unroute("**/events.geojson")
    visitor.page.click("[data-w4r-map-retry]")
    visitor.until(READY)


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


def test_without_scripts_there_is_the_list_alone(visit: Any) -> None:
    visitor: Visitor = visit(javascript=False)
    visitor.open("/au/events")
    assert visitor.page.is_visible("[data-event=map-1]")
    for part in ("[data-w4r-map]", "[data-w4r-map-switch]", "[data-w4r-near-me]", "[data-w4r-on-map]"):
        assert not visitor.page.is_visible(part)


def test_loads_late_and_light(visit: Any) -> None:
    visitor: Visitor = visit(390, device_scale_factor=2)
    sizes: dict[str, int] = {}
    visitor.page.on("response", lambda answer: sizes.update({answer.url: len(gzip.compress(answer.body(), 6))}))
    visitor.page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())"
        " if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    visitor.open("/au/events")
    visitor.page.wait_for_load_state("networkidle")
    assert not any("vendor" in url or "geojson" in url for url in sizes), "on a phone the list comes first"
    assert visitor.page.evaluate("window.shift") == 0
    visitor.page.click("[data-w4r-map-switch]")
    visitor.until(READY)
    visitor.until("document.querySelector('.w4r-map__land') !== null")
    visitor.page.wait_for_load_state("networkidle")
    assert any("land-110m" in url for url in sizes)
    assert not any("land-50m" in url for url in sizes), "the fine outline is for who looks closer"
    assert sum(sizes.values()) < 200_000


@pytest.mark.parametrize(
    ("path", "width", "scheme"),
    [
        ("/au/events", 1280, "light"),
        ("/au/events", 390, "dark"),
        ("/ma/events", 390, "light"),
        ("/ma/events", 1280, "dark"),
        ("/ma/fr/events?near=34.0,-6.8&km=50", 320, "light"),
    ],
)
def test_looks(visit: Any, path: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    visitor.open(path)
    name = f"map_{path.split('?')[0].strip('/').replace('/', '_')}_{width}_{scheme}"
    findings = visitor.axe()
    visitor.shot(f"{name}_list")
    if width < 900:
        visitor.page.click("[data-w4r-map-switch]")
    visitor.until(READY)
    visitor.page.wait_for_load_state("networkidle")
    visitor.shot(name)
    findings += visitor.axe()
    assert findings == []
    assert not visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    visitor.saw_nothing_foreign()


def test_no_borders_are_shipped() -> None:
    files = sorted(file.name for file in resources.files("flask_w4r").joinpath("static/vendor/world-atlas").iterdir())
    assert files == ["LICENSE", "README.md", "land-110m.json", "land-50m.json"]
    for name in files[2:]:
        text = resources.files("flask_w4r").joinpath(f"static/vendor/world-atlas/{name}").read_text("utf-8")
        assert list(json.loads(text)["objects"]) == ["land"]
