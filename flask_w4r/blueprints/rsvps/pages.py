"""Coming to an event: the form and its tokens."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, current_app, request

from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...errors import EventFull, NotFound
from ...forms.rsvps import RsvpForm
from ...i18n import gettext, time_span
from ...services.events import search as event_search
from ...services.events.views import EventView
from ...services.intake.sent import Author
from ...services.rsvps.lifecycle import Done
from ...services.rsvps.run import ask_and_tell
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, guard, here, mailbox
from ...web.form_flow import FAULTY, Refusal
from ...web.responses import private_page, see_other
from ...web.templating import app_of_request


def _form_id(place: Here, slug: str) -> str:
    return f"rsvp:{place.section.code}:{slug}"


def find(slug: str) -> EventView:
    """The event of a page.

    :raises NotFound: there is none.
    """
    place = here()
    return read(current_app, lambda session: event_search.find_event(session, place.lens, place.state.keyring, slug))


def when(event: EventView) -> str:
    """From when to when, in words."""
    return time_span(event.starts_at, event.ends_at, event.time_zone)


def _why_not(event: EventView) -> str | None:
    """Why an event takes no guests now, or ``None``."""
    if event.state == "cancelled":
        return "cancelled"
    if event.state != "published" or event.starts_at <= here().state.clock():
        return "over"
    return "closed" if event.is_closed else "paused" if guard.is_paused(here()) else None


def rsvp_token(slug: str) -> Response:
    """What the script asks for on first input. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    find(slug)
    if guard.is_paused(place):
        return guard.paused_answer()
    return form_flow.token_answer(place, _form_id(place, slug))


def rsvp(slug: str) -> Response:
    """The form of one event; a POST that lacks valid tokens gets it back filled."""
    event = find(slug)
    if _why_not(event):
        return _not_open(event)
    if request.method == "POST":
        return _pressed(event)
    return _form_page(RsvpForm(formdata=None), event)


def _pressed(event: EventView) -> Response:
    place = here()
    form = RsvpForm(formdata=request.form)
    form.testing = current_app.testing or current_app.debug
    form.utf8 = place.state.config.mail_utf8

    proved: list[bool] = []

    def write(age: FormAge, captcha: CaptchaOutcome) -> Done:
        guest = form.guest(place.locale)
        judgement = form_flow.weigh(
            place, Author(guest.address, guest.name), age, captcha, honeypot=bool(form.website.data)
        )
        # What becomes of it changes nothing in the answer.
        proved.append(mailbox.is_proved(place, guest.address))
        return ask_and_tell(app_of_request(), place.section, event.id, guest, judgement, proved=proved[-1])

    def ready() -> Sequence[int] | Refusal:
        return () if form.validate() else FAULTY

    try:
        done = form_flow.press(place, "rsvp", _form_id(place, event.slug), ready, write)
    except NotFound:
        return _not_open(find(event.slug))
    except EventFull:
        done = Refusal("")
        form.party_size.errors = [
            gettext("There is not enough room at this event for that many people; choose a smaller number")
        ]
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        return _form_page(form, event, done)
    return see_other(place.url("rsvp_taken" if proved[-1] else "rsvp_thanks", slug=event.slug))


def _form_page(form: RsvpForm, event: EventView, refusal: Refusal | None = None) -> Response:
    """The form page with fresh tokens, and with everything typed where it comes back."""
    place = here()
    return private_page(
        "events/rsvp.html",
        refusal.status if refusal else 200,
        endpoint="rsvp",
        values={"slug": event.slug},
        event=event,
        when=when(event),
        **form_flow.form_values(place, form, _form_id(place, event.slug), refusal),
    )


def _not_open(event: EventView) -> Response:
    """The event takes no guests (any more): its own page says why, and nothing was written. Of one that runs, its page
    does not."""
    why = _why_not(event) or "closed"
    runs = why == "over" and event.state == "published" and event.ends_at > here().state.clock()
    if request.method != "POST" and why != "paused" and not runs:
        return see_other(event.url)
    response = private_page("events/rsvp_closed.html", 503 if why == "paused" else 409, event=event, why=why)
    if why == "paused":
        response.headers["Retry-After"] = str(guard.COME_BACK)
    return response


ROUTES = (
    ("/events/<slug>/rsvp", "rsvp", rsvp, ("GET", "POST"), "events"),
    ("/events/<slug>/rsvp/token", "rsvp_token", rsvp_token, ("GET",), "events"),
)
