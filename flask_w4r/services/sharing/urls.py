"""The public addresses that name a case here, for caches that must forget it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from ...sections import Section
from .shapes import SHAPES


def urls(session: Session, section: Section, slug: str, absolute: Callable[..., str | None]) -> Iterable[str | None]:
    """The share page of a case with its pictures and papers; see ``seam.Capability``."""
    for locale in section.locales:
        for name in ("share", "share_qr_svg", "share_qr_png", "share_poster"):
            yield absolute(name, locale=locale, slug=slug)
        for shape in SHAPES:
            yield absolute("share_image", locale=locale, slug=slug, shape=shape)
