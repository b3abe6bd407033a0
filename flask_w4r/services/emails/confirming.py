"""The proof of the mailbox: only then may an email leave. What nothing else holds joins the drip."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...keyring import Keyring
from ...models import TargetEmail
from ...seam import Waiting, Waits
from ...sections import Section
from ..campaign.catalogue import cases_by_id
from ..campaign.views import CaseView, Lens
from ..moderation.judgement import releases_itself
from ..people import tokens
from ..people.addresses import canonical_of
from ..storage.unit_of_work import UnitOfWork
from . import rows
from .writing import CONFIRM


@dataclass(frozen=True)
class LinkView:
    """What the link of a mail stands for now.

    ``status``: ``ask``, ``done`` (nothing of it waits any more), ``old`` (its time is over).
    """

    status: str
    canonical: str = ""
    versions: Mapping[int, int] | None = None
    cases: Sequence[tuple[CaseView, Sequence[str]]] = ()


def look(session: Session, keyring: Keyring, lens: Lens, raw: str) -> LinkView:
    """Say what a link stands for, changing nothing.

    :raises TokenInvalid: it is no such link of this section.
    """
    token = tokens.find(session, lens.section.code, CONFIRM, raw, now=lens.now)
    if token.revoked:
        raise TokenInvalid("revoked")
    if token.expired:
        return LinkView("old")
    versions = {int(number): int(version) for number, version in token.payload}
    found = [session.get(TargetEmail, number, populate_existing=True) for number in versions]
    mine = [row for row in found if row is not None and row.person and row.section == lens.section.code]
    if not mine:
        raise TokenInvalid("nobody")
    canonical = canonical_of(keyring.open_json(mine[0].person or "").get("email"))
    waiting = [row for row in mine if row.state == "pending" and row.version == versions[row.id]]
    shown = by_case(session, keyring, lens, waiting)
    return LinkView("ask" if shown else "done", canonical, versions, shown)


def by_case(
    session: Session, keyring: Keyring, lens: Lens, emails: Sequence[TargetEmail]
) -> list[tuple[CaseView, Sequence[str]]]:
    """The cases that some emails are about, and whom each writes to. Those that take no actions are left out."""
    cases = [case for case in cases_by_id(session, lens, {row.case_id for row in emails}) if case.status == "active"]
    found: list[tuple[CaseView, Sequence[str]]] = []
    for case in cases:
        to = [keyring.open_json(row.words or "")["target"] for row in emails if row.case_id == case.id and row.words]
        found.append((case, to))
    return found


def confirm(
    session: Session,
    section: Section,
    versions: Mapping[int, int],
    *,
    hold_at: int,
    now: datetime,
) -> list[TargetEmail]:
    """The mailbox was proved: ``pending -> confirmed``, released where nothing else holds it.

    :param versions: by email the version that is meant; a later one is not confirmed.
    :returns: those that are confirmed now.
    """
    done = []
    locked = rows.lock(session, section, versions)
    active = {
        row.id for row in rows.case_rows(session, {row.case_id for row in locked}).values() if row.status == "active"
    }
    for row in locked:
        if row.state != "pending" or row.version != versions[row.id] or row.case_id not in active:
            continue
        row.state, row.confirmed_at, row.updated_at = "confirmed", now, now
        if row.held_at is not None and releases_itself(row.reasons, row.score, hold_at):
            row.held_at, row.held_for, row.released_at = None, None, now
        done.append(row)
    session.flush()
    return done


def pending(
    session: Session, keyring: Keyring, section: Section, canonical: str, *, lock: bool = False
) -> list[TargetEmail]:
    """What of an address waits for the proof."""
    return rows.of_address(session, keyring, section, canonical, states=("pending",), lock=lock)


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """What waits, one for each case: its emails to several targets are confirmed together; see ``seam.Waits``."""
    waiting = pending(session, keyring, lens.section, canonical)
    first = {row.case_id: row for row in reversed(waiting)}
    return [
        Waiting(first[case.id].id, case.name, ", ".join(to), first[case.id].updated_at)
        for case, to in by_case(session, keyring, lens, waiting)
    ]


def confirm_these(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """Confirm emails of an address, with those to other targets of the same cases."""
    state = work.state
    waiting = pending(work.session, state.keyring, section, canonical)
    cases = {row.case_id for row in waiting if row.id in ids}
    versions = {row.id: row.version for row in waiting if row.case_id in cases}
    hold_at = state.config.scoring["hold_at"]
    return {row.id for row in confirm(work.session, section, versions, hold_at=hold_at, now=state.clock())}


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: nothing of it was ever seen, so it goes."""
    for row in pending(work.session, work.state.keyring, section, canonical, lock=True):
        work.session.delete(row)
    work.session.flush()


EMAILS = Waits("emails", (CONFIRM,), find, confirm_these, disown)
