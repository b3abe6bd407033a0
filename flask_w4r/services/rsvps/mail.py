"""The mails that an RSVP brings: one outbox row each, in the transaction that changes the RSVP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Event, Rsvp
from ...sections import Section
from ..mail import outbox as mail_outbox

#: Every kind, for the worker and the templates ``w4r/mail/<kind>.txt`` and ``.html``.
KINDS = (
    "rsvp_confirm", "rsvp_known", "rsvp_going", "rsvp_waitlisted", "rsvp_offer", "rsvp_expired", "rsvp_changed",
    "rsvp_cancelled", "rsvp_reminder", "rsvp_approved", "event_changed", "event_cancelled", "event_message",
)  # fmt: skip
#: Reminders by name, nearest to the beginning first.
REMINDERS = (("hours", timedelta(hours=2)), ("day", timedelta(days=1)))
#: Who came so shortly before a reminder was due has a fresh mail that says the same.
FRESH = timedelta(hours=1)


def mark_of(name: str, event: Event) -> str:
    """What is kept of a reminder: its name, and the beginning it spoke of."""
    return f"{name} {event.starts_at.astimezone(UTC).isoformat()}"


def enqueue(
    session: Session,
    keyring: Keyring,
    section: Section,
    event: Event,
    rsvp: Rsvp,
    kind: str,
    *,
    now: datetime,
    not_before: datetime | None = None,
    text: str | None = None,
) -> None:
    """Put a mail about an RSVP in the outbox, to the address in it. One of a kind for one version of it.

    :param text: the host's own words, for ``event_message``.
    """
    if rsvp.person is None:
        return
    email = keyring.open_json(rsvp.person).get("email")
    if not email:
        return
    if kind == "event_changed":
        # It says when the event begins now, so that no reminder need do so at once.
        said = {mark_of(name, event) for name, lead in REMINDERS if now > event.starts_at - lead - FRESH}
        rsvp.reminded = sorted({*rsvp.reminded, *said})
    params: dict[str, int | str] = {
        "event": event.id,
        "rsvp": rsvp.id,
        "version": rsvp.version,
        "sequence": rsvp.sequence,
    }
    if text is not None:
        params["text"] = text
    matter = f"{kind}|{section.code}|{rsvp.id}|{rsvp.version}|{rsvp.sequence}|{event.sequence}|{text or ''}"
    values = mail_outbox.outbox_values(
        keyring, section, kind, rsvp.locale, email, params, now=now, cap_index=None, cap_day=None,
        dedupe=keyring.blind("dedupe|rsvp", matter), **({"not_before": not_before} if not_before else {}),
    )  # fmt: skip
    mail_outbox.enqueue(session, values, replace=False)
