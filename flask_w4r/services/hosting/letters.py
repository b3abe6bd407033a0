"""The mails to who hosts an event: are they still wanted, what do they link to, what do they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Event
from ...seam import Ask, MailKind, one_by_one
from ..campaign.views import Lens
from ..events.mailing import CONFIRM_DAYS, row_of, said, with_link

#: A host's link holds for so long after the event.
HOST_DAYS = 30
#: The link to the guests' names and addresses.
LIST_HOLDS = timedelta(minutes=15)
#: The states of the event in which each is still wanted.
_HOST: Mapping[str, frozenset[str]] = {
    "event_confirm": frozenset({"unconfirmed"}),
    "event_approved": frozenset({"published"}),
    # One that guests knew is cancelled when the desk says no.
    "event_rejected": frozenset({"rejected", "cancelled"}),
    "event_question": frozenset({"submitted"}),
    "event_report": frozenset({"published", "over"}),
    "event_link": frozenset({"submitted", "published", "cancelled", "over"}),
    "event_list": frozenset({"submitted", "published", "cancelled", "over"}),
}
#: What the link in a mail to the host is good for, where it is not the event itself.
_HOST_PURPOSES = {"event_confirm": "event_confirm", "event_list": "host_list"}


def prepare(session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int) -> dict[str, Any] | None:
    """Work out whether a mail is still wanted, and make the link it lacks; see ``seam.one_by_one``."""
    section, kind, params = ask.section, ask.kind, ask.params
    event = row_of(session, Event, params["event"])
    if event is None or event.section != section.code:
        return None
    if event.state not in _HOST[kind] or event.host_version != params["host_version"]:
        return None
    until = event.ends_at + timedelta(days=HOST_DAYS)
    until = now + timedelta(days=CONFIRM_DAYS) if kind == "event_confirm" else until
    until = now + LIST_HOLDS if kind == "event_list" else max(until, now + timedelta(days=1))
    payload = [event.id, event.host_version]
    return with_link(session, section.code, params, _HOST_PURPOSES.get(kind, "host"), payload, until, now)


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """Read what a mail says, in its reader's language, just before it leaves; see ``seam.MailKind``."""
    event = row_of(session, Event, context["event"])
    # Who gets this did not prove yet that the event is theirs, so that nothing of it is told.
    if event is None or kind == "event_confirm":
        return {"event": None}, ()
    return said(session, keyring, lens, event, context, own=True)[1], ()


#: What a stranger can have sent to somebody by typing their address.
_CAPPED = ("event_confirm", "event_link")
_prepare_all = one_by_one(prepare)
MAILS = tuple(
    MailKind(
        name,
        _prepare_all,
        look_up,
        words=lazy_gettext("About events you host"),
        capped=name in _CAPPED,
        unasked=name == "event_report",
    )
    for name in _HOST
)
