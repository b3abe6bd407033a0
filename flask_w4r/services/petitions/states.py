"""Changes of state, all of them, each guarded by the state it starts from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Signature
from ...sections import Section
from ..moderation.judgement import main_reason, releases_itself, score_once_proved
from ..people.addresses import parse_address
from ..tally import counts as tally
from ..tally.keys import day_of
from .standing import ALIVE, Standing

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


def confirm_signatures(
    session: Session,
    keyring: Keyring,
    section: Section,
    stand: Standing,
    versions: Mapping[int, int],
    *,
    hold_at: int,
    now: datetime,
    fast_score: int = 0,
) -> list[Confirmation]:
    """The mailbox was proved: ``pending -> confirmed``, released where nothing else holds it, counted once.

    :param stand: the signatures of the address, locked.
    :param versions: by signature the version that is meant; a later one is not confirmed.
    :param fast_score: points for a confirmation within seconds of signing. Programs that read mail for safety press
        buttons too, so it never holds a signature against which nothing else speaks.
    :returns: what became of each, in the order of ids.
    """
    done: list[Confirmation] = []
    changed: list[dict[str, Any]] = []
    counted: dict[int, dict[tuple[int, date], list[str | None]]] = defaultdict(lambda: defaultdict(list))
    today = section.local_date(now)
    for number, version in sorted(versions.items()):
        row = stand.rows.get(number)
        if row is None or row.version != version or row.state not in ALIVE:
            done.append(Confirmation(number, row.case_id if row else 0, "gone", False))
        elif row.state == "confirmed":
            done.append(Confirmation(number, row.case_id, "already", row.held_at is None))
        elif stand.status(row) != "active":
            done.append(Confirmation(number, row.case_id, "gone", False))
        else:
            values = _confirmed(row, hold_at, now, fast_score)
            changed.append({"b_id": number, **values})
            is_counted = values["held_at"] is None
            if is_counted:
                counted[stand.cases[row.case_id].edition_id][row.case_id, today].append(stand.canonical)
            done.append(Confirmation(number, row.case_id, "confirmed", is_counted))
    if changed:
        session.connection().execute(_CONFIRM, changed)
    for edition_id, begun in sorted(counted.items()):
        tally.count_signatures(session, keyring, section, edition_id, begun)
    return done


_TABLE: Any = Signature.__table__
#: The rows are locked, so that each is as it was looked at.
_CONFIRM = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("b_id"))
    .values(
        {
            name: bindparam(name, type_=_TABLE.c[name].type)
            for name in (
                "state", "confirmed_at", "updated_at", "held_at", "released_at", "held_for", "reasons", "score",
            )
        }
    )
)  # fmt: skip


def _confirmed(row: Any, hold_at: int, now: datetime, fast_score: int) -> dict[str, Any]:
    """The columns of a signature once its mailbox was proved."""
    judged = {"held_for": row.held_for, **_judged_again(row, now, fast_score)}
    release = row.held_at is not None and releases_itself(judged["reasons"], judged["score"], hold_at)
    held_at = None if release else row.held_at
    # What the desk released stays released.
    before = score_once_proved(row.reasons, row.score)
    after = score_once_proved(judged["reasons"], judged["score"])
    if held_at is None and not release and row.released_at is None and before < hold_at <= after:
        held_at, judged["held_for"] = now, main_reason(judged["reasons"])
    released_at = now if release else row.released_at
    return {
        "state": "confirmed", "confirmed_at": now, "updated_at": now, "held_at": held_at, "released_at": released_at,
        **judged,
    }  # fmt: skip


def _mailbox(keyring: Keyring, row: Signature) -> str | None:
    email = keyring.open_json(row.person).get("email") if row.person else None
    return parse_address(email, test_environment=True).canonical if email else None


def _judged_again(row: Any, now: datetime, fast_score: int) -> dict[str, Any]:
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
    canonical = _mailbox(keyring, row)
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
        day = day_of(section, row.confirmed_at)
        tally.uncount_signatures(session, keyring, section, edition_id, {(row.case_id, day): [canonical]})
    return canonical
