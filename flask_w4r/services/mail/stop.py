"""A mail server that takes nothing, or refuses most, is asked by all workers together less and less often; staff are told.

One row stands in the database while that lasts. Whoever finds its pause over takes it further (:func:`ask_again`) and tries
a few mails, some that waited longest and some that came due last: somebody waits for them, or the server had asked to see
them again. The others are left alone, so that none of their tries is used up on a server that is away.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...models import MailStop, OutboxMail
from ..storage.rows import execute
from ..storage.upsert import insert_ignore
from .faults import SORTS, Fault
from .outbox import MAIL, is_mail

#: So many failures in a row of one sort, or so many that outnumber the mails that were taken, stop a round.
BREAKER = 5
#: So many are tried after a pause.
NEWEST, OLDEST = 3, 2
#: So long is the first pause, and the longest: they double.
FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=10)
#: So long after the last pause ended nothing is stopped: no mail has waited since.
FORGOTTEN = timedelta(hours=1)


class Tally:
    """What became of the mails of a round.

    A relay that asks the recipients' servers first repeats what *they* say: one domain that refuses all of its own mail,
    while the server takes others', is that domain's trouble. Somebody might even wish to stop everybody's mail with it.

    :ivar taken: so many the mail server took.
    :ivar failed: so many it did not, by sort.
    :ivar last: the last of them.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.failed = dict.fromkeys(SORTS, 0)
        self.last: Fault | None = None
        #: Domains it took mail for; those it refused; and those it did not since it took one, all for one sort.
        self._taken_of: set[str] = set()
        self._refused_of: Counter[str] = Counter()
        self._row: tuple[str, Counter[str]] = ("", Counter())

    @property
    def takes_most(self) -> bool:
        """Whether the server takes mail, and does not refuse as much."""
        return self.taken > self.failed["refused"]

    @property
    def may_go_on(self) -> bool:
        """The same of a few that were tried, where one domain counts once."""
        return bool(self.taken) and self.taken >= self._weight(self._refused_of)

    @property
    def row(self) -> int:
        """How many failed since one was taken, or failed otherwise."""
        return self._row[1].total()

    def take(self, domain: str) -> None:
        """The server took a mail for a domain."""
        self.taken += 1
        self._taken_of.add(_short(domain))
        self._row = ("", Counter())

    def fail(self, fault: Fault, domain: str) -> None:
        """It did not."""
        sort = fault.sort
        if not sort:  # It was not the server's fault.
            return
        self.last = fault
        self.failed[sort] += 1
        if sort != self._row[0]:
            self._row = (sort, Counter())
        self._row[1][_short(domain)] += 1
        if sort == "refused":
            self._refused_of[_short(domain)] += 1

    def is_enough(self, sort: str) -> bool:
        """Whether a server like that is better left alone."""
        outnumbered = self.failed.get(sort, 0) >= BREAKER and self.failed[sort] > self.taken
        return outnumbered or (sort == self._row[0] and self._weight(self._row[1]) >= BREAKER)

    def _weight(self, domains: Counter[str]) -> int:
        alone = (domain for domain in domains if self.taken and domain not in self._taken_of)
        return domains.total() - sum(domains[domain] - 1 for domain in alone)


@dataclass(frozen=True)
class Stopped:
    """Sending has stopped.

    :ivar since: when it did.
    :ivar until: when the mail server is asked again.
    :ivar sort: one of :data:`.faults.SORTS`.
    :ivar fault: what it said last, without personal data.
    """

    since: datetime
    until: datetime
    sort: str
    fault: str

    @property
    def words(self) -> str:
        """What the mail server does, in the words of the log."""
        return f"the mail server {SORTS.get(self.sort, self.sort)} ({self.fault})"

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "since": self.since.isoformat(), "until": self.until.isoformat(), "sort": self.sort, "fault": self.fault,
        }  # fmt: skip


def stopped(session: Session, *, now: datetime) -> Stopped | None:
    """What staff are told; ``None`` while mail leaves."""
    row = session.get(MailStop, MAIL, populate_existing=True)
    if row is None or row.until < now - FORGOTTEN:
        return None
    return Stopped(row.since, row.until, row.sort, row.fault)


def since(now: datetime) -> Any:
    """A query for when sending stopped, for those who ask for more in the same statement; nothing while mail leaves."""
    return select(MailStop.since).where(MailStop.name == MAIL, MailStop.until >= now - FORGOTTEN)


def is_there(session: Session) -> bool:
    """Whether sending has stopped, and nobody found out yet that it may go on."""
    return session.get(MailStop, MAIL, populate_existing=True) is not None


def ask_again(session: Session, *, now: datetime, hold: timedelta, anyway: bool = False) -> bool:
    """Whether to try a few mails now that sending has stopped.

    :param hold: no other worker tries meanwhile.
    :param anyway: be it during the pause, and with mails whose time has not come.
    """
    mine = update(MailStop).where(MailStop.name == MAIL)
    # Nobody has asked for long: were it so still, that would be another time.
    execute(session, mine.where(MailStop.until < now - FORGOTTEN).values(since=now, times=0))
    if anyway:
        _bring_forward(session, now)
    else:
        mine = mine.where(MailStop.until <= now)
    return bool(execute(session, mine.values(until=now + hold)))


def answered(session: Session, tally: Tally, *, now: datetime) -> None:
    """Go on, wait longer, or let the next mail ask, by what became of the few that were tried.

    Where sending goes on, the mails that were put off for the same fault as the server's leave too.
    """
    if tally.may_go_on:
        _bring_forward(session, now)
        execute(session, delete(MailStop).where(MailStop.name == MAIL))
    elif tally.last is not None:
        stop(session, tally.last, now=now)
    else:
        execute(session, update(MailStop).where(MailStop.name == MAIL).values(until=now))


def stop(session: Session, fault: Fault, *, now: datetime, name: str = MAIL) -> bool:
    """Leave the mail server alone for a while, longer each time in a row. Returns whether that is new.

    :param name: of somebody else who is left alone.
    """
    row = session.get(MailStop, name, populate_existing=True, with_for_update=True)
    if row is None:
        values = {"name": name, "sort": fault.sort, "fault": fault.text[:200], "since": now, "times": 1}
        return insert_ignore(session, MailStop.__table__, {**values, "until": now + _pause(1)})
    row.times += 1
    row.sort, row.fault, row.until = fault.sort, fault.text[:200], now + _pause(row.times)
    session.flush()
    return row.times == 1


def _bring_forward(session: Session, now: datetime) -> None:
    fault = select(MailStop.fault).where(MailStop.name == MAIL).scalar_subquery()
    put_off = (OutboxMail.state == "queued", OutboxMail.not_before > now, OutboxMail.last_error == fault, is_mail())
    execute(session, update(OutboxMail).where(*put_off).values(not_before=now))


def _short(domain: str) -> str:
    """A domain without what its owner may put before it at will."""
    return ".".join(domain.split(".")[-2:])


def _pause(times: int) -> timedelta:
    pause: timedelta = min(LONGEST, FIRST * 2 ** min(times - 1, 20)) * random.uniform(0.8, 1.0)
    return pause
