"""Acts on many signatures that can be taken back: each row's former state is kept, and restored exactly.

A moderator's decision is a batch done within the request; an invalidation is one that the worker runs in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch, BatchRow, Case, Signature
from ...sections import Section
from ..moderation.rows import Undone
from ..people.addresses import parse_address
from ..tally import counts as tally
from ..tally.keys import day_of

SIGNATURE = "signature"
_MOMENTS = ("held_at", "released_at", "updated_at")


def lock_signatures(session: Session, section: Section, ids: Sequence[int]) -> list[Signature]:
    """These signatures of the section as they stand now, kept from others until the transaction ends."""
    query = select(Signature).where(Signature.section == section.code, Signature.id.in_(ids)).order_by(Signature.id)
    return list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def release(
    session: Session, keyring: Keyring, section: Section, batch: Batch, rows: Iterable[Signature], *, now: datetime
) -> int:
    """Let held signatures count, at once where the mailbox is proved and else from then on.

    :param rows: locked; those that are not held (any more) are passed over.
    :returns: how many were released.
    """
    chosen = [row for row in rows if row.held_at is not None and row.state in ("pending", "confirmed")]
    counted = [row for row in chosen if row.state == "confirmed"]
    _change(session, batch, chosen, {"held_at": None, "released_at": now}, now=now)
    count(session, keyring, section, counted)
    return len(chosen)


def invalidate(
    session: Session, keyring: Keyring, section: Section, batch: Batch, rows: Iterable[Signature], *, now: datetime
) -> int:
    """Make signatures ``invalid``: they wait for nothing and count no more, and keep their details for an undo.

    :param rows: locked; those that are invalid or erased already are passed over, as are those of which only the count is
        left: whose they were cannot be told any more.
    :returns: how many were invalidated.
    """
    chosen = [row for row in rows if row.state in ("pending", "confirmed") and row.let_go_at is None]
    counted = [row for row in chosen if row.state == "confirmed" and row.held_at is None]
    _change(session, batch, chosen, {"state": "invalid", "held_at": None}, now=now)
    uncount(session, keyring, section, counted)
    return len(chosen)


def _change(
    session: Session, batch: Batch, rows: Sequence[Signature], values: dict[str, Any], *, now: datetime
) -> None:
    if not rows:
        return
    kept = [
        {
            "batch_id": batch.id,
            "kind": SIGNATURE,
            "item_id": row.id,
            "state": "applied",
            "former": {
                "state": row.state,
                **{name: _text(getattr(row, name)) for name in _MOMENTS},
            },
            "left_at": now,
            "left_version": row.version,
        }
        for row in rows
    ]
    # Written before anything is changed in the session, whose objects then still say what they said.
    session.execute(insert(BatchRow), kept)
    session.execute(
        update(Signature)
        .where(Signature.id.in_([row.id for row in rows]))
        .values(**values, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    batch.applied += len(rows)


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> Undone:
    """Give back ``limit`` rows at most of what a batch changed. Call it until it returns nothing.

    A row that somebody changed since, or that was erased, is left alone and counted as skipped.
    """
    kept = {
        row.item_id: row
        for row in session.scalars(
            select(BatchRow)
            .where(BatchRow.batch_id == batch.id, BatchRow.kind == SIGNATURE, BatchRow.state == "applied")
            .order_by(BatchRow.item_id)
            .limit(limit)
            .with_for_update()
        )
    }
    if not kept:
        return Undone(0, 0)
    rows = lock_signatures(session, section, sorted(kept))
    back = [row for row in rows if row.state != "erased" and _as_left(row, kept[row.id], batch)]
    restored = {row.id for row in back}
    was_counted = {row.id for row in back if row.state == "confirmed" and row.held_at is None}
    if back:
        session.execute(
            update(Signature.__table__)  # type: ignore[arg-type]
            .where(Signature.id == bindparam("b_id"))
            .values(
                state=bindparam("b_state"),
                **{name: bindparam(f"b_{name}", type_=Signature.__table__.c[name].type) for name in _MOMENTS},
            ),
            [_former(kept[row.id]) for row in back],
        )
        for row in back:
            session.expire(row)
    counts = {row.id for row in back if row.state == "confirmed" and row.held_at is None}
    uncount(session, keyring, section, [row for row in back if row.id in was_counted - counts])
    count(session, keyring, section, [row for row in back if row.id in counts - was_counted])
    for number, item in kept.items():
        item.state = "undone" if number in restored else "skipped"
    batch.undone += len(restored)
    batch.skipped += len(kept) - len(restored)
    session.flush()
    return Undone(len(restored), len(kept) - len(restored))


def _as_left(row: Signature, kept: BatchRow, batch: Batch) -> bool:
    same = row.updated_at == kept.left_at and row.version == kept.left_version
    return same and (row.state == "invalid") == (batch.act != "approve")


def _former(kept: BatchRow) -> dict[str, Any]:
    moments = {f"b_{name}": _moment(kept.former[name]) for name in _MOMENTS}
    return {"b_id": kept.item_id, "b_state": kept.former["state"], **moments}


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def count(session: Session, keyring: Keyring, section: Section, rows: Sequence[Signature]) -> None:
    """These signatures begin to count."""
    for edition_id, places in _by_edition(session, keyring, section, rows).items():
        tally.count_signatures(session, keyring, section, edition_id, places)


def uncount(session: Session, keyring: Keyring, section: Section, rows: Sequence[Signature]) -> None:
    """These signatures cease to count. Call it after their rows were changed."""
    for edition_id, places in _by_edition(session, keyring, section, rows).items():
        tally.uncount_signatures(session, keyring, section, edition_id, places)


def _by_edition(
    session: Session, keyring: Keyring, section: Section, rows: Sequence[Signature]
) -> dict[int, dict[tuple[int, date], list[str | None]]]:
    """By edition the mailboxes of each case and day, as the tally takes them."""
    if not rows:
        return {}
    editions = dict(
        session.execute(select(Case.id, Case.edition_id).where(Case.id.in_({row.case_id for row in rows}))).all()
    )
    found: dict[int, dict[tuple[int, date], list[str | None]]] = {}
    for row in rows:
        places = found.setdefault(editions[row.case_id], {})
        places.setdefault((row.case_id, day_of(section, row.confirmed_at)), []).append(_mailbox(keyring, row))
    return dict(sorted(found.items()))


def _mailbox(keyring: Keyring, row: Signature) -> str | None:
    email = keyring.open_json(row.person).get("email") if row.person else None
    return parse_address(email, test_environment=True).canonical if email else None
