"""The host's own pages: what stands, changing, repeating, closing and cancelling it, and writing to the guests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import EventFull
from ...forms.checks import error_list
from ...forms.hosting.event import read_time
from ...forms.hosting.host import DatesForm, MessageForm
from ...i18n import gettext
from ...models import Event
from ...services.events.cases import cases_of
from ...services.events.views import event_view
from ...services.hosting import (
    again as event_again,
)
from ...services.hosting import (
    hosts as event_hosts,
)
from ...services.hosting import (
    lifecycle as events,
)
from ...services.hosting.draft import secret_of
from ...services.hosting.lifecycle import COMING, Done
from ...services.reports import hosted
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...signals import event_cancelled, event_submitted
from ...web import form_flow, here
from ...web.pages import event_links
from ...web.templating import app_of_request
from . import form as host_form
from . import session as host_session
from .session import back, hosts_only, show, token_problem

#: What a page says after something was done: by the outcome, in ``?done=``.
SAID = frozenset(
    {"edited", "submitted", "closed", "opened", "cancelled", "sent", "approved", "created", "renewed", "reported",
     "already", "gone", "listed"}
)  # fmt: skip
#: Put off by so much, the event may outlive the link that its host has: another one is mailed.
LATER = timedelta(days=1)


@hosts_only
def host(event: Event) -> Response:
    """How the event stands, who comes, and what the host can do."""
    return host_page(event)


def host_page(event: Event, code: int = 200, notice: str | None = None) -> Response:
    """The host's page.

    :param notice: why the last press changed nothing.
    """
    place = here()

    def load(session: Session) -> dict[str, Any]:
        cases = cases_of(session, place.lens, [event.id]).get(event.id, [])
        return {
            "view": event_view(event, cases, place.lens, place.state.keyring, own=True),
            "guests": event_hosts.guests(session, place.state.keyring, event),
            "report": hosted.find(session, event.id),
        }

    found = read(current_app, load)
    coming = [guest for guest in found["guests"] if guest.state == "going"]
    done = request.args.get("done", "")
    return show(
        "host.html", event, code, notice=notice, done=done if done in SAID else "",
        secret=secret_of(event, place.state.keyring), withheld=event_hosts.withheld(event, place.state.keyring),
        coming=sum(guest.party_size for guest in coming),
        may_change=event.state in events.EDITABLE and event.ends_at > place.state.clock(),
        links=event_links(place.state, event.id, own=True), **found,
    )  # fmt: skip


def _act(work: Callable[[Session], Done], *, signal: Any = None, on: str = "") -> Done:
    """Do something to the event in one transaction.

    :param signal: sent where the outcome is ``on``.
    """
    section = here().section

    def inside(uow: UnitOfWork) -> Done:
        done = work(uow.session)
        if signal is not None and done.outcome == on:
            uow.emit(signal, event_id=done.event_id, section=section.code)
        return done

    return run(app_of_request(), inside)


@hosts_only
def host_edit(event: Event) -> Response:
    """Change the event."""
    place = here()
    chosen = host_form.case_ids_of(event.id)
    cases = host_form.case_choices(place, chosen)
    if event.state not in events.EDITABLE or event.ends_at <= place.state.clock():
        return back(done="gone")
    if request.method != "POST":
        given = host_form.stored(place, event, cases, chosen)
        form = host_form.event_form(place, cases, edit=True, formdata=None, data=given)
        # A time that comes twice that day is shown with which one it is.
        form.twice = [name for name in ("starts_at", "ends_at") if given[name.replace("_at", "_which")]]
        return _edit_page(event, form)
    form = host_form.event_form(place, cases, edit=True, formdata=request.form)
    problem = token_problem()
    if problem is not None:
        return _edit_page(event, form, problem)
    draft = host_form.draft_of(place, form, cases, event=event)
    if draft is None:
        return _edit_page(event, form, "")
    state, later = place.state, draft.ends_at - event.ends_at >= LATER

    def work(session: Session) -> Done:
        done = events.edit(session, state.keyring, place.section, event.id, draft, now=state.clock())
        if later and done.outcome != "gone":
            event_hosts.renew_link(session, state.keyring, place.section, event.id, now=state.clock())
        return done

    try:
        done = _act(work, signal=event_submitted, on="submitted")
    except EventFull:
        form["capacity"].errors = [gettext("More people than this already have a place")]
        return _edit_page(event, form, "")
    if later and done.outcome != "gone":
        host_session.enter(place, event.id, event.host_version + 1)
    return back(done=done.outcome)


def _edit_page(event: Event, form: Any, notice: str | None = None) -> Response:
    code = 200 if notice is None else 422
    return show("host_edit.html", event, code, form=form, errors=error_list(form), notice=notice)


@hosts_only
def host_message(event: Event) -> Response:
    """Write to the guests."""
    place, state = here(), here().state
    form = MessageForm(formdata=request.form if request.method == "POST" else None)
    notice = token_problem() if request.method == "POST" else None
    if request.method != "POST" or notice is not None or not form.validate():
        code = 200 if request.method != "POST" else 422
        return show("host_message.html", event, code, form=form, errors=error_list(form), notice=notice)
    # As often as one likes would make a mailing list of it.
    breach = form_flow.limits(place).hit("host_message", place.section.code, f"event {event.id}")
    if breach is not None:
        return form_flow.too_many(breach)
    states = COMING if form["to"].data == "all" else ("going",)
    done = _act(
        lambda session: event_hosts.message(
            session, state.keyring, place.section, event.id, form["text"].data, states=states, now=state.clock()
        )
    )
    if done.outcome == "withheld":
        form.text.errors = [
            gettext(
                "Your message contains details that some guests are not allowed to see yet. Remove them,"
                " or approve those guests first."
            )
        ]
        return show("host_message.html", event, 422, form=form, errors=error_list(form), notice=None)
    if done.outcome == "sent" and not done.told:
        return show("host_message.html", event, 422, form=form, errors=[], notice=gettext("No one yet."))
    return back(done=done.outcome)


@hosts_only
def host_close(event: Event) -> Response:
    """Take no more guests, or take them again."""
    place, state = here(), here().state
    notice = token_problem()
    if notice is not None:
        return host_page(event, 422, notice)
    closed = request.form.get("closed") == "1"
    done = _act(
        lambda session: events.close(session, state.keyring, place.section, event.id, closed, now=state.clock())
    )
    return back(done=done.outcome)


@hosts_only
def host_cancel(event: Event) -> Response:
    """Cancel the event: a page that says what follows, and its button."""
    place, state = here(), here().state
    notice = token_problem() if request.method == "POST" else None
    if request.method != "POST" or notice is not None:
        count = read(current_app, lambda session: len(event_hosts.guests(session, state.keyring, event)))
        return show("host_cancel.html", event, 200 if notice is None else 422, notice=notice, parties=count)
    done = _act(
        lambda session: events.cancel(session, state.keyring, place.section, event.id, now=state.clock()),
        signal=event_cancelled, on="cancelled",
    )  # fmt: skip
    return back(done=done.outcome)


@hosts_only
def host_duplicate(event: Event) -> Response:
    """The same event at another date."""
    place, state = here(), here().state
    if request.method != "POST":
        starts, ends = event_again.suggested_dates(event, now=state.clock())
        given = {
            name: moment.isoformat(timespec="minutes") for name, moment in (("starts_at", starts), ("ends_at", ends))
        }
        return _dates_page(event, DatesForm(formdata=None, data=given))
    form = DatesForm(formdata=request.form)
    notice = token_problem()
    if notice is not None:
        return _dates_page(event, form, notice)
    good = form.validate()
    times = host_form.read_span(form, event.time_zone, state.clock())
    starts_local, ends_local = read_time(form["starts_at"].data), read_time(form["ends_at"].data)
    if not good or times is None or starts_local is None or ends_local is None:
        return _dates_page(event, form, "")
    breach = form_flow.limits(place).hit("host_message", place.section.code, f"again {event.id}")
    if breach is not None:
        return form_flow.too_many(breach)
    done = _act(
        lambda session: event_again.duplicate(
            session, state.keyring, place.section, event.id, starts_local=starts_local, ends_local=ends_local,
            starts_at=times[0], ends_at=times[1], now=state.clock(),
        ), signal=event_submitted, on="created",
    )  # fmt: skip
    return back(done=done.outcome)


def _dates_page(event: Event, form: DatesForm, notice: str | None = None) -> Response:
    code = 200 if notice is None else 422
    return show("host_duplicate.html", event, code, form=form, errors=error_list(form), notice=notice)


@hosts_only
def host_link(event: Event) -> Response:
    """End every link, and mail a new one."""
    place, state = here(), here().state
    notice = token_problem()
    if notice is not None:
        return host_page(event, 422, notice)
    _act(lambda session: event_hosts.renew_link(session, state.keyring, place.section, event.id, now=state.clock()))
    host_session.leave()
    return show("host_enter.html", event, status="renewed", form=None, event_title="")


@hosts_only
def host_leave(event: Event) -> Response:
    """Close the host's page on this device."""
    notice = token_problem()
    if notice is not None:
        return host_page(event, 422, notice)
    host_session.leave()
    return back("events")


ROUTES = (
    ("/host", "host", host, ("GET",), "events"),
    ("/host/edit", "host_edit", host_edit, ("GET", "POST"), "events"),
    ("/host/message", "host_message", host_message, ("GET", "POST"), "events"),
    ("/host/close", "host_close", host_close, ("POST",), "events"),
    ("/host/cancel", "host_cancel", host_cancel, ("GET", "POST"), "events"),
    ("/host/duplicate", "host_duplicate", host_duplicate, ("GET", "POST"), "events"),
    ("/host/link", "host_link", host_link, ("POST",), "events"),
    ("/host/leave", "host_leave", host_leave, ("POST",), "events"),
)
