"""The desk's pages of invalidations, used by keyboard without scripts and looked at in widths, schemes, directions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.services.petitions import invalidation_run
from flask_w4r.testing import make_campaign, make_signatures
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser
LOOKS = [("/au", 1280, "light"), ("/au", 390, "dark"), ("/ma", 390, "light"), ("/ma", 1280, "dark")]


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Flask]]:
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
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    make_campaign(app)
    for section in ("AU", "MA"):
        make_signatures(app, "ann-example", 30, section=section, first_name="Bot", score=lambda number: number)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}", app
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_from_conditions_to_undo(staffed: tuple[str, Flask], visit: Any, prefix: str, width: int, scheme: str) -> None:
    base, app = staffed
    visitor: Visitor = visit(width, scheme=scheme)
    page = visitor.page
    findings: list[str] = []
    too_wide: list[str] = []

    def look(name: str) -> None:
        findings.extend(visitor.axe())
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            too_wide.append(name)
        visitor.shot(f"desk{prefix}_batch_{name}_{width}_{scheme}".replace("/", "_"))

    page.goto(f"{base}{prefix}/moderation/batches/new")
    look("new")
    page.locator("button[value=preview]").press("Enter")
    look("refused")
    page.locator("#name").fill("bot *")
    page.locator("#score").fill("10")
    page.locator("button[value=preview]").press("Enter")
    look("preview")
    page.locator("#why").fill("One flood, one evening.")
    page.locator("button[value=start]").press("Enter")
    page.locator(".w4r-batch__progress").wait_for()
    look("queued")
    page.locator("a[href*=still]").press("Enter")
    page.locator("a[href*=still]").wait_for(state="detached")
    assert invalidation_run.run_due(app)["invalidated"] == 21
    page.reload()
    look("done")
    page.locator("form[action$=undo] button").press("Enter")
    page.locator(".w4r-batch__progress").wait_for()
    assert invalidation_run.run_due(app)["restored"] == 21
    page.goto(f"{base}{prefix}/moderation/batches")
    look("list")
    assert (findings, too_wide, visitor.complaints) == ([], [], [])
