"""What was signed with an address, as the links in its mails see it."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Signature
from ...sections import Section
from ..people.addresses import Address, parse_address
from ..people.names import fold_name, full_name
from ..tally.counts import signature_scope

#: States of a signature that somebody stands behind, or may.
ALIVE = ("pending", "confirmed")

_SIGNATURE: Any = Signature.__table__
_CASE: Any = Case.__table__
# The same objects each time: making a statement costs as much as running it.
_CASES = select(_CASE.c.id, _CASE.c.slug, _CASE.c.status, _CASE.c.edition_id, _CASE.c.position).where(
    _CASE.c.section == bindparam("section")
)
_CASE_COLUMNS = len(_CASES.selected_columns)
_NAMES = (
    "id", "case_id", "state", "version", "slot", "email_index", "person", "withhold_name", "locale", "held_at",
    "held_for", "released_at", "reasons", "score", "created_at", "updated_at", "confirmed_at", "delivered_at",
    "newsletter",
)  # fmt: skip
_ROWS = select(*(_SIGNATURE.c[name] for name in _NAMES)).where(_SIGNATURE.c.section == bindparam("section"))
_BY_ID = _ROWS.where(_SIGNATURE.c.id.in_(bindparam("ids", expanding=True))).order_by(_SIGNATURE.c.id)
# All cases, and beside each those of some signatures that are on it: one round trip.
_CASES_WITH = (
    _CASES.add_columns(*(_SIGNATURE.c[name].label(f"s_{name}") for name in _NAMES))
    .outerjoin(
        _SIGNATURE,
        and_(
            _SIGNATURE.c.case_id == _CASE.c.id,
            _SIGNATURE.c.section == _CASE.c.section,
            _SIGNATURE.c.id.in_(bindparam("ids", expanding=True)),
        ),
    )
    .order_by(_SIGNATURE.c.id)
)
_Signed = namedtuple("_Signed", _NAMES)  # type: ignore[misc]
# The index begins with the case.
_BY_ADDRESS = _ROWS.where(
    _SIGNATURE.c.case_id.in_(bindparam("cases", expanding=True)),
    _SIGNATURE.c.email_index.in_(bindparam("indexes", expanding=True)),
).order_by(_SIGNATURE.c.id)
_BY_ADDRESS_LOCKED = _BY_ADDRESS.with_for_update()


@dataclass(frozen=True)
class Standing:
    """Signatures of one address in one section.

    :ivar cases: the section's cases by id: ``slug status edition_id position``.
    :ivar rows: the signatures by id, in the order of ids.
    :ivar canonical: the address; ``None`` where nothing holds it any more.
    """

    cases: Mapping[int, Any]
    rows: Mapping[int, Any]
    canonical: str | None

    def status(self, row: Any) -> str:
        """The status of a signature's case."""
        return str(self.cases[row.case_id].status)

    def pending(self) -> list[Any]:
        """What waits for the proof of the address, on cases that take signatures, in their order."""
        waits = (row for row in self.rows.values() if row.state == "pending" and self.status(row) == "active")
        return sorted(waits, key=lambda row: (self.cases[row.case_id].position, row.slot))

    def signed(self) -> set[int]:
        """The cases that were signed with the address."""
        return {row.case_id for row in self.rows.values() if row.state in ALIVE}


def cases_of(session: Session, section: Section) -> dict[int, Any]:
    """The section's cases by id."""
    return {row.id: row for row in session.connection().execute(_CASES, {"section": section.code})}


def with_cases(session: Session, section: Section, ids: Collection[int]) -> tuple[dict[int, Any], list[Any]]:
    """The section's cases by id, and some signatures of it, as :func:`by_id` gives them."""
    found = session.connection().execute(_CASES_WITH, {"section": section.code, "ids": sorted(ids)}).all()
    return {row.id: row for row in found}, [_Signed(*row[_CASE_COLUMNS:]) for row in found if row.s_id is not None]


def by_id(session: Session, section: Section, ids: Collection[int]) -> list[Any]:
    """Some signatures of a section, as they are told by :class:`Standing`."""
    return list(session.connection().execute(_BY_ID, {"section": section.code, "ids": sorted(ids)}))


def of_address(
    session: Session,
    keyring: Keyring,
    section: Section,
    canonical: str | None,
    *,
    lock: bool = False,
    known: Sequence[Any] = (),
    every: bool = False,
    cases: Mapping[int, Any] | None = None,
) -> Standing:
    """What was signed with an address for the people whose cases take signatures.

    :param canonical: the address in canonical form.
    :param lock: keep the signatures from others until the transaction ends.
    :param known: signatures of a mail: their cases are looked at whatever their status. Where the section lets two share a
        mailbox their signers alone are meant, since each of the two has a mail of their own.
    :param every: look at all cases of the section, whatever their status.
    :param cases: of the section, where they are known.
    """
    cases = cases_of(session, section) if cases is None else cases
    among = sorted(
        {row.case_id for row in known}.union(one.id for one in cases.values() if every or one.status == "active")
    )
    if canonical is None or not among:
        return Standing(cases, {}, None)
    indexes = [index for case_id in among for index in keyring.blinds(signature_scope(section, case_id), canonical)]
    values = {"section": section.code, "cases": among, "indexes": indexes}
    found = session.connection().execute(_BY_ADDRESS_LOCKED if lock else _BY_ADDRESS, values).all()
    if section.shared_mailbox and known:
        names = {_folded(keyring, row) for row in known}
        found = [row for row in found if _folded(keyring, row) in names]
    return Standing(cases, {row.id: row for row in found}, canonical)


def details_of(keyring: Keyring, row: Any) -> dict[str, Any]:
    """What the signer typed; nothing once it was erased."""
    found: dict[str, Any] = keyring.open_json(row.person) if row.person else {}
    return found


def address_of(keyring: Keyring, rows: Sequence[Any]) -> Address | None:
    """The address that signatures of one mail were made with."""
    email = next((details_of(keyring, row).get("email") for row in rows if row.person), None)
    return parse_address(email, test_environment=True) if email else None


def name_of(keyring: Keyring, row: Any) -> str:
    """The signer's name."""
    return full_name(details_of(keyring, row))


def _folded(keyring: Keyring, row: Any) -> str:
    return fold_name(full_name(details_of(keyring, row)), "")
