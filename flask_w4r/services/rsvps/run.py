"""One press of a button about an RSVP, from the transaction to the signals: what a view, a job and a test call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...models import Rsvp
from ...sections import Section
from ...signals import rsvp_changed, rsvp_created
from ...state import W4RState, get_state
from ..mail.caps import is_suppressed
from ..moderation.judgement import Judgement, spend_proof
from ..storage.unit_of_work import UnitOfWork, run
from . import lifecycle
from .lifecycle import Done, Guest

#: What changed nothing that a host site would want to hear of.
_QUIET = frozenset({"known", "already", "gone"})


def tell(work: UnitOfWork, section: Section, done: Done) -> None:
    """Send the signals of what was done, once it is committed."""
    ids = {"event_id": done.event_id, "section": section.code}
    if done.rsvp_id and done.outcome == "created":
        work.emit(rsvp_created, rsvp_id=done.rsvp_id, **ids)
    elif done.rsvp_id and done.outcome not in _QUIET:
        work.emit(rsvp_changed, rsvp_id=done.rsvp_id, **ids)
    for number in done.offered:
        if number != done.rsvp_id:
            work.emit(rsvp_changed, rsvp_id=number, **ids)


def ask_and_tell(
    app: Any, section: Section, event_id: int, guest: Guest, judgement: Judgement, *, proved: bool = False
) -> Done:
    """Somebody wants to come: one transaction, then the signals.

    :param proved: whoever asks has shown that they read the address' mail, so that no mail is to be answered.
    :raises NotFound: there is no such published event that takes guests.
    :raises EventFull: the whole event is smaller than the party.
    :raises ProofReplayed: the captcha solution was used before.
    """
    state = get_state(app)

    def work(uow: UnitOfWork) -> Done:
        # The claim of seats is first in the transaction, so the proof is looked at after it.
        done = lifecycle.ask(
            uow.session, state.keyring, section, event_id, guest, held=judgement.held, reasons=judgement.reasons,
            score=judgement.score, now=state.clock(),
        )  # fmt: skip
        spend_proof(uow.session, judgement)
        tell(uow, section, done)
        if (
            proved
            and done.outcome in ("created", "replaced")
            and not is_suppressed(uow.session, state.keyring, section, guest.address.canonical)
        ):
            version = uow.session.get_one(Rsvp, done.rsvp_id).version
            done = lifecycle.confirm(
                uow.session, state.keyring, section, event_id, done.rsvp_id, version,
                hold_at=state.config.scoring["hold_at"], now=state.clock(),
            )  # fmt: skip
            tell(uow, section, done)
        return done

    return run(app, work)


def act_and_tell(app: Any, section: Section, act: Callable[[UnitOfWork, W4RState], Done]) -> Done:
    """Do something to an RSVP in one transaction, then tell the host site.

    :param act: calls one function of :mod:`.rsvps` with the unit's session.
    """
    state = get_state(app)

    def work(uow: UnitOfWork) -> Done:
        done = act(uow, state)
        tell(uow, section, done)
        return done

    return run(app, work)
