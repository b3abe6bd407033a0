"""The ledger of erasures: what was erased is erased again in a backup that is older, before the site serves.

The table is exported apart from the rest, as lines of JSON, and kept up to date in a file outside the database
(``W4R_ERASURE_LEDGER``). A database that lacks a line of that file was restored from an older backup.
"""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Erasure
from ...seam import Holds
from ...sections import Section
from ...state import W4RState, get_state
from ..people.erasures import ALL, digest, digests
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from ..storage.upsert import insert_missing
from .ledger_file import NotALedger, append_file, parsed, tail

log = logging.getLogger("flask_w4r.jobs")

#: Rows looked through in one transaction.
PIECE = 500
#: Lines of a file that are compared with the database at a time.
_CHUNK = 500
_TABLE: Any = Erasure.__table__


def scope_of(kind: str, way: str, key: str) -> str:
    """What the ledger calls a single thing that was left."""
    return f"{kind}|{way}|{key}"


def write(session: Session, keyring: Keyring, section: Section, scope: str, canonical: str, *, now: datetime) -> None:
    """Note that an address was erased, or left something.

    :param scope: ``people.erasures.ALL`` or from :func:`scope_of`.
    """
    values = {
        "line": secrets.token_hex(16), "section": section.code, "scope": scope,
        "digest": digest(keyring, section, scope, canonical), "erased_at": now, "restored": False,
    }  # fmt: skip
    session.execute(insert(Erasure).values(values))


def put_back(session: Session, rows: Sequence[Mapping[str, Any]], codes: Collection[str]) -> int:
    """Add the lines that the database lacks; :func:`replay` does what they say.

    :param rows: from :func:`parsed`.
    :param codes: the site's sections; lines of others are another site's.
    :returns: how many it lacked.
    """
    wanted = [{**row, "restored": True} for row in missing(session, rows, codes)]
    return insert_missing(session, _TABLE, wanted) if wanted else 0


def missing(session: Session, rows: Sequence[Mapping[str, Any]], codes: Collection[str]) -> list[Mapping[str, Any]]:
    """Which of some lines, of some sections, the database does not have."""
    rows = [row for row in rows if row["section"] in codes]
    names, there = [row["line"] for row in rows], set()
    for start in range(0, len(names), _CHUNK):
        some = select(Erasure.line).where(Erasure.line.in_(names[start : start + _CHUNK]))
        there |= set(session.scalars(some))
    return [row for row in rows if row["line"] not in there]


def is_open(session: Session, now: Any = None) -> bool:
    """Whether anything of the ledger has to be looked for still."""
    return bool(session.scalar(select(exists().where(Erasure.settled_at.is_(None)))))


def is_restored(session: Session) -> bool:
    """Whether lines came back from outside that were not done again yet: the site must not serve."""
    return bool(session.scalar(select(exists().where(Erasure.settled_at.is_(None), Erasure.restored))))


def settle(app: Any, tools: Any = None) -> dict[str, Any]:
    """Look through what an erasure could not find by the address alone, and write the file; see :class:`Erasure`.

    What the worker runs. Each piece is a transaction, and all of it can be done again.

    :returns: how many lines were settled, and how many rows went.
    """
    state = get_state(app)
    path = state.config.erasure_ledger
    if path:
        # What it lacks is added the next time; meanwhile the doctor says so.
        try:
            read(app, lambda session: append_file(session, Path(path)))
        except (OSError, NotALedger) as error:
            log.error("erasures: W4R_ERASURE_LEDGER cannot be written (%s)", type(error).__name__)
    done = {"settled": 0, "rows": 0}
    waiting = read(app, _open)
    # Of a section that the site no longer has nothing is on its way.
    gone = [line.id for line in waiting if line.section not in state.sections]
    if gone:
        run(app, partial(_settled, ids=gone, now=state.clock()))
    for section in state.sections.values():
        open_lines = [line for line in waiting if line.section == section.code]
        if not open_lines:
            continue
        restored = any(line.restored for line in open_lines)
        for holds in state.seam.holds.values():
            if holds.addresses is not None and (restored or holds.forget is not None):
                done["rows"] += _look_through(app, state, section, holds, open_lines, tools)
        if tools is not None and tools.stop.is_set():
            break
        ids, now = [line.id for line in open_lines], state.clock()
        done["settled"] += run(app, partial(_settled, ids=ids, now=now))
    return done


