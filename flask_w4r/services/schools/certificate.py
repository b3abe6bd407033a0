"""The certificate that a school gets: how many pupils wrote, and for whom. No pupil is named on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...i18n import gettext, listing, long_date, ngettext
from ...models import School
from ...sections import text_direction
from ..campaign.views import CaseView, EditionView
from ..letters.papers import SIZES, Press
from ..printing.small import Paper
from .classes import ClassView

_TEMPLATE = Path(__file__).parent / "certificate.typ"


def certificate(
    press: Press, school: School, edition: EditionView, classes: Sequence[ClassView], cases: Sequence[CaseView]
) -> Paper:
    """One page.

    :param cases: those that the school wrote for.
    """
    section, locale = press.lens.section, press.lens.locale
    pupils, letters = sum(one.people for one in classes), sum(one.actions for one in classes)
    tag = section.lang_tag(locale).split("-")
    lines = [
        ngettext("%(num)s pupil wrote.", "%(num)s pupils wrote.", pupils),
        ngettext("Together they wrote %(num)s letter.", "Together they wrote %(num)s letters.", letters),
    ]
    data = {
        "lang": tag[0], "region": tag[-1] if len(tag[-1]) == 2 and tag[-1].isupper() else section.country,
        "dir": text_direction(locale), "paper": SIZES[press.size], "section": section.name, "edition": edition.title,
        "title": gettext("Certificate for %(name)s", name=school.name), "heading": gettext("Certificate"),
        "school": school.name, "town": school.town, "lead": gettext("took part in %(edition)s.", edition=edition.title),
        "lines": lines if letters else [],
        "cases": gettext("They wrote for %(names)s.", names=listing([case.name for case in cases])) if cases else "",
        "thanks": gettext("Every letter tells someone that they are not alone. Thank you."),
        "date": long_date(press.lens.now),
    }  # fmt: skip
    return Paper((_TEMPLATE,), data, locale, press.font_paths)
