"""Content-Security-Policy for our pages: everything from this site, nothing inline, nobody framing us."""

from __future__ import annotations

from collections.abc import Mapping

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


def csp_directives(captcha: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Our directives with what the captcha in use needs."""
    merged = {name: list(sources) for name, sources in BASE.items()}
    for name, sources in captcha.items():
        own = [source for source in merged.get(name, []) if source != "'none'"]
        merged[name] = own + [source for source in sources if source not in own]
    return merged


def csp_header(captcha: Mapping[str, list[str]]) -> str:
    """The header's text."""
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in csp_directives(captcha).items())
