"""Sending what waits in the outbox.

A round claims mails by the hundred (one transaction), works out what they say (one), hands them over **outside any
transaction** (:mod:`.leaving`), and records them by sets. A worker killed in between leaves rows whose lease runs out:
such a mail goes out again, with the same Message-ID and the same links. Nothing is lost; a repeat is rare and
recognisable.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ...keyring import SealBroken
from ...models import OutboxMail
from ...seam import Ask, Tools
from ...state import Mailer, get_state
from ..people.addresses import AddressFault, parse_address
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork, read, run
from . import letters, outbox, unsubscribing
from . import stop as stops
from .caps import (
    Today,
    answered,
    cap_index,
    is_suppressed,
    mails_today,
    next_day,
    suppress,
    suppressed_among,
)
from .faults import UnknownKind, UnknownSection, classify
from .leaving import Leaving, MailReport, note_failure
from .letters import Letter, Render
from .outbox import enqueue, is_due, outbox_values, requeue_failed
from .standing import OutboxStatus, outbox_status
from .turns import TOMORROW, waits_until

__all__ = [
    "MailReport", "OutboxStatus", "Render", "answered", "cap_index", "enqueue", "is_due", "is_suppressed", "outbox_status",
    "outbox_values", "requeue_failed", "run_due", "suppress",
]  # fmt: skip


def run_due(
    app: Any,
    *,
    render: Render,
    mailer: Mailer,
    batch: int = 200,
    lease_seconds: float = 120,
    limit: int | None = None,
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    anyway: bool = False,
) -> MailReport:
    """Send every mail that is due.

    :param app: the Flask app.
    :param render: makes the words of a mail.
    :param mailer: hands one message over, or raises. One with ``connections`` takes so many at once, from as many
        threads.
    :param batch: how many mails to claim at a time.
    :param lease_seconds: how long a claim holds; a killed worker's mails are free again after it.
    :param limit: claim no more mails than this.
    :param now: the moment to go by; the app's clock otherwise.
    :param stop: asked between mails; true ends the round, and what was claimed is given back.
    :param anyway: ask the mail server now, be it one that is left alone for a while (:mod:`.stop`).
    :returns: what was done.
    """
    clock = get_state(app).clock if now is None else lambda: now
    worker = _Round(app, render, mailer, clock, lease_seconds, stop)
    if not worker.may_begin(anyway=anyway):
        return worker.report
    taken = 0
    while not worker.over() and (limit is None or taken < limit) and read(app, lambda s: is_due(s, clock())):
        size = batch if limit is None else min(batch, limit - taken)
        claimed = worker.claim(size)
        if not claimed:
            break
        taken += len(claimed)
        worker.send_all(claimed)
    return worker.report


def job(app: Any, tools: Tools, *, anyway: bool = False) -> dict[str, Any]:
    """Send every mail that is due: what the worker runs. Returns what was done, by name; see :func:`run_due`."""
    return run_due(
        app, render=tools.render, mailer=tools.mailer, batch=tools.batch, lease_seconds=tools.lease_seconds,
        stop=tools.stop.is_set, anyway=anyway,
    ).as_dict()  # fmt: skip


_Claimed = tuple[OutboxMail, Ask]


class _Round:
    """One call of :func:`run_due`."""

    def __init__(
        self,
        app: Any,
        render: Render,
        mailer: Mailer,
        clock: Callable[[], datetime],
        lease_seconds: float,
        stop: Callable[[], bool],
    ) -> None:
        self.app, self.state, self.clock = app, get_state(app), clock
        self.lease_seconds, self.stop = lease_seconds, stop
        self.name = secrets.token_hex(16)
        self.leaving = Leaving(app, self.state, render, mailer, clock, self.name)
        self.report = self.leaving.report
        self.capped = frozenset(name for name, kind in self.state.seam.mails.items() if kind.capped)

    def over(self) -> bool:
        """Whether to begin no further mail."""
        return self.report.interrupted or self.stop()

    def may_begin(self, *, anyway: bool) -> bool:
        """Whether to send at all. Where sending had stopped, a few mails find out whether it may go on."""
        if not read(self.app, stops.is_there):
            return True
        hold = timedelta(seconds=self.lease_seconds)
        mine = run(self.app, lambda work: stops.ask_again(work.session, now=self.clock(), hold=hold, anyway=anyway))
        if not mine:
            return False
        self.leaving.carefully = self.leaving.doubts = True
        self.send_all([*self.claim(stops.NEWEST, newest=True), *self.claim(stops.OLDEST)])
        self.leaving.carefully = False
        if self.report.interrupted:
            return False
        tally = self.leaving.tally
        run(self.app, lambda work: stops.answered(work.session, tally, now=self.clock()))
        return tally.may_go_on

    def claim(self, size: int, *, newest: bool = False) -> list[int]:
        """Take mails. They are counted under today's key from now on, visibly to every other worker."""
        now = self.clock()
        keyring = self.state.keyring
        # In a transaction of its own: other processes must see a new day's key before anything is counted under it.
        secret = run(self.app, lambda work: day_secret(work.session, keyring, now.date()))

        def take(work: UnitOfWork) -> list[int]:
            rows = outbox.claim(
                work.session, self.name, batch=size, lease_seconds=self.lease_seconds, now=now, newest=newest
            )
            for row in rows:
                section = self.state.sections.get(row.section)
                if section is None or row.recipient is None:
                    continue
                if row.kind in self.capped and row.cap_day != now.date():
                    # What is wrong with an address is found, and recorded, when the mail is prepared.
                    with contextlib.suppress(SealBroken, AddressFault):
                        address = parse_address(keyring.open(row.recipient), test_environment=True)
                        row.cap_index, row.cap_day = cap_index(secret, section, address.canonical), now.date()
            return [row.id for row in rows]

        return run(self.app, take)

    def send_all(self, ids: Sequence[int]) -> None:
        """Prepare, hand over and record claimed mails; give back those not tried."""
        began = time.monotonic()
        ready, report = run(self.app, lambda work: self._prepare(work.session, ids))
        self.report.add(report)

        def over() -> bool:
            # Past half the lease the rest is left to the next claim, lest another worker take it meanwhile.
            return self.over() or time.monotonic() - began > self.lease_seconds / 2

        self.leaving.send(ready, over)
        run(self.app, lambda work: outbox.release(work.session, self.name, ids))

    def _prepare(self, session: Session, ids: Sequence[int]) -> tuple[list[Letter], MailReport]:
        """Which of the claimed mails leave now, and what they say."""
        report = MailReport()
        claimed: list[_Claimed] = []
        for row in outbox.held(session, self.name, ids):
            try:
                claimed.append((row, self._ask(row)))
            except Exception as error:  # One row that cannot be read must not stop the others.
                self._note(session, row, error, report)
        wanted, dropped = self._wanted(session, claimed)
        contexts = self._contexts(session, wanted, report)
        ready: list[Letter] = []
        for row, ask in wanted:
            context = contexts.get(row.id, _FAILED)
            if context is None:
                dropped.append(row.id)
            elif context is not _FAILED:
                ready.append(letters.letter(row, ask, context))
        if dropped:
            outbox.record_dropped(session, dropped, self.name)
        report.dropped += len(dropped)
        return ready, report

    def _ask(self, row: OutboxMail) -> Ask:
        section, kind = self.state.sections.get(row.section), self.state.seam.mails.get(row.kind)
        if section is None:
            raise UnknownSection(row.section)
        if kind is None:
            raise UnknownKind(row.kind)
        keyring = self.state.keyring
        address = parse_address(keyring.open(row.recipient or ""), test_environment=True)
        return Ask(section, row.kind, keyring.open_json(row.params or ""), address)

    def _wanted(self, session: Session, claimed: Sequence[_Claimed]) -> tuple[list[_Claimed], list[int]]:
        """Those whose address may have mail now; and the ids of those that it may never have. The others wait."""
        now = self.clock()
        asked = [(ask.section, ask.address.canonical) for _, ask in claimed]
        suppressed = suppressed_among(session, self.state.keyring, asked)
        unwanted = self._unwanted(session, [ask for _, ask in claimed])
        indexes = {bytes(row.cap_index) for row, _ in claimed if row.cap_index is not None}
        today = mails_today(session, indexes, worker=self.name, now=now) if indexes else {}
        accepted: dict[bytes, Counter[str]] = defaultdict(Counter)
        wanted, dropped = [], []
        for row, ask in claimed:
            whose, kind = (ask.section.code, ask.address.canonical), self.state.seam.mails[row.kind]
            if (whose in suppressed and not kind.always) or (whose in unwanted and kind.unasked):
                dropped.append(row.id)
                continue
            index = bytes(row.cap_index) if row.cap_index is not None else None
            if index is not None:
                until = waits_until(self.state.seam, ask, today.get(index, Today()), accepted[index], now)
                if until is not None:
                    # Nobody's act is lost to a cap: what asks to be confirmed waits.
                    if until >= TOMORROW and self.state.seam.mails[row.kind].lapses:
                        dropped.append(row.id)
                    else:
                        row.not_before = next_day(now) if until >= TOMORROW else until
                    continue
                accepted[index][row.kind] += 1
            wanted.append((row, ask))
        return wanted, dropped

    def _unwanted(self, session: Session, asks: Sequence[Ask]) -> set[tuple[str, str]]:
        """Addresses among those of mails that nobody just asked for, which want none."""
        asked = [(ask.section, ask.address.canonical) for ask in asks if self.state.seam.mails[ask.kind].unasked]
        return unsubscribing.unsubscribed_among(session, self.state.keyring, asked)

    def _contexts(self, session: Session, wanted: Sequence[_Claimed], report: MailReport) -> dict[int, Any]:
        """What each mail is about, by its row; ``None`` where nothing is left to say; nothing where that failed."""
        found: dict[int, Any] = {}
        alike: dict[Any, list[_Claimed]] = defaultdict(list)
        for row, ask in wanted:
            alike[self.state.seam.mails[row.kind].prepare].append((row, ask))
        for prepare, some in alike.items():
            if prepare is None:
                found |= {row.id: ask.params for row, ask in some}
                continue
            try:
                found |= self._prepared(session, prepare, some)
            except DBAPIError:
                raise
            except Exception:
                # One of them cannot be prepared: each by itself, so that it does not stop the others.
                for pair in some:
                    try:
                        found |= self._prepared(session, prepare, [pair])
                    except DBAPIError:
                        raise
                    except Exception as error:
                        self._note(session, pair[0], error, report)
        return found

    def _prepared(self, session: Session, prepare: Any, some: Sequence[_Claimed]) -> Mapping[int, Any]:
        before = [dict(ask.params) for _, ask in some]
        days = self.state.config.retention["token_days"]
        with session.begin_nested():
            asks = [ask for _, ask in some]
            contexts = prepare(session, self.state.keyring, asks, now=self.clock(), token_days=days)
            contexts = self._with_links(session, asks, contexts)
        # The links that were made are kept, sealed, so that a second hand-over after a crash carries the same.
        for (row, ask), old in zip(some, before, strict=True):
            if ask.params != old:
                row.params = self.state.keyring.seal_json(ask.params)
        return {row.id: context for (row, _), context in zip(some, contexts, strict=True)}

    def _with_links(self, session: Session, asks: Sequence[Ask], contexts: Sequence[Any]) -> Sequence[Any]:
        """The contexts; those of mails that nobody just asked for with the link that ends them."""
        found = list(contexts)
        ending = [place for place, ask in enumerate(asks) if self.state.seam.mails[ask.kind].unasked]
        linked = unsubscribing.add_links(
            session,
            self.state.keyring,
            [asks[place] for place in ending],
            [found[place] for place in ending],
            now=self.clock(),
        )
        for place, context in zip(ending, linked, strict=True):
            found[place] = context
        return found

    def _note(self, session: Session, row: OutboxMail, error: Exception, report: MailReport) -> None:
        facts = {"id": row.id, "attempts": row.attempts, "kind": row.kind}
        note_failure(session, self.name, facts, classify(error), report, now=self.clock())


#: Neither wanted nor unwanted.
_FAILED = object()
