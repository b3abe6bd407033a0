"""Reports and counts in a browser: every page in both directions, widths and schemes; a report by keyboard, without scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Case
from flask_w4r.services.mail import proving
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from tests.browser.conftest import Visitor
from tests.browser.test_deliveries import LOOKS, SLUG, Site
from tests.browser.test_deliveries import desk as desk

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def counted(desk: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    file = tmp_path_factory.mktemp("counts") / "counts.csv"
    file.write_text(
        f"case,type,count,place\n{SLUG},letter,120,Perth\n{SLUG},card,30,مراكش\n{SLUG},vigil,2,Perth\n", "utf-8"
    )
    for section in ("AU", "MA"):
        desk.run("reports", "import", str(file), "--section", section)
    wanted = update(Case).where(Case.slug == SLUG).values(goals={"letter": 200, "solidarity_card": 50, "vigil": 2})
    run(desk.app, lambda work: work.session.execute(wanted))
    return desk


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_pages(counted: Site, visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    section = get_state(counted.app).sections[prefix[1:3].upper()]
    link = run(
        counted.app,
        lambda work: proving.link(work.session, section, "sam@example.org", now=datetime.now(UTC), days=3),
    )
    pages = {
        "report": "/report", "thanks": "/report/thanks", "counts": "/moderation/counts", "prove": f"/prove/{link}",
        "campaign": "/", "case": f"/cases/{SLUG}",
    }  # fmt: skip
    findings, too_wide = [], []
    for name, path in pages.items():
        visitor.page.goto(f"{counted.base}{prefix}{path}")
        if name == "report":
            visitor.page.locator("summary").first.press("Enter")
            visitor.page.locator("input[name=letters]").first.fill("many")
            visitor.page.locator("#w4r-main form button[type=submit]").press("Enter")
            visitor.page.locator("[data-w4r-errors]").wait_for()
        findings += visitor.axe()
        if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        visitor.shot(f"reports{prefix}_{name}_{width}_{scheme}".replace("/", "_"))
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    assert visitor.complaints == []


def test_a_report_and_its_count_by_keyboard_without_scripts(counted: Site, visit: Any) -> None:
    visitor: Visitor = visit(1280, javascript=False)
    page = visitor.page
    page.goto(f"{counted.base}/au/report")
    page.locator("summary").first.press("Enter")
    page.locator("input[name=letters]").first.fill("12")
    for name, text in {"people": "4", "where": "Perth", "name": "Sam", "email": "sam@example.org"}.items():
        page.locator(f"#{name}").fill(text)
    page.locator("#w4r-main form button[type=submit]").press("Enter")
    assert page.url.endswith("/au/report/thanks")
    page.goto(f"{counted.base}/au/moderation/counts")
    page.locator("table.w4r-grid-of-counts input").first.fill("7")
    page.get_by_role("button", name="Enter these numbers").press("Enter")
    assert "The numbers count from now on." in page.locator("#w4r-main").inner_text()
    page.get_by_role("button", name="Take back").first.press("Enter")
    assert "Taken back" in page.locator("#w4r-main").inner_text()
