"""The worker's turn: each program has a lane of its own, so that one that is slow or away keeps nobody waiting.

A lane takes some messages at a time (one transaction), hands them over one after the other outside any transaction, oldest
first, and records them by sets. Whoever takes nothing is left alone for a while, longer each time, without using up the tries
of what waits; then the next look asks again. A worker that is killed has some sent again, with the same id.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...config_webhooks import Webhook
from ...keyring import SealBroken
from ...models import MailStop, OutboxMail
from ...seam import Tools
from ...state import W4RState, get_state
from ..mail import outbox
from ..mail.faults import PATIENCE, Fault, pause_after
from ..mail.stop import stop
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from .call import NotTaken
from .events import KIND, lane
from .post import post

log = logging.getLogger("flask_w4r.webhooks")

#: Messages taken at a time, and recorded together; and after how many seconds they are recorded anyway.
BATCH, SOON = 50, 0.5
#: A lane ends its turn after so many seconds, so that mail has its own.
TURN_SECONDS = 5.0
#: So many refusals in a row, of whoever answers, mean that it takes nothing.
STRIKES = 3
_FACTS = (
    "id",
    "section",
    "kind",
    "locale",
    "message_id",
    "cap_index",
    "cap_day",
    "attempts",
    "created_at",
)


def stop_name(name: str) -> str:
    """What the row is called that says that a program is left alone for a while."""
    return f"hook:{name}"


def job(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Hand over what waits for programs. Returns how many messages were ``sent``, will be ``retried``, ``failed``."""
    state = get_state(app)
    hooks = state.hooks.webhooks
    done = {"sent": 0, "retried": 0, "failed": 0}
    if not hooks or not read(app, lambda session: outbox.is_program_due(session, state.clock())):
        return done
    lanes = [_Lane(app, hook, tools or Tools(lambda *a: None, lambda message: None)) for hook in hooks]
    with ThreadPoolExecutor(len(lanes), thread_name_prefix="w4r-webhooks") as pool:
        for future in [pool.submit(one.run) for one in lanes]:
            future.result()
    for one in lanes:
        done = {name: count + one.done[name] for name, count in done.items()}
    return done


class _Lane:
    """What waits for one program, in one turn."""

    def __init__(self, app: Any, hook: Webhook, tools: Tools) -> None:
        self.app, self.hook, self.tools = app, hook, tools
        self.state: W4RState = get_state(app)
        self.worker = secrets.token_hex(16)
        self.index = lane(hook.name)
        self.done = {"sent": 0, "retried": 0, "failed": 0}
        self.ends = time.monotonic() + TURN_SECONDS
        self.strikes = 0
        self.over = False

    def run(self) -> None:
        """Hand over what is due, until there is nothing left, the turn is over, or it takes nothing."""
        if not run(self.app, self._may_begin):
            return
        while not self._is_over():
            claimed = run(self.app, self._claim)
            if not claimed:
                return
            self._send(claimed)

    def _is_over(self) -> bool:
        return self.over or self.tools.stop.is_set() or time.monotonic() >= self.ends

    def _may_begin(self, work: UnitOfWork) -> bool:
        """Whether to ask it now. While it is left alone, what came due meanwhile is put off."""
        now = self.state.clock()
        row = work.session.get(MailStop, stop_name(self.hook.name), populate_existing=True)
        if row is None or row.until <= now:
            return True
        self._put_off(work.session, row.until, now)
        return False

    def _put_off(self, session: Session, until: datetime, now: datetime) -> None:
        mine = (OutboxMail.cap_index == self.index, OutboxMail.state == "queued", OutboxMail.kind == KIND)
        execute(session, update(OutboxMail).where(*mine, OutboxMail.not_before < until).values(not_before=until))

    def _claim(self, work: UnitOfWork) -> list[tuple[dict[str, Any], str]]:
        rows = outbox.claim(
            work.session, self.worker, batch=BATCH, lease_seconds=self.tools.lease_seconds, now=self.state.clock(),
            lane=self.index,
        )  # fmt: skip
        return [({name: getattr(row, name) for name in _FACTS}, row.params or "") for row in rows]

    def _send(self, claimed: Sequence[tuple[dict[str, Any], str]]) -> None:
        taken: list[dict[str, Any]] = []
        since = time.monotonic()
        for facts, sealed in claimed:
            if self._is_over():
                break
            try:
                message = self.state.keyring.open_json(sealed)
                post(self.hook, f"msg_{facts['message_id']}", message)
            except (NotTaken, SealBroken) as error:
                self._record(taken)
                self._failed(facts, error)
            else:
                self.strikes = 0
                taken.append(facts)
            if time.monotonic() - since >= SOON:
                self._record(taken)
                since = time.monotonic()
        self._record(taken)
        ids = [facts["id"] for facts, _ in claimed]
        run(self.app, lambda work: outbox.release(work.session, self.worker, ids))

    def _record(self, taken: list[dict[str, Any]]) -> None:
        """Note what was taken, and that it may be asked again."""
        if not taken:
            return
        done = list(taken)
        taken.clear()

        def note(work: UnitOfWork) -> None:
            outbox.record_sent(work.session, done, self.worker, now=self.state.clock())
            execute(work.session, delete(MailStop).where(MailStop.name == stop_name(self.hook.name)))

        run(self.app, note)
        self.done["sent"] += len(done)
        log.info("webhook %s: %d messages taken", self.hook.name, len(done))

    def _failed(self, facts: dict[str, Any], error: NotTaken | SealBroken) -> None:
        is_away = isinstance(error, NotTaken) and not error.answered
        self.strikes += 1
        self.over = is_away or self.strikes >= STRIKES
        text = error.text if isinstance(error, NotTaken) else type(error).__name__
        fault = Fault(f"{self.hook.name}: {text}", "away" if is_away else "refused")
        tried = facts["attempts"] + 1
        final = tried >= PATIENCE["later"].tries
        run(self.app, partial(self._note, facts["id"], tried, final, fault))
        self.done["failed" if final else "retried"] += 1
        log.warning("webhook %s: message %s not taken, try %d: %s%s", self.hook.name, facts["id"], tried, text,
                    "; given up" if final else "")  # fmt: skip

    def _note(self, number: int, tried: int, final: bool, fault: Fault, work: UnitOfWork) -> None:
        now = self.state.clock()
        again = None if final else now + pause_after(tried)
        outbox.record_failure(work.session, number, self.worker, attempts=tried, error=fault.text, not_before=again)
        if self.over:
            name = stop_name(self.hook.name)
            if stop(work.session, fault, now=now, name=name):
                log.error("webhook %s takes nothing (%s); left alone for a while", self.hook.name, fault.text)
            row = work.session.get(MailStop, name, populate_existing=True)
            if row is not None:
                self._put_off(work.session, row.until, now)


def forget_gone(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """What waits for a webhook that the site does not have any more fails: nobody will come for it.

    :returns: how many messages.
    """
    state = get_state(app)
    lanes = [lane(hook.name) for hook in state.hooks.webhooks]
    gone = (OutboxMail.state == "queued", ~outbox.is_mail(), OutboxMail.cap_index.not_in(lanes))

    def look(session: Session) -> bool:
        return session.execute(select(OutboxMail.id).where(*gone).limit(1)).first() is not None

    if not read(app, look):
        return {"gone": 0}
    values = {"state": "failed", "last_error": "the site has no webhook of this name", "lease_until": None}
    fail = update(OutboxMail).where(*gone).values(**values)
    return {"gone": run(app, lambda work: execute(work.session, fail))}
