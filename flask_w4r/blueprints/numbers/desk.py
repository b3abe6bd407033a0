"""The desk's page of numbers, the same as a table, and the report as a PDF."""

from __future__ import annotations

import logging
from datetime import datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...action_types import in_order
from ...errors import NotFound, PDFUnavailable
from ...i18n import gettext
from ...sections import Section
from ...services.moderation.overview import Bucket
from ...services.moderation.overview_kept import Kept
from ...services.numbers import page as numbers
from ...services.numbers import report as reports
from ...services.numbers import table
from ...services.printing.small import set_paper
from ...services.storage.unit_of_work import read
from ...services.tally.few import FEW
from ...state import Actor, Permission
from ...web import here
from ...web.desk import actor_here, allowed, desk_page
from ...web.responses import private
from ..moderation.chart import Chart, chart_of
from ..moderation.overview import SEGMENT_WORDS
from ..sharing.desk import source_words

log = logging.getLogger("flask_w4r")


def _year() -> str | None:
    return request.args.get("edition", "")[:16] or None


def _load(session: Session) -> numbers.Numbers:
    place = here()
    kept: Kept = place.state.once("numbers", Kept)
    return numbers.numbers(
        session, place.state.hooks, actor_here(), place.section, _year(), now=place.state.clock(), kept=kept
    )


def _chart(section: Section, found: numbers.Numbers, *, rtl: bool) -> tuple[list[Bucket], Chart]:
    zone = ZoneInfo(section.time_zone)
    # Noon is on that day for whoever reads it.
    buckets = [
        Bucket(
            datetime.combine(day.day, time(12), zone), day.arrived,
            {"confirmed": day.counted, "pending": day.pending, "held": day.held, "invalid": day.invalid},
        )
        for day in found.days
    ]  # fmt: skip
    return buckets, chart_of(buckets, rtl=rtl)


def show() -> Response:
    """The page."""
    return _page(allowed(Permission.VIEW_QUEUE))


def _page(actor: Actor, code: int = 200, **context: Any) -> Response:
    place = here()
    try:
        found: numbers.Numbers | None = read(current_app, _load)
    except NotFound:
        if _year() is not None:
            raise
        found = None
    buckets, chart = _chart(place.section, found, rtl=place.dir == "rtl") if found else ([], None)
    sources = [(one, source_words(one.source)) for one in found.sources] if found else []
    return desk_page(
        "numbers.html", "moderation_numbers", actor, code, found=found, buckets=buckets, chart=chart, sources=sources,
        segment_words={**SEGMENT_WORDS, "confirmed": gettext("Counted")}, types=in_order({kind for line in found.editions for kind in line.types}) if found else [],
        few_are=FEW, **context,
    )  # fmt: skip


def as_csv() -> Response:
    """The same as a table."""
    allowed(Permission.VIEW_QUEUE)
    found = read(current_app, _load)
    response = private(Response(table.as_csv(found), mimetype="text/csv"))
    response.headers["Content-Disposition"] = f'attachment; filename="numbers-{found.edition}.csv"'
    return response


def as_pdf() -> Response:
    """The report, in the language of the page."""
    actor = allowed(Permission.VIEW_QUEUE)
    place = here()
    make = partial(
        reports.report_for,
        hooks=place.state.hooks,
        actor=actor,
        seam=place.state.seam,
        lens=place.lens,
        year=_year(),
        font_paths=place.state.config.font_path,
    )
    paper = read(current_app, make)
    try:
        made = set_paper(paper)
    except PDFUnavailable as error:
        log.warning("no PDF: %s", error)
        return _page(actor, 503, notice=gettext("The report cannot be made as a PDF here: %(reason)s.", reason=error))
    response = private(Response(made, mimetype="application/pdf"))
    response.headers["Content-Disposition"] = f'inline; filename="report-{paper.data["year"]}.pdf"'
    return response


ROUTES = (
    ("/moderation/numbers", "moderation_numbers", show, ("GET",), "moderation"),
    ("/moderation/numbers.csv", "moderation_numbers_csv", as_csv, ("GET",), "moderation"),
    ("/moderation/numbers.pdf", "moderation_numbers_pdf", as_pdf, ("GET",), "moderation"),
)
