"""Did this address sign? Asked by its exact text only, with a reason, and logged: no list, no near matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ...errors import insist
from ...keyring import Keyring
from ...models import Case, Edition, Signature
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.addresses import Address
from ..people.permissions import require
from ..tally import counts as tally

#: Why somebody may ask. The log keeps which, as it is.
REASONS = ("asked_by_person", "complaint", "abuse", "authority")
#: Cases in one condition.
_CHUNK = 200


@dataclass(frozen=True)
class FoundSignature:
    """A signature of the address: on which case, how it stands, and when it was made."""

    case_slug: str
    case_name: str
    edition: str
    state: str
    held: bool
    created_at: datetime
    confirmed_at: datetime | None


def find(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    keyring: Keyring,
    section: Section,
    address: Address,
    reason: str,
    *,
    now: datetime,
) -> Sequence[FoundSignature]:
    """Look an address up in every case of the section, and log that it was done.

    :param address: the exact address; aliases of the same mailbox are the same, as they are when signing.
    :param reason: one of :data:`REASONS`.
    :returns: its signatures, newest edition first. What was erased cannot be found.
    :raises PermissionDenied: the actor may not ask here.
    :raises BadValue: the reason is none.
    """
    who = require(hooks, actor, Permission.FIND_PERSON, section)
    insist(reason in REASONS, "reason", f"be one of {', '.join(REASONS)}")
    cases = session.scalars(select(Case.id).where(Case.section == section.code)).all()
    found: list[FoundSignature] = []
    for start in range(0, len(cases), _CHUNK):
        # Each case has a blind index of its own, so that signatures cannot be joined: one pair to look up a case.
        pairs = [
            (Signature.case_id == case_id)
            & Signature.email_index.in_(keyring.blinds(tally.signature_scope(section, case_id), address.canonical))
            for case_id in cases[start : start + _CHUNK]
        ]
        rows = session.execute(
            select(Signature, Case.slug, Case.name, Edition.year)
            .join(Case, Case.id == Signature.case_id)
            .join(Edition, Edition.id == Case.edition_id)
            .where(Signature.section == section.code, or_(*pairs))
        ).all()
        found += [
            FoundSignature(slug, name, year, row.state, row.held_at is not None, row.created_at, row.confirmed_at)
            for row, slug, name, year in rows
        ]
    found.sort(key=lambda one: one.case_name.casefold())
    found.sort(key=lambda one: one.edition, reverse=True)
    audit.append(
        session, keyring, section, who.id, "address_sought", "address",
        changes={"address": [None, audit.typed(keyring, section, address.canonical)], "reason": [None, reason]},
        count=len(found), now=now,
    )  # fmt: skip
    return found
