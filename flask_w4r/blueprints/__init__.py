"""The web: one blueprint a mount, made by a factory so that a process may hold many apps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Request, abort, current_app, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound

from ..errors import W4RError
from ..state import Mount, W4RState
from ..web import HOST_VALUE, LOCALE_VALUE, enter, leave, service
from ..web.errors import database_error, error_page, unforeseen_error, unmet_response
from ..web.pages import pages_of

#: A form of ours is small; a body above this is refused before it is read (413).
MAX_BODY = 64 * 1024
MAX_PARTS = 200
#: All texts of a case in one form: a story of 40,000 characters may take four bytes each.
MAX_TEXTS = 512 * 1024
#: A rule, its endpoint, its view and the methods.
Route = tuple[str, str, Callable[..., Any], Sequence[str]]


def _routes(state: W4RState) -> tuple[Route, ...]:
    """What every mount has, worked out once."""

    def make() -> tuple[Route, ...]:
        features = state.config.features
        pages = [route for pages in pages_of(state) for route in pages.routes]
        return tuple(
            (rule, endpoint, view, methods)
            for rule, endpoint, view, methods, feature in (*pages, *service.ROUTES)
            # A name, or several of which all must be on.
            if features.issuperset((feature,) if isinstance(feature, str) else feature or ())
        )

    made: tuple[Route, ...] = state.once("mount_routes", make)
    return made


def create_blueprint(mount: Mount, state: W4RState, *, host_matching: bool = False) -> Blueprint:
    """Make the blueprint of one mount.

    :param host_matching: the host's app matches host names in its URL map; ours then take any, and look it up.

    Every page that has words is registered twice: without a language segment for the default locale and under
    ``/<lang>/`` for the others.
    """
    blueprint = Blueprint(mount.name, __package__)
    # With host matching a rule without a host would never match.
    options: dict[str, Any] = {"host": f"<{HOST_VALUE}>"} if host_matching else {}
    locales = sorted({locale for section in mount.sections.values() for locale in section.locales})

    routes = _routes(state)
    if mount.url_prefix:
        # What is not there answers in the section's own words. At the root that would be the host's to say.
        routes = (*routes, ("/<path:unknown>", "missing", service.missing, ("GET", "POST")))
    prefixes = [""]
    if len(locales) > 1:
        prefixes.append(f"/<any({', '.join(repr(code) for code in locales)}):{LOCALE_VALUE}>")

    def add_rules(setup: BlueprintSetupState) -> None:
        for rule, endpoint, view, methods in routes:
            for prefix in prefixes:
                setup.add_url_rule(prefix + rule, endpoint, view, methods=methods, **options)

    # One function for all rules: a blueprint keeps what it is given, and many mounts would keep thousands.
    blueprint.record(add_rules)

    texts = f"{mount.name}.moderation_texts"

    # Runs before any before_request hook, so also before that of a CSRFProtect, whoever set it up first.
    @blueprint.url_value_preprocessor
    def find_place(endpoint: str | None, values: dict[str, Any] | None) -> None:
        # A global CSRF check's 400 would lose what was typed, and its tokens live an hour; every POST of ours passes
        # our own check instead.
        csrf = current_app.extensions.get("csrf")
        if csrf is not None:
            csrf.exempt(blueprint)
        most = MAX_TEXTS if endpoint == texts else MAX_BODY
        asked: Request = request._get_current_object()  # type: ignore[attr-defined]
        asked.max_content_length = asked.max_form_memory_size = most
        asked.max_form_parts = MAX_PARTS
        wanted = values.pop(LOCALE_VALUE, None) if values else None
        if values:
            values.pop(HOST_VALUE, None)
        section = mount.section_for(asked.host.rsplit(":", 1)[0])
        if section is None:
            # No page of ours: which language would it be in?
            abort(NotFound().get_response())
        # The default locale has no segment of its own, so that each page has one URL a language.
        if wanted is not None and (wanted not in section.locales or wanted == section.default_locale):
            enter(state, mount, section, section.default_locale)
            abort(404)
        unmet = unmet_response(enter(state, mount, section, wanted or section.default_locale))
        if unmet is not None:
            abort(unmet)
        if values and any("\0" in value for value in values.values() if isinstance(value, str)):
            # PostgreSQL takes no such text, and nothing of ours is named so.
            abort(404)

    @blueprint.teardown_request
    def leave_place(error: BaseException | None) -> None:
        leave()

    blueprint.register_error_handler(HTTPException, error_page)
    blueprint.register_error_handler(W4RError, error_page)
    blueprint.register_error_handler(SQLAlchemyError, database_error)
    blueprint.register_error_handler(Exception, unforeseen_error)
    return blueprint
