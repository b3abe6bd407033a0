"""Every page, looked at by axe-core in both directions, widths and schemes; none asks anybody else for anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/cases/joel-paredes", "/cases/neth-nahara", "/cases/joel-paredes/sign", "/sign", "/cases/joel-paredes/thanks",
    "/sign/thanks", "/editions/2021/", "/cases/ciham-ali", "/impact", "/confirm/none", "/not-me/none",
    "/cases/nobody",
)  # fmt: skip
LOOKS = [
    ("/au", 1280, "light"),
    ("/au", 390, "dark"),
    ("/ma", 390, "light"),
    ("/ma", 1280, "dark"),
    ("/ma/fr", 320, "light"),
]


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_pages(visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    findings: list[str] = []
    too_wide = []
    for path in PAGES:
        visitor.open(prefix + path)
        findings += visitor.axe()
        if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        name = (prefix + path).strip("/").replace("/", "_")
        visitor.shot(f"{name}_{width}_{scheme}")
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    assert visitor.foreign == []
    assert visitor.complaints == []


def test_reading_shifts_nothing_and_is_light(visit: Any) -> None:
    visitor: Visitor = visit(390)
    sizes: list[int] = []
    visitor.page.on("response", lambda response: sizes.append(len(response.body())))
    visitor.page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries())"
        " if (!entry.hadRecentInput) window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    visitor.open("/au/cases/joel-paredes")
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.page.evaluate("window.shift") == 0
    assert sum(sizes) < 100_000, "even uncompressed, a first visit stays under 100 kB"
