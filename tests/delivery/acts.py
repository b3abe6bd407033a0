"""What supporters and the desk do to signatures while deliveries are made, by the services themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from flask_w4r.models import Signature
from flask_w4r.services.delivery.holds import DELIVERIES
from flask_w4r.services.petitions import standing, states
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state


def _section(app: Any) -> Any:
    return next(iter(get_state(app).sections.values()))


def confirm(app: Any, number: int) -> None:
    """The mailbox of a signature is proved."""
    section = _section(app)

    def work(uow: UnitOfWork) -> None:
        state = uow.state
        rows = standing.by_id(uow.session, section, [number])
        address = standing.address_of(state.keyring, rows)
        assert address is not None
        stand = standing.of_address(uow.session, state.keyring, section, address.canonical, lock=True, known=rows)
        states.confirm_signatures(
            uow.session, state.keyring, section, stand, {number: rows[0].version}, hold_at=50, now=state.clock()
        )

    run(app, work)


def withdraw(app: Any, number: int) -> bool:
    """The owner of the mailbox takes a signature back."""
    section = _section(app)
    return (
        run(
            app,
            lambda uow: states.disown_signature(uow.session, uow.state.keyring, section, number, now=uow.state.clock()),
        )
        is not None
    )


def hold(app: Any, number: int, *, release: bool = False) -> None:
    """A check holds a signature, or the desk releases it."""

    def work(uow: UnitOfWork) -> None:
        now = uow.state.clock()
        alive = (Signature.id == number, Signature.state.in_(("pending", "confirmed")))
        uow.session.execute(
            update(Signature).where(*alive).values(held_at=None if release else now, updated_at=now),
            execution_options={"synchronize_session": False},
        )

    run(app, work)


def erase(app: Any, number: int) -> None:
    """Its owner erases a signature, and with it whatever deliveries hold of them, in one transaction."""
    section = _section(app)

    def work(uow: UnitOfWork) -> None:
        query = select(Signature).where(Signature.id == number).with_for_update()
        row = uow.session.scalars(query).one()
        address = standing.address_of(uow.state.keyring, [row])
        gone = {"state": "erased", "person": None, "email_index": None, "details_index": None, "name_index": None}
        uow.session.execute(
            update(Signature).where(Signature.id == number).values(**gone, held_at=None, updated_at=uow.state.clock()),
            execution_options={"synchronize_session": False},
        )
        assert DELIVERIES.erase is not None
        DELIVERIES.erase(uow, section, address.canonical if address else "nobody@example.org", None)

    run(app, work)
