"""A message to the person at risk: through the mailbox and the desk to a printed card, by keyboard and without scripts."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import update
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.models import Case
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import RecordingMailer, make_messages, run_jobs
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

KITS = Path(__file__).parent.parent.parent / "flask_w4r" / "kits"
SLUG, CLOSED = "joel-paredes", "dang-dinh-bach"
TODAY = datetime.now(UTC).date()
SECTION = {
    "messages_shown": True, "locales": ["en"],
    "window": {"starts_on": TODAY - timedelta(days=9), "ends_on": TODAY + timedelta(days=9)},
}  # fmt: skip
RULES = {"route": "family", "languages": ["es", "en"], "rules": ["no-religion", "no-amnesty", "no-sender-address"]}


class Site:
    """The site, and the mails that left it."""

    def __init__(self, app: Flask, mailer: RecordingMailer) -> None:
        self.app, self.mailer, self.base = app, mailer, ""

    def link(self) -> str:
        """The link of the last mail, once all that waits has left."""
        run_jobs(self.app)
        (url,) = self.mailer.links("/message/")
        return self.base + url.partition("http://localhost")[2]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose every visitor is staff, with messages in each state."""
    app, mailer = Flask("staff_site"), RecordingMailer()
    w4r = W4R(mailer=mailer, actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    folder = tmp_path_factory.mktemp("messages")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'site.sqlite3'}", W4R_FORM_MIN_SECONDS=0,
        W4R_MAIL_SENDER="w4r@example.org", W4R_BASE_URL="http://localhost", W4R_CACHE_SECONDS=1,
        W4R_SECTIONS=[
            {**SECTION, "preset": "AU", "url_prefix": "/au"},
            {**SECTION, "preset": "MA", "url_prefix": "/ma", "locales": ["ar", "fr"]},
        ],
    )  # fmt: skip
    w4r.init_app(app, SQLAlchemy(app))
    site = Site(app, mailer)
    for words in (("db", "upgrade"), ("kit", "import", str(KITS / "2024"), "--section", "all")):
        result = app.test_cli_runner().invoke(args=["w4r", *words])
        assert result.exit_code == 0, result.output
    run(app, lambda work: work.session.execute(update(Case).where(Case.slug == SLUG).values(solidarity=RULES)))
    run(app, lambda work: work.session.execute(update(Case).where(Case.slug == CLOSED).values(solidarity={})))
    for section in ("AU", "MA"):
        make_messages(app, SLUG, 1, section=section, text="Querido Joel, no estás solo.\n\nUn abrazo grande.", name="Ana",
                      country="ES", public=True)  # fmt: skip
        make_messages(app, SLUG, 1, section=section, state="submitted", text="نفكر فيك كل يوم. اتصل بنا: 0612345678", name="ليلى",
                      country="MA", locale="ar")  # fmt: skip
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    site.base = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    serving.join()
    server.server_close()


class Look:
    """Looks at each page that a walk meets."""

    def __init__(self, visitor: Visitor, name: str) -> None:
        self.visitor, self.name = visitor, name
        self.findings: list[str] = []
        self.too_wide: list[str] = []

    def __call__(self, what: str) -> None:
        page = self.visitor.page
        self.findings += self.visitor.axe()
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.too_wide.append(what)
        self.visitor.shot(f"message_{self.name}_{what}")

    def was_good(self) -> None:
        """No page had anything against it."""
        assert self.findings == []
        assert self.too_wide == [], "no page scrolls sideways"
        assert self.visitor.complaints == []


def read_pdf(path: Path) -> str:
    """All the text of a PDF."""
    with pypdfium2.PdfDocument(io.BytesIO(path.read_bytes())) as document:
        texts = [page.get_textpage() for page in document]
        return "\n".join(text.get_text_bounded() for text in texts)


def download(page: Any, press: Any) -> Path:
    """What a button gives to keep."""
    with page.expect_download() as waiting:
        press()
    assert waiting.value.suggested_filename == f"cards-{SLUG}.pdf"
    return Path(waiting.value.path())


def keep_picture(path: Path, name: str) -> None:
    """A picture of the first page of a PDF for people to look at, where ``W4R_TEST_SHOTS`` asks for them."""
    folder = Path(__file__).parent.parent / "_shots"
    if os.environ.get("W4R_TEST_SHOTS") and folder.is_dir():
        with pypdfium2.PdfDocument(io.BytesIO(path.read_bytes())) as document:
            document[0].render(scale=1.5).to_pil().save(folder / f"message_{name}_card.png")


WALKS = [("en_1280", "/au", 1280), ("ar_390", "/ma", 390)]


