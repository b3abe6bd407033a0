"""A host who lost the link to an event gets it again, at the address that was proved."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Event
from ...sections import Section
from ..people.addresses import Address
from . import mail
from .draft import host_scope
from .letters import HOST_DAYS

#: Events whose host's address was proved.
PROVED = ("submitted", "published", "cancelled", "over")
#: So many links at once, to the newest events.
MOST = 10
#: Asked twice within it, they are mailed once.
ONCE_IN = timedelta(hours=1)


def send_links(session: Session, keyring: Keyring, section: Section, address: Address, *, now: datetime) -> int:
    """Mail the links to the events that this address hosts. Links that it has go on working: anybody may ask.

    :returns: how many events there are.
    """
    events = session.scalars(
        select(Event)
        .where(
            Event.section == section.code,
            Event.host_index.in_(keyring.blinds(host_scope(section), address.canonical)),
            Event.state.in_(PROVED),
            Event.ends_at > now - timedelta(days=HOST_DAYS),
        )
        .order_by(Event.id.desc())
        .limit(MOST)
    ).all()
    slot = int(now.timestamp()) // int(ONCE_IN.total_seconds())
    for event in events:
        mail.enqueue(session, keyring, section, event, "event_link", now=now, matter=f"lost {slot}")
    return len(events)
