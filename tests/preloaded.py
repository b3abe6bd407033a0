"""What the fork server of :mod:`tests.processes` imports: all that a site and its commands import when they are needed.

A site is made, and its commands are looked up. No thread is begun and no database connected to.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R, cli
from flask_w4r.keyring import generate_key


def make_site() -> None:
    """A site that nobody uses."""
    app = Flask("preloaded")
    keys = {"W4R_ENCRYPTION_KEYS": generate_key(), "W4R_INDEX_KEY": generate_key()}
    app.config.update(keys, TESTING=True, SECRET_KEY="nobody's", SQLALCHEMY_DATABASE_URI="sqlite://", W4R_SECTION="AU")
    W4R().init_app(app, SQLAlchemy(app))


make_site()
for command in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
    import_module(command.name)
