"""Content-Security-Policy for our pages: everything from this site, nothing inline, nobody framing us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

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


def csp_header(*needs: Mapping[str, list[str]]) -> str:
    """The header's text."""
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in csp_directives(*needs).items())
