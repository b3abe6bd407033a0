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
from . import letters, outbox, stop
from .caps import suppress
from .faults import PATIENCE, SORTS, Fault, classify, pause_after, shortest_pause
from .letters import Letter, Render

T = TypeVar("T")
log = logging.getLogger("flask_w4r.mail")

#: Mails recorded in one transaction at most, and for how many seconds the first of them waits for the others.
TOGETHER, SOON = 25, 0.25
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
    final = not fault.patience or tried >= PATIENCE[fault.patience].tries
    again = None if final else now + pause_after(tried, fault.patience)
    outbox.record_failure(session, facts["id"], worker, attempts=tried, error=fault.text, not_before=again)
    report.failed += final
    report.retried += not final
    log.warning("mail %s (%s) not handed over, try %d: %s%s", facts["id"], facts["kind"], tried, fault.text,
                "; given up" if final else "")  # fmt: skip


class Leaving:
    """Letters that leave in one round.

    :param worker: the name under which they were claimed.
    :ivar carefully: one at a time, and the first that does not reach the mail server ends it.
    :ivar doubts: what the server says of mailboxes is not believed in this round: it did not take most mails just before.
    """

    def __init__(
        self, app: Any, state: W4RState, render: Render, mailer: Mailer, clock: Callable[[], datetime], worker: str
    ) -> None:
        self.app, self.state, self.render, self.mailer, self.clock = app, state, render, mailer, clock
        self.worker = worker
        self.report = MailReport()
        self.connections: int = max(1, getattr(mailer, "connections", 1))
        self.carefully = self.doubts = False
        self.tally = stop.Tally()
        self._unrecorded: list[Letter] = []
        self._since = 0.0
        #: Those whose mailbox is said not to exist, and how many mails had been taken by then.
        self._doubted: list[tuple[Letter, Fault, int]] = []

    def send(self, ready: Iterable[Letter], over: Callable[[], bool]) -> None:
        """Hand letters over, and record each.

        :param over: asked before each; true ends it, and those begun are finished.
        """
        memo: dict[Any, Any] = {}
        flying: dict[Future[None], Letter] = {}
        at_once = 1 if self.carefully else self.connections
        with ThreadPoolExecutor(at_once, thread_name_prefix="w4r-mail") as pool:
            for letter in ready:
                if self.report.interrupted or over():
                    break
                if len(flying) >= at_once:
                    self._land(flying)
                sink = self.state.seam.mails[letter.facts["kind"]].hand_over
                try:
                    leave = self._sunk(letter, sink) if sink is not None else self._packed(letter, memo)
                except Exception as error:  # A template may raise anything; the mail stays in the outbox.
                    self._failed(letter, replace(classify(error), sort=""))
                    continue
                if sink is None and at_once > 1:
                    flying[pool.submit(leave)] = letter
                    continue
                try:
                    leave()
                except Exception as error:  # So may a host's mailer.
                    self._failed(letter, _of_mailer(error) if sink is None else replace(classify(error), sort=""))
                else:
                    self._left(letter, by_mailer=sink is None)
            while flying:
                self._land(flying)
        self._record()
        self._settle()

    def _sunk(self, letter: Letter, sink: Callable[..., None]) -> Callable[[], None]:
        """What hands a letter to the host's own sink."""

        def hand_over() -> None:
            with self.app.app_context():
                sink(self.state.hooks, letter.params)

        return hand_over

    def _packed(self, letter: Letter, memo: dict[Any, Any]) -> Callable[[], None]:
        """What hands a letter as a message to the mailer."""
        words = self.render(letter.facts["kind"], letter.section, letter.facts["locale"], letter.context, memo=memo)
        message = letters.compose(letter, self.state.config.mail_sender, words, now=self.clock())
        return partial(self.mailer, message)

    def _land(self, flying: dict[Future[None], Letter]) -> None:
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            letter, error = flying.pop(future), future.exception()
            if isinstance(error, Exception):
                self._failed(letter, _of_mailer(error))
            elif error is not None:
                raise error
            else:
                self._left(letter)

    def _left(self, letter: Letter, *, by_mailer: bool = True) -> None:
        if by_mailer:
            self.tally.take(_domain(letter))
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

    def _failed(self, letter: Letter, fault: Fault) -> None:
        # What left before is safe before anything else is done.
        self._record()
        self.tally.fail(fault, _domain(letter))
        if fault.bounced:
            self._doubted.append((letter, fault, self.tally.taken))
        else:
            self._note(letter, fault)
        enough = self.tally.is_enough(fault.sort) or (self.carefully and fault.sort == "away")
        if enough and not self.report.interrupted:
            new = self._patiently(lambda work: stop.stop(work.session, fault, now=self.clock()))
            level = logging.ERROR if new else logging.WARNING
            log.log(level, "the mail server %s (%s); sending stops for a while", SORTS[fault.sort], fault.text)
            self.report.interrupted = True

    def _settle(self) -> None:
        """Decide whether to believe that mailboxes do not exist: a relay that is set up wrongly may say so of everybody."""
        doubted, self._doubted = self._doubted, []
        for letter, fault, taken in doubted:
            believed = not (self.report.interrupted or self.doubts) and (
                self._is_exception(taken) or self._patiently(partial(self._is_refused_again, letter))
            )
            self._note(letter, fault if believed else replace(fault, bounced=False, patience="refused"))

    def _is_exception(self, taken: int) -> bool:
        """Whether most of the round's mails were taken, and the server did not turn to refusing at its end."""
        turned = self.tally.row > 1 and self.tally.taken == taken
        return self.tally.takes_most and not turned

    def _is_refused_again(self, letter: Letter, work: UnitOfWork) -> bool:
        """Whether the server took as many others' mail since it refused this one last as it refuses in this round."""
        tried = letter.facts["attempts"]
        if not tried:
            return False
        # It came due again after a pause, of which this is the shortest.
        last = letter.facts["not_before"] - shortest_pause(tried, "refused")
        return outbox.sent_since(work.session, last, most=self.tally.failed["refused"]) >= self.tally.failed["refused"]

    def _note(self, letter: Letter, fault: Fault) -> None:
        self.report.add(self._patiently(partial(self._record_failure, letter, fault)))

    def _record_failure(self, letter: Letter, fault: Fault, work: UnitOfWork) -> MailReport:
        report = MailReport()
        now = self.clock()
        note_failure(work.session, self.worker, letter.facts, fault, report, now=now)
        kind = self.state.seam.mails[letter.facts["kind"]]
        if kind.failed is not None:
            final = report.failed > 0
            kind.failed(work.session, self.state.keyring, letter, fault, final=final, now=now)
        if fault.bounced and not kind.always:
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


def _domain(letter: Letter) -> str:
    return letter.recipient.rpartition("@")[2].lower()


def _of_mailer(error: Exception) -> Fault:
    """What a mailer's error means. One that nobody knows, such as a host's mailer may raise, is the server's too."""
    fault = classify(error)
    return fault if fault.sort or fault.patience != "later" else replace(fault, sort="away", patience="away")
