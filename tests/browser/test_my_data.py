"""Somebody looks at what is held of them, corrects it and erases it, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.test_signing import CASE, PLACES, confirm, fill, open_mail

pytestmark = pytest.mark.browser


def mail_with(visitor: Visitor, address: str, part: str) -> str:
    """The link of a mail to an address, once it is there."""
    page = visitor.page
    link, seen = page.locator(f".site-plain a[href*='{part}']").first, set[str]()
    for count in range(1, 10):
        for path in visitor.mails(address, count):
            if path not in seen:
                seen.add(path)
                visitor.open(path)
                if link.count():
                    return str(link.get_attribute("href"))
    raise AssertionError(f"no mail to {address} has a link with {part}")


def look(visitor: Visitor) -> list[str]:
    # What looks needs timers, which a page without scripts has none of.
    return visitor.axe() if visitor.scripted else []


@pytest.mark.parametrize(
    ("language", "width", "scheme", "scripted"),
    [("en", 390, "light", True), ("en", 1280, "dark", False), ("ar", 390, "dark", True), ("ar", 1280, "light", True)],
)
def test_from_the_footer_to_the_receipt(visit: Any, language: str, width: int, scheme: str, scripted: bool) -> None:
    visitor: Visitor = visit(width, scheme=scheme, javascript=scripted)
    visitor.page.set_default_timeout(10000)
    page, prefix, shot = visitor.page, PLACES[language], f"my_data_{language}_{width}_{scheme}"
    visitor.open(f"{prefix}/cases/{CASE}/sign")
    address = fill(visitor)
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks", timeout=20_000)
    open_mail(visitor, address)
    confirm(visitor)

    visitor.open(f"{prefix}/cases/{CASE}/sign")
    page.locator("main form a[href$='/my-data']").click()
    page.fill("[name=email]", "sam@")
    page.locator("main form button[type=submit]").click()
    page.locator("[aria-invalid=true]").wait_for()
    findings = look(visitor)
    visitor.shot(f"{shot}_1_ask")
    page.fill("[name=email]", address)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**sent=1")
    findings += look(visitor)
    link = mail_with(visitor, address, "/my-data/")
    visitor.open(link)
    findings += look(visitor)
    visitor.shot(f"{shot}_2_enter")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/my-data")
    findings += look(visitor)
    visitor.shot(f"{shot}_3_held")
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("details summary").first.click()
    page.locator("[name=first_name]").fill("")
    page.locator("[name=last_name]").fill("")
    findings += look(visitor)
    page.locator("form:has([name=first_name]) button[type=submit]").click()
    page.locator("[aria-invalid=true]").wait_for()
    findings += look(visitor)
    visitor.shot(f"{shot}_4_wrong")
    page.locator("[name=first_name]").fill("Samira")
    page.locator("form:has([name=first_name]) button[type=submit]").click()
    page.wait_for_url("**done=correct")
    assert "Samira" in page.inner_text("main")
    page.locator("form:has([value=erase_all]) button[type=submit]").click()
    page.locator("[name=sure]").wait_for(state="attached")
    findings += look(visitor)
    visitor.shot(f"{shot}_5_sure")
    page.locator("form:has([name=sure]) button[type=submit]").click()
    page.locator(".w4r-message--erased").wait_for()
    findings += look(visitor)
    visitor.shot(f"{shot}_6_erased")
    assert visitor.open(link).status == 410
    assert findings == []
    visitor.saw_nothing_foreign()
