"""Answers: cacheable pages that are the same bytes for all, private ones, and the headers on each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple, cast

from flask import Response, g, redirect, request

from . import Here, here
from .templating import page
from .visitor import leave_session_out, login_on_demand, session_touched

#: How long one rendering is served before it is made anew, in seconds, within ``W4R_CACHE_SECONDS``.
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
        # A fixed number, since anybody may ask for pages that do not exist.
        self._locks = [Lock() for _ in range(64)]

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
        return self._locks[hash(key) % len(self._locks)]

    def clear(self) -> None:
        """Forget everything, because a case changed in this process."""
        self._pages.clear()


def page_cache(place: Here) -> PageCache:
    """The app's cache of renderings."""
    cache: PageCache = place.state.once("pages", PageCache)
    return cache


def public_page(
    key: tuple[Any, ...], render: Callable[[], str], *, mimetype: str = "text/html", keep: bool = True
) -> Response:
    """Answer with a page that is the same for all: no cookie, an ETag, ``public``.

    :param key: names the page within the section and locale.
    :param render: makes it. Where the host's layout touches the session the answer is ``private, no-store`` instead.
    :param keep: hold the rendering for a moment; not for what each reader asks differently.
    """
    place = here()
    if session_touched():
        # The host looked at the visitor already, so its layout may show them: nothing here is for everybody.
        return _not_for_all(place, render().encode(), mimetype)
    with login_on_demand():
        return _kept_page(place, key, render, mimetype, keep)


def _kept_page(place: Here, key: tuple[Any, ...], render: Callable[[], str], mimetype: str, keep: bool) -> Response:
    cache = page_cache(place)
    # Links differ where the app answers under several roots.
    full_key = (place.section.code, place.locale, request.script_root, *key)
    whole = place.state.config.cache_seconds
    kept = min(RENDER_SECONDS, whole)
    found = cache.get(full_key) if keep else None
    if found is None:
        with cache.lock(full_key):
            found = cache.get(full_key) if keep else None
            if found is None:
                started = monotonic()
                body = render().encode()
                if session_touched():
                    return _not_for_all(place, body, mimetype)
                etag = hashlib.sha256(body).hexdigest()[:32]
                found = Rendered(started + kept, body, etag, mimetype)
                if keep:
                    cache.put(full_key, found)
    if found.etag in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    else:
        response = Response(found.body, mimetype=found.mimetype)
    return for_all(response, found.etag, whole - kept)


def for_all(response: Response, etag: str, seconds: float) -> Response:
    """Mark an answer as the same for everybody, for that long."""
    response.headers["Cache-Control"] = f"public, max-age={int(seconds)}"
    response.headers["ETag"] = f'"{etag}"'
    return response


def _not_for_all(place: Here, body: bytes, mimetype: str) -> Response:
    place.state.lazy["layout_touches_session"] = True
    return private(Response(body, mimetype=mimetype))


def _keep_for_all(place: Here, response: Response, has_cookie: bool) -> None:
    """Hold the host's hooks, and Flask's own, off an answer that is for everybody."""
    if has_cookie or not leave_session_out():
        place.state.lazy["layout_touches_session"] = True
        response.headers.pop("ETag", None)
        private(response)


def private(response: Response) -> Response:
    """Mark an answer as for one reader only."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def see_other(url: str) -> Response:
    """After a press: go on to a page, for one reader, so that going back sends nothing again."""
    return private(cast(Response, redirect(url, 303)))


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


def finish(response: Response) -> Response:
    """Give every answer of ours its headers, after all hooks of the host: what they set stays."""
    headers = response.headers
    # Looked through once: each look by name goes through all of them.
    held = {name.lower(): value for name, value in headers}
    place: Here | None = g.get("w4r")
    if place is not None:
        if "public" in held.get("cache-control", ""):
            _keep_for_all(place, response, "set-cookie" in held)
        if "content-security-policy" not in held:
            headers.add("Content-Security-Policy", place.state.lazy["csp_header"](place.section))
    for lower, name, value in _USUAL:
        if lower not in held:
            headers.add(name, value)
    return response


_USUAL = tuple(
    (name.lower(), name, value)
    for name, value in (
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("X-Frame-Options", "DENY"),
    )
)
