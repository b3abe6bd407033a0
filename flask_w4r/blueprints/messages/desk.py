"""The desk's pages of messages: cards to print, what was passed on, and what stands on a case's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, NotFound, NothingToTake, PDFUnavailable, WayClosed
from ...i18n import gettext
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.messages import cards, desk, rules, taking, views
from ...services.storage.unit_of_work import read, run
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, may, staff_here, token_problem
from ...web.kept import page_cache
from ...web.responses import private
from ...web.templating import app_of_request


def messages() -> Response:
    """The cases that can be written to."""
    actor = allowed(Permission.VIEW_QUEUE)
    rows = read(current_app, lambda session: views.overview(session, staff_here(actor)))
    return desk_page("messages.html", "moderation_messages", actor, cases=rows)


def messages_of_case(slug: str) -> Response:
    """One case: its rules now, cards, and what may be shown."""
    return _one(allowed(Permission.VIEW_QUEUE), slug)


def _one(actor: Actor, slug: str, code: int = 200, **context: Any) -> Response:
    place = here()
    after = request.args.get("after", "")

    def load(session: Session) -> tuple[CaseView, Any, Any, int]:
        case = catalogue.find_case(session, place.lens, slug)
        last = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
        shown = views.showable(session, staff_here(actor), slug, last)
        return case, shown, taking.runs(session, place.section, slug), taking.waiting(session, place.section, slug)

    try:
        case, (showable, next_page), runs, waiting = read(current_app, load)
    except CaseWithdrawn:
        raise NotFound(slug) from None
    shown = {
        "case": case, "rules": rules.rules_of(case, place.lens), "runs": [(one, one.at.isoformat()) for one in runs], "to_take": waiting,
        "showable": showable, "next_page": next_page, "address": case.solidarity.get("address") or "",
        "is_closed": rules.why_not(case, place.section) is not None,
        "may_show": rules.may_be_shown(place.section, case.solidarity) and may(actor, Permission.DECIDE),
        "may_print": may(actor, Permission.EXPORT), "per_page": 4, "size": "a4", **context,
    }  # fmt: skip
    return desk_page("messages_case.html", "moderation_messages_case", actor, code, values={"slug": slug}, **shown)


def act(slug: str) -> Response:
    """One of the page's buttons."""
    do: dict[str, tuple[Permission, Callable[[Actor, str], Response]]] = {
        "print": (Permission.EXPORT, _print), "again": (Permission.EXPORT, _again), "pass_on": (Permission.EXPORT, _pass_on),
        "show": (Permission.DECIDE, _show), "hide": (Permission.DECIDE, _show),
    }  # fmt: skip
    viewer = allowed(Permission.VIEW_QUEUE)
    if problem := token_problem():
        return _one(viewer, slug, 422, notice=problem)
    chosen = do.get(request.form.get("act", ""))
    if chosen is None:
        return _one(viewer, slug, 422, notice=gettext("Choose what to do."))
    actor = allowed(chosen[0])
    try:
        return chosen[1](actor, slug)
    except CaseWithdrawn:
        raise NotFound(slug) from None
    except WayClosed:
        return _one(viewer, slug, 409, notice=str(rules.CLOSED))
    except NothingToTake:
        return _one(viewer, slug, 409, notice=gettext("There is nothing left to print."))
    except PDFUnavailable as error:
        words = gettext("The cards cannot be made here, and nothing was marked: %(reason)s", reason=error)
        return _one(viewer, slug, 409, notice=words)


def _form() -> tuple[int, str]:
    per_page, size = request.form.get("per_page", ""), request.form.get("size", "")
    return (1 if per_page == "1" else 4), (size if size in cards.SIZES else cards.SIZES[0])


def _print(actor: Actor, slug: str) -> Response:
    per_page, size = _form()
    return _file(slug, desk.print_new(app_of_request(), staff_here(actor), slug, per_page=per_page, size=size))


def _again(actor: Actor, slug: str) -> Response:
    per_page, size = _form()
    try:
        at = datetime.fromisoformat(request.form.get("run", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NothingToTake(slug) from None
    return _file(slug, desk.print_again(app_of_request(), staff_here(actor), slug, at, per_page=per_page, size=size))


def _file(slug: str, made: cards.Made) -> Response:
    response = private(Response(made.pdf, mimetype="application/pdf"))
    response.headers["Content-Disposition"] = f'attachment; filename="cards-{slug}.pdf"'
    return response


def _pass_on(actor: Actor, slug: str) -> Response:
    if not desk.pass_on(app_of_request(), staff_here(actor), slug):
        raise NothingToTake(slug)
    return back_to("moderation_messages_case", slug=slug)


def _show(actor: Actor, slug: str) -> Response:
    typed = request.form.get("item", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
    staff, is_shown = staff_here(actor), request.form["act"] == "show"
    run(app_of_request(), lambda uow: views.show(uow.session, staff, slug, number, is_shown=is_shown))
    page_cache(here()).clear()
    return back_to("moderation_messages_case", slug=slug)


_BOTH = ("messages", "moderation")
ROUTES = (
    ("/moderation/messages", "moderation_messages", messages, ("GET",), _BOTH),
    ("/moderation/messages/<slug>", "moderation_messages_case", messages_of_case, ("GET",), _BOTH),
    ("/moderation/messages/<slug>/act", "moderation_messages_act", act, ("POST",), _BOTH),
)
