"""A supporter in a real browser: open a case, sign, open the mail, confirm, see the count rise."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.browser.conftest import Served, Visitor

pytestmark = pytest.mark.browser

#: Section prefix, and the words of its buttons.
PLACES = {"en": "/au", "ar": "/ma", "fr": "/ma/fr"}
CASE = "joel-paredes"


def count_of(visitor: Visitor, prefix: str) -> int:
    answer = visitor.page.request.get(f"{visitor.base}{prefix}/cases/{CASE}/tally.json")
    return int(answer.json()["actions"].get("petition_signature", 0))


def count_becomes(visitor: Visitor, prefix: str, expected: int) -> None:
    """The published count is a few seconds old at most."""
    for _ in range(60):
        if count_of(visitor, prefix) == expected:
            return
        visitor.page.wait_for_timeout(100)
    assert count_of(visitor, prefix) == expected


def fill(visitor: Visitor) -> str:
    page = visitor.page
    address = f"sam-{uuid.uuid4().hex[:10]}@example.org"
    page.fill("[name=first_name]", "Sam")
    page.fill("[name=last_name]", "Sample")
    page.fill("[name=email]", address)
    page.check("[name=consent]")
    return address


def open_mail(visitor: Visitor, address: str) -> None:
    """The newest mail to the address, and its confirmation link."""
    visitor.open(visitor.mails(address)[0])
    link = visitor.page.locator("a[href*='/confirm/']").first
    link.wait_for()
    visitor.open(str(link.get_attribute("href")))


def confirm(visitor: Visitor) -> None:
    visitor.page.locator("form[method=post] button[type=submit]").click()
    visitor.page.wait_for_load_state()
    assert visitor.page.locator(".w4r-message--done").count() == 1
    visitor.forget_pages()


@pytest.mark.parametrize("language", PLACES)
def test_sign_with_altcha(visit: Any, language: str) -> None:
    visitor: Visitor = visit(390 if language == "ar" else 1280)
    page, prefix = visitor.page, PLACES[language]
    before = count_of(visitor, prefix)
    visitor.open(f"{prefix}/cases/{CASE}")
    assert page.evaluate("document.cookie") == ""
    assert page.context.cookies() == [], "reading sets no cookie"
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    findings = visitor.axe()
    address = fill(visitor)
    visitor.until("document.querySelector('[name=altcha]').value !== ''")
    findings += visitor.axe()
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks")
    findings += visitor.axe()
    open_mail(visitor, address)
    findings += visitor.axe()
    assert count_of(visitor, prefix) == before
    confirm(visitor)
    findings += visitor.axe()
    visitor.open(f"{prefix}/cases/{CASE}")
    visitor.until(
        "Number(document.querySelector('[data-w4r-count-value]').textContent"
        ".replace(/[٠-٩]/g, (digit) => '٠١٢٣٤٥٦٧٨٩'.indexOf(digit)).replace(/\\D/g, '')) === " + str(before + 1)
    )
    count_becomes(visitor, prefix, before + 1)
    assert findings == []
    visitor.saw_nothing_foreign()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_sign_without_javascript(visit: Any, language: str) -> None:
    visitor: Visitor = visit(390, javascript=False)
    page, prefix = visitor.page, PLACES[language]
    before = count_of(visitor, prefix)
    visitor.open(f"{prefix}/cases/{CASE}")
    address = fill(visitor)
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    assert page.url.endswith(f"/cases/{CASE}/sign")
    assert page.input_value("[name=email]") == address, "what was typed is kept"
    assert page.is_checked("[name=consent]")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    assert page.url.endswith("/thanks"), "two presses are enough"
    open_mail(visitor, address)
    confirm(visitor)
    # Held for want of a captcha, and released by the proof of the mailbox.
    count_becomes(visitor, prefix, before + 1)
    visitor.saw_nothing_foreign()


def test_sign_with_all_cookies_refused(visit: Any) -> None:
    """One press, one mail, one press; and who asks for what needs a cookie is told so."""
    visitor: Visitor = visit(390, cookies=False)
    page, prefix = visitor.page, PLACES["en"]
    before = count_of(visitor, prefix)
    visitor.open(f"{prefix}/cases/{CASE}")
    address = fill(visitor)
    visitor.until("document.querySelector('[name=altcha]').value !== ''")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks")
    open_mail(visitor, address)
    confirm(visitor)
    assert page.context.cookies() == []
    count_becomes(visitor, prefix, before + 1)
    page.locator("[name=cases]").first.check()
    page.check("[name=consent]")
    page.locator("form[action$='/sign'] button[type=submit]").click()
    notice = page.locator(".w4r-note--strong")
    assert "if your browser accepts cookies" in notice.inner_text()
    assert page.locator("[name=cases]:checked").count() == 1
    assert visitor.axe() == []
    visitor.saw_nothing_foreign()


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en", 1280, "light"), ("ar", 390, "dark"), ("fr", 390, "light")]
)
def test_all_the_others_in_one_press(visit: Any, language: str, width: int, scheme: str) -> None:
    """One mail, and every case is signed; with the keyboard alone."""
    visitor: Visitor = visit(width, scheme=scheme)
    page, prefix = visitor.page, PLACES[language]
    visitor.open(f"{prefix}/cases/{CASE}")
    address = fill(visitor)
    visitor.until("document.querySelector('[name=altcha]').value !== ''")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks")
    open_mail(visitor, address)
    confirm(visitor)
    visitor.shot(f"offer_{language}_{width}_{scheme}_1")
    findings = visitor.axe()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert address not in page.content()
    boxes = page.locator("[name=cases]")
    others = boxes.count()
    assert others >= 5 and page.locator("[name=cases]:checked").count() == 0
    boxes.first.focus()
    for _ in range(others):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.is_checked("[name=consent]")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator(".w4r-message--done .w4r-lines li").count() == others
    assert boxes.count() == 0
    visitor.shot(f"offer_{language}_{width}_{scheme}_2")
    findings += visitor.axe()
    visitor.open(f"{prefix}/cases/{CASE}/counted")
    visitor.shot(f"offer_{language}_{width}_{scheme}_3")
    findings += visitor.axe()
    assert findings == []
    visitor.saw_nothing_foreign()


def test_sign_with_the_keyboard_alone(visit: Any) -> None:
    visitor: Visitor = visit()
    page = visitor.page
    visitor.open(f"/au/cases/{CASE}")

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name || document.activeElement.type") == name:
                return
        raise AssertionError(f"Tab never reaches {name}")

    for name, text in (("first_name", "Kim"), ("last_name", "Keys"), ("email", f"kim-{uuid.uuid4().hex}@example.org")):
        tab_to(name)
        page.keyboard.type(text)
    tab_to("consent")
    page.keyboard.press("Space")
    tab_to("submit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/thanks", timeout=20_000)
    visitor.saw_nothing_foreign()


def test_errors_are_linked_and_keep_what_was_typed(visit: Any) -> None:
    visitor: Visitor = visit(390)
    page = visitor.page
    visitor.open(f"/au/cases/{CASE}")
    page.fill("[name=first_name]", "Sam")
    page.fill("[name=email]", "not an address")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/sign")
    assert page.input_value("[name=first_name]") == "Sam"
    assert page.input_value("[name=email]") == "not an address"
    summary = page.locator("[role=alert] a, .w4r-errors a")
    assert summary.count() >= 3
    target = str(summary.first.get_attribute("href"))
    summary.first.click()
    assert page.evaluate("'#' + document.activeElement.id") == target
    assert visitor.axe() == []


@pytest.mark.parametrize("fate", ["hangs", "fails"])
def test_tokens_that_never_come_stop_nobody(visit: Any, fate: str) -> None:
    """After eight seconds at most the form goes as it is, and comes back filled."""
    visitor: Visitor = visit(390)
    page = visitor.page
    if fate == "hangs":
        page.route("**/sign/token", lambda route: None)
    else:
        page.route("**/sign/token", lambda route: route.fulfill(status=429))
    page.clock.install()
    visitor.open(f"/au/cases/{CASE}")
    address = fill(visitor)
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.clock.fast_forward(8_000)
    page.wait_for_url(f"**/cases/{CASE}/sign", timeout=15_000)
    assert page.input_value("[name=email]") == address
    page.unroute_all(behavior="ignoreErrors")


def test_a_slow_phone_goes_on_without_the_captcha(visit: Any) -> None:
    """The worker that solves it never answers: the signature is sent, held, and confirmed by mail."""
    visitor: Visitor = visit(390)
    page = visitor.page
    page.route("**/vendor/altcha/pbkdf2.js*", lambda route: None)
    page.clock.install()
    visitor.open(f"/au/cases/{CASE}")
    before = count_of(visitor, "/au")
    address = fill(visitor)
    # The captcha alone is what never comes.
    visitor.until("document.querySelector('form[data-w4r-sign] [name=form_token]').value !== ''")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.clock.fast_forward(8_000)
    page.wait_for_url("**/thanks", timeout=20_000)
    page.unroute_all(behavior="ignoreErrors")
    open_mail(visitor, address)
    confirm(visitor)
    count_becomes(visitor, "/au", before + 1)


def test_two_quick_presses_are_one(visit: Any) -> None:
    visitor: Visitor = visit()
    page = visitor.page
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    visitor.open(f"/au/cases/{CASE}")
    fill(visitor)
    page.locator("form[data-w4r-sign] button[type=submit]").dblclick()
    page.wait_for_url("**/thanks", timeout=20_000)
    assert len(posts) == 1


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en", 1280, "light"), ("ar", 390, "dark"), ("fr", 390, "light")]
)
def test_a_mistyped_address_is_seen_and_mended(visit: Any, language: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    page, prefix = visitor.page, PLACES[language]
    visitor.open(f"{prefix}/cases/{CASE}")
    address = fill(visitor)
    page.fill("[name=email]", f"mistyped-{address}")
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks", timeout=20_000)
    note = page.locator("[data-w4r-typed]")
    note.wait_for()
    assert f"mistyped-{address}" in note.inner_text()
    assert "@" not in page.url
    assert visitor.axe() == []
    visitor.shot(f"thanks-typed-{language}-{width}-{scheme}")
    note.locator("button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{CASE}", timeout=20_000)
    visitor.until("document.activeElement?.name === 'email'")
    assert page.input_value("[name=first_name]") == "Sam"
    assert page.input_value("[name=email]") == f"mistyped-{address}"
    assert page.is_checked("[name=consent]")
    page.fill("[name=email]", address)
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks", timeout=20_000)
    page.locator("[data-w4r-typed]").wait_for()
    page.reload()
    visitor.until("performance.getEntriesByType('resource').some((entry) => entry.name.includes('typed.js'))")
    assert not page.locator("[data-w4r-typed]").is_visible(), "what was read once is kept nowhere"
    open_mail(visitor, address)
    confirm(visitor)


def test_the_address_is_not_shown_without_javascript(visit: Any) -> None:
    visitor: Visitor = visit(390, javascript=False)
    visitor.open(f"/au/cases/{CASE}/thanks")
    assert not visitor.page.locator("[data-w4r-typed]").is_visible()


def test_one_mail_confirms_a_signature_and_a_place(visit: Any, served: Served) -> None:
    slug = f"together-{uuid.uuid4().hex[:6]}"
    later = get_state(served.app).clock() + timedelta(days=30)
    make_events(served.app, 1, section="MA", slug=slug, uid=slug, title="كتابة الرسائل", starts_at=later)
    visitor: Visitor = visit(390, scheme="dark")
    page = visitor.page
    visitor.open(f"/ma/events/{slug}/rsvp")
    address = f"sam-{uuid.uuid4().hex[:10]}@example.org"
    page.fill("[name=name]", "Sam")
    page.fill("[name=email]", address)
    page.locator("form.w4r-form button[type=submit]").click()
    page.wait_for_url("**/thanks", timeout=20_000)
    visitor.open(f"/ma/cases/{CASE}")
    fill(visitor)
    page.fill("[name=email]", address)
    page.locator("form[data-w4r-sign] button[type=submit]").click()
    page.wait_for_url("**/thanks", timeout=20_000)
    visitor.mails(address, 2)
    mails = page.locator("li, tr, article").filter(has_text=address)
    link = page.locator("a[href*='/confirm/']").first
    for number in (0, 1):
        visitor.open("/mailbox/")
        mails.nth(number).locator("a").first.click()
        page.wait_for_load_state()
        if link.count():
            break
    visitor.open(str(link.get_attribute("href")))
    assert page.locator("input[name=others]:checked").count() == 1
    assert visitor.axe() == []
    visitor.shot("together-ask-ar-390-dark")
    confirm(visitor)
    assert "كتابة الرسائل" in page.inner_text("main")
    assert visitor.axe() == []
    visitor.shot("together-done-ar-390-dark")
    visitor.saw_nothing_foreign()
