"""The desk's pages about cases, and previews, looked at in both directions, widths and schemes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.models import Case, CaseText, Edition
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.testing import make_signatures
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

KITS = Path(__file__).parent.parent.parent / "flask_w4r" / "kits"
SLUG = "joel-paredes"
FREED = "neth-nahara"
PAGES = (
    "/cases", "/ready", f"/cases/{SLUG}", f"/cases/{SLUG}/texts", f"/cases/{SLUG}/texts?lang=en", "/preview/2024/",
    f"/preview/2024/cases/{SLUG}", "/preview/2021/",
)  # fmt: skip
#: What no other walk comes by.
OTHERS = (
    f"/moderation/cases/{FREED}/good-news", "/moderation/letters", "/moderation/shares", f"/moderation/cases/{SLUG}/share",
    f"/cases/{FREED}/sign", f"/cases/{FREED}/email", f"/cases/{FREED}/solidarity", f"/cases/{FREED}/share", f"/cases/{SLUG}/sign",
    f"/cases/{SLUG}/share/mastodon", "/my-data", "/host/lost", "/cases/nobody",
)  # fmt: skip
LOOKS = [
    ("/au", 1280, "light"),
    ("/au", 390, "dark"),
    ("/ma", 390, "light"),
    ("/ma", 1280, "dark"),
    ("/ma/fr", 320, "light"),
]


def _fill(uow: UnitOfWork) -> None:
    """2024 is still to come; some texts are the sections' own, one of them overtaken by the centre."""
    for edition in uow.session.scalars(select(Edition).where(Edition.year == "2024")):
        edition.starts_on, edition.ends_on = date(2099, 11, 1), date(2099, 12, 31)
    rows = uow.session.scalars(
        select(CaseText).join(Case, Case.id == CaseText.case_id).where(Case.slug == SLUG, CaseText.locale == "en")
    )
    for row in rows:
        if row.field in ("title", "demand"):
            row.local, row.seen_base = f"{row.centre_base} (as we say it here)", row.centre_base
        if row.field == "title":
            row.seen_base = "What the centre said before"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site whose every visitor is staff."""
    app = Flask("staff_site")
    w4r = W4R(actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path_factory.mktemp('desk') / 'site.sqlite3'}",
        W4R_MAIL_SENDER="w4r@example.org", W4R_MAIL_URL="console:", W4R_BASE_URL="http://localhost",
        W4R_SECTIONS=[{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}],
    )  # fmt: skip
    w4r.init_app(app, SQLAlchemy(app))
    runner = app.test_cli_runner()
    commands = [
        ("db", "upgrade"),
        *(("kit", "import", str(KITS / year), "--section", "all") for year in ("2021", "2024")),
    ]
    for words in commands:
        result = runner.invoke(args=["w4r", *words])
        assert result.exit_code == 0, result.output
    run(app, _fill)
    for section in ("AU", "MA"):
        make_signatures(app, SLUG, 7, section=section)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_nothing_ends_anything_by_one_press(base: str, visit: Any) -> None:
    """By keyboard, without scripts: texts are looked at and saved; a withdrawal asks again."""
    visitor: Visitor = visit(1280, javascript=False)
    page = visitor.page
    page.goto(f"{base}/au/moderation/cases/{SLUG}/texts")
    box = page.locator("#w4r-own-story")
    box.fill("Our *own* story.")
    page.locator("button[name=look]").press("Enter")
    assert page.locator(".w4r-look em").inner_text() == "own"
    page.locator(".w4r-desk__bar .w4r-button--go").press("Enter")
    assert page.locator("[role=status]").inner_text().strip() == "Saved."
    page.goto(f"{base}/au/moderation/preview/2024/cases/{SLUG}")
    assert page.locator(".w4r-prose em").inner_text() == "own"
    assert page.locator("#w4r-main button[type=submit]").first.is_disabled()
    page.goto(f"{base}/au/moderation/cases/{SLUG}")
    page.locator("#w4r-status-withdrawn").check()
    page.locator(".w4r-desk__bar button").press("Enter")
    assert "?" in page.locator("h1").inner_text()


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_pages(base: str, visit: Any, prefix: str, width: int, scheme: str) -> None:
    _look(base, visit(width, scheme=scheme), [f"{prefix}/moderation{path}" for path in PAGES])


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS[1:4:2])
def test_pages_that_no_other_walk_comes_by(base: str, visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    _look(base, visitor, [prefix + path for path in OTHERS])
    visitor.page.goto(f"{base}{prefix}/moderation/cases/{SLUG}")
    visitor.page.locator("#w4r-status-withdrawn").check()
    visitor.page.locator(".w4r-desk__bar button").press("Enter")
    visitor.page.locator("h1", has_text="?" if prefix == "/au" else "؟").wait_for()
    assert visitor.axe() == []


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS[1:4:2])
def test_the_parts_of_the_desk_are_one_press_away(base: str, visit: Any, prefix: str, width: int, scheme: str) -> None:
    """By keyboard: a group opens, one at a time, and closes with Escape; the group one is in is in sight."""
    visitor: Visitor = visit(width, scheme=scheme)
    page = visitor.page
    page.goto(f"{base}{prefix}/moderation/cases")
    groups = page.locator(".w4r-desk__nav summary")
    assert page.locator(".w4r-desk__nav a[aria-current=page]").is_visible()
    for number in (0, 1):
        groups.nth(number).press("Enter")
        assert page.locator(".w4r-desk__nav details[open]").count() == 1
        visitor.shot(f"desk_parts{prefix.replace('/', '_')}_{number}")
        assert visitor.axe() == []
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.keyboard.press("Escape")
    visitor.until("document.querySelectorAll('.w4r-desk__nav details[open]').length === 0")
    groups.nth(0).press("Enter")
    page.locator(".w4r-desk__nav details[open] a").first.press("Enter")
    page.locator(".w4r-desk__nav a[aria-current=page]").wait_for()
    assert visitor.complaints == []


def _look(base: str, visitor: Visitor, paths: list[str]) -> None:
    findings: list[str] = []
    too_wide = []
    for path in paths:
        visitor.page.goto(base + path)
        findings += visitor.axe()
        if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        size = visitor.page.viewport_size or {}
        visitor.shot(f"desk{path}_{size.get('width')}".replace("/", "_").replace("?", "_"))
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    assert visitor.complaints == []
