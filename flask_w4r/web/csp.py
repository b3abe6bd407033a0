"""Content-Security-Policy for our pages: everything from this site, nothing inline, nobody framing us; less in a layout of
the host's, which may bring what we cannot know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..state import W4RState

BASE: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'",),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "worker-src": ("'self'",),
    "manifest-src": ("'self'",),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
}
#: In a host's layout: what cannot break what the layout brings with it.
IN_LAYOUT: Mapping[str, tuple[str, ...]] = {
    "frame-ancestors": ("'none'",),
    "base-uri": ("'self'",),
    "form-action": ("'self'",),
}


def tiles_csp(tiles: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """What ``W4R_MAP_TILES`` needs: pictures from the tile server's origin, or from its numbered hosts (``{s}``)."""
    if tiles is None:
        return {}
    parts = urlsplit(tiles["url"])
    host = parts.netloc.replace("{s}", "*")
    # A source's * stands only for whole names at its front.
    if "*" in host:
        host = "*." + host.rpartition("*")[2].partition(".")[2]
    return {"img-src": [f"{parts.scheme}://{host}"]}


def csp_directives(*needs: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Our directives with what the captcha and the map in use need."""
    merged = {name: list(sources) for name, sources in BASE.items()}
    for need in needs:
        for name, sources in need.items():
            own = [source for source in merged.get(name, []) if source != "'none'"]
            merged[name] = own + [source for source in sources if source not in own]
    return merged


def needed_directives(state: W4RState) -> dict[str, list[str]]:
    """What a policy of the host's must allow, so that all our parts work."""
    directives = csp_directives(state.lazy["captcha"]().csp(), tiles_csp(state.config.map_tiles))
    return {name: sources for name, sources in directives.items() if "'none'" not in sources}


def lacking(policy: str, needed: Mapping[str, Sequence[str]]) -> list[str]:
    """What a policy does not name of what is needed, directive by directive.

    One that is not there stands open, or is as ``default-src`` says: https://www.w3.org/TR/CSP3/#directive-fallback-list.
    """
    parts = [part.split() for part in policy.split(";") if part.strip()]
    given = {name.lower(): sources for name, *sources in parts}
    found = []
    for name, sources in needed.items():
        fallback = given.get("default-src") if name != "form-action" else None
        allowed = given.get(name, fallback)
        missing = [] if allowed is None or "*" in allowed else [one for one in sources if one not in allowed]
        if missing:
            found.append(f"{name} {' '.join(missing)}")
    return found


def csp_header(*needs: Mapping[str, list[str]]) -> str:
    """The strict header's text."""
    return _text(csp_directives(*needs))


def _text(directives: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


#: By ``W4R_CSP``: the policy of our own pages and that of pages in a host's layout, made of the strict one; "" for none.
POLICIES: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "auto": lambda strict: (strict, _text(IN_LAYOUT)),
    "strict": lambda strict: (strict, strict),
    "off": lambda strict: ("", ""),
}
