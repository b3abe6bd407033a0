"""For the doctor: does every key still open, and find, what was stored?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models.base import sealed_columns
from ...seam import Finding
from ...state import W4RState
from ..storage.unit_of_work import read
from . import rotation

#: So many of the oldest values of a column are looked at, and of the newest.
SAMPLE = 20


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    if not state.config.encryption_keys or not state.config.index_key:
        # Said elsewhere: nothing could be opened.
        return
    found = read(app, lambda session: list(_sealed(session, state.keyring)))
    found += read(app, lambda session: list(_indexed(session, state)))
    yield from found or [Finding("ok", "keys", "the keys open and find what is stored, as far as samples tell")]


def _sealed(session: Session, keyring: Keyring) -> Iterator[Finding]:
    for column in sealed_columns():
        opened = [keyring.opened_by(value) for value in rotation.sample(session, column, SAMPLE)]
        lost, older = opened.count(None), sum(bool(number) for number in opened)
        name = rotation.name_of(column)
        if lost:
            yield Finding(
                "error", "keys",
                f"{name}: {lost} of {len(opened)} values looked at are opened by none of W4R_ENCRYPTION_KEYS; put the key that"
                " sealed them at the end of the list again. Without it they are lost for good",
            )  # fmt: skip
        elif older:
            yield Finding(
                "ok", "keys",
                f"{name}: {older} of {len(opened)} values looked at need an earlier key; 'flask w4r keys rotate' ends that",
            )  # fmt: skip


def _indexed(session: Session, state: W4RState) -> Iterator[Finding]:
    for kind in state.seam.indexed:
        done = kind.step(session, state.keyring, None, SAMPLE, write=False) if kind.step is not None else None
        if done is None or not done.stale:
            continue
        many = f"{kind.table}: {done.stale} of {done.seen} rows looked at are not known by W4R_INDEX_KEY"
        if state.keyring.has_earlier:
            yield Finding("warn", "keys", f"{many}; run 'flask w4r keys reindex'")
        else:
            yield Finding("error", "keys", f"{many}; {_NO_EARLIER}")


_NO_EARLIER = (
    "whoever signs again is taken for somebody new. Set W4R_INDEX_KEYS_OLD to the key that was used before, then run"
    " 'flask w4r keys reindex'; it mends them without that key too"
)
