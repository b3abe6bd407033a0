"""The moderator of the poison simulation: conditions read off the overview's numbers, a second person, and the undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from flask_w4r.models.moderation import Pulse
from flask_w4r.services.petitions import invalidation, invalidation_run
from flask_w4r.services.petitions.invalidation import Conditions
from flask_w4r.services.storage.unit_of_work import read, run

from .poison_site import Site

#: A network with so many signatures in an hour stands out on the overview, where the campus has forty.
FAR_ABOVE = 300


@dataclass
class Job:
    """One invalidation that was run."""

    id: int
    words: str
    applied: int = 0


def invalidate(site: Site, scale: float) -> list[Job]:
    """Propose, approve and run what the overview suggests."""
    site.count_pulse()
    return [_run(site, words, conditions) for words, conditions in _suggested(site, scale)]


def _suggested(site: Site, scale: float) -> Iterator[tuple[str, Conditions]]:
    top = select(Pulse.key, func.max(Pulse.count)).where(
        Pulse.section == site.section.code, Pulse.metric == "net_site", Pulse.count >= max(60, FAR_ABOVE * scale)
    )
    for key, count in read(site.app, lambda session: session.execute(top.group_by(Pulse.key)).all()):
        day, _, digits = key.partition("/")
        yield f"network {digits[:8]}, {count} in an hour", Conditions(seen_network=f"{day}/site/{digits}")
    yield (
        "numbered addresses at gmail.com, 30 points or more",
        Conditions(reason="address_sequence", min_score=30, mail_domain="gmail.com"),
    )
    yield "addresses by lot, 40 points or more", Conditions(reason="address_random", min_score=40)


def _run(site: Site, words: str, conditions: Conditions) -> Job:
    state = site.state

    def propose(uow: object) -> tuple[int, str]:
        batch = invalidation.propose(
            uow.session, state.keyring, site.section, conditions,  # type: ignore[attr-defined]
            now=site.now, hooks=state.hooks, actor=site.moderator, reason=words,
        )  # fmt: skip
        return batch.id, batch.state

    number, began = run(site.app, propose)
    if began == "waiting":
        _do(site, number, "approve", second=True)
    invalidation_run.run_due(site.app)
    batch = read(site.app, lambda session: invalidation.get(session, site.section, number))
    if batch.state != "done":
        raise RuntimeError(f"invalidation {number} is {batch.state}")
    return Job(number, words, batch.applied)


def _do(site: Site, number: int, act: str, *, second: bool = False) -> None:
    actor, state = site.second if second else site.moderator, site.state
    run(
        site.app,
        lambda uow: invalidation.do(
            uow.session, state.keyring, site.section, number, act, now=site.now, hooks=state.hooks, actor=actor
        ),
    )


def undo(site: Site, jobs: Sequence[Job]) -> None:
    """Take everything back, the last first."""
    for job in reversed(jobs):
        if job.applied:
            _do(site, job.id, "undo")
            invalidation_run.run_due(site.app)
