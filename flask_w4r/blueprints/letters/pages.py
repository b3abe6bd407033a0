"""The pages: where a letter is written, and where the QR code of a sheet leads."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import gettext
from ...services.campaign import codes
from ...services.campaign.catalogue import find_case
from ...services.letters import papers as sheets
from ...services.letters import stamps, standing
from ...services.letters.sheet import Sheet, sheet_of
from ...services.printing.typeset import can_typeset
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.responses import public_page
from ...web.templating import page

#: What of a sheet has changed, by ``stamps.PARTS``.
CHANGED = {
    "target": lambda: gettext("Whom to write to, or how to address them, has changed."),
    "address": lambda: gettext("An address has changed."),
    "demand": lambda: gettext("What we ask for has changed."),
    "rules": lambda: gettext("What to say, or what to leave out, has changed."),
}


def letter(slug: str) -> Response:
    """The sheet of a case, with a field to write the letter in. Nothing that is written is sent."""

    def render(session: Session) -> str:
        place = here()
        lens, features = place.lens, place.state.config.features
        case = find_case(session, lens, slug)
        closed = standing.why_not(case, lens)
        sheet = sheet_of(case, lens)
        code = codes.write(place.state.keyring, case.id)
        return page(
            "letters/letter.html", endpoint="letter", values={"slug": slug}, public=True, edition=case.edition, case=case,
            closed=closed, report=place.url("report", code=code) if "tally" in features else None,
            has_list="petitions" in features and standing.why_not(case, lens, "petition") is None, **sheet_values(sheet),
        )  # fmt: skip

    return public_page(("letter", slug), lambda: read(current_app, render))


def sheet_values(sheet: Sheet) -> dict[str, Any]:
    """What the page of a sheet is given."""
    return {
        "sheet": sheet,
        "papers": [(one, sheets.lines_data(one.block)["dir"], sheets.dir_of(one.salutation)) for one in sheet.recipients],
        "words": sheets.letter_words(),
        "no_address": sheets.no_address(here().section),
        "checked_on": sheets.checked_on,
        "embassy_note": sheets.embassy_note(sheet.case.country_name, sheet.embassy, here().section) if sheet.embassy else "",
        "sizes": [
            (size, gettext("A4") if size == "a4" else gettext("Letter size")) for size in sheets.SIZES
        ] if can_typeset() else [],
    }  # fmt: skip


def letter_check(slug: str, stamp: str) -> Response:
    """Where the QR code of a printed sheet leads: is the sheet still right?"""

    def render(session: Session) -> str:
        lens = here().lens
        case = find_case(session, lens, slug)
        changed = stamps.changed(stamp, sheet_of(case, lens).stamp)
        if changed is None:
            raise NotFound(stamp)
        return page(
            "letters/check.html", endpoint="letter_check", values={"slug": slug, "stamp": stamp}, public=True,
            edition=case.edition, case=case, over=standing.why_not(case, lens, ahead=True), changed=[CHANGED[part]() for part in changed],
        )  # fmt: skip

    return public_page(("letter_check", slug, stamp), lambda: read(current_app, render), keep=False)


ROUTES = (
    ("/cases/<slug>/letter", "letter", letter, ("GET",), "letters"),
    ("/cases/<slug>/sheet/<stamp>", "letter_check", letter_check, ("GET",), "letters"),
)
