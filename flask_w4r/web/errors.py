"""An error, be it ours, the database's or one that the host raised: a page that says what to do, and a log that names nobody."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from math import ceil
from typing import Any, cast

from flask import Response, current_app, g, jsonify, request
from flask_limiter import Limiter
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from ..antiabuse.limits import seconds_left
from ..errors import BadValue, CaseNotActive, CaseWithdrawn, NotFound, PermissionDenied, TokenInvalid
from ..i18n import gettext
from . import Here
from .responses import private, withdrawn_page
from .templating import page

log = logging.getLogger("flask_w4r")
#: What a database that is away, or not upgraded, makes of a statement.
AWAY = (exc.OperationalError, exc.InterfaceError, exc.ProgrammingError, exc.TimeoutError)

_STATUS: dict[type[Exception], int] = {
    BadValue: 400,
    NotFound: 404,
    TokenInvalid: 404,
    PermissionDenied: 403,
    CaseNotActive: 409,
}


def error_page(error: Exception) -> Response:
    """Answer an error with a page that says what to do, in the section's language.

    The host may have raised it, in any of its hooks and in any way that Werkzeug knows: with an answer of its own, which
    is sent as it is; with headers, which stay; with a time to come back as seconds, a moment or a text.
    """
    if isinstance(error, HTTPException):
        given = cast(Response, Response.force_type(error.get_response(request.environ), request.environ))
        if error.response is not None or given.status_code < 400 or "w4r" not in g:
            return given
        response = error_response(given.status_code, _seconds_to_wait(given))
        for name, value in given.headers:
            if name.lower() not in _OF_THE_BODY and name not in response.headers:
                response.headers.add(name, value)
        return response
    if isinstance(error, CaseWithdrawn):
        return withdrawn_page()
    code = _STATUS.get(type(error), 500)
    if code == 500:
        log.error("%s at %s", type(error).__name__, request.endpoint, exc_info=error)
    return error_response(code)


#: Headers that tell of the body that an error brought, in place of which ours is sent.
_OF_THE_BODY = frozenset(("content-type", "content-length", "content-encoding", "etag", "retry-after"))


def _seconds_to_wait(given: Response) -> int | None:
    """In how many seconds to come back, at least one; ``None`` where nobody can tell."""
    with suppress(OverflowError):
        # Werkzeug reads every form of the header as a moment.
        if given.retry_after is not None:
            return max(1, ceil((given.retry_after - datetime.now(UTC)).total_seconds()))
    # The error of a limit of the host's own does not say.
    return seconds_left(host_limiters(current_app)) if given.status_code == 429 else None


def host_limiters(app: Any) -> list[Limiter]:
    """The host's Flask-Limiter objects."""
    found = app.extensions.get("limiter") or ()
    return list(found) if isinstance(found, set | frozenset | list | tuple) else [found]


def database_error(error: exc.SQLAlchemyError) -> Response:
    """Answer while the database is away, with 503, or did not do as it should.

    Only the kind of error is logged: its text holds what people typed, or what was made of it.
    """
    log.error("%s at %s", type(error).__name__, request.endpoint)
    return busy() if isinstance(error, AWAY) else error_response(500)


def unforeseen_error(error: Exception) -> Response:
    """Answer a fault of ours.

    Flask's own log line would name the URL, which may hold a link's token, and the error's text may hold what somebody
    typed: logged are the kind of error, the endpoint and the lines it came through.
    """
    if current_app.debug or current_app.testing:
        raise error
    lines = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s at %s\n%s", type(error).__name__, request.endpoint, lines)
    return error_response(500)


def error_response(code: int, retry_after: int | None = None) -> Response:
    """One of the pages ``errors/*.html``, in the host's layout where that can be rendered."""
    name = {404: "404", 413: "413", 429: "429", 503: "503"}.get(code, "400" if code < 500 else "503")
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response = Response(jsonify({"error": code}).data, status=code, mimetype="application/json")
    else:
        try:
            body = page(f"errors/{name}.html", code=code, retry_after=retry_after)
        except Exception as fault:
            # The host's own layout may need what is missing just now, such as its database. The template is rendered
            # without the host's context processors, which may need it too.
            log.error("the error page could not be rendered in the host's layout: %s", type(fault).__name__)
            place: Here | None = g.get("w4r")
            body = current_app.jinja_env.get_template("w4r/errors/bare.html").render(
                lang=place.lang if place else "en",
                dir=place.dir if place else "ltr",
                message=gettext("This page cannot be shown right now. Please try again in a few minutes."),
            )
        response = Response(body, status=code)
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return private(response)


def busy() -> Response:
    """Answer while something we need is away: try again soon."""
    return error_response(503, 30)


def unmet_response(place: Here) -> Response | None:
    """Answer 503 while the host lacks something we need; the reason is in the log, once."""
    problems: list[str] | None = place.state.lazy.get("unmet_problems")
    if problems is None:
        problems = place.state.once("unmet_problems", lambda: _unmet(place))
    if not problems or request.endpoint in (f"{place.mount.name}.healthz", f"{place.mount.name}.theme"):
        return None
    return error_response(503)


def _unmet(place: Here) -> list[str]:
    check: Callable[[], list[str]] = place.state.lazy["unmet"]
    problems = check()
    place.state.lazy["keep_limits_off"]()
    for problem in problems:
        log.error("flask_w4r answers 503: %s", problem)
    return problems