@pytest.mark.parametrize(("name", "prefix", "width"), WALKS, ids=[one[0] for one in WALKS])
def test_by_keyboard(desk: Site, visit: Any, name: str, prefix: str, width: int) -> None:
    visitor: Visitor = visit(width)
    page, look = visitor.page, Look(visitor, name)
    words = {"/au": "We think of you, Joel.", "/ma": "نحن معك يا جويل."}[prefix] + f" ({name})"
    page.goto(f"{desk.base}{prefix}/cases/{SLUG}")
    page.locator('[data-w4r-way="solidarity"] a').press("Enter")
    page.wait_for_url("**/solidarity")
    look("form")
    page.locator("#w4r-main form button[type=submit]").press("Enter")
    page.locator("[data-w4r-errors]").wait_for()
    look("errors")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    visitor.until("document.activeElement.id === 'message'")
    page.keyboard.type(words)
    digits = "٠١٢٣٤٥٦٧٨٩" if prefix == "/ma" else "0123456789"
    left = "".join(digits[int(digit)] for digit in str(500 - len(words)))
    visitor.until(f"/{left}|{500 - len(words)}/.test(document.querySelector('[data-w4r-left]').textContent)")
    page.keyboard.press("Tab")
    page.keyboard.type("Sam")
    page.locator("#email").fill(f"sam-{name}@example.org")
    page.locator("#public").press("Space")
    page.locator("#consent").press("Space")
    look("filled")
    page.locator("#w4r-main form button[type=submit]").press("Enter")
    page.wait_for_url("**/solidarity/thanks")
    look("thanks")
    page.goto(desk.link())
    assert words in page.locator(".w4r-words").inner_text()
    look("confirm")
    page.locator("#w4r-main form button[type=submit]").first.press("Enter")
    page.locator(".w4r-message--done").wait_for()
    look("done")
    page.goto(f"{desk.base}{prefix}/moderation/queue?kind=message&order=newest")
    look("queue")
    if width > 1000:
        page.keyboard.press("j")
        page.keyboard.press("a")
    else:
        page.locator(".w4r-q__row button[value^=approve]").first.press("Enter")
    visitor.until(f"!document.querySelector('[data-w4r-rows]').textContent.includes({words!r})")
    page.goto(f"{desk.base}{prefix}/moderation/messages")
    look("cases")
    page.locator("#w4r-main table a").first.press("Enter")
    look("case")
    card = download(page, lambda: page.locator("button.w4r-button--go").press("Enter"))
    plain = read_pdf(card)
    keep_picture(card, name)
    assert str(width) in plain
    if prefix == "/au":
        assert words in " ".join(plain.split())
    page.goto(f"{desk.base}{prefix}/moderation/messages/{SLUG}")
    look("printed")
    page.locator("button", has_text="Show it" if prefix == "/au" else "").last.press("Enter")
    page.goto(f"{desk.base}{prefix}/cases/{SLUG}")
    visitor.forget_pages()
    look("shown")
    page.goto(f"{desk.base}{prefix}/cases/{CLOSED}/solidarity")
    look("closed")
    look.was_good()


@pytest.mark.parametrize(("prefix", "width"), [("/au", 390), ("/ma", 1280)])
def test_the_other_way_round(desk: Site, visit: Any, prefix: str, width: int) -> None:
    visitor: Visitor = visit(width, scheme="dark")
    look = Look(visitor, f"{prefix[1:]}_{width}_dark")
    pages = {
        "form": f"cases/{SLUG}/solidarity", "thanks": f"cases/{SLUG}/solidarity/thanks", "queue": "moderation/queue?kind=message",
        "case": f"moderation/messages/{SLUG}", "shown": f"cases/{SLUG}",
    }  # fmt: skip
    for name, path in pages.items():
        visitor.page.goto(f"{desk.base}{prefix}/{path}")
        look(name)
    look.was_good()


def test_without_scripts(desk: Site, visit: Any) -> None:
    visitor: Visitor = visit(390, javascript=False)
    page = visitor.page
    page.goto(f"{desk.base}/au/cases/{SLUG}/solidarity")
    page.locator("#message").fill("Stay strong, from a friend without scripts.")
    page.locator("#email").fill("plain@example.org")
    page.locator("#consent").check()
    page.locator("#w4r-main form button[type=submit]").press("Enter")
    assert page.url.endswith("/solidarity/thanks")
    page.goto(desk.link())
    page.locator("#w4r-main form button[type=submit]").first.press("Enter")
    assert "Thank you" in page.locator("h1").inner_text()
    page.goto(f"{desk.base}/au/moderation/queue?kind=message&order=newest")
    page.locator("#w4r-q-reason").select_option("rules")
    page.locator(".w4r-q__row button[value^=approve]").first.press("Enter")
    assert "1 approved" in page.locator(".w4r-note").inner_text()
    page.goto(f"{desk.base}/au/moderation/messages/{SLUG}")
    page.locator("#w4r-print-per").select_option("1")
    card = download(page, lambda: page.get_by_role("button", name="Print the cards").press("Enter"))
    assert "friend without scripts" in " ".join(read_pdf(card).split())
