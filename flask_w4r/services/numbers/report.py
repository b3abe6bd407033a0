"""The report of an edition, for a section's board and for the centre: what was done, by whom it was counted, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...action_types import in_order, type_words
from ...i18n import country_name, gettext, listing, long_date, long_datetime, number, percent
from ...models import Case, Event, EventCase
from ...seam import Seam
from ...sections import Section, text_direction
from ...state import Actor, Hooks, Permission
from ..campaign.results import impact_stories
from ..campaign.views import Lens
from ..delivery import views as deliveries
from ..letters.papers import SIZES, usual_size
from ..people.permissions import require
from ..printing.small import Paper
from ..tally.views import SOURCE_WORDS, STATUS_WORDS
from . import bars
from .page import Numbers, read_numbers

#: Editions that stand beside each other on a sheet.
ABREAST = 6
_TEMPLATE = (Path(__file__).parent.parent / "letters" / "common.typ", Path(__file__).parent / "report.typ")


def report(
    session: Session,
    *,
    seam: Seam,
    lens: Lens,
    year: str | None,
    font_paths: tuple[str, ...],
    final: bool | None = None,
) -> Paper:
    """The report, to be set.

    :param year: which edition; ``None`` for the current.
    :param final: whether nothing more is expected; ``None``: once the campaign is over.
    :raises NotFound: there is no such edition.
    """
    section = lens.section
    found = read_numbers(session, section, year, now=lens.now, final=final)
    tag = section.lang_tag(lens.locale).split("-")
    title = gettext("Report: %(edition)s", edition=section.text(found.titles, lens.locale))
    data: dict[str, Any] = {
        "lang": tag[0], "region": tag[-1] if len(tag[-1]) == 2 and tag[-1].isupper() else section.country,
        "dir": text_direction(lens.locale), "paper": SIZES[usual_size(section.country)], "title": title,
        "section": section.name, "year": found.edition, "words": _words(),
        "span": gettext("%(first)s to %(last)s", first=long_date(found.first), last=long_date(found.last)),
        "as_of": gettext("Counted at %(when)s.", when=long_datetime(found.as_of, section.time_zone)),
        "totals": _totals(found), "parts": _parts(session, seam, lens, found),
    }  # fmt: skip
    return Paper(_TEMPLATE, data, lens.locale, font_paths)


def report_for(session: Session, hooks: Hooks, actor: Actor | None, *, lens: Lens, **asked: Any) -> Paper:
    """The :func:`report` that a member of staff asks for.

    :raises PermissionDenied: they may not see the queue here.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, lens.section)
    return report(session, lens=lens, **asked)


def _words() -> dict[str, str]:
    return {
        "page": gettext("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        "note": gettext(
            "Actions, signatures and people are three numbers and are never added up. Signatures are among the actions."
        ),
    }


def _totals(found: Numbers) -> list[list[str]]:
    sums = [row.count for row in found.figures.rows]
    signed = sum(line.signatures for line in found.cases)
    numbers = (
        (gettext("Actions"), sum(sums)),
        (gettext("People"), found.figures.people),
        (gettext("Signatures"), signed),
    )
    return [[words, number(count)] for words, count in numbers]


def _parts(session: Session, seam: Seam, lens: Lens, found: Numbers) -> list[dict[str, Any]]:
    """The report's parts: each a heading, and a table, lines, or a word that there is nothing."""
    section = lens.section
    return [
        _types(seam, lens, found),
        _table(
            gettext("Signatures by case"), (gettext("Case"), gettext("Signatures"), gettext("Goal reached")),
            [
                (line.name, number(line.signatures), "—" if line.percent is None else percent(line.percent / 100))
                for line in sorted(found.cases, key=lambda line: (-line.signatures, line.name))
            ],
            bars=sorted((line.signatures for line in found.cases), reverse=True), rtl=_rtl(lens),
        ),
        _days(lens, found),
        _events(session, section, found, lens.now),
        _table(
            gettext("Signatures handed over"),
            (gettext("Case"), gettext("Date"), gettext("To"), gettext("Signatures")),
            [
                (one.case.name, long_date(one.on), listing(one.recipients), number(one.count))
                for one in deliveries.all_of(session, lens) if one.case.edition.year == found.edition
            ],
            none=gettext("Nothing was handed over yet."), texts=(0, 1, 2), wide=(0, 2),
        ),
        _news(session, lens, found),
        _table(
            gettext("Edition by edition"),
            (gettext("Edition"), gettext("People"), gettext("Signatures"), gettext("Actions")),
            [(one.year, number(one.people), number(one.signatures), number(one.actions)) for one in found.editions],
            bars=[one.actions for one in found.editions], rtl=_rtl(lens),
        ),
        _types_by_edition(seam, lens, found),
    ]  # fmt: skip


def _rtl(lens: Lens) -> bool:
    return text_direction(lens.locale) == "rtl"


