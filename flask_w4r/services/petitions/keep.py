"""How long signatures that were never confirmed, and the networks of all, are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...models import Consent, Signature
from ..storage.rows import execute


def forget_networks(session: Session, today: date, limit: int, keep_days: int = 14) -> int:
    """Wipe the network hashes of signatures whose day's key is gone, ``limit`` of them at most.

    :returns: how many signatures were wiped.
    """
    old = select(Signature.id).where(Signature.net_day <= today - timedelta(days=keep_days)).limit(limit)
    ids = session.scalars(old).all()
    if not ids:
        return 0
    blank = dict.fromkeys(("net_day", "net_host", "net_site", "net_block"))
    return execute(session, update(Signature).where(Signature.id.in_(ids)).values(**blank))


def purge_pending(session: Session, *, before: datetime, limit: int) -> int:
    """Delete signatures that waited for their mailbox since before a moment, ``limit`` of them at most."""
    # The lock keeps a confirmation that comes at this moment from being half deleted.
    old = select(Signature.id).where(Signature.state == "pending", Signature.updated_at < before)
    ids = session.scalars(old.order_by(Signature.id).limit(limit).with_for_update()).all()
    if not ids:
        return 0
    execute(session, delete(Consent).where(Consent.signature_id.in_(ids)))
    return execute(session, delete(Signature).where(Signature.id.in_(ids), Signature.state == "pending"))
