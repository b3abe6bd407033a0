"""The page behind the link in a guest's mail: to confirm, change, accept and cancel; and the calendar entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import EventFull, TokenInvalid, TokenOver
from ...forms.checks import error_list
from ...forms.rsvps import PartyForm
from ...i18n import gettext
from ...sections import Section
from ...services.campaign.views import Lens
from ...services.mail.caps import answered
from ...services.mail.together import Found
from ...services.people.addresses import parse_address
from ...services.rsvps import lifecycle as rsvps
from ...services.rsvps import links as rsvp_links
from ...services.rsvps.guests import deadline
from ...services.rsvps.lifecycle import Done
from ...services.rsvps.links import GuestView
from ...services.rsvps.run import act_and_tell
from ...services.rsvps.waits import RSVPS
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...state import W4RState
from ...web import Here, guard, here, links, mailbox, together
from ...web.responses import private, sealed_page, see_other
from ...web.templating import app_of_request
from ..events.pages import link_if
from .code import check_in_qr
from .pages import when

#: Section, event, RSVP.
_Ids = tuple[Section, int, int]


def _full_lens(place: Here) -> Lens:
    return Lens(place.section, place.locale, place.state.clock(), place.absolute)


def _look(token: str) -> GuestView:
    place = here()
    return read(current_app, lambda session: rsvp_links.look(session, place.state.keyring, place.lens, token))


def rsvp_manage(token: str) -> Response:
    """The link in a guest's mail: one page to confirm, change, accept and cancel. Only its POST changes anything."""
    try:
        view = _look(token)
        if request.method != "POST":
            return _manage_page(token, view)
        if not links.link_pressed(token):
            return _manage_page(token, view, 422)
        return _act(token, view)
    except TokenInvalid as why:
        return _no_such_link(why)


def _no_such_link(why: TokenInvalid) -> Response:
    page = sealed_page("events/rsvp_manage.html", 404, guest=GuestView("invalid"), form=None, link_token="")
    return page if isinstance(why, TokenOver) else links.no_such_link(page)


def _act(token: str, view: GuestView) -> Response:
    """One of the page's buttons. What is no longer possible changes nothing: the page then says how things stand."""
    # The first button of each state is the one that a press without a name means.
    usual = {"ask": "confirm", "offered": "accept"}.get(view.status, "")
    what = request.form.get("do", usual)
    ids = (here().section, view.event_id, view.rsvp_id)
    place = here()
    secret = guard.day_secret_here(place, place.state.clock())
    version = request.form.get("version", "")
    acts: dict[str, Callable[[UnitOfWork, W4RState], Done]] = {
        "confirm": partial(_confirm, ids=ids, token=token, version=version, email=view.email, secret=secret),
        "accept": lambda uow, state: rsvps.accept(uow.session, state.keyring, *ids, now=state.clock()),
        "cancel": lambda uow, state: rsvps.cancel(uow.session, state.keyring, *ids, now=state.clock()),
    }
    if what == "change" and view.status in ("going", "waitlisted", "offered"):
        return _change(token, view, ids)
    if what in acts and (view.status in rsvp_links.ALIVE or (what == "cancel" and view.can_cancel)):
        done = act_and_tell(app_of_request(), here().section, acts[what])
        if what == "confirm" and done.outcome in rsvps.COMING:
            canonical, mine = _canonical(view.email), _key(view)
            shown = links.shown_at(token)
            also = len(together.confirm_here(place, canonical, without=mine, shown_at=shown))
            # Whoever presses holds the mail: this browser has proved the mailbox, for a while.
            return mailbox.remember(_again(token, **({"also": str(also)} if also else {})), place, canonical)
    if what == "not_me" and view.status == "ask":
        return _not_me(place, _canonical(view.email))
    return _again(token)


def _key(view: GuestView) -> str:
    return f"{RSVPS.name}:{view.rsvp_id}"


