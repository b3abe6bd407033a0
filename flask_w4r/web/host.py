"""What we borrow from the host's other extensions, looked up late so that the order of ``init_app`` does not matter."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter
from jinja2.exceptions import TemplateNotFound, TemplateSyntaxError

from ..antiabuse.limits import STORAGE_OPTIONS, describe_problems, keep_off
from ..errors import W4RError
from ..state import W4RState
from . import ASSETS, HOST_VALUE
from .errors import host_limiters
from .layout import LACKS, find_layout, layouts_in_use
from .responses import finish

NO_DATABASE = "the app has no database of its own: set SQLALCHEMY_DATABASE_URI, or W4R_BIND_KEY"


def find_limiter(app: Flask, given: Limiter | None) -> Limiter:
    """The limiter given, else the host's only one, else one of our own with an in-memory fallback.

    :raises W4RError: the host has several and named none.
    """
    if given is not None:
        return given
    hosts = host_limiters(app)
    if len(hosts) > 1:
        raise W4RError("several Flask-Limiter objects are on this app; pass one: W4R(limiter=...)")
    if hosts:
        limiter: Limiter = hosts[0]
        return limiter
    own: Limiter | None = app.extensions.get("w4r_limiter")
    if own is None:
        own = Limiter(
            lambda: "w4r",
            storage_uri=app.config.get("RATELIMIT_STORAGE_URI") or "memory://",
            key_prefix="w4r",
            storage_options=dict(STORAGE_OPTIONS) if "redis" in (app.config.get("RATELIMIT_STORAGE_URI") or "") else {},
            in_memory_fallback_enabled=True,
        )
        # A late Flask-Limiter would add a request hook, which an app that serves already refuses: only its storage
        # and strategy are wanted, so it is set up on a bare app with the host's configuration.
        bare = Flask("w4r_limiter")
        bare.config.update({key: value for key, value in app.config.items() if key.startswith("RATELIMIT_")})
        own.init_app(bare)
        app.extensions["w4r_limiter"] = own
    return own


def keep_host_limits_off(app: Flask, state: W4RState, given: Limiter | None) -> None:
    """Exempt our pages from the host's own default limits, unless ``W4R_HOST_LIMITS`` lets them in.

    Called within the first request, when every limiter and every limit of the host is there, and before any looks at it.
    """
    if state.config.host_limits:
        return
    limiters = host_limiters(app)
    if given is not None and given not in limiters:
        limiters.append(given)
    names = our_blueprints(state)
    for limiter in limiters:
        keep_off(limiter, app, names, lambda: request.blueprint in names)


def our_blueprints(state: W4RState) -> frozenset[str]:
    """The names of our blueprints on an app."""
    return frozenset((ASSETS, *(mount.name for mount in state.mounts)))


def database_problem(app: Flask, bind_key: str | None, db: Any) -> str | None:
    """Why the host's SQLAlchemy object has no engine for our tables, or ``None``.

    :param bind_key: ``W4R_BIND_KEY``.
    """
    try:
        with app.app_context():
            engines = db.engines
    except RuntimeError:
        return "the SQLAlchemy object is not set up on this app: call db.init_app(app)"
    if bind_key in engines:
        return None
    return f"SQLALCHEMY_BINDS has no {bind_key!r}, which W4R_BIND_KEY names" if bind_key else NO_DATABASE


def host_problems(app: Flask, state: W4RState, limiter: Limiter | None, db: Any) -> list[str]:
    """What the host lacks for our pages to be safe. Each names the mend."""
    problems = []
    if not app.secret_key:
        problems.append("SECRET_KEY is missing, so no form can be signed: set it")
    missing = database_problem(app, state.config.bind_key, db)
    if missing is not None:
        problems.append(missing)
    try:
        found = find_limiter(app, limiter)
        problems += describe_problems(found, production=not (app.debug or app.testing))
    except W4RError as error:
        problems.append(str(error))
    problems += _layout_problems(app, state)
    half_guarded = (state.hooks.actor_loader is None) != (state.hooks.permission_check is None)
    if "moderation" in state.config.features and half_guarded:
        problems.append(
            "moderation needs both @w4r.actor_loader and @w4r.permission_check;"
            " give the missing one, or leave 'moderation' out of W4R_FEATURES"
        )
    return problems


def _layout_problems(app: Flask, state: W4RState) -> list[str]:
    problems = []
    for key, name in layouts_in_use(state).items():
        try:
            if "content" not in find_layout(app, state, name).places:
                lack, mend = LACKS["content"]
                problems.append(f"{key}: {name} has no block content, so {lack}: put {mend}")
        except TemplateNotFound as error:
            problems.append(f"{key}: there is no template {error.name}")
        except TemplateSyntaxError as error:
            problems.append(f"{key}: {error.name}, line {error.lineno}: {error.message}")
    return problems


def register_hooks(app: Flask, state: W4RState) -> None:
    """Our part in each request of the app that is for a page of ours; others are let through untouched."""
    ours = our_blueprints(state)

    def finish_ours(response: Response) -> Response:
        return finish(response) if request.blueprint in ours else response

    def fill_host(endpoint: str, values: dict[str, Any]) -> None:
        if request and endpoint.rpartition(".")[0] in ours:
            values.setdefault(HOST_VALUE, request.host)

    # Hooks run from the last to the first: ours sees what the host's have done, whenever they are registered.
    app.after_request_funcs.setdefault(None, []).insert(0, finish_ours)
    if app.url_map.host_matching:
        app.url_default_functions.setdefault(None, []).append(fill_host)
