"""Files in any order, twice, of several sections: the sum is what the newest numbers in order say, never more."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from flask_w4r.action_types import STANDARD
from flask_w4r.models import Case, RollupKey, RollupPart, metadata
from flask_w4r.services.rollup import sums
from flask_w4r.services.rollup.keys import revoke, trust
from flask_w4r.services.rollup.signing import key_id
from flask_w4r.services.rollup.take import JUMP_FACTOR, JUMP_FLOOR, accept, take

from .world import EDITION, Clock, Sender

CLOCK = Clock()
SENDERS = {code: Sender(code, CLOCK) for code in ("AU", "NZ")}
_made: dict[tuple[str, int, int], bytes] = {}


def signed(code: str, sequence: int, number: int) -> bytes:
    """A file of a section, made once."""
    key = (code, sequence, number)
    if key not in _made:
        document = SENDERS[code].document({("ann-example", "letter"): number}, sequence=sequence)
        _made[key] = json.dumps(document).encode()
    return _made[key]


SENT = st.tuples(st.sampled_from(sorted(SENDERS)), st.integers(1, 6), st.sampled_from([50, 60, 400, 1200, 90_000]))
STEPS = st.lists(
    st.lists(SENT, min_size=1, max_size=3).map(lambda files: ("add", files))
    | st.tuples(st.just("accept"), st.tuples(st.sampled_from(sorted(SENDERS)), st.integers(1, 6)))
    | st.tuples(st.just("revoke"), st.sampled_from(sorted(SENDERS))),
    max_size=12,
)


class Model:
    """What should count, worked out plainly."""

    def __init__(self) -> None:
        self.newest: dict[str, int] = {}
        self.counted: dict[str, int] = {}
        self.waiting: dict[tuple[str, int], int] = {}
        self.revoked: set[str] = set()

    def add(self, files: list[tuple[str, int, int]]) -> None:
        best: dict[str, tuple[int, int]] = {}
        for code, sequence, number in files:
            if code not in self.revoked and (code not in best or sequence > best[code][0]):
                best[code] = (sequence, number)
        for code, (sequence, number) in best.items():
            if sequence <= self.newest.get(code, 0):
                continue
            self.newest[code] = sequence
            before = self.counted.get(code)
            jumps = before is not None and (number < before or number > max(JUMP_FLOOR, JUMP_FACTOR * before))
            if jumps:
                self.waiting[code, sequence] = number
            else:
                self._count(code, sequence, number)

    def accept(self, code: str, sequence: int) -> bool:
        number = self.waiting.get((code, sequence))
        if number is None:
            return False
        self._count(code, sequence, number)
        return True

    def revoke(self, code: str) -> None:
        self.revoked.add(code)
        self.counted.pop(code, None)
        self.waiting = {key: number for key, number in self.waiting.items() if key[0] != code}

    def _count(self, code: str, sequence: int, number: int) -> None:
        self.counted[code] = number
        self.waiting = {key: value for key, value in self.waiting.items() if key[0] != code or key[1] > sequence}


@given(STEPS)
@settings(max_examples=80, deadline=None)
def test_the_sum_is_what_a_plain_recomputation_says(steps: list[tuple[str, Any]]) -> None:
    engine = create_engine("sqlite://")
    tables = [model.__table__ for model in (RollupKey, RollupPart, Case)]
    metadata.create_all(engine, tables=tables)  # type: ignore[arg-type]
    model = Model()
    with Session(engine) as session:
        for one in SENDERS.values():
            trust(session, one.code, one.pair.public, root=None, now=CLOCK())
        for act, what in steps:
            if act == "add":
                files = [(f"{number}.json", signed(*one)) for number, one in enumerate(what)]
                take(session, files, STANDARD, now=CLOCK())
                model.add(what)
            elif act == "revoke":
                revoke(session, key_id(SENDERS[what].pair.public), now=CLOCK())
                model.revoke(what)
            else:
                assert _accepted(session, *what) == model.accept(*what)
            assert sums.add_up(session, EDITION).sections == model.counted
            assert {(one.sender, one.sequence): one.total for one in sums.waiting(session)} == model.waiting
    engine.dispose()


def _accepted(session: Session, code: str, sequence: int) -> bool:
    from flask_w4r.errors import NotFound

    try:
        accept(session, code, sequence)
    except NotFound:
        return False
    return True
