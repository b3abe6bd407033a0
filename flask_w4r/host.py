"""What we borrow from the host's other extensions, looked up late so that the order of ``init_app`` does not matter."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter

from .antiabuse.limits import STORAGE_OPTIONS, describe_problems
from .errors import W4RError
from .state import W4RState


def find_limiter(app: Flask, given: Limiter | None) -> Limiter:
    """The limiter given, else the host's only one, else one of our own with an in-memory fallback.

    :raises W4RError: the host has several and named none.
    """
    if given is not None:
        return given
    found = app.extensions.get("limiter") or set()
    hosts = list(found) if isinstance(found, set | frozenset | list | tuple) else [found]
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


def host_problems(app: Flask, state: W4RState, limiter: Limiter | None) -> list[str]:
    """What the host lacks for our pages to be safe. Each names the mend."""
    problems = []
    try:
        found = find_limiter(app, limiter)
        problems += describe_problems(found, production=not (app.debug or app.testing))
    except W4RError as error:
        problems.append(str(error))
    if "moderation" in state.config.features:
        if (state.hooks.actor_loader is None) != (state.hooks.permission_check is None):
            problems.append(
                "moderation needs both @w4r.actor_loader and @w4r.permission_check;"
                " give the missing one, or leave 'moderation' out of W4R_FEATURES"
            )
    return problems


def register_exemptions(app: Flask, state: W4RState) -> None:
    """Keep the host's global CSRF check off our routes.

    Its 400 would lose what was typed and its tokens live an hour; every POST of ours passes our own check instead.
    """
    names = {mount.name for mount in state.mounts}

    def exempt(endpoint: str | None, values: dict[str, Any] | None) -> None:
        csrf = app.extensions.get("csrf")
        if csrf is not None and request.blueprint in names:
            csrf._exempt_blueprints.add(request.blueprint)

    # Runs before any before_request hook, so also before a CSRFProtect that the host sets up after us.
    app.url_value_preprocessors.setdefault(None, []).append(exempt)
