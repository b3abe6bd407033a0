"""Signatures that wait for the proof of their address, as the links of other mails see them; see ``seam.Waits``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...seam import Waiting, Waits
from ...sections import Section
from ...signals import signature_confirmed
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
from ..storage.unit_of_work import UnitOfWork
from . import standing, states
from .subscribers import are_wanted, enqueue_subscriber, withdraw_subscriber


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """What waits on cases that take signatures."""
    pending = standing.of_address(session, keyring, lens.section, canonical).pending()
    cases = {case.id: case for case in cases_by_id(session, lens, {row.case_id for row in pending})}
    return [
        Waiting(row.id, cases[row.case_id].name, cases[row.case_id].country_name, row.updated_at)
        for row in pending
        if row.case_id in cases
    ]


def confirm(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """Confirm signatures of an address."""
    state, now = work.state, work.state.clock()
    stand = standing.of_address(work.session, state.keyring, section, canonical, lock=True)
    versions = {number: stand.rows[number].version for number in ids if number in stand.rows}
    done = states.confirm_signatures(
        work.session, state.keyring, section, stand, versions, hold_at=state.config.scoring["hold_at"], now=now
    )
    fresh = [item.signature_id for item in done if item.outcome == "confirmed"]
    for number in fresh:
        if are_wanted(state.hooks):
            enqueue_subscriber(work.session, state.keyring, section, number, hooks=state.hooks, now=now)
        work.emit(signature_confirmed, signature_id=number, section=section.code)
    return fresh


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: what waits loses its details."""
    keyring, now = work.state.keyring, work.state.clock()
    withdraw_subscriber(work, keyring, section, canonical, now=now)
    for row in standing.of_address(work.session, keyring, section, canonical).pending():
        states.disown_signature(work.session, keyring, section, row.id, now=now)


SIGNATURES = Waits("signatures", ("confirm", "reminder"), find, confirm, disown)
