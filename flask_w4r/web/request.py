"""One request of ours: which mount, section and language it is for, and the links and pages made for it."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel import Locale
from flask import Flask, current_app, g, url_for
from werkzeug.routing import BuildError, MapAdapter

from ..i18n import begin_locale, end_locale
from ..sections import Section, text_direction
from ..services.campaign.views import Lens
from ..state import Mount, W4RState, get_state

if TYPE_CHECKING:
    from .layout import Part

ASSETS = "w4r_assets"
LOCALE_VALUE = "w4r_locale"
#: The host name, as a part of our rules where the host's app matches hosts.
HOST_VALUE = "w4r_host"


@dataclass
class Here:
    """Where a request of ours is: kept in ``g.w4r``."""

    state: W4RState
    mount: Mount
    section: Section
    locale: str
    #: The answer stands in a layout of the host's.
    framed: bool = False
    #: What is ours of a public page in such a layout, once it is rendered.
    part: Part | None = None

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


def enter(state: W4RState, mount: Mount, section: Section, locale: str) -> Here:
    """Begin a request of ours: from here to :func:`leave` words are in the page's language, the host's own too."""
    leave()
    held = g._get_current_object()
    held.w4r = place = Here(state, mount, section, locale)
    # With the country, since dates and digits differ between countries that share a language.
    held.w4r_words = begin_locale(section.lang_tag(locale), state.translation_directories)
    if "babel" in current_app.extensions:
        held.w4r_babel = _lead_flask_babel(locale)
    return place


def leave() -> None:
    """End a request of ours. The application context, and with it ``g``, may live on."""
    held = g._get_current_object()
    began = held.pop("w4r_words", None)
    if began is None:
        return
    end_locale(began)
    del held.w4r
    babel: ExitStack | None = held.pop("w4r_babel", None)
    if babel is not None:
        babel.close()


def _lead_flask_babel(locale: str) -> ExitStack:
    """Let the host's own layout speak the page's language where the host uses Flask-Babel, until what this returns is
    closed."""
    stack = ExitStack()
    try:
        from flask_babel import force_locale
    except ImportError:  # Another extension of that name.
        return stack
    stack.enter_context(force_locale(Locale.parse(locale, sep="-")))
    return stack


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
    if app.url_map.host_matching:
        values[HOST_VALUE] = adapter.server_name
    return adapter.build(f"{state.mount_of(section).name}.{endpoint}", values, force_external=True)


def purge_url(app: Flask, section: Section, endpoint: str, *, locale: str, **values: Any) -> str | None:
    """The same, or ``None`` where ``W4R_FEATURES`` leaves the endpoint out."""
    try:
        return section_url(app, section, endpoint, locale, **values)
    except BuildError:
        return None


@lru_cache(maxsize=256)
def static_digest(filename: str) -> str | None:
    """The digest of one of our static files, or ``None`` where there is none."""
    file = resources.files("flask_w4r").joinpath("static", filename)
    if ".." in filename.split("/") or not file.is_file():
        return None
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def static_url(state: W4RState, filename: str) -> str:
    """The URL of one of our static files, with its content's digest, so that it may be cached for a year.

    :raises FileNotFoundError: we have no such file.
    """
    digest = static_digest(filename)
    if digest is None:
        raise FileNotFoundError(filename)
    return url_for(f"{ASSETS}.static", filename=filename, v=digest)
