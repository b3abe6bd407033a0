"""A host's guests and what they wrote: the list, check-in at the door, the numbers afterwards, and sheets to print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...action_types import in_order, reported_types, type_words
from ...antiabuse.names import clean_text
from ...errors import TokenInvalid
from ...forms.hosting.event import clean_lines
from ...i18n import gettext, read_number
from ...models import Event
from ...services.campaign import catalogue
from ...services.events.cases import cases_of
from ...services.hosting import (
    hosts as event_hosts,
)
from ...services.hosting import (
    lifecycle as events,
)
from ...services.hosting.lifecycle import Done
from ...services.reports import hosted
from ...services.reports.counting import MOST, asked_first
from ...services.rsvps import codes
from ...services.rsvps.seats import lock_event
from ...services.storage.unit_of_work import read, run
from ...web import form_flow, here, links
from ...web.responses import sealed_page
from ...web.templating import app_of_request
from .manage import SAID, host_page
from .session import back, hosts_only, show, token_problem

NOTE_MAX = 1000
PAPERS = ("a4", "letter")


def _do(work: Callable[[Session], Done]) -> Done:
    return run(app_of_request(), lambda uow: work(uow.session))


@hosts_only
def host_list(event: Event) -> Response:
    """First names and party sizes; the button mails a link to the full list."""
    place, state = here(), here().state
    notice = token_problem() if request.method == "POST" else None
    if request.method == "POST" and notice is None:
        breach = form_flow.limits(place).hit("host_message", place.section.code, f"list {event.id}")
        if breach is not None:
            return form_flow.too_many(breach)
        _do(lambda session: event_hosts.ask_full_list(
            session, state.keyring, place.section, event.id, now=state.clock()
        ))  # fmt: skip
        return back("host_list", done="listed")
    guests = read(current_app, lambda session: event_hosts.guests(session, state.keyring, event))
    done = request.args.get("done", "")
    return show(
        "host_list.html", event, 200 if notice is None else 422, guests=guests, notice=notice,
        done=done if done in SAID else "", full=False,
    )  # fmt: skip


@hosts_only
def host_approve(event: Event) -> Response:
    """Let a party know the address."""
    place, state = here(), here().state
    notice = token_problem()
    if notice is not None:
        return host_page(event, 422, notice)
    number = read_number(request.form.get("guest"), 1, 10**9 - 1) or 0
    done = _do(lambda session: event_hosts.approve(
        session, state.keyring, place.section, event.id, number, now=state.clock()
    ))  # fmt: skip
    return back(done=done.outcome)


def host_full_list(token: str) -> Response:
    """The link to names, addresses and access needs: a button, and then the list, kept by nobody."""
    place, now = here(), here().state.clock()
    try:
        link = read(current_app, lambda session: event_hosts.look_list(session, place.section, token, now=now))
    except TokenInvalid:
        page = sealed_page("events/host_enter.html", 404, status="invalid", form=None, event_title="")
        return links.no_such_link(page)
    if link.status != "open":
        return sealed_page("events/host_enter.html", 410, status="list_over", form=None, event_title="")
    if request.method != "POST" or not links.link_pressed(token):
        code = 200 if request.method != "POST" else 422
        form = links.link_form(token)
        return sealed_page("events/host_enter.html", code, status="list", form=form, event_title=link.title)

    def load(session: Session) -> tuple[Event, list[event_hosts.GuestLine]]:
        event = events.find(session, place.section, link.event_id)
        return event, event_hosts.guests(session, place.state.keyring, event, full=True)

    event, guests = read(current_app, load)
    return show("host_list.html", event, guests=guests, notice=None, done="", full=True)


@hosts_only
def host_checkin(event: Event) -> Response:
    """At the door: by the code on a guest's page, or by name. Opening the page changes nothing."""
    place, state = here(), here().state
    notice = token_problem() if request.method == "POST" else None
    if request.method == "POST" and notice is None:
        number = read_number(request.form.get("guest"), 1, 10**9 - 1) or 0
        present = request.form.get("present") == "1"
        done = _do(lambda session: event_hosts.check_in(
            session, place.section, event.id, number, present, now=state.clock()
        ))  # fmt: skip
        if done.outcome != "gone":
            return back("host_checkin")
        notice = gettext("This guest is no longer coming.")
    guests = read(current_app, lambda session: event_hosts.guests(session, state.keyring, event))
    code = clean_text(request.args.get("code", ""), 60)
    wanted = codes.rsvp_of_code(state.keyring, code) if code else None
    found = next((guest for guest in guests if guest.id == wanted), None)
    return show(
        "host_checkin.html", event, 200 if notice is None else 422, notice=notice, guests=guests, asked=code,
        found=found, there=sum(guest.party_size for guest in guests if guest.is_checked_in),
    )  # fmt: skip


