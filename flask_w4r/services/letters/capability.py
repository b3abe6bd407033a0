"""By what letters hang themselves into the rest. They store nothing, and count nothing: only a report does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...seam import Capability, Finding, Way
from ...sections import Section
from ...topics import WAYS
from ..printing.typeset import MISSING, can_typeset
from .papers import SIZES
from .sheet import why_no_letter


def urls(session: Session, section: Section, slug: str, absolute: Callable[..., str | None]) -> Iterable[str | None]:
    """The sheets and papers of a case; see ``seam.Capability``."""
    for locale in section.locales:
        yield absolute("letter", locale=locale, slug=slug)
        for endpoint, values in (("letter_pdf", {"slug": slug}), ("petition_pdf", {"slug": slug}), ("letters_pdf", {})):
            yield absolute(endpoint, locale=locale, **values)
            for size in SIZES:
                yield absolute(endpoint, locale=locale, **values, size=size)


def check(app: Any, state: Any) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    if "letters" in state.config.features and not can_typeset():
        yield Finding("warn", "letters", f"letter sheets are pages only. {MISSING}")


CAPABILITY = Capability(
    "letters",
    ways=(
        Way(
            "letter", WAYS["letter"], "letter", 20, minutes=15, feature="letters", why_not=why_no_letter,
            leads_to=lazy_gettext("Paper is what prisons and ministries count."),
        ),
    ),
    urls=(urls,),
    checks=(check,),
    pages="flask_w4r.blueprints.letters",
)  # fmt: skip
