"""The product as a site would run it: Redis for the limits, PostgreSQL, a running edition with active cases."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from jinja2 import FileSystemLoader
from markupsafe import Markup
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_w4r import W4R

#: High enough that nothing is limited while every counter is counted: as many counters as by default.
UNLIMITED = {
    "sign_host": "100000000/minute; 1000000000/hour",
    "sign_site": "100000000/minute",
    "sign_block": "100000000/minute",
    "sign_uncaptcha": "100000000/hour",
    "token_host": "100000000/minute",
    "confirm_host": "100000000/minute",
}
#: A host's layout, which shows the visitor, so that no page in it is the same for all.
LAYOUT = "host.html"
SLUGS = ("ann-example", "ben-example", "cleo-example")


def create_app() -> Flask:
    """Make the app from ``W4R_BENCH_*``. Neither debugging nor testing: every check is on."""
    app = Flask("bench_site")
    app.config.update(
        SECRET_KEY=os.environ["W4R_BENCH_SECRET"],
        SQLALCHEMY_DATABASE_URI=os.environ["W4R_BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://"),
        RATELIMIT_STORAGE_URI=os.environ["W4R_BENCH_REDIS"],
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        W4R_SECTION={"preset": "MA", "url_prefix": "/ma"},
        W4R_ENCRYPTION_KEYS=[os.environ["W4R_BENCH_ENCRYPTION_KEY"]],
        W4R_INDEX_KEY=os.environ["W4R_BENCH_INDEX_KEY"],
        W4R_CAPTCHA=os.environ["W4R_BENCH_CAPTCHA"],
        W4R_RATE_LIMITS=UNLIMITED,
        W4R_BASE_URL="http://127.0.0.1",
        W4R_MAIL_SENDER="Write for Rights <w4r@example.org>",
        W4R_MAIL_URL="console:",
        W4R_LAYOUT=os.environ.get("W4R_BENCH_LAYOUT"),
    )
    W4R(
        app,
        SQLAlchemy(app),
        mailer=_links_to(os.environ["W4R_BENCH_LINKS"]) if "W4R_BENCH_LINKS" in os.environ else None,
    )
    if "W4R_BENCH_FORWARDED" in os.environ:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    if "W4R_BENCH_LAYOUT" in os.environ:
        app.jinja_loader = FileSystemLoader(Path(__file__).parent / "templates")
        app.add_url_rule("/own/<path:of>", "own", _own_page(app))
    return app


def _own_page(app: Flask) -> Callable[[str], str]:
    """A page of the host's own in the same layout, with the bytes that a page of ours has: as quick as one can be."""
    pieces: dict[str, dict[str, Markup]] = {}

    def own(of: str) -> str:
        if of not in pieces:
            text = app.test_client().get(f"/{of}").text
            found = re.findall(r"<!--(\w+)-->(.*?)<!--/\1-->", text, re.DOTALL)
            pieces[of] = {name: Markup(piece) for name, piece in found}
        return render_template("own.html", **pieces[of])

    return own


def _links_to(path: str) -> Callable[[EmailMessage], None]:
    """A mailer that hands over by noting each mail's confirmation link in a file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)

    def take(message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        found = re.search(r"https?://[^/]+(/\S*/confirm/\S+)", body.get_content()) if body else None
        if found:
            os.write(descriptor, f"{found[1]}\n".encode())

    return take
