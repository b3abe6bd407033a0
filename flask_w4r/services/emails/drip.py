"""The drip: emails leave for a target's mailbox one after the other, in its office hours, so many an hour and no more.

What leaves next is worked out anew each time from what is stored: when the next may leave, and what left in the last hour. So
it is the same after a restart, in another process, and whatever the hour was at which the campaign began; and nothing that
was held up leaves in a heap. Only what is about to leave stands in the outbox.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Edition, EmailDrip, TargetEmail
from ...seam import Tools
from ...sections import Section
from ...sections.emails import EmailRules, rules_of
from ...state import get_state
from ..storage.unit_of_work import UnitOfWork, read, run
from ..storage.upsert import insert_ignore
from . import digest, orphans
from .outgoing import SINGLE, enqueue
from .rows import case_rows, waiting, waits
from .targets import Target, hours_of, targets_of

#: Seconds between two looks.
EVERY = 5
#: What a worker that looked late may make up for: less than would be seen.
SLACK = timedelta(seconds=3 * EVERY)
#: One that stands in the outbox for so long waits for a mail server, and others behind it.
STUCK = timedelta(minutes=2)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Group:
    """Emails of one case to one of its targets."""

    case_id: int
    target: Target


def job(app: Any, tools: Tools) -> dict[str, Any]:
    """Let what is due leave: what the worker runs. Returns what was done, by name."""
    state, done = get_state(app), {"released": 0, "held": 0}
    if "emails" not in state.config.features:
        return done
    # Asked for all sections at once: most of them have nothing that waits.
    busy = read(app, _busy)
    for section in state.sections.values():
        if section.code not in busy or tools.stop.is_set():
            continue
        for name, number in run(app, lambda work, section=section: _look(work, section)).items():  # type: ignore[misc]
            done[name] += number
    return done


def _busy(session: Session) -> set[str]:
    """The sections whose emails wait to leave."""
    return set(session.scalars(select(TargetEmail.section).where(*waits()).distinct()))


def _look(work: UnitOfWork, section: Section) -> dict[str, int]:
    session, keyring, now = work.session, work.state.keyring, work.state.clock()
    pairs = session.execute(
        select(TargetEmail.case_id, TargetEmail.target_key).where(*waiting(section)).distinct()
    ).all()
    cases = case_rows(session, {case_id for case_id, _ in pairs})
    demos = _demos(session, cases)
    by_mailbox: dict[str, list[Group]] = defaultdict(list)
    held = 0
    for case_id, key in sorted(pairs):
        case = cases[case_id]
        if case.status != "active" or case.edition_id in demos:
            continue
        target = next((one for one in targets_of(case) if one.key == key), None)
        if target is None:
            held += orphans.hold(session, keyring, section, case, key, now=now)
        elif target.email:
            by_mailbox[target.mailbox].append(Group(case_id, target))
    rules, released = rules_of(section), 0
    # In one order everywhere, so that two workers do not wait for each other in a ring.
    for mailbox, groups in sorted(by_mailbox.items()):
        released += _release(session, keyring, section, rules, mailbox, groups, now)
    return {"released": released, "held": held}


def _demos(session: Session, cases: Mapping[int, Case]) -> set[int]:
    """Editions that only show how it works: nothing leaves in their name."""
    wanted = {case.edition_id for case in cases.values()}
    return set(session.scalars(select(Edition.id).where(Edition.id.in_(wanted), Edition.is_demo.is_(True))))


def lock_drip(session: Session, section: Section, mailbox: str) -> EmailDrip:
    """How a mailbox's drip stands, kept from others until the transaction ends."""
    query = select(EmailDrip).where(EmailDrip.section == section.code, EmailDrip.mailbox == mailbox)
    query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(query).first()
    if row is None:
        insert_ignore(session, EmailDrip.__table__, {"section": section.code, "mailbox": mailbox})
        row = session.scalars(query).one()
    return row


def _release(
    session: Session, keyring: Keyring, section: Section, rules: EmailRules, mailbox: str, groups: Sequence[Group],
    now: datetime,
) -> int:  # fmt: skip
    """Put what may leave for one mailbox now in the outbox."""
    drip = lock_drip(session, section, mailbox)
    if drip.paused_at is not None:
        return 0
    mine = (TargetEmail.section == section.code, TargetEmail.mailbox == mailbox)
    stuck = (TargetEmail.state == "confirmed", TargetEmail.leaves_at < now - STUCK)
    if session.execute(select(TargetEmail.id).where(*mine, *stuck).limit(1)).first() is not None:
        return 0
    if rules.mode == "digest":
        return digest.release(session, keyring, section, rules, groups, now=now)
    open_groups = [group for group in groups if left_in_all(session, group) < rules.in_all]
    if not open_groups or rules.mode != "send":
        return 0
    hours = hours_of(open_groups[0].target, rules)
    count = select(func.count()).where(*mine, TargetEmail.leaves_at > now - _HOUR)
    in_hour, step = int(session.scalar(count) or 0), _HOUR / rules.per_hour
    slot, released = max(drip.next_at or now, now - SLACK), 0
    while slot <= now and in_hour < rules.per_hour:
        opens = hours.next_open(slot)
        if opens > now:
            slot = opens
            break
        if not _let_leave(session, keyring, section, open_groups, now):
            break
        slot, in_hour, released = opens + step, in_hour + 1, released + 1
    drip.next_at = slot
    session.flush()
    return released


def left_in_all(session: Session, group: Group) -> int:
    """How many emails of a case left for one of its targets, or are about to."""
    count = select(func.count()).where(
        TargetEmail.case_id == group.case_id,
        TargetEmail.target_key == group.target.key,
        TargetEmail.leaves_at.is_not(None),
    )
    return int(session.scalar(count) or 0)


def _let_leave(session: Session, keyring: Keyring, section: Section, groups: Sequence[Group], now: datetime) -> bool:
    """Put the email that waited longest in the outbox."""
    among = [and_(TargetEmail.case_id == one.case_id, TargetEmail.target_key == one.target.key) for one in groups]
    query = select(TargetEmail).where(*waiting(section), or_(*among))
    query = query.order_by(TargetEmail.confirmed_at, TargetEmail.id).limit(1).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        return False
    target = next(one.target for one in groups if (one.case_id, one.target.key) == (row.case_id, row.target_key))
    row.mailbox, row.leaves_at = target.mailbox, now
    session.flush()
    enqueue(session, keyring, section, SINGLE, row, target, now=now)
    return True
