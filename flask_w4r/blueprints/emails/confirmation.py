"""The page behind the link that proves the mailbox of who wrote an email. Only its POST changes anything."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...services.emails import confirming
from ...services.emails.confirming import LinkView
from ...services.mail.caps import answered
from ...services.mail.together import Found
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...web import guard, here, links, mailbox, together
from ...web.responses import sealed_page
from ...web.templating import app_of_request


def email_confirm(token: str) -> Response:
    """The link in the mail: a page with a button, and the button."""
    try:
        if request.method != "POST":
            return _show(token)
        if not links.link_pressed(token):
            return _show(token, 422)
        return _act(token)
    except TokenInvalid:
        page = sealed_page("emails/confirm.html", 404, status="invalid", cases=(), others=(), also=(), form=None)
        return links.no_such_link(page)


def _look(token: str) -> tuple[LinkView, Sequence[Found]]:
    place = here()

    def load(session: Session) -> tuple[LinkView, Sequence[Found]]:
        view = confirming.look(session, place.state.keyring, place.lens, token)
        if view.status != "ask":
            return view, ()
        return view, together.waiting_here(place, session, view.canonical, without=confirming.EMAILS.name)

    return read(current_app, load)


def _show(token: str, code: int = 200) -> Response:
    view, others = _look(token)
    return sealed_page(
        "emails/confirm.html", code, status=view.status, cases=view.cases, others=others, also=(),
        form=links.link_form(token), token=token,
    )  # fmt: skip


def _act(token: str) -> Response:
    place = here()
    view, _ = _look(token)
    if view.status != "ask":
        return _show(token, 409 if view.status == "done" and not view.cases else 200)
    if request.form.get("do") == "not_me":
        undo = run(app_of_request(), lambda uow: together.disown(uow, place, view.canonical))
        return together.disowned_page(place, undo)
    secret = guard.day_secret_here(place, place.state.clock())

    def work(uow: UnitOfWork) -> int:
        now, hold_at = place.state.clock(), place.state.config.scoring["hold_at"]
        done = confirming.confirm(uow.session, place.section, view.versions or {}, hold_at=hold_at, now=now)
        if done:
            answered(uow.session, place.section, view.canonical, secret=secret, now=now)
        return len(done)

    if not run(app_of_request(), work):
        return _show(token, 409)
    shown = links.shown_at(token)
    also = together.confirm_here(place, view.canonical, without=confirming.EMAILS.name, shown_at=shown)
    page = sealed_page("emails/confirm.html", status="confirmed", cases=view.cases, others=(), also=also, form=None)
    # Whoever presses holds the mail: this browser has proved the mailbox, for a while.
    return mailbox.remember(page, place, view.canonical)


ROUTES = (("/confirm-email/<token>", "email_confirm", email_confirm, ("GET", "POST"), "emails"),)