@hosts_only
def host_report(event: Event) -> Response:
    """Tell how many came and what was written."""
    place, state = here(), here().state
    now = state.clock()

    def load(session: Session) -> tuple[Any, Any]:
        return cases_of(session, place.lens, [event.id]).get(event.id, []), hosted.find(session, event.id)

    cases, report = read(current_app, load)
    stored = dict(report.counts) if report is not None else {}
    # What the host told of a type that the section has dropped since is not lost by mending the rest.
    told_before = in_order({kind for numbers in stored.values() for kind in numbers})
    kinds = tuple(dict.fromkeys((*reported_types(place.section), *told_before)))
    typed = {
        f"{case.id}-{name}": request.form.get(f"count-{case.id}-{name}", "")
        if request.method == "POST"
        else str(stored.get(str(case.id), {}).get(name, ""))
        for case in cases
        for name in kinds
    }
    people = request.form.get("people", "") if request.method == "POST" else str(report.people if report else "")
    note = request.form.get("note", "")
    if request.method != "POST" and report is not None and report.note:
        note = state.keyring.open(report.note)
    errors: list[tuple[str, str]] = []
    notice = token_problem() if request.method == "POST" else None
    if request.method == "POST":
        words = gettext("Enter a whole number between %(low)s and %(high)s", low=0, high=MOST)
        if read_number(people, 0, MOST) is None:
            errors.append(("people", f"{gettext('How many people came?')} {words}"))
        # Each of many fields by its name.
        errors += [
            (f"count-{case.id}-{name}", f"{case.name} – {type_words(place.section, name)} – {words}")
            for case in cases
            for name in kinds
            if typed[f"{case.id}-{name}"].strip() and read_number(typed[f"{case.id}-{name}"], 0, MOST) is None
        ]
        if len(note) > NOTE_MAX:
            errors.append(("note", gettext("Use no more than %(count)s characters", count=NOTE_MAX)))
    if request.method == "POST" and notice is None and not errors:
        counts = {
            case.id: {name: read_number(typed[f"{case.id}-{name}"], 0, MOST) or 0 for name in kinds} for case in cases
        }
        came = read_number(people, 0, MOST) or 0

        def tell(session: Session) -> Done:
            locked = lock_event(session, place.section, event.id)
            of_event = events.case_ids(session, event.id)
            told = clean_lines(note, NOTE_MAX)
            outcome = hosted.submit(
                session, state.keyring, place.section, locked, of_event, came, counts, told, now=now
            )
            return Done(event.id, outcome)

        done = _do(tell)
        return back(done=done.outcome)
    code, first = 422 if notice is not None or errors else 200, asked_first(place.section)
    return show(
        "host_report.html", event, code, cases=cases, report=report, typed=typed, people=people, note=note,
        errors=errors, faulty=dict(errors), asked_first=first,
        asked_too=[kind for kind in kinds if kind not in first], notice=notice,
    )  # fmt: skip


@hosts_only
def host_print(event: Event) -> Response:
    """Sheets to lay on the tables: of each case what to ask for, and where to write to."""
    place = here()
    paper = request.args.get("paper", "")
    # Letter paper where Letter paper is sold.
    usual = "letter" if place.section.country in ("US", "CA", "MX", "PH", "CL", "CO") else "a4"

    def load(session: Session) -> Any:
        return catalogue.cases_by_id(session, place.lens, events.case_ids(session, event.id))

    return show("host_print.html", event, cases=read(current_app, load), paper=paper if paper in PAPERS else usual)


ROUTES = (
    ("/host/list", "host_list", host_list, ("GET", "POST"), "events"),
    ("/host/list/<token>", "host_full_list", host_full_list, ("GET", "POST"), "events"),
    ("/host/approve", "host_approve", host_approve, ("POST",), "events"),
    ("/host/check-in", "host_checkin", host_checkin, ("GET", "POST"), "events"),
    ("/host/report", "host_report", host_report, ("GET", "POST"), "events"),
    ("/host/print", "host_print", host_print, ("GET",), "events"),
)
