"""Answers: cacheable pages that are the same bytes for all, private ones, errors, and the headers on each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from flask import Response, g, jsonify, render_template, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException

from ..errors import CaseNotActive, CaseWithdrawn, NotFound, PermissionDenied, TokenInvalid
from ..i18n import gettext
from ..templating import page
from ..web import Here, here

log = logging.getLogger("flask_w4r")
#: How long one rendering is served before it is made anew, in seconds. Counts on pages are this old at most, plus
#: ``W4R_CACHE_SECONDS``: 5 s by default.
RENDER_SECONDS = 2.0
MAX_PAGES = 2000


class Rendered(NamedTuple):
    """One page, ready to send."""

    expires: float
    body: bytes
    etag: str
    mimetype: str


class PageCache:
    """One rendering per (section, locale, page), kept for a moment in this process."""

    def __init__(self) -> None:
        self._pages: dict[Any, Rendered] = {}
        self._locks: dict[Any, Lock] = {}

    def get(self, key: Any) -> Rendered | None:
        """The rendering, if it is still fresh."""
        found = self._pages.get(key)
        return found if found is not None and found.expires > monotonic() else None

    def put(self, key: Any, rendered: Rendered) -> None:
        """Keep a rendering; the oldest go first when there are very many."""
        if len(self._pages) >= MAX_PAGES:
            for old in list(self._pages)[: MAX_PAGES // 10]:
                self._pages.pop(old, None)
        self._pages[key] = rendered

    def lock(self, key: Any) -> Lock:
        """Held while a page is made, so that a crowd has it made once."""
        return self._locks.setdefault(key, Lock())

    def clear(self) -> None:
        """Forget everything, because a case changed in this process."""
        self._pages.clear()


def page_cache(place: Here) -> PageCache:
    """The app's cache of renderings."""
    cache: PageCache = place.state.once("pages", PageCache)
    return cache


def public_page(key: tuple[Any, ...], render: Callable[[], str], *, mimetype: str = "text/html") -> Response:
    """Answer with a page that is the same for all: no cookie, an ETag, ``public``.

    :param key: names the page within the section and locale.
    :param render: makes it. Where the host's layout touches the session the answer is ``private, no-store`` instead.
    """
    place = here()
    if session_touched():
        # The host looked at the visitor already, so its layout may show them: nothing here is for everybody.
        place.state.lazy["layout_touches_session"] = True
        return private(Response(render(), mimetype=mimetype))
    cache = page_cache(place)
    full_key = (place.section.code, place.locale, *key)
    found = cache.get(full_key)
    if found is None:
        with cache.lock(full_key):
            found = cache.get(full_key)
            if found is None:
                body = render().encode()
                if session_touched():
                    place.state.lazy["layout_touches_session"] = True
                    return private(Response(body, mimetype=mimetype))
                etag = hashlib.sha256(body).hexdigest()[:32]
                found = Rendered(monotonic() + RENDER_SECONDS, body, etag, mimetype)
                cache.put(full_key, found)
    max_age = f"public, max-age={place.state.config.cache_seconds:g}"
    if found.etag in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    else:
        response = Response(found.body, mimetype=found.mimetype)
    response.headers["Cache-Control"] = max_age
    response.headers["ETag"] = f'"{found.etag}"'
    return response


def session_touched() -> bool:
    """Whether anything looked at the visitor's session in this request. Asking through ``flask.session`` would."""
    found = getattr(request_ctx, "_session", None)
    return bool(found is not None and found.accessed)


def private(response: Response) -> Response:
    """Mark an answer as for one reader only."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def private_page(template: str, code: int = 200, **context: Any) -> Response:
    """Answer with a page for one reader: a form, a token page, the desk."""
    return private(Response(page(template, **context), status=code))


def sealed_page(template: str, code: int = 200, **context: Any) -> Response:
    """Answer with a page whose URL is a secret: nothing may keep, index or pass it on."""
    response = private_page(template, code, **context)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def withdrawn_page() -> Response:
    """Answer for anything of a withdrawn case: gone, no name, kept by nobody."""
    response = private_page("cases/withdrawn.html", 410)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


_STATUS: dict[type[Exception], int] = {
    NotFound: 404,
    TokenInvalid: 404,
    PermissionDenied: 403,
    CaseNotActive: 409,
}


def error_page(error: Exception) -> Response:
    """Answer an error with a page that says what to do, in the section's language."""
    if isinstance(error, HTTPException) and (error.response is not None or error.code is None):
        return Response.force_type(error.get_response())
    if isinstance(error, CaseWithdrawn):
        return withdrawn_page()
    code = error.code if isinstance(error, HTTPException) else _STATUS.get(type(error), 500)
    code = code or 500
    if isinstance(error, HTTPException) and code < 400:
        return Response.force_type(error.get_response())
    if code == 500:
        log.error("%s at %s", type(error).__name__, request.endpoint, exc_info=error)
    name = {404: "404", 413: "413", 429: "429", 503: "503"}.get(code, "400" if code < 500 else "503")
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return private(Response(jsonify({"error": code}).data, status=code, mimetype="application/json"))
    retry_after = getattr(error, "retry_after", None)
    try:
        body = page(f"errors/{name}.html", retry_after=retry_after)
    except Exception:
        # The host's own layout may need what is missing just now, such as its database.
        log.exception("the error page could not be rendered in the host's layout")
        body = render_template(
            "w4r/errors/bare.html",
            lang=here().lang,
            dir=here().dir,
            message=gettext("This page cannot be shown right now. Please try again in a few minutes."),
        )
    response = private(Response(body, status=code))
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def busy() -> Response:
    """Answer while something we need is away: try again soon."""
    response = private_page("errors/503.html", 503)
    response.headers["Retry-After"] = "30"
    return response


def unmet_response(place: Here) -> Response | None:
    """Answer 503 while the host lacks something we need; the reason is in the log, once."""
    check: Callable[[], list[str]] = place.state.lazy["unmet"]
    problems: list[str] = place.state.once("unmet_problems", check)
    if not problems or request.endpoint in (f"{place.mount.name}.healthz", f"{place.mount.name}.theme"):
        return None
    for problem in problems:
        log.error("flask_w4r answers 503: %s", problem)
    return private(Response(status=503))


def harden(response: Response) -> Response:
    """Add the headers that every answer of ours has, where the host has not set its own."""
    headers = response.headers
    place = here() if hasattr(g, "w4r") else None
    if place is not None and "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = place.state.lazy["csp_header"](place.section)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    return response
