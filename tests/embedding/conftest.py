"""Host sites of every kind: their own extensions, layouts, tables and habits, set up before or after the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host
from tests.databases import Supply
from tests.shortcuts import METADATA, Shared, share_templates

Hook = Callable[[Flask], Any]
MakeSite = Callable[..., Host]
#: Sites that share a database share its keys.
KEY, INDEX_KEY = generate_key(), generate_key()
MA = {"preset": "MA", "url_prefix": "/ma"}
AU = {"preset": "AU", "url_prefix": "/au"}

#: A host's own page, with the blocks that ours fill. What stands at the mark differs from test to test.
LAYOUT = """<!doctype html><html lang="{{ lang }}" dir="{{ dir }}"><head><title>{% block title %}{% endblock %}</title>
{% block head %}{% endblock %}</head><body><header id="host">The host's own header MARK</header>
{% block hero %}{% endblock %}<main>{% block content %}{% endblock %}</main>{% block aside %}{% endblock %}
{% block scripts %}{% endblock %}</body></html>"""


def host_layout(mark: str = "") -> dict[str, str]:
    """Templates of a host, as ``templates=`` of a site."""
    return {"host.html": LAYOUT.replace("MARK", mark)}


def settings(uri: str, **config: Any) -> dict[str, Any]:
    """A host's configuration: ``W4R_*`` keys in lower case without the prefix, or whole keys in capitals."""
    found: dict[str, Any] = {
        "SECRET_KEY": "only for tests",
        "TESTING": True,
        "SQLALCHEMY_DATABASE_URI": uri,
        "W4R_ENCRYPTION_KEYS": [KEY],
        "W4R_INDEX_KEY": INDEX_KEY,
        "W4R_MAIL_SENDER": "Write for Rights <w4r@example.org>",
        "W4R_BASE_URL": "http://localhost",
        "W4R_FORM_MIN_SECONDS": 0,
        "W4R_CAPTCHA": "none",
    }
    for key, value in config.items():
        found[key if key.isupper() else f"W4R_{key.upper()}"] = value
    if "W4R_SECTIONS" not in found:
        found.setdefault("W4R_SECTION", AU)
    return found


def production(**config: Any) -> dict[str, Any]:
    """What a host in production sets beside the rest."""
    return {"TESTING": False, "RATELIMIT_STORAGE_URI": "redis://127.0.0.1:6379/9", **config}


@pytest.fixture
def make_site(database: str, supply: Supply) -> Iterator[MakeSite]:
    """Make host sites.

    ``before`` and ``after`` are hooks that get the app around our ``init_app``; ``db`` is the host's SQLAlchemy object,
    set up before the library unless ``late_db``; ``flask`` are arguments of ``Flask``.
    """
    hosts: list[Host] = []

    def make(
        uri: str | None = None,
        *,
        db: SQLAlchemy | None = None,
        w4r: W4R | None = None,
        before: Hook | None = None,
        after: Hook | None = None,
        templates: dict[str, str] | None = None,
        late_db: bool = False,
        upgrade: bool = True,
        flask: dict[str, Any] | None = None,
        **config: Any,
    ) -> Host:
        app = Flask("host_site", root_path=str(Path(__file__).parent), **(flask or {}))
        app.config.update(settings(uri or database, **config))
        own_bind = bool({"W4R_BIND_KEY", "SQLALCHEMY_BINDS"} & app.config.keys())
        place = app.config["SQLALCHEMY_DATABASE_URI"]
        # Hooks may make tables of the host's own before ours; only a file can be looked at when they have.
        a_file, plain = place.startswith("sqlite"), not (before or after or db or late_db)
        ready = not a_file and supply.begin(place, tables=upgrade and plain and not own_bind)
        if templates:
            app.jinja_loader = DictLoader(templates)  # type: ignore[assignment]
        db = db or (Shared() if own_bind else Shared(metadata=METADATA))
        if not late_db:
            db.init_app(app)
        if before:
            before(app)
        mailer = RecordingMailer()
        extension = w4r or W4R(mailer=mailer)
        extension.init_app(app, db)
        if late_db:
            db.init_app(app)
        if after:
            after(app)
        share_templates(app)
        if a_file:
            ready = supply.begin(place, tables=upgrade and not own_bind)
        host = Host(app, db, mailer, extension)
        hosts.append(host)
        if upgrade and not ready:
            host.run("w4r", "db", "upgrade")
        return host

    yield make
    for host in hosts:
        with host.app.app_context():
            for engine in host.db.engines.values():
                engine.dispose()


def own_pages(app: Flask) -> None:
    """A page and a form of the host's own."""
    from flask import request

    @app.route("/own", methods=["GET", "POST"])
    def own() -> str:
        return f"own {request.method}"

    @app.route("/link")
    def link() -> str:
        return url_for("w4r_au.campaign")


def clear_pages(host: Host) -> None:
    """Forget the renderings of this process, as two seconds would."""
    host.app.extensions["w4r"].lazy.pop("pages", None)


def signatures(host: Host) -> int:
    """How many signatures are in the database."""
    return int(host.rows("SELECT count(*) FROM w4r_signature")[0][0])
