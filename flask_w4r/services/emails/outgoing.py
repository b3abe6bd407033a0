"""What goes to a target: put in the outbox under one Message-ID, and taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import TargetEmail
from ...sections import Section
from ..mail import outbox
from .targets import Target

SINGLE, DIGEST = "email_to_target", "email_digest"


def enqueue(
    session: Session, keyring: Keyring, section: Section, kind: str, row: TargetEmail, target: Target, *, now: datetime
) -> None:
    """Put an email, or the digest that it is the last of, in the outbox. What was tried before goes by the same Message-ID."""
    params = {"email": row.id, "version": row.version, "leaves_at": now.isoformat(), "cases": [row.case_id]}
    matter = f"{kind}|{section.code}|{row.id}|{row.version}|{target.mailbox}"
    values = outbox.outbox_values(
        keyring, section, kind, row.text_locale, target.email, params, now=now, cap_index=None, cap_day=None,
        dedupe=keyring.blind("dedupe|email", f"{matter}|{now.isoformat()}"),
    )  # fmt: skip
    values["message_id"] = keyring.blind("message-id|email", matter).hex()[:32]
    outbox.enqueue(session, values)
