"""Schools at the desk: those that are in, with their numbers for awards, and a new link for a teacher who lost theirs."""

from __future__ import annotations

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...i18n import country_name, gettext, read_number
from ...services.campaign import catalogue
from ...services.schools import awards
from ...services.schools.counts import SchoolLine
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...services.tally.few import FEW
from ...state import Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, may, staff_here, token_problem
from ...web.templating import app_of_request


def schools() -> Response:
    """The table; a POST changes a school's size, or mails its teacher a new link that ends the one before."""
    actor = allowed(Permission.DECIDE)
    notice = token_problem() if request.method == "POST" else None
    if request.method == "POST" and notice is None:
        number = read_number(request.form.get("school"), 1, 2**31 - 1) or 0
        act, size = request.form.get("act", ""), read_number(request.form.get("size"), 1, awards.MOST)

        def work(uow: UnitOfWork) -> str:
            return awards.change(uow.session, staff_here(actor), number, act, size)

        return back_to("moderation_schools", done=run(app_of_request(), work))

    def load(session: Session) -> list[SchoolLine]:
        edition = catalogue.current_edition(session, here().lens)
        return awards.schools_of(session, staff_here(actor), edition.id) if edition else []

    said = {
        "sent": gettext("The teacher gets a new link. The one before no longer works."),
        "sized": gettext("The size of the group is changed."),
        "unchanged": gettext("Nothing was changed."),
    }
    return desk_page(
        "schools.html", "moderation_schools", actor, 422 if notice else 200,
        schools=read(current_app, load), fewest=FEW, country_name=country_name, may_export=may(actor, Permission.EXPORT),
        notice=notice or said.get(request.args.get("done", "")),
    )  # fmt: skip


ROUTES = (("/moderation/schools", "moderation_schools", schools, ("GET", "POST"), ("schools", "moderation")),)
