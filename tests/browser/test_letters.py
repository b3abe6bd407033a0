"""A letter written on its page, in a browser: kept, counted, printed; by keyboard; and what the page is without scripts."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_campaign
from tests.browser.conftest import AXE_PATH, Visitor, serve_axe
from tests.letters.world import ANN, ARABIC, BO, MINISTER, SECTION, TEXTS, change, pages_of, words_of

pytestmark = pytest.mark.browser

LOOKS = [("/au", 1280, "light"), ("/ma", 390, "dark")]
WROTE = {
    "/au": "I heard of Ann on the radio.\n\nI teach children who put up posters every day.",
    "/ma": "سمعت عن آن في الإذاعة.\n\nأعلّم أطفالًا يعلّقون الملصقات كل يوم.",
}
#: A piece of it that is read out of a printed page in one piece, whatever the direction of the words around it.
PIECE = {"/au": "posters every day.", "/ma": "الملصقات"}
SHOTS = Path(__file__).parent.parent / "_shots"


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site whose every visitor is staff, with one case in English and Arabic that has two to write to, and one without
    an address."""
    app = Flask("letter_site")
    w4r = W4R(actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    folder = tmp_path_factory.mktemp("letters")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'site.sqlite3'}", W4R_MAIL_SENDER="w4r@example.org",
        W4R_MAIL_URL="console:", W4R_BASE_URL="http://localhost",
        W4R_SECTIONS=[{**SECTION, "locales": ["en"]}, {"preset": "MA", "url_prefix": "/ma"}],
    )  # fmt: skip
    w4r.init_app(app, SQLAlchemy(app))
    app.add_url_rule(AXE_PATH, view_func=serve_axe)
    result = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    assert result.exit_code == 0, result.output
    make_campaign(app, (ANN, BO))
    change(app, ANN, texts=TEXTS, target=MINISTER, targets=[{"title": "Governor of the prison"}])
    change(app, ANN, texts=ARABIC["texts"], locale="ar")
    change(app, BO, target={"title": "The President"})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def printed(visitor: Visitor, name: str) -> bytes:
    """What the page prints; kept as pictures where ``W4R_TEST_SHOTS`` asks for them."""
    pdf = visitor.page.pdf(format="A4", prefer_css_page_size=True)
    if os.environ.get("W4R_TEST_SHOTS"):
        SHOTS.mkdir(exist_ok=True)
        document = pypdfium2.PdfDocument(io.BytesIO(pdf))
        for number, page in enumerate(document):
            page.render(scale=1.1).to_pil().save(SHOTS / f"{name}-{number}.png")
        document.close()
    return pdf


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until that is in focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_a_letter_is_written_kept_and_printed(letters: str, visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    visitor.base = letters
    page, wrote, name = visitor.page, WROTE[prefix], f"letter-{prefix[1:]}-{width}"
    visitor.open(f"{prefix}/cases/{ANN}/letter")
    visitor.until("document.querySelectorAll('.w4r-paper__field:not([hidden])').length === 2")
    area = page.locator("#w4r-text-1")
    # The model is beside the field, and never in it.
    assert area.input_value() == ""
    model = page.locator(".w4r-letter__model").bounding_box()
    field = area.bounding_box()
    assert model and field and (model["y"] >= field["y"] + field["height"] or abs(model["x"] - field["x"]) > 200)

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    tab_to(page, "#w4r-text-1")
    for number, line in enumerate(wrote.split("\n")):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.insert_text(line)
    count = page.locator("#w4r-text-1-count").inner_text()
    assert ("16" in count) if prefix == "/au" else ("11" in count or "١١" in count), count
    assert asked == []
    visitor.shot(name)
    assert visitor.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # It is there again, and what is printed is the letter alone: the address, the salutation, what was written.
    page.reload()
    visitor.until("document.querySelector('#w4r-text-1').value.length > 20")
    assert area.input_value() == wrote
    pdf = printed(visitor, f"{name}-printed")
    text = words_of(pdf)
    assert pages_of(pdf) == 1
    assert "Kim Example" in text and "19 Aitken Street" in text and PIECE[prefix] in text
    for other in ("Governor", "I am writing about", "High Commission", "Write for Rights", "أكتب إليكم"):
        assert other not in text, other

    # Printing ticks the way in this browser; deleting asks once more.
    page.evaluate("window.print = () => {}")
    tab_to(page, "[data-w4r-act=print]")
    page.keyboard.press("Enter")
    clear = page.locator("[data-w4r-act=clear]").first
    clear.click()
    assert area.input_value() == wrote
    clear.click()
    assert area.input_value() == ""
    page.reload()
    visitor.until("!document.querySelector('.w4r-paper__field').hidden")
    assert area.input_value() == ""
    # With nothing written there are lines for each recipient, and a page that says what to write.
    lined = printed(visitor, f"{name}-lined")
    assert pages_of(lined) == 3
    assert "19 Aitken Street" in words_of(lined, 0) and "Governor" in words_of(lined, 1)
    assert "WELLINGTON 6011" in words_of(lined, 2)
    visitor.open(f"{prefix}/cases/{ANN}")
    visitor.until("!document.querySelector('[data-w4r-way=letter] .w4r-ways__done').hidden")
    assert visitor.foreign == [url for url in visitor.foreign if url.startswith(letters)]
    assert visitor.complaints == []


@pytest.mark.parametrize(("prefix", "width"), [("/au", 390), ("/ma", 1280)])
def test_without_scripts_it_prints_with_lines(letters: str, visit: Any, prefix: str, width: int) -> None:
    visitor: Visitor = visit(width, javascript=False)
    visitor.base = letters
    visitor.open(f"{prefix}/cases/{ANN}/letter")
    assert not visitor.page.locator("textarea").first.is_visible()
    visitor.shot(f"letter-{prefix[1:]}-{width}-no-script")
    pdf = printed(visitor, f"letter-{prefix[1:]}-no-script-printed")
    assert pages_of(pdf) == 3
    assert "Kim Example" in words_of(pdf, 0)


def test_a_browser_that_keeps_nothing_says_so(letters: str, visit: Any) -> None:
    visitor: Visitor = visit(390, cookies=False)
    visitor.base = letters
    visitor.open(f"/au/cases/{ANN}/letter")
    visitor.until("!document.querySelector('.w4r-paper__field').hidden")
    visitor.page.fill("#w4r-text-1", "Dear Minister")
    visitor.until("document.querySelector('[role=status]').textContent.includes('keeps nothing')")


@pytest.mark.parametrize(("prefix", "width"), [("/au", 390), ("/ma", 1280)])
def test_the_other_pages(letters: str, visit: Any, prefix: str, width: int) -> None:
    visitor: Visitor = visit(width)
    visitor.base = letters
    for path, name in (
        (f"cases/{ANN}/sheet/{'a' * 16}", "check"),
        ("moderation/letters", "desk"),
        (f"cases/{BO}/letter", "bare"),
    ):
        visitor.open(f"{prefix}/{path}")
        visitor.shot(f"letter-{name}-{prefix[1:]}-{width}")
        assert visitor.axe() == []
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
