"""What the desk set for a section, kept in each process and at most two seconds old.

Every change raises a version in the same transaction. A process looks at the version at most every two seconds, one
row by primary key, and reads the rest only when it changed: most requests ask the database nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import DeskState, LiveLimit, Lockdown, Rule
from ...models.moderation import LOCKDOWN_LEVELS, WHOLE_SECTION
from ...sections import Section
from ...state import get_state
from ..storage.unit_of_work import read
from ..storage.upsert import upsert
from .rules import RuleEntry, RuleSet, day_secrets, value_indexes

#: How old what a process knows may be.
KEPT = timedelta(seconds=2)
NORMAL, CAUTIOUS, CLOSED = LOCKDOWN_LEVELS


@dataclass(frozen=True)
class DeskSettings:
    """Rules, live limits, lockdowns and usual rates of one section."""

    version: int = 0
    rules: RuleSet = field(default_factory=RuleSet)
    #: By case (0 for the section) and name: ``"60/minute; 600/hour"``.
    limits: Mapping[tuple[int, str], str] = field(default_factory=dict)
    #: By case, 0 for the section.
    lockdowns: Mapping[int, str] = field(default_factory=dict)
    #: ``{"case": {"17": per_hour}, "domain": {"gmail.com": per_hour}}``.
    usual: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    #: Secrets of the days that ``seen_network`` rules are of.
    day_secrets: Mapping[date, bytes] = field(default_factory=dict)

    def level(self, case_ids: Iterable[int] = ()) -> str:
        """The strictest of the section's level and of these cases'."""
        if not self.lockdowns:
            return NORMAL
        found = [self.lockdowns.get(case_id, NORMAL) for case_id in (WHOLE_SECTION, *case_ids)]
        return max(found, key=LOCKDOWN_LEVELS.index)


@dataclass
class _Kept:
    settings: DeskSettings
    then: datetime
    tick: float
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_fresh(self, now: datetime) -> bool:
        """By the app's clock and by the machine's, whichever went on."""
        return abs(now - self.then) < KEPT and monotonic() - self.tick < KEPT.total_seconds()


def settings_of(app: Any, section: Section, session: Session | None = None) -> DeskSettings:
    """What the desk set for a section, as this process knows it: at most two seconds old.

    While the database is away what was known before holds on.

    :param app: the Flask app.
    :param session: to look with, where one is open: a second connection may not be had.
    :raises sqlalchemy.exc.SQLAlchemyError: the database is away and nothing was known yet.
    """
    state = get_state(app)

    def look(before: DeskSettings | None = None) -> DeskSettings:
        if session is not None:
            return load(session, state.keyring, section, before)
        return read(app, lambda own: load(own, state.keyring, section, before))

    kept: dict[str, _Kept] = state.once("desk_settings", dict)
    now = state.clock()
    found = kept.get(section.code)
    if found is not None and found.is_fresh(now):
        return found.settings
    if found is None:
        loaded = look()
        kept[section.code] = _Kept(loaded, now, monotonic())
        return loaded
    # One of a crowd looks; the others go on with what is two seconds old.
    if found.lock.acquire(blocking=False):
        try:
            before, tick = found.settings, monotonic()
            # While the database is away whoever goes on to ask it will say so.
            with suppress(SQLAlchemyError):
                found.settings = look(before)
            found.then, found.tick = now, tick
        finally:
            found.lock.release()
    return found.settings


def forget(app: Any, section: Section) -> None:
    """Have this process look at once: it changed something itself."""
    kept: dict[str, _Kept] = get_state(app).once("desk_settings", dict)
    kept.pop(section.code, None)


def load(session: Session, keyring: Keyring, section: Section, before: DeskSettings | None = None) -> DeskSettings:
    """Read what the desk set.

    :param before: what is known; returned as it is when nothing changed since.
    """
    query = select(DeskState.version, DeskState.usual).where(DeskState.section == section.code)
    # The version first: what changes after it was read is read again the next time.
    row = session.execute(query).first()
    if row is None:
        return before if before is not None and before.version == 0 else DeskSettings()
    if before is not None and row.version == before.version:
        return before
    rules = RuleSet(
        _entries(session, keyring, section),
        lambda canonical: value_indexes(keyring, section.code, "address", canonical),
    )
    limits = select(LiveLimit.case_id, LiveLimit.name, LiveLimit.value).where(LiveLimit.section == section.code)
    lockdowns = select(Lockdown.case_id, Lockdown.level).where(Lockdown.section == section.code)
    return DeskSettings(
        version=row.version,
        rules=rules,
        limits={(case_id, name): value for case_id, name, value in session.execute(limits)},
        lockdowns={case_id: level for case_id, level in session.execute(lockdowns) if level != NORMAL},
        usual=row.usual or {},
        day_secrets=day_secrets(session, keyring, rules.days) if rules.days else {},
    )


def _entries(session: Session, keyring: Keyring, section: Section) -> Iterable[RuleEntry]:
    columns = (Rule.id, Rule.effect, Rule.kind, Rule.value, Rule.value_index, Rule.expires_at)
    for row in session.execute(select(*columns).where(Rule.section == section.code).order_by(Rule.id)):
        value = "" if row.kind == "address" else keyring.open(row.value)
        yield RuleEntry(row.id, row.effect, row.kind, value, bytes(row.value_index), row.expires_at)


def touch(session: Session, section: Section) -> None:
    """Raise the section's version in the transaction of a change, so that every process sees it within two seconds."""
    table = DeskState.__table__
    values = {"section": section.code, "version": 1, "usual": {}}
    upsert(session, table, values, ["section"], {"version": table.c.version + 1})
