"""The papers around letters, as what their templates print: sheets, a lined page, a signature list, a writer's kit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...i18n import gettext, long_date
from ...keyring import Keyring
from ...sections import Section, text_direction
from ..campaign.codes import write
from ..campaign.views import Lens
from ..printing.small import Paper
from .sheet import Embassy, Recipient, Sheet

_HERE = Path(__file__).parent
#: By what an address says, what Typst calls them.
SIZES: Mapping[str, str] = {"a4": "a4", "letter": "us-letter"}
#: Where letters are written on Letter paper.
_LETTER = frozenset({"US", "CA", "MX", "PH", "CL", "CO"})
#: A model letter of so many characters is set smaller, to stay on its page.
_LONG = 1400


@dataclass(frozen=True)
class Press:
    """What papers need beside their words.

    :param absolute: ``(endpoint, **values)`` -> full address, for QR codes.
    :param size: of :data:`SIZES`.
    :param event_id: the event that they are printed for.
    :param report: where what was written is reported, as it is typed from paper; empty: nowhere.
    """

    lens: Lens
    keyring: Keyring
    absolute: Callable[..., str]
    size: str
    font_paths: tuple[str, ...] = ()
    event_id: int | None = None
    report: str = ""

    def paper(self, *templates: str, title: str, **data: Any) -> Paper:
        """A paper of this section and language."""
        section = self.lens.section
        tag = section.lang_tag(self.lens.locale).split("-")
        given = {
            "lang": tag[0], "region": tag[-1] if len(tag[-1]) == 2 and tag[-1].isupper() else section.country,
            "dir": text_direction(self.lens.locale), "paper": SIZES[self.size], "title": title, "section": section.name,
            "words": {}, **data,
        }  # fmt: skip
        files = tuple(_HERE / f"{name}.typ" for name in ("common", *templates))
        return Paper(files, given, self.lens.locale, self.font_paths)


def usual_size(country: str) -> str:
    """The paper that is sold in a country."""
    return "letter" if country in _LETTER else "a4"


def blank(press: Press) -> Paper:
    """A lined page."""
    return press.paper("blank", title=gettext("Letter paper"))


def letters(press: Press, sheets: Sequence[Sheet]) -> Paper:
    """The letter sheets of some cases, in one file."""
    one = sheets[0].case.name if len(sheets) == 1 else ""
    title = gettext("Write for %(name)s", name=one) if one else gettext("Letter sheets")
    return press.paper(
        "letters", title=title, words=letter_words(), sheets=[sheet_data(press, sheet) for sheet in sheets]
    )


def letter_words() -> dict[str, str]:
    """What stands on every letter sheet."""
    return {
        "sender": gettext("Your name, and your address if you wish for an answer"),
        "place": gettext("Place and date"),
        "keep": gettext("Keep this page: it is not part of your letter"),
        "demand": gettext("Ask for this, word for word"),
        "to": gettext("Write to"),
        "copy_to": gettext("Send a copy to"),
        "postage": gettext("Postage"),
        "points": gettext("Worth saying"),
        "never": gettext("Please heed"),
        "model": gettext("A letter as an example"),
        "rewrite": gettext("Put it into your own words: letters that differ are read, copies are counted as one."),
        "check": gettext("Before you send it, see whether this sheet is still right: scan the code."),
        "code": gettext("Code of this sheet:"),
    }


def sheet_data(press: Press, sheet: Sheet) -> dict[str, Any]:
    """One case's sheet, as ``letters.typ`` prints it."""
    case, section = sheet.case, press.lens.section
    text = {"lang": case.text_lang.split("-")[0], "dir": case.text_dir}
    return {
        "heading": gettext("Write for %(name)s", name=case.name),
        "demand": {**text, "text": sheet.demand},
        "text": text,
        "letters": [_letter(one, section) for one in sheet.recipients],
        "embassy": [_embassy(case.country_name, sheet.embassy, section)] if sheet.embassy else [],
        "points": list(sheet.points),
        "never": list(sheet.never),
        "always": list(sheet.always),
        "model": list(sheet.model),
        "long": sum(map(len, sheet.model)) > _LONG,
        "postage": sheet.postage,
        "qr": qr(
            press.absolute("letter_check", slug=case.slug, stamp=sheet.stamp),
            gettext("QR code: is this sheet still right?"),
        ),
        "code": write(press.keyring, case.id, press.event_id),
        "tell": {"text": gettext("Once it is posted, tell us, so that it counts:"), "where": press.report},
        "facts": gettext("Facts as of %(date)s.", date=long_date(case.facts_as_of)),
    }


def _letter(one: Recipient, section: Section) -> dict[str, Any]:
    return {
        **lines_data(one.block),
        "salutation": {"text": one.salutation, "lang": "en", "dir": dir_of(one.salutation)},
        "missing": "" if one.has_address else no_address(section),
        "verified": checked_on(one.verified_on) if one.has_address else "",
    }


def no_address(section: Section) -> str:
    """What stands where an address would: whom to ask for it."""
    where = _asked_at(section)
    return (
        gettext("Address: ask your section, %(where)s", where=where)
        if where
        else gettext("Address: not known here yet")
    )


def _asked_at(section: Section) -> str:
    return section.contact or ", ".join(section.postal_address)


def checked_on(day: date | None) -> str:
    """When an address was last checked."""
    return gettext("Address checked on %(date)s", date=long_date(day)) if day else ""


def embassy_note(country: str, embassy: Embassy, section: Section) -> str:
    """What stands below an embassy's address, or in its place."""
    if embassy.lines:
        return checked_on(embassy.verified_on)
    where = _asked_at(section)
    if not where:
        return gettext("The embassy of %(country)s in your country: its address is not known here yet", country=country)
    return gettext(
        "The embassy of %(country)s in your country: for its address, ask your section, %(where)s",
        country=country,
        where=where,
    )


def _embassy(country: str, embassy: Embassy, section: Section) -> dict[str, Any]:
    return {**lines_data(embassy.lines), "note": embassy_note(country, embassy, section)}


def lines_data(lines: Sequence[str]) -> dict[str, Any]:
    """An address, with the direction of its script."""
    return {"lines": list(lines), "dir": dir_of("".join(lines))}


def dir_of(text: str) -> str:
    """The direction of the first letter that has one."""
    kinds = (unicodedata.bidirectional(char) for char in text)
    return "rtl" if next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L" else "ltr"


def qr(url: str, alt: str) -> dict[str, str]:
    """A QR code, with what it is for whoever cannot see it."""
    return {"svg": _drawn(url), "alt": alt}


@lru_cache(maxsize=1024)
def _drawn(url: str) -> str:
    # Drawing one takes longer than all the rest of what a sheet says.
    import segno

    drawn = segno.make(url, error="m", micro=False).svg_inline(border=2, dark="#000", light=None, omitsize=True)
    return str(drawn).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