def replay(app: Any) -> dict[str, Any]:
    """After a backup was restored, or a section moved in: read the file, and do again what the database does not know.

    :returns: as :func:`settle`, and how many lines were ``missing``.
    :raises NotALedger: the file is none.
    """
    state = get_state(app)
    path = state.config.erasure_ledger
    lacked = 0
    if path and Path(path).exists():
        with Path(path).open(encoding="utf-8") as file:
            rows = parsed(file)
        lacked = run(app, lambda work: put_back(work.session, rows, state.sections))
    return {**settle(app), "missing": lacked}


def _settled(work: UnitOfWork, ids: Sequence[int], now: datetime) -> int:
    return execute(work.session, update(Erasure).where(Erasure.id.in_(ids)).values(settled_at=now))


def _open(session: Session) -> list[Any]:
    columns = (Erasure.id, Erasure.section, Erasure.scope, Erasure.digest, Erasure.erased_at, Erasure.restored)
    return list(session.execute(select(*columns).where(Erasure.settled_at.is_(None)).order_by(Erasure.id)))


def _look_through(
    app: Any, state: W4RState, section: Section, holds: Holds, open_lines: Sequence[Any], tools: Any
) -> int:
    """All rows of a kind, in pieces."""
    by_scope: dict[str, dict[bytes, datetime]] = defaultdict(dict)
    for line in open_lines:
        if line.restored or line.scope == ALL:
            index = bytes(line.digest)
            by_scope[line.scope][index] = max(line.erased_at, by_scope[line.scope].get(index, line.erased_at))
    after = rows = 0
    while tools is None or not tools.stop.is_set():
        piece = read(app, partial(_piece, state, section, holds, after))
        if not piece:
            break
        after = piece[-1][0]
        meant = _meant(state.keyring, section, by_scope, piece)
        if meant:
            rows += run(app, partial(_again, section=section, holds=holds, meant=meant))
    return rows


def _piece(state: W4RState, section: Section, holds: Holds, after: int, session: Session) -> Sequence[Any]:
    return holds.addresses(session, state.keyring, section, after, PIECE) if holds.addresses else ()


def _meant(
    keyring: Keyring, section: Section, by_scope: Mapping[str, Mapping[bytes, datetime]], piece: Sequence[Any]
) -> list[tuple[int, str, str, datetime]]:
    """Row, address and scope of what is in the ledger, with when it was erased."""
    found = []
    for number, canonical, came in piece:
        for scope, known in by_scope.items():
            every = digests(keyring, section, scope, canonical) if canonical else ()
            erased_at = max((known[one] for one in every if one in known), default=None)
            if erased_at is not None and came <= erased_at:
                found.append((number, canonical, scope, erased_at))
    return found


def _again(work: UnitOfWork, section: Section, holds: Holds, meant: Sequence[tuple[int, str, str, datetime]]) -> int:
    rows = 0
    if holds.forget is not None:
        return holds.forget(work, [number for number, _, scope, _ in meant if scope == ALL])
    for canonical, scope, erased_at in dict.fromkeys(one[1:] for one in meant):
        if scope == ALL:
            rows += holds.erase(work, section, canonical, erased_at) if holds.erase else 0
            continue
        kind, way, key = scope.split("|", 2)
        one = work.state.seam.holds.get(kind)
        if one is not None and one.act is not None and one.addresses in (holds.addresses, None):
            rows += one.act(work, section, canonical, way, key, {})
    return rows


def problem(session: Session, state: W4RState) -> str | None:
    """Why the site must not serve yet, or ``None``."""
    path = state.config.erasure_ledger
    mend = "run 'flask w4r erasures replay' before anything else"
    if is_restored(session):
        return f"erasures of a restored backup were not made again; {mend}"
    try:
        rows = tail(Path(path)) if path else []
    except (OSError, NotALedger) as error:
        return f"W4R_ERASURE_LEDGER cannot be read: {error}"
    if rows and missing(session, rows, state.sections):
        return f"the database is older than W4R_ERASURE_LEDGER: people who were erased are in it again; {mend}"
    return None
