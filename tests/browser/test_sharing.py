"""Telling others, in a browser: the share page in both directions and widths, a link that names its source, and no scripts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from flask_w4r.services.sharing import counting
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

CASE = "/cases/joel-paredes"
LOOKS = [("/au", 1280, "light"), ("/au", 390, "dark"), ("/ma", 390, "light"), ("/ma", 1280, "dark")]


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_the_share_page(visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme, permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    visitor.open(f"{prefix}{CASE}/share")
    findings = visitor.axe()
    visitor.until("!document.querySelector('[data-w4r-copy]').hidden")
    page.wait_for_load_state("networkidle")
    page.evaluate("Promise.all([...document.images].map((image) => ((image.loading = 'eager'), image.decode())))")
    visitor.shot(f"share_{prefix.strip('/')}_{width}_{scheme}")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.locator("[data-w4r-copy]").first.click()
    visitor.until(
        "document.querySelector('[data-w4r-copy]').textContent.trim() === document.querySelector('[data-w4r-copy]').dataset.done"
    )
    visitor.until("localStorage.getItem('w4r-ways') !== null")
    assert page.evaluate("JSON.parse(localStorage.getItem('w4r-ways'))") == {"joel-paredes": ["share"]}, (
        "ticked in the lists of ways to act"
    )
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"{prefix}{CASE}?src=copy" in copied
    page.locator("#w4r-server").fill("evil.example/@x?")
    page.locator("#w4r-server").press("Enter")
    findings += visitor.axe()
    assert page.evaluate("document.activeElement.closest('[data-w4r-errors]') !== null"), "reading begins at the mend"
    page.locator("#w4r-server").fill("@sam@mastodon.example")
    page.locator("#w4r-server").press("Enter")
    link = page.locator("a[href^='https://mastodon.example/share?text=']")
    assert link.count() == 1
    findings += visitor.axe()
    visitor.shot(f"share_mastodon_{prefix.strip('/')}_{width}_{scheme}")
    assert findings == []
    visitor.saw_nothing_foreign()


def test_a_link_that_names_its_source_is_counted_once(visit: Any) -> None:
    visitor: Visitor = visit(390)
    page, sent = visitor.page, []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    visitor.open(f"/au{CASE}?src=telegram&v=2#sign")
    visitor.until("!location.search")
    assert page.url.endswith(f"{CASE}#sign")
    assert page.locator("form[data-w4r-sign] input[name=via]").input_value() == "telegram:2"
    page.wait_for_load_state("networkidle")
    assert [(request.url, request.post_data) for request in sent] == [
        (f"{visitor.base}/au{CASE}/share/visit", "via=telegram%3A2")
    ]
    assert "cookie" not in sent[0].all_headers()
    page.reload()
    visitor.open(f"/au{CASE}?src=of-mine")
    visitor.until("!location.search")
    page.wait_for_load_state("networkidle")
    assert len(sent) == 1, "neither a reload nor a source that is not on the list"
    counting.visits(visitor.app).flush(visitor.app)
    with visitor.app.app_context():
        engine = visitor.app.extensions["sqlalchemy"].engine
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT source, variant, kind, count FROM w4r_share_count")).all()
    assert [tuple(row) for row in rows] == [("telegram", 2, "visit", 1)]
    visitor.saw_nothing_foreign()


def test_without_scripts(visit: Any) -> None:
    visitor: Visitor = visit(390, javascript=False)
    page = visitor.page
    visitor.open(f"/au{CASE}")
    page.get_by_role("link", name="More ways, pictures and a poster").click()
    assert page.locator("[data-w4r-copy]").first.is_hidden()
    assert page.locator("a[href^='https://wa.me/?text=']").first.is_visible()
    page.locator("#w4r-server").fill("https://mastodon.example/")
    page.get_by_role("button", name="Post on Mastodon").click()
    assert page.locator("a[href^='https://mastodon.example/share?text=']").is_visible()
    visitor.saw_nothing_foreign()
