"""The mailbox of a message is proved: it goes to the desk. And what its link stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn
from ...keyring import Keyring
from ...models import Message
from ...sections import Section
from ...signals import message_submitted
from ..mail import caps
from ..people import tokens
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from . import mails, standing


@dataclass(frozen=True)
class Shown:
    """A message as the page of its link shows it."""

    id: int
    case_id: int
    case_name: str
    text: str


@dataclass(frozen=True)
class LinkView:
    """What a link stands for now.

    :ivar status: ``ask`` (something waits), ``done`` (all was confirmed), ``expired``, ``closed`` (its case takes none any more)
        or ``invalid``.
    :ivar canonical: the address, where something waits.
    """

    status: str
    waiting: Sequence[Shown] = ()
    case_ids: Sequence[int] = ()
    canonical: str = ""


def look(session: Session, keyring: Keyring, section: Section, raw: str, *, now: datetime) -> LinkView:
    """Say what a link stands for, changing nothing.

    :raises TokenInvalid: it is no link of this section for this purpose.
    :raises CaseWithdrawn: all it was for has been withdrawn.
    """
    token = tokens.find(session, section.code, mails.CONFIRM, raw, now=now)
    rows = standing.by_id(session, section, [int(number) for number, _ in token.payload])
    every = standing.cases_of(session, section)
    if rows and all(every[row.case_id].status == "withdrawn" for row in rows):
        raise CaseWithdrawn
    canonical = standing.address_of(keyring, rows)
    waiting, cases = standing.pending(session, keyring, section, canonical)
    if token.revoked or not rows or not canonical:
        return LinkView("invalid")
    if waiting:
        shown = [
            Shown(row.id, row.case_id, cases[row.case_id].name, standing.text_of(keyring, row))
            for row in sorted(waiting, key=lambda row: (cases[row.case_id].position, row.id))
        ]
        return LinkView("expired" if token.expired else "ask", shown, [one.case_id for one in shown], canonical)
    live = [row for row in rows if every[row.case_id].status != "withdrawn"]
    done = [row for row in live if row.confirmed_at is not None]
    status = "done" if done else "closed" if any(row.state == "pending" for row in live) else "invalid"
    return LinkView(status, case_ids=[row.case_id for row in done])


def submit(work: UnitOfWork, section: Section, rows: Sequence[Message], *, now: datetime) -> list[int]:
    """Locked messages that wait for their mailbox go to the desk.

    :returns: their ids.
    """
    for row in rows:
        row.state, row.held_at, row.confirmed_at, row.updated_at = "submitted", now, now, now
        work.emit(message_submitted, message_id=row.id, section=section.code)
    work.session.flush()
    return [row.id for row in rows]


def confirm(
    work: UnitOfWork,
    section: Section,
    raw: str,
    *,
    ids: Collection[int] | None,
    shown_at: datetime | None,
    secret: bytes,
) -> tuple[str, list[int]]:
    """The button was pressed: what waits for the link's address goes to the desk.

    :param ids: those that were ticked; ``None``: all.
    :param shown_at: what was written, or written anew, since the page was made was not on it, and waits on.
    :param secret: the day's.
    :returns: the address in canonical form, and the cases of what was confirmed.
    :raises TokenInvalid: it is no such link.
    """
    keyring, now = work.state.keyring, work.state.clock()
    view = look(work.session, keyring, section, raw, now=now)
    if view.status != "ask":
        return "", []
    rows, _ = standing.pending(work.session, keyring, section, view.canonical, lock=True)
    seen = [row for row in rows if (ids is None or row.id in ids) and (shown_at is None or row.updated_at <= shown_at)]
    submit(work, section, seen, now=now)
    if seen:
        caps.answered(work.session, section, view.canonical, secret=secret, now=now)
    return view.canonical, [row.case_id for row in seen]


def resend(work: UnitOfWork, section: Section, raw: str, *, secret: bytes) -> None:
    """A new link for what an expired one stands for, within the address' cap.

    :raises TokenInvalid: it is no such link.
    """
    keyring, now = work.state.keyring, work.state.clock()
    view = look(work.session, keyring, section, raw, now=now)
    rows, _ = standing.pending(work.session, keyring, section, view.canonical)
    if rows:
        mails.resend(work, section, rows, secret=secret, now=now)


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: what waits for it goes."""
    rows, _ = standing.pending(work.session, work.state.keyring, section, canonical, lock=True)
    if rows:
        execute(work.session, delete(Message).where(Message.id.in_([row.id for row in rows])))
