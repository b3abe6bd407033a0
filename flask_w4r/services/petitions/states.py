"""Changes of state, all of them, each guarded by the state it starts from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Signature
from ...sections import Section
from ..moderation.judgement import main_reason, releases_itself
from ..people.addresses import parse_address
from ..tally import counts as tally

#: Nobody opens a mail, reads it and presses its button in so short a time.
FAST_CONFIRM_SECONDS = 10


@dataclass(frozen=True)
class Confirmation:
    """What a press of the confirm button did to one signature."""

    signature_id: int
    case_id: int
    #: ``confirmed`` now, ``already`` confirmed before, or ``gone``: replaced, invalid, erased, or its case takes no
    #: signatures any more.
    outcome: str
    counted: bool


def _locked(session: Session, section: Section, signature_id: int) -> Signature | None:
    """The signature as it stands now, kept from others until the transaction ends."""
    return session.scalars(
        select(Signature)
        .where(Signature.id == signature_id, Signature.section == section.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def confirm_signature(
    session: Session,
    keyring: Keyring,
    section: Section,
    signature_id: int,
    version: int,
    *,
    hold_at: int,
    now: datetime,
    fast_score: int = 0,
) -> Confirmation:
    """The mailbox was proved: ``pending -> confirmed``, released where nothing else holds it, counted once.

    :param version: the version the link was made for; a later one is not confirmed by it.
    :param fast_score: points for a confirmation within seconds of signing. Programs that read mail for safety press
        buttons too, so it never holds a signature against which nothing else speaks.
    """
    row = _locked(session, section, signature_id)
    if row is None or row.version != version:
        return Confirmation(signature_id, row.case_id if row else 0, "gone", False)
    if row.state == "confirmed":
        return Confirmation(signature_id, row.case_id, "already", row.held_at is None)
    case = session.get_one(Case, row.case_id)
    if row.state != "pending" or case.status != "active":
        return Confirmation(signature_id, row.case_id, "gone", False)
    judged = _judged_again(row, now, fast_score)
    release = row.held_at is not None and releases_itself(judged["reasons"], judged["score"], hold_at)
    held_at = None if release else row.held_at
    # What the desk released stays released.
    if held_at is None and not release and row.released_at is None and row.score < hold_at <= judged["score"]:
        held_at, judged["held_for"] = now, main_reason(judged["reasons"])
    changed = session.execute(
        update(Signature)
        .where(Signature.id == signature_id, Signature.version == version, Signature.state == "pending")
        .values(
            state="confirmed",
            confirmed_at=now,
            updated_at=now,
            held_at=held_at,
            released_at=now if release else row.released_at,
            **judged,
        )
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        return Confirmation(signature_id, row.case_id, "already", False)
    if held_at is None:
        email = keyring.open_json(row.person or "").get("email")
        canonical = parse_address(email, test_environment=True).canonical if email else None
        tally.count_signature(session, keyring, section, case.edition_id, case.id, canonical)
    return Confirmation(signature_id, row.case_id, "confirmed", held_at is None)


def _judged_again(row: Signature, now: datetime, fast_score: int) -> dict[str, Any]:
    """What the row says of itself once the time it took to confirm is known."""
    seconds = (now - row.updated_at).total_seconds()
    if not fast_score or not row.score or seconds > FAST_CONFIRM_SECONDS:
        return {"reasons": row.reasons, "score": row.score}
    reason = {"check": "fast_confirm", "score": fast_score, "hold": False, "detail": {"seconds": max(0, int(seconds))}}
    return {"reasons": [*row.reasons, reason], "score": row.score + fast_score}


def disown_signature(
    session: Session, keyring: Keyring, section: Section, signature_id: int, *, now: datetime
) -> str | None:
    """The owner of the mailbox says it was not them: the signature becomes ``invalid``, loses its details and ceases
    to count.

    :returns: the mailbox in canonical form; ``None`` when there was nothing to undo.
    """
    row = _locked(session, section, signature_id)
    if row is None or row.state not in ("pending", "confirmed"):
        return None
    email = keyring.open_json(row.person).get("email") if row.person else None
    canonical = parse_address(email, test_environment=True).canonical if email else None
    counted = row.state == "confirmed" and row.held_at is None
    session.execute(
        update(Signature)
        .where(Signature.id == signature_id, Signature.state == row.state)
        .values(
            state="invalid",
            held_at=None,
            person=None,
            name_index=None,
            details_index=None,
            newsletter=False,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    if counted:
        edition_id = session.scalars(select(Case.edition_id).where(Case.id == row.case_id)).one()
        tally.uncount_signature(session, keyring, section, edition_id, row.case_id, canonical)
    return canonical
