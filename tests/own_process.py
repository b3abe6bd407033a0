"""A host site for a process of its own: ``flask --app tests.own_process w4r ...``. Its settings come as JSON."""

from __future__ import annotations

import atexit
import json
import os

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R


def create_app() -> Flask:
    """The site of a test, with the settings in ``W4R_SITE_SETTINGS``."""
    app = Flask("site")
    app.config.update(json.loads(os.environ["W4R_SITE_SETTINGS"]))
    db = SQLAlchemy(app)
    W4R().init_app(app, db)

    def close() -> None:
        with app.app_context():
            db.engine.dispose()

    atexit.register(close)
    return app
