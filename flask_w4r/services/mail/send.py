"""Sending what waits in the outbox.

A round claims mails (one transaction), works out what they say (one), hands each over **outside any transaction**,
and records each (one). A worker killed in between leaves rows whose lease runs out: such a mail goes out again, with
the same Message-ID and the same links. Nothing is lost; a repeat is rare and recognisable.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ...keyring import SealBroken
from ...models import OutboxMail
from ...seam import Tools
from ...state import Mailer, W4RState, get_state
from ..people.addresses import AddressFault, parse_address
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork, read, run
from . import letters, outbox
from .caps import DAILY_CAP, answered, cap_index, is_suppressed, mails_today, next_day, suppress
from .faults import MAX_ATTEMPTS, Fault, UnknownKind, UnknownSection, classify, pause_after
from .letters import Letter, Render
from .outbox import OutboxStatus, enqueue, is_due, outbox_status, outbox_values, requeue_failed

__all__ = [
    "MailReport", "OutboxStatus", "Render", "answered", "cap_index", "enqueue", "is_due", "is_suppressed", "outbox_status",
    "outbox_values", "requeue_failed", "run_due", "suppress",
]  # fmt: skip

T = TypeVar("T")
log = logging.getLogger("flask_w4r.mail")

#: So many failures in a row to reach the mail server end a round.
BREAKER = 5
#: Recording that a mail left is worth some patience: what is not recorded is sent again.
RECORD_PAUSES = (0.2, 1.0, 3.0)


@dataclass
class MailReport:
    """What a round did. ``interrupted``: it ended early, since the mail server could not be reached."""

    sent: int = 0
    dropped: int = 0
    failed: int = 0
    retried: int = 0
    interrupted: bool = False

    def add(self, other: MailReport) -> None:
        """Count another round in."""
        self.sent += other.sent
        self.dropped += other.dropped
        self.failed += other.failed
        self.retried += other.retried
        self.interrupted = self.interrupted or other.interrupted

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return asdict(self)


def run_due(
    app: Any,
    *,
    render: Render,
    mailer: Mailer,
    batch: int = 20,
    lease_seconds: float = 120,
    limit: int | None = None,
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> MailReport:
    """Send every mail that is due.

    :param app: the Flask app.
    :param render: makes the words of a mail.
    :param mailer: hands one message over, or raises.
    :param batch: how many mails to claim at a time.
    :param lease_seconds: how long a claim holds; a killed worker's mails are free again after it.
    :param limit: claim no more mails than this.
    :param now: the moment to go by; the app's clock otherwise.
    :param stop: asked between mails; true ends the round, and what was claimed is given back.
    :returns: what was done.
    """
    state = get_state(app)
    clock = state.clock if now is None else lambda: now
    worker = _Round(app, state, render, mailer, clock, lease_seconds, stop)
    taken = 0
    while not worker.over and (limit is None or taken < limit) and read(app, lambda s: is_due(s, clock())):
        size = batch if limit is None else min(batch, limit - taken)
        claimed = worker.claim(size)
        if not claimed:
            break
        taken += len(claimed)
        worker.send_all(claimed)
    return worker.report


def job(app: Any, tools: Tools) -> dict[str, Any]:
    """Send every mail that is due: what the worker runs. Returns what was done, by name."""
    return run_due(
        app, render=tools.render, mailer=tools.mailer, batch=tools.batch, lease_seconds=tools.lease_seconds,
        stop=tools.stop.is_set,
    ).as_dict()  # fmt: skip


class _Round:
    """One call of :func:`run_due`."""

    def __init__(
        self,
        app: Any,
        state: W4RState,
        render: Render,
        mailer: Mailer,
        clock: Callable[[], datetime],
        lease_seconds: float,
        stop: Callable[[], bool],
    ) -> None:
        self.app, self.state, self.render, self.mailer, self.clock = app, state, render, mailer, clock
        self.lease_seconds, self.stop = lease_seconds, stop
        self.name = secrets.token_hex(16)
        self.report = MailReport()
        self.unreachable = 0
        self.capped = frozenset(name for name, kind in state.seam.mails.items() if kind.capped)

    @property
    def over(self) -> bool:
        """Whether to begin no further mail."""
        return self.report.interrupted or self.stop()

    def claim(self, size: int) -> list[int]:
        """Take mails. They are counted under today's key from now on, visibly to every other worker."""
        now = self.clock()
        keyring = self.state.keyring
        # In a transaction of its own: other processes must see a new day's key before anything is counted under it.
        secret = run(self.app, lambda work: day_secret(work.session, keyring, now.date()))

        def take(work: UnitOfWork) -> list[int]:
            rows = outbox.claim(work.session, self.name, batch=size, lease_seconds=self.lease_seconds, now=now)
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
        for number, letter in enumerate(ready):
            # Past half the lease the rest is left to the next claim, lest another worker take it meanwhile.
            if self.over or (number and time.monotonic() - began > self.lease_seconds / 2):
                break
            self._send(letter)
        run(self.app, lambda work: outbox.release(work.session, self.name, ids))

    def _prepare(self, session: Session, ids: Sequence[int]) -> tuple[list[Letter], MailReport]:
        ready: list[Letter] = []
        report = MailReport()
        accepted: dict[bytes | None, int] = {}
        for row in outbox.held(session, self.name, ids):
            try:
                letter = self._prepare_one(session, row, accepted)
            except DBAPIError:
                raise
            except Exception as error:  # One row that cannot be read must not stop the others.
                self._note_failure(session, row.id, row.attempts, row.kind, classify(error), report)
                continue
            if letter is None:
                outbox.record_dropped(session, row.id, self.name)
                report.dropped += 1
            elif letter is not _LATER:
                accepted[row.cap_index] = accepted.get(row.cap_index, 0) + 1
                ready.append(letter)
        return ready, report

    def _prepare_one(self, session: Session, row: OutboxMail, accepted: dict[bytes | None, int]) -> Any:
        now, keyring = self.clock(), self.state.keyring
        section, kind = self.state.sections.get(row.section), self.state.seam.mails.get(row.kind)
        if section is None:
            raise UnknownSection(row.section)
        if kind is None:
            raise UnknownKind(row.kind)
        address = parse_address(keyring.open(row.recipient or ""), test_environment=True)
        if is_suppressed(session, keyring, section, address.canonical):
            return None
        if row.cap_index is not None:
            sent, leaving = mails_today(session, row.cap_index, worker=self.name, now=now)
            if sent >= DAILY_CAP:
                if kind.lapses:
                    return None
                # Nobody's act is lost to a cap: what asks to be confirmed waits.
                row.not_before = next_day(now)
                return _LATER
            if sent + leaving + accepted.get(row.cap_index, 0) >= DAILY_CAP:
                if leaving:  # Another worker is at it; look again when it is done.
                    row.not_before = now + pause_after(1) / 10
                return _LATER
        days = self.state.config.retention["token_days"]
        return letters.prepare(session, keyring, kind, section, row, address, now=now, token_days=days)

    def _send(self, letter: Letter) -> None:
        kind = letter.facts["kind"]
        try:
            hand_over = self.state.seam.mails[kind].hand_over
            if hand_over is not None:
                with self.app.app_context():
                    hand_over(self.state.hooks, letter.params)
            else:
                words = self.render(kind, letter.section, letter.facts["locale"], letter.context)
                message = letters.compose(letter, self.state.config.mail_sender, words, now=self.clock())
                self.mailer(message)
        except Exception as error:  # A host's mailer may raise anything; the mail stays in the outbox.
            fault = classify(error)
            self.report.add(self._patiently(partial(self._record_failure, letter, fault)))
            self.unreachable = self.unreachable + 1 if fault.connection else 0
            if self.unreachable >= BREAKER:
                log.warning("mail server not reached %d times in a row; pausing", self.unreachable)
                self.report.interrupted = True
            return
        self.unreachable = 0
        self._patiently(partial(self._record_sent, letter))
        self.report.sent += 1
        log.info("mail %s (%s, %s) handed over", letter.id, letter.section.code, kind)

    def _record_sent(self, letter: Letter, work: UnitOfWork) -> None:
        now = self.clock()
        recorded = outbox.record_sent(work.session, letter.facts, self.name, now=now)
        sent = self.state.seam.mails[letter.facts["kind"]].sent
        if recorded and sent is not None:
            sent(work.session, self.state.keyring, letter, now=now)

    def _record_failure(self, letter: Letter, fault: Fault, work: UnitOfWork) -> MailReport:
        report = MailReport()
        facts = letter.facts
        self._note_failure(work.session, letter.id, facts["attempts"], facts["kind"], fault, report)
        if fault.bounced:
            canonical = parse_address(letter.recipient, test_environment=True).canonical
            suppress(work.session, self.state.keyring, letter.section, canonical, "bounced", now=self.clock())
        return report

    def _note_failure(
        self, session: Session, row_id: int, attempts: int, kind: str, fault: Fault, report: MailReport
    ) -> None:
        tried = attempts + 1
        final = fault.permanent or tried >= MAX_ATTEMPTS
        again = None if final else self.clock() + pause_after(tried)
        outbox.record_failure(session, row_id, self.name, attempts=tried, error=fault.text, not_before=again)
        report.failed += final
        report.retried += not final
        log.warning("mail %s (%s) not handed over, try %d: %s%s", row_id, kind, tried, fault.text,
                    "; given up" if final else "")  # fmt: skip

    def _patiently(self, function: Callable[[UnitOfWork], T]) -> T:
        for pause in RECORD_PAUSES:
            try:
                return run(self.app, function)
            except DBAPIError as error:
                log.warning("outbox not written (%s); trying again", type(error).__name__)
                time.sleep(pause)
        return run(self.app, function)


#: Not now, and not dropped: the address' cap may be used up by mails that are leaving.
_LATER = object()
