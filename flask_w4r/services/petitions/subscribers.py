"""People who asked for the section's newsletter, handed to the host's ``subscriber_sink`` from the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...errors import DeliveryFailed
from ...keyring import Keyring
from ...models import Consent, OutboxMail, Signature
from ...sections import Section
from ...state import Hooks
from ..mail import outbox as mail_outbox
from ..people.addresses import parse_address
from ..people.consents import NEWSLETTER
from ..storage.rows import execute

#: The outbox kind that is handed to the sink instead of the mailer.
KIND = "subscriber"


@dataclass(frozen=True)
class Subscriber:
    """One opt-in, with the proof of it: when the yes was given, and the digest of the words it answered.

    A name in one piece is the ``first_name``, and ``last_name`` is empty.
    """

    section: str
    email: str
    first_name: str
    last_name: str
    locale: str
    consented_at: str
    consent_digest: str


Sink = Callable[[Subscriber], None]


def _matters(keyring: Keyring, section: Section, email: str) -> tuple[bytes, ...]:
    return keyring.blinds(f"subscriber|{section.code}", parse_address(email, test_environment=True).canonical)


def recall_subscriber(session: Session, keyring: Keyring, section: Section, email: str) -> None:
    """Take an opt-in back that still waits, because the mailbox's owner never gave it."""
    waits = update(OutboxMail).where(
        OutboxMail.dedupe.in_(_matters(keyring, section, email)), OutboxMail.state == "queued"
    )
    execute(session, waits.values(state="dropped", recipient=None, params=None, dedupe=None))


def enqueue_subscriber(
    session: Session, keyring: Keyring, section: Section, signature_id: int, *, now: datetime
) -> bool:
    """Put a confirmed signature's newsletter opt-in in the outbox, if it gave one.

    Several signatures of one mail make one entry. The sink is called at least once for it.

    :returns: whether there was an opt-in to hand on.
    """
    row = session.get(Signature, signature_id)
    if row is None or not row.newsletter or not row.person:
        return False
    consent = session.scalars(
        select(Consent)
        .where(Consent.signature_id == signature_id, Consent.purpose == NEWSLETTER, Consent.granted)
        .order_by(Consent.id.desc())
    ).first()
    details = keyring.open_json(row.person)
    if consent is None or not details.get("email"):
        return False
    params = {
        "section": section.code,
        "email": details["email"],
        "first_name": details.get("first_name", ""),
        "last_name": details.get("last_name", ""),
        "locale": row.locale,
        "consented_at": consent.given_at.isoformat(),
        "consent_digest": consent.text_digest.hex(),
    }
    values = mail_outbox.outbox_values(
        keyring,
        section,
        KIND,
        row.locale,
        details["email"],
        params,
        now=now,
        cap_index=None,
        cap_day=None,
        dedupe=_matters(keyring, section, details["email"])[0],
    )
    mail_outbox.enqueue(session, values, replace=True)
    return True


def hand_over(hooks: Hooks, params: Mapping[str, Any]) -> None:
    """Give a waiting opt-in to the host's sink; see ``seam.MailKind``.

    :raises DeliveryFailed: there is none.
    """
    if hooks.subscriber_sink is None:
        raise DeliveryFailed("no subscriber_sink is registered")
    hooks.subscriber_sink(Subscriber(**params))
