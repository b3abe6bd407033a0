"""The world's page and the centre's news at the desk, in both directions, narrow and wide."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.serving import make_server

from flask_w4r import W4R, Actor
from flask_w4r.config_defaults import FEATURES
from flask_w4r.keyring import generate_key
from flask_w4r.models import RollupPart
from flask_w4r.services.rollup.follow import follow
from flask_w4r.services.rollup.signing import new_pair
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

KITS = Path(__file__).parent.parent.parent / "flask_w4r" / "kits"
LOOKS = [("/au", 1280, "light"), ("/au", 390, "dark"), ("/ma", 390, "light"), ("/ma", 1280, "light")]
SOURCE = "https://www.example.org/news/neth"


@dataclass
class Site:
    """The centre's site, which is a section that follows a feed too."""

    app: Flask
    base: str = ""

    def run(self, *words: str) -> None:
        result = self.app.test_cli_runner().invoke(args=["w4r", *words])
        assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose every visitor is staff, with numbers of a hundred sections, and news that were done and that wait."""
    app = Flask("centre_site")
    folder = tmp_path_factory.mktemp("rollup")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'site.sqlite3'}", W4R_FEATURES=list(FEATURES),
        W4R_MAIL_SENDER="w4r@example.org", W4R_MAIL_URL="console:", W4R_BASE_URL="http://localhost",
        W4R_STATUS_FEED={"url": "https://centre.example.org/feed", "public_key": new_pair().public},
        W4R_SECTIONS=[{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}],
    )  # fmt: skip
    W4R(actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True).init_app(app, SQLAlchemy(app))
    site = Site(app)
    site.run("db", "upgrade")
    site.run("kit", "import", str(KITS / "2024"), "--section", "all")
    run(app, _numbers)
    for code in ("AU", "MA"):
        run(app, lambda work, code=code: follow(work, get_state(app).sections[code], _news(), (), None))  # type: ignore[misc]
    server = make_server("127.0.0.1", 0, app, threaded=True)
    site.base = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    yield site
    server.shutdown()
    serving.join()
    server.server_close()


def _numbers(work: UnitOfWork) -> None:
    now = datetime.now(UTC)
    slugs = ("joel-paredes", "neth-nahara", "manahel-al-otaibi", "maryia-kalesnikava", "wetsuweten-land-defenders")
    for number in range(1, 101):
        rows = [
            {"case": slug, "type": kind, "count": 1000 * place * number + len(kind)}
            for place, slug in enumerate(slugs, 1)
            for kind in ("petition_signature", "letter", "card", "email")
        ]
        rows.append({"case": "*", "type": "other", "count": 14})
        work.session.add(
            RollupPart(
                sender=f"S{number:03}", edition="2024", sequence=1, key_id="0" * 32, state="counted",
                as_of=now - timedelta(hours=number), expires=now, total=sum(row["count"] for row in rows), rows=rows,
                taken_at=now,
            )
        )  # fmt: skip


def _news() -> list[dict[str, Any]]:
    told = {"edition": "2024", "on": "2024-12-10", "source": SOURCE, "texts": {}, "target": {}}
    words = {
        "en": {"demand": "Release her now, and drop every charge."},
        "ar": {"demand": "أفرجوا عنها الآن، وأسقطوا التهم كلها."},
    }
    return [
        {**told, "id": "one", "slug": "neth-nahara", "change": "freed"},
        {**told, "id": "two", "slug": "joel-paredes", "change": "demand", "texts": words},
        {**told, "id": "three", "slug": "joel-paredes", "change": "target", "target": {"name": "Jo Other", "address": "1 Main Street\nJujuy"}},
    ]  # fmt: skip


@pytest.mark.parametrize(("prefix", "width", "scheme"), LOOKS)
def test_the_world_and_the_news(visit: Any, centre: Site, prefix: str, width: int, scheme: str) -> None:
    visitor: Visitor = visit(width, scheme=scheme)
    name = f"{prefix.strip('/')}-{width}-{scheme}"
    for path, shot in (("/world", "world"), ("/moderation/feed", "feed"), ("/moderation/", "feed-overview")):
        visitor.page.goto(f"{centre.base}{prefix}{path}")
        visitor.shot(f"{shot}-{name}")
        assert visitor.axe() == []
        # Nothing stands beside the page.
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    # What a browser whose reader sees no chart is told.
    visitor.page.goto(f"{centre.base}{prefix}/world")
    assert visitor.page.locator("svg[role=img] desc").count() == 1
    assert visitor.page.locator("tbody th[scope=row]").count() >= 106


def test_staff_accept_without_a_script(visit: Any, centre: Site) -> None:
    visitor: Visitor = visit(javascript=False)
    visitor.page.goto(f"{centre.base}/au/moderation/")
    visitor.page.get_by_role("link", name="2 changes by the centre are waiting for you").click()
    visitor.page.get_by_role("button", name="Accept").first.click()
    assert visitor.page.get_by_role("button", name="Accept").count() == 1
    visitor.page.goto(f"{centre.base}/au/cases/joel-paredes")
    assert "Release her now, and drop every charge." in visitor.page.content()
    visitor.page.goto(f"{centre.base}/au/moderation/feed")
    visitor.page.get_by_role("button", name="Dismiss").click()
    assert "Nothing is waiting for you." in visitor.page.content()
    visitor.shot("feed-decided")
