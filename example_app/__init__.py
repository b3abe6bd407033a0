"""A small host site: an organisation's own pages, layout, logins and mailbox, with Write for Rights for two countries.

Start it with ``python -m example_app``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf import CSRFProtect

from flask_w4r import W4R, Actor, Permission, Section

from . import flood, mailbox, pages, settings, staff
from .users import db

MODERATOR_MAY = {Permission.VIEW_QUEUE, Permission.DECIDE, Permission.INVALIDATE, Permission.MANAGE_EVENTS}

w4r = W4R(mailer=mailbox.store)


@w4r.actor_loader
def who() -> Actor | None:
    """Say who works at the desk; a visitor who is not signed in is sent to do so."""
    if not current_user.is_authenticated:
        abort(staff.logins.unauthorized())
    return Actor(id=str(current_user.id), label=current_user.name)


@w4r.permission_check
def may(actor: Actor, permission: Permission, section: Section) -> bool:
    """Administrators may do everything, moderators their daily work, in every section of this site."""
    return current_user.role == "administrator" or permission in MODERATOR_MAY


def create_app(config: Mapping[str, Any] | None = None, *, instance_path: str | Path | None = None) -> Flask:
    """Make the site.

    :param config: overrides, such as a test's database.
    :param instance_path: the folder for database, keys and mailbox; default: ``instance/`` beside this package.
    """
    app = Flask(__name__, instance_path=str(instance_path or settings.INSTANCE), instance_relative_config=True)
    app.config.from_object(settings)
    app.config.from_pyfile(settings.KEYS_FILE, silent=True)
    app.config.from_mapping(config or {})
    app.config.setdefault("MAILBOX", str(Path(app.instance_path) / "mailbox"))
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)

    db.init_app(app)
    CSRFProtect(app)
    limiter = Limiter(get_remote_address, app=app, in_memory_fallback_enabled=True)
    staff.init_app(app, limiter)
    pages.init_app(app)
    app.register_blueprint(mailbox.mailbox)
    app.cli.add_command(flood.flood)
    w4r.init_app(app, db)

    policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in w4r.csp("AU", app).items())

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", f"{policy}; frame-src 'self'")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        return response

    return app
