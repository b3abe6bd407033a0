"""One of the processes that press on one event: fifteen threads, a round for each that it is told of.

Whatever is done to the waiting list is checked where it happens, with the event's row held: who comes in stands behind
all others, and who is served stood before them.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flask_w4r.errors import EventFull
from flask_w4r.models import Event, Rsvp
from flask_w4r.services.rsvps import ask as rsvp_ask
from flask_w4r.services.rsvps import lifecycle as rsvps
from flask_w4r.services.rsvps import seats as rsvp_seats
from tests.own_process import create_app

from .guests import Party

THREADS, ACTS, GUESTS = 15, 2, 25


def waiting(session: Session, event: Event) -> list[tuple[int, int, datetime | None]]:
    rows = select(Rsvp.id, Rsvp.party_size, Rsvp.waitlisted_at).where(
        Rsvp.event_id == event.id, Rsvp.state == "waitlisted", Rsvp.held_at.is_(None)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(rows.order_by(Rsvp.waitlisted_at, Rsvp.id))]


def watched_promote(real: Callable[..., list[Rsvp]]) -> Callable[..., list[Rsvp]]:
    def promote(session: Session, event: Event, *, now: datetime) -> list[Rsvp]:
        session.flush()
        before = waiting(session, event)
        offered = real(session, event, now=now)
        assert [row.id for row in offered] == [row[0] for row in before[: len(offered)]], "not served in order"
        held = session.scalar(select(func.sum(Rsvp.seats_held)).where(Rsvp.event_id == event.id)) or 0
        assert event.seats_taken == held <= (event.capacity or 0)
        assert event.waiting == len(before) - len(offered) == len(waiting(session, event))
        return offered

    return promote


def watched_join(real: Callable[..., None]) -> Callable[..., None]:
    def join_list(session: Session, event: Event, rsvp: Rsvp, now: datetime) -> None:
        others = [row[2] for row in waiting(session, event) if row[0] != rsvp.id]
        real(session, event, rsvp, now)
        assert all(other is not None and other < rsvp.waitlisted_at for other in others), "somebody was passed"

    return join_list


def act(party: Party, luck: random.Random, log: list[list[Any]]) -> None:
    """One act of somebody. The log holds what was committed."""
    guest, size = luck.randrange(GUESTS), luck.randint(1, 3)
    later = party.state.clock() + timedelta(hours=25)
    name = luck.choice(["ask", "ask", "come", "come", "come", "change", "accept", "cancel", "decline", "expire"])
    try:
        if name == "ask":
            done = party.ask(guest, size, held=luck.random() < 0.05)
        elif name == "come":
            done = party.ask(guest, size)
            log.append([done.rsvp_id, done.outcome, list(done.offered)])
            done = party.do("confirm", guest)
        elif name == "change":
            done = party.do("change", guest, size)
        elif name == "expire":
            done = party.expire(later)
        elif name == "decline":
            row = next((row for row in party.rows() if row.state == "offered"), None)
            done = party._run(rsvps.cancel, None, row.id) if row else rsvps.Done(0, party.event_id, "gone")
        else:
            done = party.do(name, guest)
    except EventFull:
        return
    log.append([done.rsvp_id, done.outcome, list(done.offered)])


def press_on(rounds: Connection) -> None:
    """What one of the processes does, until no more rounds come in."""
    app = create_app()
    rsvp_ask.promote = watched_promote(rsvp_seats.promote)  # type: ignore[attr-defined]
    rsvps.join_list = watched_join(rsvp_seats.join_list)  # type: ignore[attr-defined]
    with app.app_context(), ThreadPoolExecutor(THREADS) as pool:
        while (next_round := rounds.recv()) is not None:
            seed, event_id = next_round
            party = Party(app, event_id)
            log: list[list[Any]] = []
            gate = threading.Barrier(THREADS)

            def press(number: int, party: Party = party, log: Any = log, gate: Any = gate, seed: str = seed) -> None:
                luck = random.Random(f"{seed}.{number}")
                gate.wait(60)
                with app.app_context():
                    for _ in range(ACTS):
                        act(party, luck, log)

            list(pool.map(press, range(THREADS)))
            rounds.send(log)