def _not_me(place: Here, canonical: str) -> Response:
    """Somebody else typed the address: all that waits for it goes, and it gets no more mail."""
    undo = run(app_of_request(), lambda uow: together.disown(uow, place, canonical))
    return together.disowned_page(place, undo)


def _canonical(email: str) -> str:
    return parse_address(email, test_environment=True).canonical


def _confirm(
    uow: UnitOfWork, state: W4RState, *, ids: _Ids, token: str, version: str, email: str, secret: bytes
) -> Done:
    """Confirm what the link was made for; a link that manages confirms what its page showed."""
    place = here()
    link = rsvp_links.find_link(uow.session, place.lens, token)
    shown = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    wanted = link.version if link.version is not None else shown
    hold_at = state.config.scoring["hold_at"]
    done = rsvps.confirm(uow.session, state.keyring, *ids, wanted, hold_at=hold_at, now=state.clock())
    if done.outcome in rsvps.COMING:
        answered(uow.session, place.section, _canonical(email), secret=secret, now=state.clock())
    return done


def _change(token: str, view: GuestView, ids: _Ids) -> Response:
    form = PartyForm(formdata=request.form)
    if not form.validate():
        return _manage_page(token, view, 422, form)
    try:
        act_and_tell(app_of_request(), here().section, lambda uow, state: rsvps.change(
            uow.session, state.keyring, *ids, form.size, access_needs=form.access_needs.data,
            access_consent=bool(form.access_consent.data), now=state.clock(),
        ))  # fmt: skip
    except EventFull:
        form.party_size.errors = [
            gettext("There are not enough places for that many people. Nothing has been changed.")
        ]
        return _manage_page(token, view, 422, form)
    return _again(token, saved="1")


def _again(token: str, **query: str) -> Response:
    response = see_other(here().url("rsvp_manage", token=token, **query))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _manage_page(token: str, view: GuestView, code: int = 200, form: PartyForm | None = None) -> Response:
    if form is None:
        values = {"party_size": str(view.party_size), "access_needs": view.access_needs}
        form = PartyForm(formdata=None, data={**values, "access_consent": view.access_consent})
    link_form = links.link_form(token)
    others: Sequence[Found] = ()
    if view.status == "ask":
        place, canonical = here(), _canonical(view.email)
        others = read(
            current_app,
            lambda session: together.waiting_here(place, session, canonical, without=_key(view)),
        )
    also = request.args.get("also", "")
    due = view.due_at and view.event and deadline(view.due_at, view.event.time_zone)
    return sealed_page(
        "events/rsvp_manage.html",
        code,
        guest=view,
        event=view.event,
        when=when(view.event) if view.event else "",
        due=due,
        form=form,
        errors=error_list(form),
        others=others,
        also=int(also) if also.isascii() and also.isdigit() and len(also) < 4 and code == 200 else 0,
        saved=bool(request.args.get("saved")) and code == 200,
        link_token=link_form.form_token.data,
        token=token,
        # A site may be without the pages for hosts.
        door_code=check_in_qr(view.rsvp_id) if view.status == "going" and link_if("host_checkin") else None,
    )


def rsvp_calendar(token: str) -> Response:
    """The calendar entry of a party that is going."""
    place = here()
    lens, keyring, sender = _full_lens(place), place.state.keyring, place.state.config.mail_sender

    def load(session: Session) -> tuple[str, bytes]:
        return rsvp_links.calendar_of(session, keyring, lens, token, sender=sender)

    try:
        method, body = read(current_app, load)
    except TokenInvalid as why:
        return _no_such_link(why)
    response = private(Response(body, content_type=f"text/calendar; method={method}; charset=utf-8"))
    response.headers["Content-Disposition"] = "attachment; filename=event.ics"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


ROUTES = (
    ("/rsvp/<token>", "rsvp_manage", rsvp_manage, ("GET", "POST"), "events"),
    ("/rsvp/<token>/calendar.ics", "rsvp_calendar", rsvp_calendar, ("GET",), "events"),
)
