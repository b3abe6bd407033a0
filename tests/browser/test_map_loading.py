"""The map of events as it loads in a real browser: late and light, without borders, or not at all; and how it looks."""

from __future__ import annotations

import gzip
import json
from importlib import resources
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.maps import READY, STATE
from tests.browser.maps import some_events as some_events

pytestmark = pytest.mark.browser


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
    # An answer is noted once its body was read, which may be after it was drawn.
    for _ in range(200):
        if any("land-110m" in url for url in sizes):
            break
        visitor.page.wait_for_timeout(50)
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
