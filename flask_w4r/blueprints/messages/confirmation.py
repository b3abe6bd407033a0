"""The page behind the link in a mail: what waits for its mailbox, and the button that sends it to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...services.campaign.catalogue import cases_by_id
from ...services.campaign.views import CaseView
from ...services.mail.together import Found
from ...services.messages import confirming
from ...services.messages.confirming import LinkView
from ...services.messages.directions import direction
from ...services.messages.waits import MESSAGES
from ...services.storage.unit_of_work import read, run
from ...web import guard, here, links, mailbox, together
from ...web.responses import sealed_page
from ...web.templating import app_of_request
from ...web.ways import ways_of

#: The form field with the numbers of the messages that were ticked.
FIELD = "messages"


def _page(status: str, code: int = 200, **context: Any) -> Response:
    shown = {"waiting": (), "cases": (), "others": (), "also": (), "ways": (), "form": None, **context}
    return sealed_page("messages/confirm.html", code, status=status, **shown)


def _look(token: str) -> tuple[LinkView, Sequence[Found], Sequence[CaseView]]:
    place = here()

    def load(session: Session) -> tuple[LinkView, Sequence[Found], Sequence[CaseView]]:
        now, keyring = place.state.clock(), place.state.keyring
        view = confirming.look(session, keyring, place.section, token, now=now)
        cases = cases_by_id(session, place.lens, view.case_ids)
        if view.status != "ask":
            return view, (), cases
        return view, together.waiting_here(place, session, view.canonical, without=MESSAGES.name), cases

    return read(current_app, load)


def _show(token: str, code: int = 200) -> Response:
    view, others, cases = _look(token)
    if view.status == "invalid":
        code = 404
    elif view.status == "closed" and request.method == "POST":
        code = 409
    waiting = [(one, direction(one.text)) for one in view.waiting]
    return _page(view.status, code, waiting=waiting, cases=cases, others=others, form=links.link_form(token))


def message_confirm(token: str) -> Response:
    """The link in the mail: a page with a button, and the button."""
    try:
        if request.method != "POST":
            return _show(token)
        if not links.link_pressed(token):
            return _show(token, 422)
        if request.form.get("do") == "not_me":
            return _not_me(token)
        if request.form.get("do") == "resend":
            return _resend(token)
        if request.form.get("ticks") and not request.form.getlist(FIELD) and not request.form.getlist(together.FIELD):
            return _show(token, 422)
        return _confirm(token)
    except TokenInvalid:
        return links.no_such_link(_page("invalid", 404))


def _confirm(token: str) -> Response:
    place = here()
    secret = guard.day_secret_here(place, place.state.clock())
    shown = links.shown_at(token)
    ticked = None
    if request.form.get("ticks"):
        ticked = {int(one) for one in request.form.getlist(FIELD) if one.isascii() and one.isdigit() and len(one) < 19}
    canonical, case_ids = run(
        app_of_request(),
        lambda uow: confirming.confirm(uow, place.section, token, ids=ticked, shown_at=shown, secret=secret),
    )
    if not canonical:
        return _show(token)
    also = together.confirm_here(place, canonical, without=MESSAGES.name, shown_at=shown)
    if not case_ids and not also:
        return _show(token)
    cases = read(current_app, lambda session: cases_by_id(session, place.lens, case_ids))
    ways = [way for way in ways_of(cases[0]) if way.name != "solidarity"] if cases else ()
    # Whoever presses holds the mail: this browser has proved the mailbox, for a while.
    return mailbox.remember(_page("done", cases=cases, also=also, ways=ways), place, canonical)


def _resend(token: str) -> Response:
    place = here()
    secret = guard.day_secret_here(place, place.state.clock())
    run(app_of_request(), lambda uow: confirming.resend(uow, place.section, token, secret=secret))
    return _page("resent")


def _not_me(token: str) -> Response:
    """Somebody else typed the address: all that waits for it goes, and it gets no more mail."""
    view, _, _ = _look(token)
    if view.status not in ("ask", "expired"):
        return _show(token)
    place = here()
    undo = run(app_of_request(), lambda uow: together.disown(uow, place, view.canonical))
    return together.disowned_page(place, undo)


ROUTES = (("/message/<token>", "message_confirm", message_confirm, ("GET", "POST"), "messages"),)
