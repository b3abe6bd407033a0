"""Writing what many presses of the button come to: signatures, consents, mails and counts, by sets.

The worker calls it in the transaction of a batch. What stood before is read once, each press is then worked out in its
order against it and against the presses before, and what comes of it is written with few statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from ...errors import W4RError
from ...keyring import Keyring
from ...models import Case, Consent, Signature
from ...sections import Section
from ..mail import caps, outbox
from ..people.consents import consent_values
from ..storage.upsert import insert_missing
from ..tally import counts as tally
from ..tally.keys import day_of
from . import reindex
from .signing import Signing
from .subscribers import enqueue_subscriber
from .working_out import REPLACED, Press, Row, Standing, Wanted, plan

_TABLE: Any = Signature.__table__
#: Values in one IN list.
_CHUNK = 500
_ATTEMPTS = 5


@dataclass(frozen=True)
class Signed:
    """What one press came to, for signals: never for an answer."""

    created: tuple[int, ...]
    confirmed: tuple[int, ...]
    held: bool


class Contended(W4RError):
    """Others kept signing with the same addresses; the batch is tried again."""


def sign(session: Session, keyring: Keyring, section: Section, presses: Sequence[Signing]) -> list[Signed]:
    """Write one signature per press and case, the consents given, and one mail for each press.

    A case that was closed since the press keeps what was pressed while it was open; one that was withdrawn keeps nothing.

    :param presses: of one section, in their order.
    :returns: what each came to.
    """
    editions = _editions(session, section, {case_id for press in presses for case_id in press.case_ids})
    if keyring.has_earlier:
        addresses = [press.submission.address for press in presses]
        canonicals = {address.canonical for address in addresses if address is not None}
        reindex.bring_forward(session, keyring, section.code, editions.keys(), canonicals)
    wanted = _values(session, keyring, section, presses, editions)
    for _ in range(_ATTEMPTS):
        before = _standing(session, [values for some in wanted for _, values in some])
        done, new, changed = plan(section, presses, wanted, before)
        if _insert(session, new):
            break
    else:
        raise Contended
    _change(session, changed)
    _consents(session, done)
    _mails(session, keyring, done)
    _count(session, keyring, section, done, editions)
    return [_signed(press) for press in done]


def _editions(session: Session, section: Section, case_ids: set[int]) -> Mapping[int, int]:
    """The edition of each case that has not been withdrawn."""
    found = select(Case.id, Case.edition_id).where(
        Case.id.in_(case_ids), Case.section == section.code, Case.status != "withdrawn"
    )
    return {row.id: row.edition_id for row in session.execute(found)}


def _values(
    session: Session, keyring: Keyring, section: Section, presses: Sequence[Signing], editions: Mapping[int, int]
) -> list[Wanted]:
    """The columns of what each press asks for, by case."""
    at_once = [
        (section, press.submission.address.canonical)
        for press in presses
        if press.at_once and press.submission.address is not None
    ]
    suppressed = caps.suppressed_among(session, keyring, at_once) if at_once else set()
    found: list[Wanted] = []
    for press in presses:
        address = press.submission.address
        blocked = press.at_once and address is not None and (section.code, address.canonical) in suppressed
        sealed = keyring.seal_json(press.submission.person())
        held = press.judgement.held or blocked
        found.append(
            [
                (case_id, press.signature_values(keyring, case_id, sealed, held=held))
                for case_id in press.case_ids
                if case_id in editions
            ]
        )
    return found


def _standing(session: Session, wanted: Iterable[Mapping[str, Any]]) -> Standing:
    """What stands of these addresses on these cases, kept from others until the transaction ends; by place."""
    places = {(values["case_id"], values["email_index"]) for values in wanted if values["email_index"]}
    # The index begins with the case.
    cases, indexes = sorted({case_id for case_id, _ in places}), sorted({index for _, index in places})
    found: Standing = defaultdict(dict)
    columns = (
        Signature.id, Signature.slot, Signature.state, Signature.name_index, Signature.details_index,
        Signature.updated_at, Signature.email_index,
    )  # fmt: skip
    for start in range(0, len(indexes), _CHUNK):
        some = Signature.email_index.in_(indexes[start : start + _CHUNK])
        for row in session.execute(
            select(*columns).where(Signature.case_id.in_(cases), some).order_by(Signature.id).with_for_update()
        ):
            found[bytes(row.email_index)][row.slot] = Row(*row[:6])
    return found


def _insert(session: Session, rows: Sequence[Row]) -> bool:
    """Insert new signatures. False where another worker wrote one of the same address meanwhile."""
    with_address = [row for row in rows if row.values["email_index"]]
    with session.begin_nested() as attempt:
        if insert_missing(session, _TABLE, [row.values for row in with_address]) < len(with_address):
            attempt.rollback()
            return False
    numbers = {
        (index, row.slot): row.id
        for index, some in _standing(session, (row.values for row in with_address)).items()
        for row in some.values()
    }
    for row in with_address:
        row.id = numbers[row.values["email_index"], row.slot]
    nameless = [row for row in rows if not row.values["email_index"]]
    if nameless:
        statement = insert(_TABLE).returning(_TABLE.c.id, sort_by_parameter_order=True)
        for row, number in zip(nameless, session.scalars(statement, [row.values for row in nameless]), strict=True):
            row.id = number
    return True


def _change(session: Session, rows: Sequence[Row]) -> None:
    """Make new versions of pending signatures, which are locked."""
    if not rows:
        return
    values = {name: bindparam(f"v_{name}", type_=_TABLE.c[name].type) for name in REPLACED}
    statement = update(_TABLE).where(_TABLE.c.id == bindparam("b_id")).values(**values, version=_TABLE.c.version + 1)
    session.connection().execute(
        statement, [{"b_id": row.id, **{f"v_{name}": row.values[name] for name in REPLACED}} for row in rows]
    )


def _consents(session: Session, done: Sequence[Press]) -> None:
    rows = [
        {"signature_id": row.id, **answer}
        for press in done
        for row in press.rows
        for answer in consent_values(press.signing.submission.consents, now=press.signing.now)
    ]
    if rows:
        session.execute(insert(Consent.__table__), rows)  # type: ignore[arg-type]


def _mails(session: Session, keyring: Keyring, done: Sequence[Press]) -> None:
    asking, telling = [], []
    for press in done:
        signing = press.signing
        if signing.submission.address is None or signing.at_once:
            continue
        if press.case_ids:
            asking.append(signing.mail_values(keyring, "confirm", press.case_ids))
        elif press.known:
            telling.append(signing.mail_values(keyring, "already_signed", press.known))
    outbox.enqueue_all(session, asking)
    outbox.enqueue_all(session, telling, replace=False)


def _is_counted(row: Row) -> bool:
    return bool(row.values["state"] == "confirmed" and row.values["held_at"] is None)


def _count(
    session: Session, keyring: Keyring, section: Section, done: Sequence[Press], editions: Mapping[int, int]
) -> None:
    """What counts at once begins to count, each signature once."""
    begun: dict[tuple[int, date], dict[int | None, str | None]] = defaultdict(dict)
    for press in done:
        address = press.signing.submission.address
        for case_id, row in zip(press.case_ids, press.rows, strict=True):
            if _is_counted(row):
                begun[case_id, day_of(section, row.values["confirmed_at"])][row.id] = (
                    address.canonical if address else None
                )
                if press.signing.takers is not None and row.id is not None:
                    enqueue_subscriber(
                        session, keyring, section, row.id, hooks=press.signing.takers, now=press.signing.now
                    )
    for edition_id in sorted({editions[case_id] for case_id, _ in begun}):
        mine = {place: list(some.values()) for place, some in begun.items() if editions[place[0]] == edition_id}
        tally.count_signatures(session, keyring, section, edition_id, mine)


def _signed(press: Press) -> Signed:
    ids = tuple(row.id for row in press.rows if row.id is not None)
    counted = tuple(row.id for row in press.rows if row.id is not None and _is_counted(row))
    held = any(row.values["held_at"] is not None for row in press.rows)
    return Signed(ids, counted, held)
