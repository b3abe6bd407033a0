"""What is done with postcards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from flask_w4r.models import Batch
from flask_w4r.seam import Ask, Finding, Sweep
from flask_w4r.services.intake.sent import Author, Entry
from flask_w4r.services.mail import outbox
from flask_w4r.services.moderation import rows
from flask_w4r.services.moderation.judgement import Judgement
from flask_w4r.services.moderation.kinds import QueuePage
from flask_w4r.services.moderation.reasons import ReasonLine, reason_lines
from flask_w4r.services.people.addresses import Address
from flask_w4r.services.storage import ages
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read
from flask_w4r.services.tally.keys import Key, tell

from .models import Postcard

KIND, ACTION = "postcard", "toy_postcard"
KEPT = timedelta(days=30)


def packed(address: Address, words: str) -> dict[str, Any]:
    """A postcard as the intake keeps it."""
    return {"address": [address.typed, address.canonical, address.domain, address.provider], "words": words}


def author(entry: Entry) -> Author:
    """Who it says it is from."""
    return Author(Address(*entry.values["address"]), "", texts=(entry.values["words"],))


def take(work: UnitOfWork, section: Any, judged: Sequence[tuple[Entry, Judgement]]) -> None:
    """What the worker makes of a batch."""
    for entry, judgement in judged:
        (case_id,) = entry.sent.case_ids
        address = Address(*entry.values["address"])
        write(
            work.session, work.state.keyring, section, case_id, address, entry.values["words"], judgement, entry.sent.at
        )


def write(
    session: Session,
    keyring: Any,
    section: Any,
    case_id: int,
    address: Address,
    words: str,
    judged: Judgement,
    now: Any,
) -> int:
    """A postcard waits for the desk; its sender is thanked by mail."""
    row = Postcard(
        section=section.code, case_id=case_id, state="submitted", held_at=now, created_at=now, updated_at=now,
        secret=keyring.seal_json({"email": address.typed, "words": words}), reasons=list(judged.reasons),
        score=judged.score,
    )  # fmt: skip
    session.add(row)
    session.flush()
    values = outbox.outbox_values(
        keyring, section, "postcard_thanks", section.default_locale, address.typed, {"postcard": row.id},
        now=now, cap_index=None, cap_day=None, dedupe=None,
    )  # fmt: skip
    outbox.enqueue(session, values)
    return row.id


def still_there(session: Session, keyring: Any, ask: Ask, **_: Any) -> Any:
    """The mail is wanted while its postcard is there."""
    return dict(ask.params) if session.get(Postcard, ask.params["postcard"]) else None


def said(session: Session, keyring: Any, kind: str, lens: Any, context: Mapping[str, Any], *, sender: Any) -> Any:
    """What the mail says: how many wait."""
    return {"waiting": _count(session, lens.section)}, ()


@dataclass(frozen=True)
class Row:
    """A postcard as a moderator sees it."""

    id: int
    name: str
    score: int
    reasons: Sequence[ReasonLine]
    kind: str = KIND

    @property
    def item(self) -> str:
        """What names it in a form."""
        return f"{self.kind}:{self.id}"


def _waiting(section: Any) -> Any:
    return select(Postcard).where(
        Postcard.section == section.code, Postcard.held_at.is_not(None), Postcard.state == "submitted"
    )


def _count(session: Session, section: Any, filters: Any = None) -> int:
    return session.scalar(select(func.count()).select_from(_waiting(section).subquery())) or 0


def _page(session: Session, keyring: Any, section: Any, filters: Any, place: Any, size: int) -> QueuePage:
    found = session.scalars(_waiting(section).order_by(Postcard.id).limit(size)).all()
    shown = [Row(row.id, keyring.open_json(row.secret)["words"], row.score, reason_lines(row.reasons)) for row in found]
    return QueuePage(shown, len(shown), False, None)


def decide(
    session: Session, hooks: Any, keyring: Any, section: Any, ids: Sequence[int], act: str,
    make_batch: Callable[[], Batch], now: Any,
) -> Batch | None:  # fmt: skip
    """A yes sends it, a no does not."""

    def apply(batch: Batch, row: Postcard) -> None:
        row.state, row.held_at, row.updated_at = ("sent" if act == "approve" else "refused"), None, now

    kept = ("state", "held_at", "updated_at")
    return rows.decide(session, section, KIND, Postcard, ids, make_batch, kept=kept, apply=apply)


def undo(session: Session, keyring: Any, section: Any, batch: Batch, *, limit: int) -> rows.Undone:
    """They wait again."""
    return rows.undo(
        session, section, batch, KIND, Postcard, limit=limit, states=("sent", "refused"), after=lambda row: None
    )


def count_sent(session: Session, section: Any) -> Mapping[Key, int]:
    """What the rows say of the counts."""
    found = select(Postcard.case_id, Postcard.created_at).where(
        Postcard.section == section.code, Postcard.state == "sent"
    )
    return tell(section, ACTION, session.execute(found))


def forget(session: Session, sweep: Sweep) -> int:
    """Postcards go after a while."""
    return execute(session, delete(Postcard).where(Postcard.created_at < sweep.now - KEPT))


def to_forget(session: Session, sweep: Sweep) -> int:
    """How many postcards are over."""
    return ages.count(session, sweep, select(Postcard.id).where(Postcard.created_at < sweep.now - KEPT))


def collect(app: Any, tools: Any) -> dict[str, Any]:
    """The job: how many wait to be collected."""
    return {"sent": read(app, lambda session: session.scalar(select(func.count()).where(Postcard.state == "sent")))}


def look(app: Any, state: Any) -> Iterator[Finding]:
    """For the doctor."""
    yield Finding("ok", "postcards", "the letter box is open")


def touched(session: Session, section: Any, case_ids: Sequence[int]) -> Sequence[tuple[str, str]]:
    """What a change of a case's status stops."""
    number = session.scalar(select(func.count()).where(Postcard.case_id.in_(case_ids), Postcard.state == "submitted"))
    return [("Postcards", f"{number} wait")]
