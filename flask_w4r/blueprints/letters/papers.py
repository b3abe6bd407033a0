"""The papers as PDFs. Each is the same bytes for everybody, until what it says changes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import NotFound, PDFUnavailable
from ...i18n import gettext
from ...services.campaign import codes
from ...services.campaign.catalogue import find_case
from ...services.letters import papers as sheets
from ...services.letters import standing
from ...services.letters.papers import Press
from ...services.letters.petition import petition
from ...services.letters.sheet import sheet_of
from ...services.printing.small import Kept, Paper, set_paper
from ...services.storage.unit_of_work import read
from ...web import form_flow, guard, here
from ...web.kept import page_cache
from ...web.responses import for_all, private, private_page

log = logging.getLogger("flask_w4r")


class Closed(Exception):
    """There is nothing to print; it says why."""


def press(event_id: int | None = None) -> Press:
    """What papers of this request are made with."""
    place = here()
    size = request.args.get("size", "")
    if size not in sheets.SIZES:
        size = sheets.usual_size(place.section.country)
    config = place.state.config
    # Whoever counts what is written elsewhere, as a school does, prints sheets that ask nobody to report it.
    asks = "tally" in config.features and request.args.get("report") != "no"
    report = place.absolute("report").split("://", 1)[-1] if asks else ""
    return Press(place.lens, place.state.keyring, place.absolute, size, config.font_path, event_id, report)


def event_here(session: Session) -> int | None:
    """The event whose code the request names, and whose papers carry it.

    :raises NotFound: the code is of no event of this section.
    """
    code = request.args.get("event", "")
    if not code:
        return None
    said = codes.read(here().state.keyring, code)
    if said is None or said.event_id is None:
        raise NotFound("event")
    return standing.find_event(session, here().lens, said.event_id).id


def answer(make: Callable[[Session], Paper], name: str, slug: str | None = None, *, to_all: bool = True) -> Response:
    """Answer with a paper, or say why there is none.

    :param make: what it says.
    :param name: of the file.
    :param slug: of its case, whose page serves where no PDF can be made.
    :param to_all: whoever asks gets the same.
    """
    place = here()
    try:
        paper = read(current_app, make)
    except Closed as closed:
        return _none(str(closed), slug, 410)
    digest = paper.digest
    if to_all and digest in request.headers.get("If-None-Match", ""):
        return for_all(Response(status=304), digest, place.state.config.cache_seconds)
    try:
        made = _made(paper, digest)
    except PDFUnavailable as error:
        log.warning("no PDF: %s", error)
        return _none(gettext("This paper cannot be made as a PDF here: %(reason)s.", reason=error), slug, 503)
    if isinstance(made, Response):
        return made
    response = Response(made, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response.headers["X-Robots-Tag"] = "noindex"
    return for_all(response, digest, place.state.config.cache_seconds) if to_all else private(response)


def _made(paper: Paper, digest: str) -> bytes | Response:
    place = here()
    kept: Kept = place.state.once("papers", Kept)
    found = kept.get(digest)
    if found is not None:
        return found
    # To set one costs more than to send one.
    breach = form_flow.limits(place).hit("paper_host", place.section.code, guard.client_tiers().host)
    if breach is not None:
        return form_flow.too_many(breach)
    with page_cache(place).lock(digest):
        found = kept.get(digest)
        if found is None:
            found = set_paper(paper)
            kept.put(digest, found)
    return found


def _none(why: str, slug: str | None, code: int) -> Response:
    response = private_page("letters/none.html", code, why=why, slug=slug)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def letter_pdf(slug: str) -> Response:
    """The sheet of a case; with ``blank=1`` a lined page."""

    def make(session: Session) -> Paper:
        made = press(event_here(session))
        case = find_case(session, made.lens, slug)
        closed = standing.why_not(case, made.lens)
        if closed is not None:
            raise Closed(closed)
        return (
            sheets.blank(made)
            if request.args.get("blank") == "1"
            else sheets.letters(made, [sheet_of(case, made.lens)])
        )

    return answer(make, f"letter-{slug}", slug)


def petition_pdf(slug: str) -> Response:
    """The paper signature list of a case."""

    def make(session: Session) -> Paper:
        made = press(event_here(session))
        case = find_case(session, made.lens, slug)
        closed = standing.why_not(case, made.lens, "petition")
        if closed is not None:
            raise Closed(closed)
        return petition(made, sheet_of(case, made.lens))

    return answer(make, f"petition-{slug}", slug)


def letters_pdf() -> Response:
    """The sheets of all open cases, of those named by ``cases``, or of those of an ``event``, in one file."""

    def make(session: Session) -> Paper:
        made = press(event_here(session))
        if made.event_id is not None:
            found = standing.event_sheets(session, made.lens, made.event_id)
        else:
            found = standing.open_sheets(session, made.lens, frozenset(request.args.getlist("cases")))
        if not found:
            raise Closed(gettext("There are no letters to write at the moment."))
        return sheets.letters(made, found)

    return answer(make, "letters")


ROUTES = (
    ("/cases/<slug>/letter.pdf", "letter_pdf", letter_pdf, ("GET",), "letters"),
    ("/cases/<slug>/petition.pdf", "petition_pdf", petition_pdf, ("GET",), ("letters", "petitions")),
    ("/letters.pdf", "letters_pdf", letters_pdf, ("GET",), "letters"),
)
