"""Handing letters over: through several connections at once, recorded by sets, and stopped where it is of no use.

Nothing here is inside a transaction but the recording. Between a hand-over and its record at most :data:`TOGETHER` mails,
or those of :data:`SOON` seconds, are in hand: a worker that is killed then has them sent again, with the same Message-ID.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ...state import Mailer, W4RState
from ..people.addresses import parse_address
from ..storage.unit_of_work import UnitOfWork, run
from . import letters, outbox
from .caps import suppress
from .faults import MAX_ATTEMPTS, Fault, classify, pause_after
from .letters import Letter, Render

T = TypeVar("T")
log = logging.getLogger("flask_w4r.mail")

#: So many failures in a row of one kind (not reached, throttled, refused) end a round.
BREAKER = 5
#: Mails recorded in one transaction at most, and for how many seconds the first of them waits for the others.
TOGETHER, SOON = 25, 0.25
#: A mail server that says that there is no such mailbox is believed where it took another mail in so many seconds: one
#: that refuses everybody says so of all.
BELIEVED = 3600.0
#: Recording that a mail left is worth some patience: what is not recorded is sent again.
RECORD_PAUSES = (0.2, 1.0, 3.0)


@dataclass
class MailReport:
    """What a round did. ``interrupted``: it ended early, since the mail server was not reached or took nothing."""

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


def note_failure(session: Session, worker: str, facts: Any, fault: Fault, report: MailReport, *, now: datetime) -> None:
    """Write a failed try down: it is tried again later, unless that is of no use.

    :param facts: ``id``, ``attempts`` and ``kind`` of the mail.
    """
    tried = facts["attempts"] + 1
    final = fault.permanent or tried >= MAX_ATTEMPTS
    again = None if final else now + pause_after(tried)
    outbox.record_failure(session, facts["id"], worker, attempts=tried, error=fault.text, not_before=again)
    report.failed += final
    report.retried += not final
    log.warning("mail %s (%s) not handed over, try %d: %s%s", facts["id"], facts["kind"], tried, fault.text,
                "; given up" if final else "")  # fmt: skip


class Leaving:
    """Letters that leave in one round.

    :param worker: the name under which they were claimed.
    """

    def __init__(
        self, app: Any, state: W4RState, render: Render, mailer: Mailer, clock: Callable[[], datetime], worker: str
    ) -> None:
        self.app, self.state, self.render, self.mailer, self.clock = app, state, render, mailer, clock
        self.worker = worker
        self.report = MailReport()
        self.connections: int = max(1, getattr(mailer, "connections", 1))
        self._row: tuple[str, int] = ("", 0)
        self._unrecorded: list[Letter] = []
        self._since = 0.0
        #: When the mail server last took a mail, on the process' clock.
        self._accepted: dict[str, float] = state.once("mail_accepted", dict)

    def send(self, ready: Iterable[Letter], over: Callable[[], bool]) -> None:
        """Hand letters over, and record each.

        :param over: asked before each; true ends it, and those begun are finished.
        """
        memo: dict[Any, Any] = {}
        flying: dict[Future[None], Letter] = {}
        with ThreadPoolExecutor(self.connections, thread_name_prefix="w4r-mail") as pool:
            for letter in ready:
                if self.report.interrupted or over():
                    break
                if len(flying) >= self.connections:
                    self._land(flying)
                try:
                    leave = self._packed(letter, memo)
                    if self.connections > 1:
                        flying[pool.submit(leave)] = letter
                        continue
                    leave()
                except Exception as error:  # A host's mailer may raise anything; the mail stays in the outbox.
                    self._failed(letter, error)
                else:
                    self._left(letter)
            while flying:
                self._land(flying)
        self._record()

    def _packed(self, letter: Letter, memo: dict[Any, Any]) -> Callable[[], None]:
        """What hands a letter over: to the host's own sink, or as a message to the mailer."""
        kind = letter.facts["kind"]
        sink = self.state.seam.mails[kind].hand_over
        if sink is not None:

            def hand_over() -> None:
                with self.app.app_context():
                    sink(self.state.hooks, letter.params)

            return hand_over
        words = self.render(kind, letter.section, letter.facts["locale"], letter.context, memo=memo)
        message = letters.compose(letter, self.state.config.mail_sender, words, now=self.clock())
        return partial(self.mailer, message)

    def _land(self, flying: dict[Future[None], Letter]) -> None:
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            letter, error = flying.pop(future), future.exception()
            if isinstance(error, Exception):
                self._failed(letter, error)
            elif error is not None:
                raise error
            else:
                self._left(letter)

    def _left(self, letter: Letter) -> None:
        self._row = ("", 0)
        self._accepted["at"] = time.monotonic()
        self._unrecorded.append(letter)
        if len(self._unrecorded) == 1:
            self._since = time.monotonic()
        if len(self._unrecorded) >= TOGETHER or time.monotonic() - self._since >= SOON:
            self._record()

    def _record(self) -> None:
        done, self._unrecorded = self._unrecorded, []
        if not done:
            return
        self._patiently(partial(self._record_sent, done))
        self.report.sent += len(done)
        for letter in done:
            log.info("mail %s (%s, %s) handed over", letter.id, letter.section.code, letter.facts["kind"])

    def _record_sent(self, done: list[Letter], work: UnitOfWork) -> None:
        now = self.clock()
        mine = outbox.record_sent(work.session, [letter.facts for letter in done], self.worker, now=now)
        for kind in dict.fromkeys(letter.facts["kind"] for letter in done):
            sent = self.state.seam.mails[kind].sent
            those = [letter for letter in done if letter.facts["kind"] == kind and letter.id in mine]
            if sent is not None and those:
                sent(work.session, self.state.keyring, those, now=now)

    def _failed(self, letter: Letter, error: Exception) -> None:
        # What left before is safe before anything else is done.
        self._record()
        fault = classify(error)
        sort = "reached" if fault.connection else "throttled" if fault.throttled else "refused" if fault.refused else ""
        self._row = (sort, self._row[1] + 1 if sort and sort == self._row[0] else 1)
        if fault.refused and time.monotonic() - self._accepted.get("at", -BELIEVED) >= BELIEVED:
            fault = replace(fault, permanent=False, bounced=False)
        self.report.add(self._patiently(partial(self._record_failure, letter, fault)))
        if sort and self._row[1] >= BREAKER:
            log.warning("mail server %s, %d times in a row; pausing", _SORTS[sort], self._row[1])
            self.report.interrupted = True

    def _record_failure(self, letter: Letter, fault: Fault, work: UnitOfWork) -> MailReport:
        report = MailReport()
        now = self.clock()
        note_failure(work.session, self.worker, letter.facts, fault, report, now=now)
        if fault.bounced:
            canonical = parse_address(letter.recipient, test_environment=True).canonical
            suppress(work.session, self.state.keyring, letter.section, canonical, "bounced", now=now)
        return report

    def _patiently(self, function: Callable[[UnitOfWork], T]) -> T:
        for pause in RECORD_PAUSES:
            try:
                return run(self.app, function)
            except DBAPIError as error:
                log.warning("outbox not written (%s); trying again", type(error).__name__)
                time.sleep(pause)
        return run(self.app, function)


_SORTS = {"reached": "not reached", "throttled": "asks us to wait", "refused": "refuses everybody"}
