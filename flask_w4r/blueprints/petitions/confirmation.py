"""The pages behind the links in a confirmation mail. A GET shows a button; only its POST changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Response, abort, current_app, request
from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...services.mail import owners_word
from ...services.mail.together import Found
from ...services.petitions import confirming
from ...services.petitions.waits import SIGNATURES
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...signals import signature_confirmed
from ...web import Here, form_flow, guard, here, links, mailbox, together
from ...web.responses import sealed_page, see_other
from ...web.templating import app_of_request
from . import offer


def _show_confirm(token: str, code: int = 200) -> Response:
    place = here()

    def load(session: Session) -> tuple[confirming.LinkView, Sequence[Found]]:
        now = place.state.clock()
        view = confirming.look(session, place.state.keyring, place.section, token, confirming.CONFIRM, now=now)
        if view.canonical is None:
            return view, ()
        return view, together.waiting_here(place, session, view.canonical, without=SIGNATURES.name)

    view, others = read(current_app, load)
    if view.status == "invalid":
        code = 404
    elif view.status == "closed" and request.method == "POST":
        code = 409
    return sealed_page(
        "petitions/confirm.html", code, cases=offer.cases_named(view.case_ids), person_name=view.person_name,
        names=view.names, form=links.link_form(token), status=view.status, not_me=place.url("not_me", token=token),
        others=others, left=(), also=(),
    )  # fmt: skip


def confirm(token: str) -> Response:
    """The link in the mail: a page with a button, and the button."""
    try:
        if request.method != "POST":
            return _show_confirm(token)
        shown = links.shown_at(token)
        if shown is None:
            return _show_confirm(token, 422)
        if request.form.get("resend"):
            return _resend(token)
        if request.form.get("ticks") and not request.form.getlist("cases") and not request.form.getlist(together.FIELD):
            return _show_confirm(token, 422)
        return _confirm(token, shown)
    except TokenInvalid:
        page = sealed_page("petitions/confirm.html", 404, cases=[], person_name="", form=None, status="invalid")
        return links.no_such_link(page)


def _confirm(token: str, shown: datetime) -> Response:
    place = here()
    state = place.state
    secret = guard.day_secret_here(place, state.clock())

    def work(uow: UnitOfWork) -> confirming.Confirmed | None:
        now, scoring = state.clock(), state.config.scoring
        done = confirming.confirm(
            uow.session, state.keyring, place.section, token, hold_at=scoring["hold_at"], now=now, secret=secret,
            fast_score=scoring["fast_confirm"],
            hooks=state.hooks,
            slugs=request.form.getlist("cases") if request.form.get("ticks") else None,
            shown_at=shown,
        )  # fmt: skip
        for number in done.signature_ids if done else ():
            uow.emit(signature_confirmed, signature_id=number, section=place.section.code)
        return done

    done = run(app_of_request(), work)
    if done is None:
        return _show_confirm(token)
    also: Sequence[Found] = ()
    if done.canonical is not None:
        also = together.confirm_here(place, done.canonical, without=SIGNATURES.name, shown_at=shown)
    page = offer.done_page(token, done.case_ids, done.signer, signed=done.signed, also=also)
    if done.canonical is None or not (done.signer or also):
        return page
    # Whoever presses holds the mail: this browser has proved the mailbox, for a while.
    return mailbox.remember(page, place, done.canonical)


def _resend(token: str) -> Response:
    place = here()
    now = place.state.clock()
    secret = guard.day_secret_here(place, now)

    def work(uow: UnitOfWork) -> None:
        confirming.resend(uow.session, place.state.keyring, place.section, token, secret=secret, now=now)

    run(app_of_request(), work)
    return sealed_page("petitions/confirm.html", cases=[], person_name="", form=None, status="resent")


def not_me(token: str) -> Response:
    """ "This was not me": a page with a button, and the button."""
    place = here()
    now = place.state.clock()
    try:
        if request.method == "POST" and links.link_pressed(token):
            undo = run(app_of_request(), lambda uow: _disown(uow, place, token))
            return together.disowned_page(place, undo)
        read(
            current_app,
            lambda session: confirming.find_either(session, place.section, token, now=now),
        )
    except TokenInvalid:
        return links.no_such_link(sealed_page("petitions/not_me.html", 404, form=None, status="invalid"))
    code = 422 if request.method == "POST" else 200
    return sealed_page("petitions/not_me.html", code, form=links.link_form(token), status="ask")


def _disown(uow: UnitOfWork, place: Here, token: str) -> str:
    now = place.state.clock()
    canonical = confirming.disown(uow, place.state.keyring, place.section, token, now=now)
    return together.disown(uow, place, canonical) if canonical is not None else ""


def not_me_undo() -> Response:
    """It was pressed by mistake: whoever has the page that said so lets emails come again."""
    place = here()
    sealed, now = request.form.get("undo", ""), place.state.clock()
    if form_flow.sent_elsewhere() or not 0 < len(sealed) < 2000:
        abort(400)
    is_lifted = run(
        app_of_request(),
        lambda uow: owners_word.takes_back(uow.session, place.state.keyring, place.section, sealed, now=now),
    )
    status = "again" if is_lifted else "late"
    return sealed_page("petitions/not_me.html", 200 if is_lifted else 409, form=None, status=status)


def somebody_else() -> Response:
    """Whoever sits here now is not who proved the mailbox: the proof goes."""
    place = here()
    if not links.link_pressed(offer.ELSE):
        abort(400)
    return mailbox.forget(see_other(place.url("campaign")), place)


ROUTES = (
    ("/confirm/<token>", "confirm", confirm, ("GET", "POST"), "petitions"),
    ("/not-me/<token>", "not_me", not_me, ("GET", "POST"), "petitions"),
    ("/not-me", "not_me_undo", not_me_undo, ("POST",), "petitions"),
    ("/sign/somebody-else", "somebody_else", somebody_else, ("POST",), "petitions"),
)
