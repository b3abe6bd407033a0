"""The mails to who hosts an event: one outbox row each, in the transaction that brings them about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Event
from ...sections import Section
from ..mail import outbox as mail_outbox

#: ``event_confirm`` proves the address and says nothing of the event, which nobody looked at yet; the others carry the
#: host's link: approved, rejected and question from the desk, numbers after the end, a fresh link where it was lost;
#: ``event_list`` carries a link of fifteen minutes to the full list of guests.
KINDS = (
    "event_confirm", "event_approved", "event_rejected", "event_question", "event_report", "event_link", "event_list",
)  # fmt: skip


def enqueue(
    session: Session,
    keyring: Keyring,
    section: Section,
    event: Event,
    kind: str,
    *,
    now: datetime,
    not_before: datetime | None = None,
    text: str | None = None,
    matter: str = "",
) -> None:
    """Put a mail to the host in the outbox. One of a kind for one version of the event.

    :param kind: one of :data:`KINDS`.
    :param text: the desk's own words: the question, or why not.
    :param matter: tells it from another of the same kind and version.
    """
    secret = keyring.open_json(event.secret) if event.secret else {}
    email = secret.get("host_email")
    if not email:
        return
    params: dict[str, int | str] = {"event": event.id, "host_version": event.host_version}
    if text is not None:
        params["text"] = text
    matter = f"{kind}|{section.code}|{event.id}|{event.host_version}|{event.version}|{text or ''}|{matter}"
    values = mail_outbox.outbox_values(
        keyring, section, kind, event.locale, email, params, now=now, cap_index=None, cap_day=None,
        dedupe=keyring.blind("dedupe|host", matter), not_before=not_before,
    )  # fmt: skip
    mail_outbox.enqueue(session, values, replace=False)
