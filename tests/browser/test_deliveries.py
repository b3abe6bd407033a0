"""Deliveries in a browser: the desk by keyboard without scripts, and every page in both directions, widths and schemes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.services.people import tokens
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import make_signatures
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

KITS = Path(__file__).parent.parent.parent / "flask_w4r" / "kits"
SLUG, OTHER = "joel-paredes", "neth-nahara"
LOOKS = [
    ("/au", 1280, "light"),
    ("/au", 390, "dark"),
    ("/ma", 390, "light"),
    ("/ma", 1280, "dark"),
    ("/ma/fr", 320, "light"),
]
TO = {"AU": "Embassy of Argentina, Canberra", "MA": "سفارة الأرجنتين، الرباط"}


class Site:
    """The site, and what its deliveries are called."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.base = ""
        self.given: dict[str, str] = {}
        self.open: dict[str, str] = {}
        self.token: dict[str, str] = {}

    def run(self, *words: str) -> str:
        result = self.app.test_cli_runner().invoke(args=["w4r", *words])
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose every visitor is staff, with a delivery that was handed over and one that is prepared."""
    app = Flask("staff_site")
    w4r = W4R(actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    folder = tmp_path_factory.mktemp("deliveries")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'site.sqlite3'}",
        W4R_MAIL_SENDER="w4r@example.org", W4R_MAIL_URL="console:", W4R_BASE_URL="http://localhost",
        W4R_SECTIONS=[
            {"preset": "AU", "url_prefix": "/au", "action_types": {"vigil": {"en": "Vigils"}}},
            {"preset": "MA", "url_prefix": "/ma", "action_types": {"vigil": {"ar": "وقفات"}}},
        ],
    )  # fmt: skip
    w4r.init_app(app, SQLAlchemy(app))
    site = Site(app)
    site.run("db", "upgrade")
    site.run("kit", "import", str(KITS / "2024"), "--section", "all")
    for section in ("AU", "MA"):
        make_signatures(app, SLUG, 12, section=section, state="confirmed", withhold_name=lambda number: number % 4 == 0)
        make_signatures(app, OTHER, 3, section=section, state="confirmed")
        ids = []
        for slug in (SLUG, OTHER):
            words = ("deliver", "prepare", slug, "--to", TO[section], "--out", str(folder / section / slug), "--no-pdf")
            site.run(*words, "--section", section)
            ids.append(site.run("deliver", "list", "--section", section).split()[0])
        day = datetime.now(UTC).date().isoformat()
        note = "They took it at the gate." if section == "AU" else "تسلّموها عند الباب."
        site.run("deliver", "handed-over", ids[0], "--on", day, "--by", "Jo", "--section", section, "--note", note)
        site.given[section], site.open[section] = ids
        site.token[section] = run(
            app,
            lambda work, section=section: tokens.issue(  # type: ignore[misc]
                work.session, section, "unsubscribe", ["00" * 32], now=datetime.now(UTC), days=9
            ),
        )
        make_signatures(app, SLUG, 2, section=section, state="confirmed", email=lambda n: f"later-{n}@example.org")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    site.base = f"http://127.0.0.1:{server.server_port}"
    yield site
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_pages(desk: Site, visit: Any, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    section = prefix[1:3].upper()
    given, prepared = desk.given[section], desk.open[section]
    pages = {
        "list": "/deliveries", "delivery": f"/deliveries/{given}", "receipt": f"/deliveries/{given}/receipt",
        "case": f"/cases/{SLUG}", "unsubscribe": f"/unsubscribe/{desk.token[section]}",
        "desk_list": "/moderation/deliveries", "desk_open": f"/moderation/deliveries/{prepared}",
        "desk_given": f"/moderation/deliveries/{given}",
    }  # fmt: skip
    findings, too_wide = [], []
    for name, path in pages.items():
        visitor.page.goto(f"{desk.base}{prefix}{path}")
        if name == "receipt":
            visitor.page.locator("#w4r-receipt").fill("w4r1.nothing")
            visitor.page.locator("#w4r-main form button").press("Enter")
        findings += visitor.axe()
        if visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(path)
        visitor.shot(f"delivery{prefix}_{name}_{width}_{scheme}".replace("/", "_"))
    assert findings == []
    assert too_wide == [], "no page scrolls sideways"
    assert visitor.complaints == []


def test_by_keyboard_and_without_scripts(desk: Site, visit: Any) -> None:
    visitor: Visitor = visit(1280, javascript=False)
    page = visitor.page
    page.goto(f"{desk.base}/au/moderation/deliveries")
    page.locator("#cases").check()
    page.locator("#recipients").fill("Embassy of Example\nThe Minister")
    page.locator("#list_only").check()
    page.locator("#w4r-main button[type=submit]").first.press("Enter")
    assert "/moderation/deliveries/" in page.url
    with page.expect_download() as waiting:
        page.get_by_role("button", name="List of names").press("Enter")
    assert waiting.value.suggested_filename.endswith("names.csv")
    page.locator("#by").fill("Jo Bloggs")
    page.locator("#outcome").check()
    page.get_by_role("button", name="were handed over").press("Enter")
    page.get_by_role("link", name="The public page").press("Enter")
    assert "2 signatures were handed to" in page.locator(".w4r-lead").inner_text()
    page.goto(f"{desk.base}/au/unsubscribe/{desk.token['AU']}")
    page.locator("#w4r-main button").press("Enter")
    assert "fewer emails" in page.locator("h1").inner_text()
