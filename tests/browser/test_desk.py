"""The queue in a real browser: cleared by keyboard alone, by buttons without scripts, and looked at."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import func, select, update

from example_app.users import save_user
from flask_w4r.models import Signature
from flask_w4r.services.moderation.pulse import run_pulse
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_signatures
from tests.browser.conftest import Served, Visitor

pytestmark = pytest.mark.browser

SLUG = "joel-paredes"
REASONS = (
    [{"check": "disposable_domain", "score": 50, "hold": True}, {"check": "too_fast", "score": 20, "hold": False}],
    [{"check": "captcha_missing", "score": 0, "hold": True}],
    [
        {"check": "rate_network", "score": 30, "hold": False, "detail": {"count": 214, "usual": 12}},
        {"check": "name_marks", "score": 25, "hold": False},
    ],
)
#: So that no two tests hold the same address.
ROUNDS = itertools.count()
FOCUSED = "document.activeElement?.dataset.item ?? document.activeElement?.tagName"


@pytest.fixture(scope="session")
def desk_login(served: Served, browser: Browser) -> Any:
    """What a signed-in administrator's browser keeps."""
    with served.app.app_context():
        save_user("desk", "administrator", "only for tests")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.base}/staff/sign-in")
    page.fill("input[name=name]", "desk")
    page.fill("input[name=password]", "only for tests")
    page.click("form button[type=submit]")
    page.wait_for_url(f"{served.base}/staff/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def fill(served: Served) -> Callable[..., list[int]]:
    """Hold so many signatures in a section, and nothing but them."""

    def make(count: int, section: str = "AU") -> list[int]:
        number_of_round = next(ROUNDS)
        run(served.app, lambda uow: uow.session.execute(update(Signature).values(held_at=None)))
        now = get_state(served.app).clock()
        return make_signatures(
            served.app, SLUG, count, section=section, state="pending",
            email=lambda number: f"held-{number_of_round}-{number}@example.org",
            held_at=lambda number: now - timedelta(minutes=500 - number),
            reasons=lambda number: REASONS[number % len(REASONS)], score=70,
        )  # fmt: skip

    yield make

    def clean(uow: UnitOfWork) -> None:
        uow.session.execute(
            update(Signature).where(Signature.held_at.is_not(None)).values(held_at=None, state="invalid")
        )

    run(served.app, clean)


def counts(served: Served) -> dict[str, int]:
    """How the test's signatures stand."""

    def load(session: Any) -> dict[str, int]:
        held = session.scalar(select(func.count()).where(Signature.held_at.is_not(None)))
        rows = session.execute(select(Signature.state, func.count()).group_by(Signature.state)).all()
        return {"held": held, **{row[0]: row[1] for row in rows}}

    return read(served.app, load)


def test_fifty_by_keyboard_alone(visit: Any, served: Served, desk_login: Any, fill: Any) -> None:
    before = counts(served)
    ids = fill(50)
    visitor: Visitor = visit(storage_state=desk_login)
    visitor.open("/au/moderation/queue")
    page, keyboard = visitor.page, visitor.page.keyboard

    def focused() -> str:
        found: str = page.evaluate(FOCUSED)
        assert found != "BODY", "the focus was lost"
        return found

    keyboard.press("j")
    assert focused() == f"signature:{ids[0]}"
    keyboard.press("j")
    keyboard.press("k")
    assert focused() == f"signature:{ids[0]}"
    for number in ids[:20]:
        assert focused() == f"signature:{number}"
        keyboard.press("a")
    for number in ids[20:30]:
        assert focused() == f"signature:{number}"
        keyboard.press("x")
    visitor.until("document.querySelectorAll('[data-item]').length === 20")
    assert counts(served)["held"] == 20
    # Three ticked ones together, and back.
    for _ in range(3):
        keyboard.press("Space")
        keyboard.press("j")
    assert "3" in page.text_content("[data-w4r-desk-status]")
    keyboard.press("x")
    visitor.until("document.querySelectorAll('[data-item]').length === 17")
    assert "3 rejected." in page.text_content("[data-w4r-desk-status]")
    assert page.text_content("[data-w4r-count-line]") == "17 waiting"
    keyboard.press("u")
    visitor.until("document.querySelectorAll('[data-item]').length === 20")
    visitor.until("document.querySelector('[data-w4r-desk-status]').textContent.includes('restored')")
    assert focused() == f"signature:{ids[30]}"
    # The list of keys, and typing, which is no command.
    keyboard.press("?")
    assert page.evaluate("document.querySelector('[data-w4r-keys]').open")
    keyboard.press("?")
    page.focus("#w4r-q-reason")
    keyboard.type("axu?")
    assert page.input_value("#w4r-q-reason") == "axu?"
    keyboard.press("Enter")
    assert counts(served)["held"] == 20
    page.focus("[data-item]")
    for _ in range(20):
        focused()
        keyboard.press("a")
    visitor.until("document.querySelectorAll('[data-item]').length === 0")
    visitor.until("!document.querySelector('form[data-busy]')")
    assert "Nothing is waiting" in page.text_content("[data-w4r-rows]")
    assert focused() == "H2"
    after = counts(served)
    assert after["held"] == 0
    assert after.get("invalid", 0) - before.get("invalid", 0) == 10
    assert visitor.page.url.endswith("/au/moderation/queue"), "the page never left"
    visitor.saw_nothing_foreign()


def test_the_keys_can_be_switched_off(visit: Any, served: Served, desk_login: Any, fill: Any) -> None:
    fill(2)
    visitor: Visitor = visit(storage_state=desk_login)
    visitor.open("/au/moderation/queue")
    visitor.page.keyboard.press("?")
    visitor.page.uncheck("[data-w4r-keys-on]")
    visitor.page.reload()
    visitor.page.focus("[data-item]")
    visitor.page.keyboard.press("a")
    assert visitor.page.evaluate("document.querySelectorAll('[data-deciding]').length") == 0
    assert counts(served)["held"] == 2


def test_an_answer_that_never_comes_brings_the_row_back(visit: Any, served: Served, desk_login: Any, fill: Any) -> None:
    fill(2)
    visitor: Visitor = visit(storage_state=desk_login)
    visitor.open("/au/moderation/queue")
    visitor.page.route("**/moderation/decisions", lambda route: route.abort())
    visitor.page.focus("[data-item]")
    visitor.page.keyboard.press("a")
    visitor.until("document.querySelector('[data-w4r-desk-status]').textContent.includes('did not work')")
    assert visitor.page.evaluate("document.querySelectorAll('[data-item]:not([data-deciding])').length") == 2
    assert counts(served)["held"] == 2


def test_without_scripts_the_buttons_do_it(visit: Any, served: Served, desk_login: Any, fill: Any) -> None:
    fill(3)
    visitor: Visitor = visit(javascript=False, storage_state=desk_login)
    visitor.open("/au/moderation/queue")
    visitor.page.click("button[value^='approve signature']")
    assert "1 approved." in visitor.page.text_content("[role=status]")
    for box in visitor.page.query_selector_all("input[name=items]"):
        box.check()
    visitor.page.click("button[name=decision][value=reject]")
    assert "2 rejected." in visitor.page.text_content("[role=status]")
    visitor.page.click("form[data-w4r-undo] button")
    assert "2 restored." in visitor.page.text_content("[role=status]")
    assert counts(served)["held"] == 2


LOOKS = pytest.mark.parametrize(
    ("prefix", "width", "scheme"),
    [
        ("/au", 1280, "light"),
        ("/au", 390, "dark"),
        ("/ma", 390, "light"),
        ("/ma", 1280, "dark"),
        ("/ma/fr", 320, "light"),
    ],
)


@LOOKS
def test_looks(visit: Any, served: Served, desk_login: Any, fill: Any, prefix: str, width: int, scheme: str) -> None:
    fill(6, "AU" if prefix == "/au" else "MA")
    visitor: Visitor = visit(width, scheme=scheme, storage_state=desk_login)
    findings: list[str] = []
    too_wide = []
    for path in ("/moderation/queue", "/moderation/queue?held_for=captcha_missing&score=x", "/moderation/find"):
        visitor.open(prefix + path)
        if "?" not in path and "queue" in path:
            visitor.page.keyboard.press("j")
            visitor.page.keyboard.press("Space")
            visitor.page.keyboard.press("?")
        findings += visitor.axe()
        if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        name = (prefix + path.split("?")[0]).strip("/").replace("/", "_") + ("_narrowed" if "?" in path else "")
        visitor.shot(f"desk_{name}_{width}_{scheme}")
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    visitor.saw_nothing_foreign()


@LOOKS
def test_looks_of_the_rest(
    visit: Any, served: Served, desk_login: Any, fill: Any, prefix: str, width: int, scheme: str
) -> None:
    fill(40, "AU" if prefix == "/au" else "MA")
    run_pulse(served.app)
    visitor: Visitor = visit(width, scheme=scheme, storage_state=desk_login)
    visitor.open(f"{prefix}/moderation/rules")
    visitor.page.select_option("select[name=kind]", "domain")
    visitor.page.fill("[name=value]", f"{prefix.replace('/', '')}-{width}.example")
    visitor.page.press("[name=value]", "Enter")
    visitor.page.wait_for_selector(f"text={prefix.replace('/', '')}-{width}.example")
    findings: list[str] = []
    too_wide = []
    for path in (
        "/moderation/",
        "/moderation/rules",
        "/moderation/audit",
        "/moderation/exports",
        "/moderation/retention",
        "/moderation/find",
    ):
        visitor.open(prefix + path)
        findings += visitor.axe()
        if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        visitor.shot(f"desk_{(prefix + path).strip('/').replace('/', '_')}_{width}_{scheme}")
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    visitor.saw_nothing_foreign()
