"""The centre's news at the desk: what was done by itself is told, what waits is accepted or dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import gettext, language_name, lazy_gettext, ngettext
from ...sections import text_direction
from ...services.rollup import news as service
from ...services.rollup.status import FeedStatus, feed_status
from ...services.storage.unit_of_work import read, run
from ...state import Permission, W4RState
from ...web import here, purge_url
from ...web.desk import allowed, back_to, desk_page, staff_here, token_problem
from ...web.kept import page_cache
from ...web.pages import DeskPart
from ...web.templating import app_of_request

CHANGE_WORDS = {
    "active": lazy_gettext("The case is open again"),
    "closed": lazy_gettext("The case is closed"),
    "freed": lazy_gettext("Freed"),
    "withdrawn": lazy_gettext("The case is withdrawn"),
    "demand": lazy_gettext("New words"),
    "target": lazy_gettext("New person or office to write to"),
}
STATE_WORDS = {
    "applied": lazy_gettext("Done by itself"),
    "waiting": lazy_gettext("Waiting"),
    "accepted": lazy_gettext("Accepted"),
    "dismissed": lazy_gettext("Dismissed"),
}
FIELD_WORDS = {
    "title": lazy_gettext("Title"),
    "summary": lazy_gettext("Summary"),
    "demand": lazy_gettext("Demand"),
    "petition": lazy_gettext("Petition"),
    "name": lazy_gettext("Name"),
    "salutation": lazy_gettext("Salutation"),
    "address": lazy_gettext("Address"),
    "email": lazy_gettext("Email"),
}


def feed(code: int = 200, notice: str | None = None) -> Response:
    """What waits, and what was done or decided."""
    actor = allowed(Permission.EDIT_CASES)
    staff = staff_here(actor)

    def load(session: Session) -> tuple[Sequence[service.Line], Sequence[service.Line], FeedStatus]:
        return *service.lines(session, staff), feed_status(session, staff.now)

    waiting, done, status = read(current_app, load)
    return desk_page(
        "feed.html", "moderation_feed", actor, code, notice=notice, waiting=waiting, done=done, status=status,
        change_words=CHANGE_WORDS, state_words=STATE_WORDS, field_words=FIELD_WORDS, text_direction=text_direction, language_name=language_name,
    )  # fmt: skip


def decide(number: int) -> Response:
    """Accept or dismiss an entry."""
    actor = allowed(Permission.EDIT_CASES)
    if problem := token_problem():
        return feed(422, problem)
    act = request.form.get("act")
    if act not in ("accept", "dismiss"):
        return feed(422, gettext("Choose what to do."))
    staff, app = staff_here(actor), app_of_request()
    links: Any = partial(partial, purge_url, app)
    try:
        run(app, lambda work: service.decide(work, staff, number, accept=act == "accept", links=links))
    except NotFound:
        return feed(409, gettext("Someone else has decided this in the meantime, or the centre has taken it back."))
    page_cache(here()).clear()
    return back_to("moderation_feed")


def is_followed(state: W4RState) -> bool:
    """Whether this site follows a feed."""
    return state.config.status_feed is not None


def on_overview(session: Session) -> Sequence[tuple[str, str, Permission]]:
    """What was done by itself not long ago, and how many entries wait, for the desk's first page."""
    place = here()
    if not is_followed(place.state):
        return ()
    waiting, done = service.counts(session, place.section, now=place.state.clock())
    words = []
    if done:
        words.append(
            ngettext(
                "The centre closed, freed or withdrew %(num)s case in the last two days",
                "The centre closed, freed or withdrew %(num)s cases in the last two days",
                done,
            )
        )
    if waiting:
        words.append(
            ngettext(
                "%(num)s change by the centre is waiting for you",
                "%(num)s changes by the centre are waiting for you",
                waiting,
            )
        )
    return [(one, "moderation_feed", Permission.EDIT_CASES) for one in words]


DESK = DeskPart("moderation_feed", lazy_gettext("Centre"), Permission.EDIT_CASES, 62, "cases", is_followed)
ROUTES = (
    ("/moderation/feed", "moderation_feed", feed, ("GET",), "moderation"),
    ("/moderation/feed/<int:number>", "moderation_feed_decide", decide, ("POST",), "moderation"),
)
