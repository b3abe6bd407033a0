"""What every mail about an event shares, whoever gets it: its row, its links, the event in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import time_span
from ...keyring import Keyring
from ...models import Event
from ..campaign.views import Lens
from ..people import tokens
from .cases import cases_of
from .views import EventView, event_view

#: A link to prove an address with.
CONFIRM_DAYS = 7


def row_of(session: Session, model: Any, number: int) -> Any:
    """A row as it stands in the database now; ``None`` where there is none."""
    return session.scalars(
        select(model).where(model.id == number).execution_options(populate_existing=True)
    ).one_or_none()


def with_link(
    session: Session,
    section_code: str,
    params: dict[str, Any],
    purpose: str,
    payload: Any,
    until: datetime,
    now: datetime,
) -> dict[str, Any]:
    """Make the link that a mail lacks, and keep it in what its row holds.

    :param params: what the outbox row holds.
    :param until: how long a new link holds.
    :returns: the context to render the mail with.
    """
    kept = params.get("until")
    if kept is None or datetime.fromisoformat(kept) <= now:
        days = (until - now) / timedelta(days=1)
        params["until"] = (now + timedelta(days=days)).isoformat()
        params["tokens"] = {purpose: tokens.issue(session, section_code, purpose, payload, now=now, days=days)}
    return {key: params[key] for key in ("event", "rsvp", "tokens", "text") if key in params}


def said(
    session: Session, keyring: Keyring, lens: Lens, event: Event, context: Mapping[str, Any], *, own: bool
) -> tuple[EventView, dict[str, Any]]:
    """The event as a mail shows it, and the values every template of such a mail has.

    :param lens: makes full URLs.
    :param own: the reader is its host.
    """
    view = event_view(event, cases_of(session, lens, [event.id]).get(event.id, ()), lens, keyring, own=own)
    when = time_span(view.starts_at, view.ends_at, view.time_zone)
    return view, {
        "event": view, "when": when, "events_url": lens.link("events"), "place": None, "text": context.get("text", ""),
    }  # fmt: skip
