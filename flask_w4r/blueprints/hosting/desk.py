"""Events at the desk: their list, all of one, and what staff do with it beside deciding in the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext
from ...models.events import EVENT_STATES
from ...services.hosting import acts as event_acts
from ...services.hosting import desk as event_desk
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...state import Actor, Permission
from ...topics import EVENT_KINDS
from ...web import here
from ...web.desk import allowed, back_to, desk_page, may, staff_here, token_problem
from ...web.kept import page_cache
from ...web.templating import app_of_request

STATE_WORDS = {
    "unconfirmed": lazy_gettext("Email address not verified yet"),
    "submitted": lazy_gettext("Waiting for review"),
    "published": lazy_gettext("Published"),
    "rejected": lazy_gettext("Rejected"),
    "cancelled": lazy_gettext("Event cancelled"),
    "over": lazy_gettext("Event ended"),
}
VISIBILITY_WORDS = {
    "exact": lazy_gettext("The exact location is public"),
    "town": lazy_gettext("Only the town is public"),
    "approval": lazy_gettext("Only guests approved by the host get the address"),
    "unlisted": lazy_gettext("Only people with the link can find it"),
}
REPORT_STATES = {
    "submitted": lazy_gettext("Waiting for review"),
    "approved": lazy_gettext("Approved and counted"),
    "rejected": lazy_gettext("Rejected"),
}
QUESTION_MOST = 2000


def events() -> Response:
    """The section's events, the newest first."""
    actor = allowed(Permission.MANAGE_EVENTS)
    place = here()
    state, text = request.args.get("state", ""), request.args.get("text", "").strip()[:100].replace("\0", "")
    after = request.args.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0

    def load(session: Session) -> Any:
        return event_desk.listing(
            session, place.state.hooks, actor, place.section, state=state, text=text, after=start
        ), event_desk.waiting(session, place.section)

    (lines, older), waiting = read(current_app, load)
    return desk_page(
        "events.html", "moderation_events", actor, lines=lines, older=older, waiting=waiting,
        state=state if state in EVENT_STATES else "", text=text, first=not start, state_words=STATE_WORDS,
        event_kinds=EVENT_KINDS, sees_queue=may(actor, Permission.VIEW_QUEUE),
    )  # fmt: skip


def event(event: int) -> Response:
    """All of one event."""
    return _event(event, allowed(Permission.MANAGE_EVENTS))


def _event(number: int, actor: Actor, code: int = 200, *, notice: str | None = None, **context: Any) -> Response:
    place = here()
    found = read(
        current_app,
        lambda session: event_desk.detail(
            session, place.state.hooks, actor, place.state.keyring, place.section, number
        ),
    )
    return desk_page(
        "event.html", "moderation_event", actor, code, values={"event": number}, event=found,
        notice=notice or DONE_WORDS.get(request.args.get("done", "")), state_words=STATE_WORDS, event_kinds=EVENT_KINDS,
        visibility_words=VISIBILITY_WORDS, report_states=REPORT_STATES,
        may_decide=may(actor, Permission.DECIDE), sees_queue=may(actor, Permission.VIEW_QUEUE),
        **{"question": "", "sure": False, **context},
    )  # fmt: skip


DONE_WORDS = {
    "asked": lazy_gettext("Your question is on its way to the host."),
    "verified": lazy_gettext("The event page now says that you know the host."),
    "unverified": lazy_gettext("The event page now says that the host is not verified."),
    "hidden": lazy_gettext("The event has been removed from every page."),
    "released": lazy_gettext("The guest is now treated like any other."),
    "late": lazy_gettext("There is nothing to do: this has changed in the meantime."),
}


def _act(number: int, actor: Actor, done: str, work: Callable[[UnitOfWork], bool]) -> Response:
    place = here()
    changed = run(app_of_request(), work)
    if changed:
        page_cache(place).clear()
    return back_to("moderation_event", event=number, done=done if changed else "late")


def ask(event: int) -> Response:
    """Mail the host a question; the event goes on waiting."""
    actor, number = allowed(Permission.MANAGE_EVENTS), event
    question = request.form.get("question", "").strip()[:QUESTION_MOST]
    problem = token_problem() or (None if question else gettext("Enter your question."))
    if problem:
        return _event(number, actor, 422, notice=problem, question=question)
    return _act(
        number,
        actor,
        "asked",
        lambda uow: event_acts.ask(uow.session, staff_here(actor), number, question),
    )


def verify(event: int) -> Response:
    """Say that the section knows the host, or no longer."""
    actor, number = allowed(Permission.MANAGE_EVENTS), event
    if problem := token_problem():
        return _event(number, actor, 422, notice=problem)
    verified = request.form.get("verified") == "y"
    return _act(
        number,
        actor,
        "verified" if verified else "unverified",
        lambda uow: event_acts.set_verified(uow.session, staff_here(actor), number, verified),
    )


def hide(event: int) -> Response:
    """Take the event off every page, now."""
    actor, number = allowed(Permission.MANAGE_EVENTS), event
    if problem := token_problem():
        return _event(number, actor, 422, notice=problem)
    return _act(
        number,
        actor,
        "hidden",
        lambda uow: event_acts.hide(uow.session, staff_here(actor), number),
    )


def release(event: int) -> Response:
    """Let a guest whom the checks held come."""
    actor, number = allowed(Permission.MANAGE_EVENTS), event
    if problem := token_problem():
        return _event(number, actor, 422, notice=problem)
    guest = request.form.get("guest", "")
    guest_id = int(guest) if guest.isascii() and guest.isdigit() and len(guest) < 19 else 0
    if not guest_id:
        return _event(number, actor, 422, notice=gettext("Choose a guest."))
    return _act(
        number,
        actor,
        "released",
        lambda uow: event_acts.release_guest(uow.session, staff_here(actor), number, guest_id),
    )


#: Both parts of the site must be on.
_NEEDS = ("moderation", "events")
ROUTES = (
    ("/moderation/events", "moderation_events", events, ("GET",), _NEEDS),
    ("/moderation/events/<int:event>", "moderation_event", event, ("GET",), _NEEDS),
    ("/moderation/events/<int:event>/question", "moderation_event_ask", ask, ("POST",), _NEEDS),
    ("/moderation/events/<int:event>/host", "moderation_event_host", verify, ("POST",), _NEEDS),
    ("/moderation/events/<int:event>/hide", "moderation_event_hide", hide, ("POST",), _NEEDS),
    ("/moderation/events/<int:event>/guest", "moderation_event_guest", release, ("POST",), _NEEDS),
)
