"""The certificate that a school gets: how many pupils wrote, what was done in all, and for whom. No pupil is named on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...action_types import in_order, type_words
from ...i18n import gettext, listing, long_date, ngettext, number
from ...models import School
from ...sections import Section, text_direction
from ..campaign.views import CaseView, EditionView
from ..letters.papers import SIZES, Press
from ..printing.small import Paper
from .pupils import ACTION
from .sums import SchoolSums

_TEMPLATE = Path(__file__).parent / "certificate.typ"


def certificate(
    press: Press, school: School, edition: EditionView, sums: SchoolSums, cases: Sequence[CaseView]
) -> Paper:
    """One page.

    :param cases: those that the school wrote for.
    """
    section, locale = press.lens.section, press.lens.locale
    tag = section.lang_tag(locale).split("-")
    data = {
        "lang": tag[0], "region": tag[-1] if len(tag[-1]) == 2 and tag[-1].isupper() else section.country,
        "dir": text_direction(locale), "paper": SIZES[press.size], "section": section.name, "edition": edition.title,
        "title": gettext("Certificate for %(name)s", name=school.name), "heading": gettext("Certificate"),
        "school": school.name, "town": school.town, "lead": gettext("took part in %(edition)s.", edition=edition.title),
        "lines": list(_lines(section, sums)),
        "cases": gettext("They wrote for %(names)s.", names=listing([case.name for case in cases])) if cases else "",
        "thanks": gettext("Every letter tells someone that they are not alone. Thank you."),
        "date": long_date(press.lens.now),
    }  # fmt: skip
    return Paper((_TEMPLATE,), data, locale, press.font_paths)


def _lines(section: Section, sums: SchoolSums) -> Iterator[str]:
    """Pupils whom the links counted, else whoever took part by the report; all letters; and what else was done."""
    others = dict(sums.kinds)
    letters = others.pop(ACTION, 0)
    if sums.pupils:
        yield ngettext("%(num)s pupil wrote.", "%(num)s pupils wrote.", sums.pupils)
    elif sums.people:
        yield ngettext("%(num)s person took part.", "%(num)s people took part.", sums.people)
    if letters:
        yield ngettext("The school wrote %(num)s letter.", "The school wrote %(num)s letters.", letters)
    if others:
        yield listing(f"{type_words(section, kind)}: {number(others[kind])}" for kind in in_order(others))