def _table(
    heading: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, bars: Sequence[int] = (), rtl: bool = False,
    none: str = "", texts: Sequence[int] = (0,), wide: Sequence[int] = (0,),
) -> dict[str, Any]:  # fmt: skip
    """A table, with a bar at the end of each row where ``bars`` has its length.

    :param texts: columns that are no numbers, and ``wide`` those that share the room.
    """
    drawn = _bars(bars, rtl=rtl)
    return {
        "heading": heading, "heads": list(heads), "rows": [list(row) for row in rows], "bars": drawn,
        "none": none or gettext("Nothing was counted yet."), "texts": list(texts), "wide": list(wide), "chart": None, "stories": [],
    }  # fmt: skip


def _bars(lengths: Sequence[int], *, rtl: bool) -> list[str]:
    most = max(lengths, default=0)
    return [bars.across(length, most, rtl=rtl) for length in lengths] if most else []


def _types(seam: Seam, lens: Lens, found: Numbers) -> dict[str, Any]:
    sums: dict[tuple[str, str, str], int] = {}
    for row in found.figures.rows:
        key = (row.type, row.source, row.status)
        sums[key] = sums.get(key, 0) + row.count

    ordered = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return _table(
        gettext("Actions by type"), (gettext("Type"), gettext("Counted by"), gettext("Status"), gettext("Actions")),
        [
            (type_words(lens.section, kind, seam.actions), str(SOURCE_WORDS[source]), str(STATUS_WORDS[status]), number(count))
            for (kind, source, status), count in ordered
        ],
        bars=[count for _, count in ordered], rtl=_rtl(lens), texts=(0, 1, 2),
    )  # fmt: skip


def _types_by_edition(seam: Seam, lens: Lens, found: Numbers) -> dict[str, Any]:
    """Actions by type in the newest editions side by side: as many as a sheet has room for."""
    editions = found.editions[:ABREAST]
    return _table(
        gettext("Actions by type, edition by edition"), (gettext("Type"), *(one.year for one in editions)),
        [
            (type_words(lens.section, kind, seam.actions), *(number(one.types.get(kind, 0)) for one in editions))
            for kind in in_order({kind for one in editions for kind in one.types})
        ],
        rtl=_rtl(lens),
    )  # fmt: skip


def _days(lens: Lens, found: Numbers) -> dict[str, Any]:
    busy = [day for day in found.days if day.arrived]
    part = _table(
        gettext("Signatures by day"),
        (gettext("Day"), gettext("Arrived"), gettext("Confirmed"), gettext("Counted"), gettext("Held")),
        [(long_date(day.day), *map(number, (day.arrived, day.confirmed, day.counted, day.held))) for day in busy],
        none=gettext("Nothing is known by day: nothing arrived, or it is more than a year ago."),
    )  # fmt: skip
    if busy:
        top = max(found.days, key=lambda day: day.counted)
        highest = gettext(
            "Most in one day: %(number)s, on %(day)s.", number=number(top.counted), day=long_date(top.day)
        )
        part["chart"] = {
            "svg": bars.upright([day.counted for day in found.days], rtl=_rtl(lens)),
            "alt": gettext("Signatures that count, by the day they arrived on.") + " " + highest,
            "first": long_date(found.first), "last": long_date(found.last), "highest": highest,
        }  # fmt: skip
    return part


def _events(session: Session, section: Section, found: Numbers, now: datetime) -> dict[str, Any]:
    """Events of the edition by kind; those that anybody could read of, whatever became of them since, and no place."""
    words = {
        "public": gettext("Public"), "school": gettext("At a school"), "private": gettext("Private"),
        "online": gettext("Online"), "hybrid": gettext("On the spot and online"),
    }  # fmt: skip
    of_edition = (
        select(EventCase.event_id)
        .join(Case, Case.id == EventCase.case_id)
        .where(Case.section == section.code, Case.edition_id == found.edition_id)
    )
    rows = session.execute(
        select(Event.kind, func.count())
        .where(Event.section == section.code, Event.state.in_(("published", "over")), Event.id.in_(of_edition))
        .group_by(Event.kind)
        .order_by(func.count().desc(), Event.kind)
    )
    return _table(
        gettext("Events"), (gettext("Kind"), gettext("Events")), [(words[kind], number(count)) for kind, count in rows],
        none=gettext("No event was announced."),
    )  # fmt: skip


def _news(session: Session, lens: Lens, found: Numbers) -> dict[str, Any]:
    part = _table(gettext("Good news"), (), (), none=gettext("No good news of this edition’s cases is known yet."))
    freed = session.execute(
        select(Case.name, Case.country, Case.status_changed_at)
        .where(Case.edition_id == found.edition_id, Case.section == lens.section.code, Case.status == "freed")
        .order_by(Case.position)
    )
    part["stories"] = [
        {"title": gettext("%(name)s (%(country)s) is free", name=row.name, country=country_name(row.country)), "text": "",
         "lang": lens.locale.split("-")[0], "dir": text_direction(lens.locale)}
        for row in freed
    ] + [
        {"title": f"{one.name} ({one.country_name}): {one.outcome_label}", "text": one.summary,
         "lang": one.text_lang.split("-")[0], "dir": one.text_dir}
        for one in impact_stories(session, lens) if one.edition == found.edition
    ]  # fmt: skip
    return part
