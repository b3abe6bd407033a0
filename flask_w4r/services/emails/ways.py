"""Why a case cannot be written about by email, where that is so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...sections import Section
from ...sections.emails import rules_of
from ..campaign.views import CaseView
from .prepared import variants_of
from .targets import writable


def why_not(case: CaseView, section: Section) -> Any:
    """What is in the way; ``None``: nothing."""
    if not writable(case):
        return lazy_gettext("We have no email address of those in power for this case.")
    rules = rules_of(section)
    if not variants_of(case.words) and not rules.editable:
        return lazy_gettext("No email is prepared for this case yet.")
    return None


def urls(session: Session, section: Section, slug: str, absolute: Callable[..., str | None]) -> list[str | None]:
    """The public pages of a case's emails; see ``seam.Capability.urls``."""
    pages = ("email", "email_thanks", "email_taken")
    return [absolute(name, locale=locale, slug=slug) for locale in section.locales for name in pages]
