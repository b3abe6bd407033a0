"""What the letters of an edition still lack, case by case, so that it can be seen to before the edition opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from ...i18n import gettext, language_name, listing, long_date, ngettext
from ..campaign import catalogue
from ..campaign.views import CaseView, EditionView, Lens
from ..campaign.ways import closed_by_kit
from .sheet import Sheet, sheet_of

#: An address that was not looked at for so many days may have changed.
OLD_DAYS = 180
#: Texts of a letter that every language should have.
_TEXTS = ("letter.points", "letter.model")


@dataclass(frozen=True)
class CaseLetters:
    """One case at the desk.

    :param lacks: what is missing, in words.
    :param closed: why letters are not open for it, if they are not.
    """

    case: CaseView
    lacks: Sequence[str]
    closed: str | None


def to_do(session: Session, lens: Lens) -> list[tuple[EditionView, list[CaseLetters]]]:
    """Every edition that is running or to come, with its open cases and what their letters lack."""
    found = []
    for edition in catalogue.editions(session, lens):
        if edition.phase not in ("before", "running"):
            continue
        by_locale = {
            locale: {case.id: case for case in catalogue.cases_of(session, replace(lens, locale=locale), edition)}
            for locale in lens.section.locales
        }
        cases = [case for case in catalogue.cases_of(session, lens, edition) if case.status == "active"]
        found.append(
            (edition, [_one(case, lens, {key: each[case.id] for key, each in by_locale.items()}) for case in cases])
        )
    return found


def _one(case: CaseView, lens: Lens, in_locales: dict[str, CaseView]) -> CaseLetters:
    closed = closed_by_kit(case, "letter")
    lacks = [] if closed else [*_addresses(sheet_of(case, lens), lens), *_texts(in_locales)]
    return CaseLetters(case, lacks, None if closed is None else str(closed))


def _addresses(sheet: Sheet, lens: Lens) -> Iterator[str]:
    today = catalogue.local_date(lens.section, lens.now)
    if not sheet.recipients:
        yield gettext("No one to write to")
    for one in sheet.recipients:
        if not one.has_address:
            yield gettext("No address: %(name)s", name=one.shown)
        elif one.verified_on is None:
            yield gettext("Address never checked: %(name)s", name=one.shown)
        elif (age := today - one.verified_on) > timedelta(days=OLD_DAYS):
            days = ngettext("%(num)s day ago", "%(num)s days ago", age.days)
            yield gettext("Address checked %(days)s: %(name)s", days=days, name=one.shown)
    if sheet.embassy is None:
        return
    checked = sheet.embassy.verified_on
    if checked is None:
        yield gettext("No embassy address: add it to embassy_addresses (%(code)s)", code=sheet.case.country)
    elif today - checked > timedelta(days=OLD_DAYS):
        yield gettext("Embassy address checked on %(date)s", date=long_date(checked))


def _texts(in_locales: dict[str, CaseView]) -> Iterator[str]:
    without = [language_name(locale) for locale, case in in_locales.items() if case.is_fallback]
    if without:
        yield gettext("No text: %(languages)s", languages=listing(without))
    bare = [
        language_name(locale)
        for locale, case in in_locales.items()
        if not case.is_fallback and not all(case.words.get(name) for name in _TEXTS)
    ]
    if bare:
        yield gettext("No points or no model letter: %(languages)s", languages=listing(bare))
