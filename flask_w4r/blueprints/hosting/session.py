"""A host at work: two hours in the visitor's session after the link's button was pressed, for one event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, request, session

from ...models import Event
from ...services.hosting import hosts as event_hosts
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, here
from ...web.responses import sealed_page, see_other

KEY = "w4r_host"
HOLDS = timedelta(hours=2)


def enter(place: Here, event_id: int, host_version: int) -> None:
    """Let this visitor manage an event for two hours. What they had typed elsewhere in this session stays."""
    until = (place.state.clock() + HOLDS).timestamp()
    session[KEY] = {"section": place.section.code, "event": event_id, "version": host_version, "until": until}


def leave() -> None:
    """End it."""
    session.pop(KEY, None)


def event_here(place: Here) -> Event | None:
    """The event that this visitor hosts, as it stands; ``None`` for whoever did not come by a link that still holds."""
    kept = session.get(KEY)
    if not isinstance(kept, dict) or kept.get("section") != place.section.code:
        return None
    event_id, version, until = kept.get("event"), kept.get("version"), kept.get("until")
    if not isinstance(event_id, int) or not isinstance(version, int) or not isinstance(until, int | float):
        return None
    if until <= place.state.clock().timestamp():
        return None
    number, which = event_id, version
    return read(current_app, lambda db: event_hosts.hosted(db, place.section, number, which))


def hosts_only(view: Callable[..., Response]) -> Callable[..., Response]:
    """Give a view the event of the host who asks; everybody else learns how to come in.

    Each form says which event it is of: one that stands open while the host opens another event must not act on that.
    """

    @wraps(view)
    def guarded(**values: Any) -> Response:
        event = event_here(here())
        if event is None:
            return away_page()
        return view(event, **values) if request.form.get("event", event.uid) == event.uid else away_page(409)

    return guarded


def away_page(code: int = 403) -> Response:
    """Whoever has no link that holds, or has another event open now, learns where to find the link."""
    return sealed_page("events/host_enter.html", code, status="away", form=None, event_title="")


def token_problem() -> str | None:
    """What to say where a POST lacks its token, or ``None``."""
    return form_flow.session_problem(here())


def show(template: str, event: Event, code: int = 200, **context: Any) -> Response:
    """One of the host's pages, with what all of them need."""
    place = here()
    return sealed_page(
        f"events/{template}", code, event=event, csrf=form_flow.fresh_csrf(place), now=place.state.clock(),
        edition=None, **{"errors": (), "notice": None, "done": None, **context},
    )  # fmt: skip


def back(endpoint: str = "host", **values: Any) -> Response:
    """On to one of the host's pages, once something was done."""
    return see_other(here().url(endpoint, **values))
