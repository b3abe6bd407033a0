"""The product as a site would run it: Redis for the limits, PostgreSQL, a running edition with active cases."""

from __future__ import annotations

import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R

#: High enough that nothing is limited while every counter is counted: as many counters as by default.
UNLIMITED = {
    "sign_host": "100000000/minute; 1000000000/hour",
    "sign_site": "100000000/minute",
    "sign_block": "100000000/minute",
    "sign_uncaptcha": "100000000/hour",
    "token_host": "100000000/minute",
}
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
    )
    W4R(app, SQLAlchemy(app))
    return app
