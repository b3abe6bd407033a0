"""What staff do with events beside deciding in the queue: ask, know the host, hide, let guests come.

Each function asks for the permission itself; each change is one entry of the log, in the same transaction.
Each takes the :class:`~flask_w4r.services.people.permissions.Staff` who does it.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from ...errors import NotFound
from ...models import Event
from ...sections import Section
from ...state import Permission
from ..audit import record as audit
from ..events import changes as event_changes
from ..events.views import as_shown
from ..people.permissions import Staff
from ..rsvps import lifecycle as rsvps
from ..rsvps.seats import lock_event
from . import lifecycle, mail
from .desk import PUBLIC, number_of


def ask(
    session: Session,
    staff: Staff,
    event_id: int,
    question: str,
) -> bool:
    """Mail the host of an event that waits a question; it goes on waiting.

    :returns: whether it waited.
    :raises PermissionDenied: the actor may not manage events here.
    :raises NotFound: the section has no such event.
    """
    who, section, now = staff.allowed(Permission.MANAGE_EVENTS), staff.section, staff.now
    event = _locked(session, section, event_id)
    if event.state != "submitted":
        return False
    # Each question is a mail of its own.
    event.version += 1
    session.flush()
    mail.enqueue(session, staff.keyring, section, event, "event_question", now=now, text=question)
    changes = {"question": [None, audit.typed(staff.keyring, section, question)]}
    audit.append(session, staff.keyring, section, who.id, "event_asked", f"event:{event_id}", changes=changes, now=now)
    return True


def set_verified(
    session: Session,
    staff: Staff,
    event_id: int,
    verified: bool,
) -> bool:
    """Say on the event's page that the section knows its host, or no longer.

    :returns: whether that was new.
    :raises PermissionDenied: the actor may not manage events here.
    :raises NotFound: the section has no such event.
    """
    who, section, now = staff.allowed(Permission.MANAGE_EVENTS), staff.section, staff.now
    event = _locked(session, section, event_id)
    if event.host_verified == verified:
        return False
    event.host_verified = verified
    session.flush()
    event_changes.touch(session, section, now)
    changes = {"host_verified": [not verified, verified]}
    audit.append(session, staff.keyring, section, who.id, "event_host", f"event:{event_id}", changes=changes, now=now)
    return True


def hide(
    session: Session,
    staff: Staff,
    event_id: int,
) -> bool:
    """Take a public event off every page, map, feed and calendar at once. It waits in the queue for a decision, and
    nobody is told; one that was cancelled already is rejected, since nothing is left to decide.

    :returns: whether it was public.
    :raises PermissionDenied: the actor may not manage events here.
    :raises NotFound: the section has no such event.
    """
    who, section, now = staff.allowed(Permission.MANAGE_EVENTS), staff.section, staff.now
    event = _locked(session, section, event_id)
    before = event.state
    if before not in PUBLIC:
        return False
    event.state = "rejected" if before == "cancelled" else "submitted"
    event.held_at = now if event.state == "submitted" else None
    event.updated_at = now
    event.version += 1
    # The words as guests know them, whatever the host writes now; nobody else reads them again.
    event.approved = {**(event.approved or as_shown(event)), "hidden": True}
    if event.held_at is not None and not any(item.get("check") == "hidden_at_desk" for item in event.reasons):
        event.reasons = [*event.reasons, {"check": "hidden_at_desk", "score": 0, "hold": True}]
    session.flush()
    event_changes.touch(session, section, now)
    changes = {"state": [before, event.state]}
    audit.append(session, staff.keyring, section, who.id, "event_hidden", f"event:{event_id}", changes=changes, now=now)
    return True


def release_guest(
    session: Session,
    staff: Staff,
    event_id: int,
    rsvp_id: int,
) -> bool:
    """Let a guest whom the checks held come like any other.

    :returns: whether they were held.
    :raises PermissionDenied: the actor may not manage events here.
    :raises NotFound: the section has no such event.
    """
    who, section, now = staff.allowed(Permission.MANAGE_EVENTS), staff.section, staff.now
    lifecycle.find(session, section, number_of(event_id))
    done = rsvps.release(session, staff.keyring, section, event_id, number_of(rsvp_id), now=now)
    if done.outcome != "released":
        return False
    audit.append(session, staff.keyring, section, who.id, "guest_released", f"event:{event_id}", now=now)
    return True


def _locked(session: Session, section: Section, event_id: int) -> Event:
    event = lock_event(session, section, number_of(event_id))
    if event is None:
        raise NotFound(f"event {event_id}")
    return event
