"""Hosting an event: the public form, and the link that its host gets by mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Response, current_app, request

from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...errors import TokenInvalid
from ...services.campaign import catalogue
from ...services.hosting import hosts as event_hosts
from ...services.hosting import lifecycle as events
from ...services.hosting import window as hosting_window
from ...services.hosting.draft import Draft
from ...services.intake.sent import Author
from ...services.mail.caps import answered
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...signals import event_submitted
from ...web import Here, form_flow, guard, here, links, mailbox
from ...web.form_flow import FAULTY, Refusal
from ...web.responses import private_page, public_page, sealed_page, see_other
from ...web.templating import app_of_request, page
from . import form as host_form
from . import lost
from . import session as host_session


def _form_id(place: Here) -> str:
    return f"event:{place.section.code}"


def event_new_token() -> Response:
    """What the script asks for on first input. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    return guard.paused_answer() if guard.is_paused(place) else form_flow.token_answer(place, _form_id(place))


def event_new() -> Response:
    """The form for hosting an event."""
    place = here()
    if guard.is_paused(place):
        return guard.paused_page(None)
    opens_on = _opens_on(place)
    if opens_on is not None:
        answer = 200 if request.method in ("GET", "HEAD") else 403
        return private_page("events/not_open.html", answer, endpoint="event_new", opens_on=opens_on)
    cases = host_form.case_choices(place)
    if request.method != "POST":
        # Somebody who has one language to choose from has chosen it.
        given = {"cases": [case.slug for case in cases], "languages": [place.locale], "access": "unknown"}
        return _page(place, host_form.event_form(place, cases, edit=False, formdata=None, data=given), None)
    form = host_form.event_form(place, cases, edit=False, formdata=request.form)
    done = _create(place, form, cases)
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        return _page(place, form, done)
    return see_other(place.url("event_new_thanks"))


def _opens_on(place: Here) -> date | None:
    lens = place.lens
    return read(current_app, lambda session: hosting_window.opens_on(catalogue.current_edition(session, lens), lens))


def _create(place: Here, form: Any, cases: Any) -> Refusal | Breach | None:
    drafts: list[Draft] = []

    def ready() -> Sequence[int] | Refusal:
        draft = host_form.draft_of(place, form, cases)
        if draft is None:
            return FAULTY
        drafts.append(draft)
        return ()

    def write(age: FormAge, captcha: CaptchaOutcome) -> None:
        (draft,) = drafts
        author = Author(draft.host_address, draft.host_name, texts=(draft.title, draft.description))
        judgement = form_flow.weigh(place, author, age, captcha, honeypot=bool(form["website"].data))
        keyring, now = place.state.keyring, place.state.clock()
        run(
            app_of_request(),
            lambda uow: events.create(uow.session, keyring, place.section, draft, judgement, now=now),
        )

    return form_flow.press(place, "event", _form_id(place), ready, write)


def _page(place: Here, form: Any, refusal: Refusal | None) -> Response:
    values = form_flow.form_values(place, form, _form_id(place), refusal)
    return private_page("events/new.html", refusal.status if refusal else 200, endpoint="event_new", **values)


def event_new_thanks() -> Response:
    """What happens next: the same for everybody."""
    return public_page(
        ("event_new_thanks",), lambda: page("events/new_thanks.html", endpoint="event_new_thanks", public=True)
    )


def host_enter(token: str) -> Response:
    """The link in a mail to a host: a page with a button; the button proves the address, and opens the host's page
    without the token in its URL."""
    place = here()
    now = place.state.clock()
    try:
        link = read(current_app, lambda session: event_hosts.look(session, place.section, token, now=now))
    except TokenInvalid:
        return links.no_such_link(_enter_page(404, "invalid"))
    if link.status in ("expired", "ended", "unproved"):
        return _enter_page(410, link.status)
    if request.method != "POST":
        return _enter_page(200, link.status, token=token, title=link.title)
    if not links.link_pressed(token):
        return _enter_page(422, link.status, token=token, title=link.title)
    secret = guard.day_secret_here(place, place.state.clock())
    proved = run(app_of_request(), lambda uow: _confirm(uow, place, link, secret)) if link.status == "confirm" else None
    host_session.enter(place, link.event_id, link.host_version)
    response = see_other(place.url("host"))
    # Whoever presses holds the mail: this browser has proved the mailbox, for a while.
    return mailbox.remember(response, place, proved) if proved else response


def _confirm(uow: UnitOfWork, place: Here, link: event_hosts.HostLink, secret: bytes) -> str | None:
    """Confirm, once; returns whose mailbox is proved by it."""
    now, keyring = place.state.clock(), place.state.keyring
    done = events.confirm(uow.session, keyring, place.section, link.event_id, link.host_version, now=now)
    if done.outcome != "confirmed":
        return None
    uow.emit(event_submitted, event_id=link.event_id, section=place.section.code)
    canonical = event_hosts.address_of(uow.session, keyring, link.event_id)
    if canonical is not None:
        answered(uow.session, place.section, canonical, secret=secret, now=now)
    return canonical


def _enter_page(code: int, status: str, *, token: str = "", title: str = "") -> Response:
    form = links.link_form(token) if token else None
    return sealed_page("events/host_enter.html", code, status=status, form=form, event_title=title)


ROUTES = (
    ("/events/new", "event_new", event_new, ("GET", "POST"), "events"),
    ("/events/new/token", "event_new_token", event_new_token, ("GET",), "events"),
    ("/events/new/thanks", "event_new_thanks", event_new_thanks, ("GET",), "events"),
    *lost.ROUTES,
    ("/host/<token>", "host_enter", host_enter, ("GET", "POST"), "events"),
)
