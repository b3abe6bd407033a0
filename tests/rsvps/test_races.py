"""Sixty threads of four processes at one event: never oversold, and the list is served in order."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Host, MakeHost, every_database
from tests.processes import Started, context

from .crowd import THREADS, press_on
from .guests import Party

PROCESSES, ROUNDS, CAPACITY = 4, 8, 10


class Presser:
    """One of the processes."""

    def __init__(self, host: Host, folder: Path) -> None:
        kept = {key: value for key, value in host.app.config.items() if key.startswith("W4R_")}
        kept |= {key: host.app.config[key] for key in ("SQLALCHEMY_DATABASE_URI", "SECRET_KEY", "TESTING")}
        self.rounds, theirs = context().Pipe()
        # A connection for each thread: what does not fit into the pool would be opened anew for every act.
        kept["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": THREADS, "max_overflow": 0}
        environment = {"W4R_SITE_SETTINGS": json.dumps(kept)}
        self.started = Started(folder, press_on, theirs, environment=environment)
        theirs.close()

    def answer(self) -> Any:
        """What it did in this round."""
        try:
            return self.rounds.recv()
        except EOFError:
            pytest.fail(self.started.errors)


def play(crowd: list[Presser], seed: int, event_id: int) -> list[list[Any]]:
    """One round; returns what all of them did."""
    for number, presser in enumerate(crowd):
        presser.rounds.send([f"{seed}.{number}", event_id])
    return [line for presser in crowd for line in presser.answer()]


@pytest.mark.race
@pytest.mark.slow
@every_database
def test_sixty_threads_of_four_processes(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host()
    seen: Counter[str] = Counter()
    crowd = [Presser(host, tmp_path) for _ in range(PROCESSES)]
    try:
        for number in range(ROUNDS):
            party = Party(host.app, slug=f"letters-{number}", capacity=CAPACITY)
            log = play(crowd, number, party.event_id)
            party.check()
            joined = Counter(rsvp for rsvp, outcome, _ in log if outcome in ("waitlisted", "offered"))
            offered = Counter(rsvp for _, _, some in log for rsvp in some)
            assert not offered - joined, "somebody was offered a seat twice"
            offers = "SELECT count(*) FROM w4r_outbox WHERE kind = 'rsvp_offer'"
            seen["offers"] += offered.total()
            assert host.rows(offers)[0][0] == seen["offers"], "one mail for each offer"
            seen.update(outcome for _, outcome, _ in log)
    finally:
        for presser in crowd:
            presser.rounds.send(None)
    assert {presser.started.wait() for presser in crowd} == {0}, [presser.started.errors for presser in crowd]
    assert seen["offers"] > ROUNDS and seen["going"] > ROUNDS and seen["cancelled"] > ROUNDS
    assert "0 differ" in host.run("w4r", "events", "recount").output
