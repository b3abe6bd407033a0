"""One request of ours: which mount, section and language it is for, and the links and pages made for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, url_for
from werkzeug.routing import MapAdapter

from .i18n import set_locale
from .sections import Section, text_direction
from .services.views import Lens
from .state import Mount, W4RState, get_state

ASSETS = "w4r_assets"
LOCALE_VALUE = "w4r_locale"


@dataclass
class Here:
    """Where a request of ours is: kept in ``g.w4r``."""

    state: W4RState
    mount: Mount
    section: Section
    locale: str

    @cached_property
    def lens(self) -> Lens:
        """What services need to read the campaign for this page."""
        return Lens(self.section, self.locale, self.state.clock(), self.url)

    @property
    def lang(self) -> str:
        """The page's BCP 47 tag."""
        return self.section.lang_tag(self.locale)

    @property
    def dir(self) -> str:
        """The page's direction."""
        return text_direction(self.locale)

    def url(self, endpoint: str, *, locale: str | None = None, **values: Any) -> str:
        """The path of one of our endpoints in this mount and, unless said otherwise, this locale."""
        chosen = locale or self.locale
        if chosen != self.section.default_locale:
            values[LOCALE_VALUE] = chosen
        return url_for(f"{self.mount.name}.{endpoint}", **values)

    def absolute(self, endpoint: str, *, locale: str | None = None, **values: Any) -> str:
        """The full URL of one of our endpoints, from the section's base URL and never from the request."""
        return section_url(current_app._get_current_object(), self.section, endpoint, locale or self.locale, **values)  # type: ignore[attr-defined]


def here() -> Here:
    """The current request's place."""
    place: Here = g.w4r
    return place


def enter(mount: Mount, section: Section, locale: str) -> Here:
    """Begin a request of ours."""
    state = get_state(current_app)
    g.w4r = Here(state, mount, section, locale)
    set_locale(locale, state.translation_directories)
    _align_flask_babel(locale)
    return here()


def _align_flask_babel(locale: str) -> None:
    """Let the host's own layout speak the page's language where the host uses Flask-Babel."""
    if "babel" in current_app.extensions:
        from babel import Locale
        from flask_babel import refresh

        refresh()
        context = g
        context._flask_babel.babel_locale = Locale.parse(locale, sep="-") if hasattr(g, "_flask_babel") else None


def base_url(state: W4RState, section: Section) -> str:
    """Scheme and host for a section's links in mails, feeds and cards."""
    chosen = section.base_url or (f"https://{section.host}" if section.host else None) or state.config.base_url
    return chosen or "http://127.0.0.1:5000"


def section_adapter(app: Flask, section: Section) -> MapAdapter:
    """Builds full URLs for a section outside of any request."""
    parts = urlsplit(base_url(get_state(app), section))
    root = parts.path.rstrip("/") or (app.config.get("APPLICATION_ROOT") or "/")
    return app.url_map.bind(parts.netloc, script_name=root, url_scheme=parts.scheme)


def section_url(app: Flask, section: Section, endpoint: str, locale: str, **values: Any) -> str:
    """The full URL of one of our endpoints."""
    state = get_state(app)
    if locale != section.default_locale and locale in section.locales:
        values[LOCALE_VALUE] = locale
    adapter = section_adapter(app, section)
    return adapter.build(f"{state.mount_of(section).name}.{endpoint}", values, force_external=True)


def static_url(state: W4RState, filename: str) -> str:
    """The URL of one of our static files, with its content's digest, so that it may be cached for a year."""
    versions: dict[str, str] = state.once("static_versions", dict)
    if filename not in versions:
        data = (resources.files(__package__) / "static" / filename).read_bytes()
        versions[filename] = hashlib.sha256(data).hexdigest()[:12]
    return url_for(f"{ASSETS}.static", filename=filename, v=versions[filename])


PublicUrl = Callable[..., str]
