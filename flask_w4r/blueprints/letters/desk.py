"""Letters at the desk: what they still lack, and every sheet as it will be, in every language."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ... import i18n
from ...errors import NotFound
from ...services.campaign.preview import preview_cases
from ...services.letters import lacks
from ...services.letters import papers as sheets
from ...services.letters.sheet import sheet_of
from ...services.printing.small import Paper
from ...services.printing.typeset import can_typeset
from ...services.storage.unit_of_work import read
from ...state import Permission
from ...web import here
from ...web.desk import allowed, desk_page
from .papers import answer, press


def overview() -> Response:
    """What the letters of each edition lack."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    found = read(current_app, lambda session: lacks.to_do(session, place.state.hooks, actor, place.lens))
    languages = [(locale, i18n.language_name(locale)) for locale in place.section.locales]
    return desk_page(
        "letters.html", "moderation_letters", actor, editions=found, languages=languages if can_typeset() else []
    )


def preview(year: str, slug: str) -> Response:
    """A sheet as it will be, in one of the section's languages; for staff only."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    locale = request.args.get("locale", place.locale)
    if locale not in place.section.locales:
        raise NotFound(locale)

    def make(session: Session) -> Paper:
        made = press()
        lens = replace(made.lens, locale=locale)
        case, _ = preview_cases(session, place.state.hooks, actor, lens, year, slug)
        with i18n.use_locale(place.section.lang_tag(locale)):
            return sheets.letters(replace(made, lens=lens), [sheet_of(case, lens)])

    return answer(make, f"preview-{slug}-{locale}", to_all=False)


ROUTES = (
    ("/moderation/letters", "moderation_letters", overview, ("GET",), ("letters", "moderation")),
    ("/moderation/letters/<year>/<slug>.pdf", "moderation_letter", preview, ("GET",), ("letters", "moderation")),
)
