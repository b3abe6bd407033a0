"""A writer's kit: all that a host needs on paper, with the event's code on every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...i18n import gettext, time_span
from ..campaign.codes import write
from ..events.views import EventView
from ..printing.small import Paper
from .papers import Press, letter_words, lines_data, qr, sheet_data
from .sheet import Sheet

#: Labels on a page.
LABELS = 14


def host_kit(
    press: Press, event: EventView, sheets: Sequence[Sheet], counted: Sequence[str], *, has_page: bool
) -> Paper:
    """The kit of an event.

    :param event: as the public sees it: posters are for everybody.
    :param counted: what its host counts, in words.
    :param has_page: the event's page is there for whoever scans the poster.
    """
    cases = [_case(press, sheet) for sheet in sheets]
    code = write(press.keyring, None, event.id)
    poster = press.absolute("event", slug=event.slug) if has_page else press.absolute("campaign")
    return press.paper(
        "kit",
        "letters",
        title=gettext("Writer's kit: %(event)s", event=event.title),
        words={**letter_words(), **_words()},
        event={
            "title": event.title,
            "when": time_span(event.starts_at, event.ends_at, event.time_zone),
            "where": " · ".join(part for part in (event.venue, event.address, event.town) if part),
            "code": code,
            "qr": qr(
                poster, gettext("QR code: the page of this event") if has_page else gettext("QR code: our campaign")
            ),
            "report-qr": qr(press.absolute("host"), gettext("QR code: the host's page")),
        },
        inside=_inside(),
        steps=_steps(),
        cases=cases,
        counted=list(counted),
        labels=_labels(sheets),
        sheets=[sheet_data(press, sheet) for sheet in sheets],
    )


def _case(press: Press, sheet: Sheet) -> dict[str, Any]:
    case = sheet.case
    return {
        "name": case.name,
        "country": case.country_name,
        "demand": sheet.demand,
        "lang": case.text_lang.split("-")[0],
        "dir": case.text_dir,
        "code": write(press.keyring, case.id, press.event_id),
    }


def _labels(sheets: Sequence[Sheet]) -> list[dict[str, Any]]:
    """Labels by turn, as many as fill their last page."""
    known = [one for sheet in sheets for one in sheet.recipients if one.has_address]
    pages = -(-len(known) // LABELS)
    return [lines_data(known[number % len(known)].block) for number in range(pages * LABELS)]


def _words() -> dict[str, str]:
    return {
        "kit": gettext("Writer's kit"),
        "event-code": gettext("Code of this event:"),
        "inside": gettext("What is in it"),
        "todo": gettext("How it goes"),
        "cases": gettext("Whom you write for"),
        "poster": gettext("Write a letter."),
        "poster-more": gettext("Change a life."),
        "write-for": gettext("We write for"),
        "scan": gettext("Scan the code to come along or to read more"),
        "sign-in": gettext("Who came"),
        "sign-in-privacy": gettext(
            "First names are enough. The list stays with the host, who destroys it once the numbers are reported."
        ),
        "number": gettext("No."),
        "first-name": gettext("First name"),
        "wrote-for": gettext("Wrote for"),
        "how-many": gettext("How many letters"),
        "report": gettext("What was written"),
        "report-how": gettext("Count before the letters are posted. A letter that is not reported counts nowhere."),
        "people": gettext("People:"),
        "day": gettext("Date:"),
        "case": gettext("Case"),
        "sheet": gettext("Sheet"),
        "note": gettext("What we should know:"),
        "report-there": gettext("Type the numbers in on your host's page: scan the code, or open the link in our email to you."),
    }  # fmt: skip


def _inside() -> list[str]:
    return [
        gettext("A poster for the door"),
        gettext("A list for who came, and a form for the numbers"),
        gettext("Address labels, for sheets of 14"),
        gettext("For each case a page to write on and a page that says what to write"),
    ]


def _steps() -> list[str]:
    return [
        gettext("Print this file on one side of the paper. Print the pages to write on once for each guest."),
        gettext("Put the pages that say what to write on the tables: each guest picks a case."),
        gettext("Before you post the letters, scan one sheet of each case: it says whether it is still right."),
        gettext("Count, post, and report the numbers."),
    ]
