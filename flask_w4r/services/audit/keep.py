"""Keeping the log: its head goes by mail each day, and entries past their time are let go, with a signed checkpoint."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import AuditCheckpoint, AuditEntry, AuditHead, DeskState
from ...sections import Section
from ...state import get_state
from ..mail import outbox as mail_outbox
from ..storage.rows import execute
from ..storage.unit_of_work import read, run
from ..storage.upsert import insert_ignore, upsert
from . import verify
from .record import FIRST, Head, checkpoint_signature, checkpoint_signatures, head, locked_head

log = logging.getLogger("flask_w4r.audit")
MAIL_KIND = "audit_head"


def let_go(session: Session, keyring: Keyring, section: str, *, before: datetime, now: datetime, limit: int) -> int:
    """Delete the oldest entries of a section's log, up to ``limit``, and note, signed, where it begins from now on.

    Entries that do not fit their digests stay, with all after them: what was tampered with must be found.

    :param section: its code, also of a section that the site no longer has.
    :param before: entries from this moment on stay.
    :returns: how many went.
    """
    locked_head(session, section)
    kept = session.get(AuditCheckpoint, section, populate_existing=True)
    start = Head(kept.seq, bytes(kept.digest)) if kept else Head(0, FIRST)
    if kept and bytes(kept.signature) not in checkpoint_signatures(keyring, section, start, kept.made_at):
        log.error("the checkpoint of the log of %s is not ours; nothing is removed", section)
        return 0
    last = start
    for seq, digest, values in islice(verify.entries(session, section, start.seq), limit):
        if values is None or seq != last.seq + 1 or not verify.fits(keyring, values, last.digest, digest):
            log.error(
                "the log of %s does not verify after entry %d; nothing from there on is removed", section, last.seq
            )
            break
        if values["at"] >= before:
            break
        last = Head(last.seq + 1, digest)
    if last == start:
        return 0
    signature = checkpoint_signature(keyring, section, last, now)
    place = {"seq": last.seq, "digest": last.digest, "made_at": now, "signature": signature}
    upsert(session, AuditCheckpoint.__table__, {"section": section, **place}, ["section"], place)
    gone = delete(AuditEntry).where(AuditEntry.section == section, AuditEntry.seq <= last.seq)
    return execute(session, gone)


def sections_with_old(session: Session, before: datetime) -> Sequence[str]:
    """The sections, also those that the site no longer has, whose log has something to let go of.

    Only the first entry of each log is looked at: they are let go of from the beginning. A log whose head is gone was
    tampered with, and stays.

    :param before: entries from this moment on stay.
    """
    first = (
        select(func.min(AuditEntry.seq))
        .where(AuditEntry.section == AuditHead.section, AuditEntry.seq > func.coalesce(AuditCheckpoint.seq, 0))
        .correlate(AuditHead, AuditCheckpoint)
        .scalar_subquery()
    )
    old = (
        select(AuditHead.section)
        .outerjoin(AuditCheckpoint, AuditCheckpoint.section == AuditHead.section)
        .join(AuditEntry, and_(AuditEntry.section == AuditHead.section, AuditEntry.seq == first))
        .where(AuditEntry.at < before)
    )
    return session.scalars(old.order_by(AuditHead.section)).all()


def mail_heads(app: Any, tools: Any = None) -> dict[str, Any]:
    """Put the head of each section's log in the outbox, once a day, for the address that the section names.

    A head that stands in somebody's mailbox cannot be set back with the database.

    :returns: how many mails were written.
    """
    state = get_state(app)
    now = state.clock()

    named = [code for code, section in state.sections.items() if section.desk_email]

    def write(code: str) -> bool:
        return run(app, lambda work: enqueue_head(work.session, state.keyring, state.sections[code], now=now))

    return {"heads": sum(write(code) for code in read(app, lambda session: _due(session, named, now.date())))}


def _due(session: Session, codes: Sequence[str], today: date) -> Sequence[str]:
    """Those of some sections that logged something ever and had no mail today, in one question."""
    mailed = and_(DeskState.section == AuditHead.section, DeskState.head_mailed_on >= today)
    due = select(AuditHead.section).where(AuditHead.section.in_(codes), AuditHead.seq > 0, ~exists().where(mailed))
    return session.scalars(due.order_by(AuditHead.section)).all()


def enqueue_head(session: Session, keyring: Keyring, section: Section, *, now: datetime) -> bool:
    """Write the day's mail with the head of the section's log, unless it was written or nothing was logged ever.

    :returns: whether it was written.
    """
    end = head(session, section)
    if not section.desk_email or not end.seq or not _first_today(session, section, now.date()):
        return False
    params = {"head": str(end), "entries": end.seq, "section": section.code}
    values = mail_outbox.outbox_values(
        keyring, section, MAIL_KIND, section.default_locale, section.desk_email, params,
        now=now, cap_index=None, cap_day=None, dedupe=None,
    )  # fmt: skip
    return mail_outbox.enqueue(session, values)


def _first_today(session: Session, section: Section, today: date) -> bool:
    fresh = {"section": section.code, "version": 1, "usual": {}, "head_mailed_on": today}
    if insert_ignore(session, DeskState.__table__, fresh):
        return True
    due = or_(DeskState.head_mailed_on.is_(None), DeskState.head_mailed_on < today)
    mine = update(DeskState).where(DeskState.section == section.code, due)
    return execute(session, mine.values(head_mailed_on=today)) == 1
