"""Answers: cacheable pages that are the same bytes for all, private ones, and the headers on each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Response, g, redirect, request

from . import Here, here
from .kept import RENDER_SECONDS, Kept, Rendered, page_cache, rendered, until
from .layout import frame
from .templating import page
from .visitor import forget_looks, leave_session_out, login_on_demand, looked_at, session_touched


def public_page(
    key: tuple[Any, ...], render: Callable[[], str], *, mimetype: str = "text/html", keep: bool = True
) -> Response:
    """Answer with a page that is the same for all: no cookie, an ETag, ``public``.

    What is ours of the page is kept for a moment. A layout of the host's is rendered around it for each visitor, unless
    it was seen to look at nobody: then the whole page is kept.

    :param key: names the page within the section and locale.
    :param render: makes it. Where something looked at the visitor the answer is ``private, no-store`` instead.
    :param keep: hold the rendering for a moment; not for what each reader asks differently.
    """
    place, cache = here(), page_cache(here())
    # Links differ where the app answers under several roots.
    full_key = (place.section.code, place.locale, request.script_root, *key)
    most = place.state.config.cache_seconds
    seconds = min(RENDER_SECONDS, most)
    with login_on_demand():
        found = cache.get(full_key) if keep else None
        if found is None:
            with cache.lock(full_key):
                found = cache.get(full_key) if keep else None
                made = _made(place, full_key, render, seconds if keep else 0) if found is None else None
        body = made if found is None else _for_visitor(place, full_key, render, found)
    if body is None or not body.etag:
        place.state.lazy["layout_touches_session"] = True
        return private(Response(body and body.body, mimetype=mimetype))
    if body.etag in request.headers.get("If-None-Match", ""):
        response = Response(status=304)
    else:
        response = Response(body.body, mimetype=mimetype)
    return for_all(response, body.etag, most - seconds)


def _made(place: Here, key: Any, render: Callable[[], str], seconds: float) -> Rendered:
    """Make a page anew, and keep of it what is the same for everybody."""
    expires = until(seconds)
    place.part = None
    forget_looks()
    body = rendered(render(), for_all=not looked_at())
    # An override of the host's may show the visitor.
    part = place.part if place.part is not None and (place.part.plain or body.etag) else None
    whole = body if _whole_for_all(place, body) else None
    if seconds and (part or whole):
        page_cache(place).put(key, Kept(expires, whole, part, place.framed))
    return body


def _whole_for_all(place: Here, body: Rendered) -> bool:
    """A layout of the host's may show the address with all its arguments, which are not in the key of a page."""
    return bool(body.etag) and not (place.framed and request.query_string)


def _for_visitor(place: Here, key: Any, render: Callable[[], str], found: Kept) -> Rendered:
    """A page of which something is kept."""
    place.framed = found.framed
    if found.whole and not session_touched() and _whole_for_all(place, found.whole):
        return found.whole
    forget_looks()
    text = frame(found.part) if found.part else render()
    body = rendered(text, for_all=not looked_at())
    if found.part and _whole_for_all(place, body):
        page_cache(place).put(key, found._replace(whole=body))
    return body


def for_all(response: Response, etag: str, seconds: float) -> Response:
    """Mark an answer as the same for everybody, for that long."""
    response.headers["Cache-Control"] = f"public, max-age={int(seconds)}"
    response.headers["ETag"] = f'"{etag}"'
    return response


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
    response = private_page(template, code, alone=True, **context)
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
            in_layout = place.framed and "text/html" in held.get("content-type", "")
            policy = place.state.lazy["csp_header"](in_layout)
            if policy:
                headers.add("Content-Security-Policy", policy)
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
