"""Somebody with one name signs in a real browser: without JavaScript and with it, in each direction."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.test_signing import CASE, PLACES

pytestmark = pytest.mark.browser
BUTTON = "form[data-w4r-sign] button[type=submit]"
NAMES = {"en": "Sukarno", "ar": "سوكارنو"}


@pytest.mark.parametrize(("language", "width", "javascript"), [("en", 1280, True), ("ar", 390, False)])
def test_sign_with_one_name(visit: Any, language: str, width: int, javascript: bool) -> None:
    visitor: Visitor = visit(width, javascript=javascript)
    page = visitor.page
    visitor.open(f"{PLACES[language]}/cases/{CASE}")
    page.fill("[name=first_name]", NAMES[language])
    page.fill("[name=email]", f"one-{uuid.uuid4().hex[:10]}@example.org")
    page.check("[name=consent]")
    page.locator(BUTTON).click()
    page.wait_for_url("**/sign")
    visitor.shot(f"one_name_{language}_{width}_asked")
    assert page.get_attribute("[name=last_name]", "aria-invalid") == "true"
    page.get_by_label(page.locator("[id=one_name-label]").inner_text(), exact=True).check()
    visitor.shot(f"one_name_{language}_{width}_ticked")
    page.locator(BUTTON).click()
    page.wait_for_url("**/thanks")


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("en", 1280), ("ar", 390), ("ar", 1280)])
def test_the_box_stands_where_it_is_looked_for(visit: Any, language: str, width: int) -> None:
    visitor: Visitor = visit(width)
    page = visitor.page
    findings = []
    for name, path in (("case", f"/cases/{CASE}"), ("form", f"/cases/{CASE}/sign"), ("several", "/sign")):
        visitor.open(PLACES[language] + path)
        visitor.shot(f"one_name_{language}_{width}_{name}")
        findings += visitor.axe()
        last, box, email = (
            page.locator(f"[name={field}]").bounding_box() for field in ("last_name", "one_name", "email")
        )
        assert last and box and email
        assert last["y"] + last["height"] < box["y"] and box["y"] + box["height"] < email["y"]
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert findings == []
