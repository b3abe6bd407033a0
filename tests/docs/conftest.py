"""Small sites for the snippets of the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_campaign
from tests.databases import Supply

from .pages import DOCS, load

MakeSite = Callable[..., Flask]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """What a site of the documentation is configured with."""
    return {
        "SECRET_KEY": "only for tests",
        "TESTING": True,
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'site.sqlite3'}",
        "RATELIMIT_STORAGE_URI": "memory://",
        "W4R_SECTION": {"preset": "AU", "url_prefix": "/act"},
        "W4R_BASE_URL": "http://localhost",
        "W4R_MAIL_SENDER": "w4r@example.org",
        "W4R_ENCRYPTION_KEYS": generate_key(),
        "W4R_INDEX_KEY": generate_key(),
    }


def run(app: Flask, *words: str, code: int = 0) -> str:
    """Run ``flask ...`` on a site; return what it printed."""
    result = app.test_cli_runner().invoke(args=list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def make_site(settings: dict[str, Any], supply: Supply) -> Iterator[MakeSite]:
    """Make the site of a snippet that has ``create_app(config)``, with tables and a case."""
    sites: list[Flask] = []

    def make(name: str | None = None, *, campaign: bool = True, upgrade: bool = True, **config: Any) -> Flask:
        module = load(name or "limiter.py")
        values = {key: value for key, value in {**settings, **config}.items() if value is not None}
        own_bind = "W4R_BIND_KEY" in values or "SQLALCHEMY_BINDS" in values
        ready = supply.begin(values["SQLALCHEMY_DATABASE_URI"], tables=upgrade and not own_bind)
        app: Flask = module.create_app(values)
        sites.append(app)
        if upgrade and not ready:
            run(app, "w4r", "db", "upgrade")
        if upgrade and campaign:
            make_campaign(app, ["ann-example"])
        return app

    yield make
    for app in sites:
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()


TEMPLATES = str(DOCS / "snippets" / "templates")
