"""Sixty threads of four processes at one event: never oversold, and the list is served in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Host, MakeHost, every_database

from .guests import Party

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, ROUNDS, CAPACITY = 4, 20, 10


def start(host: Host) -> subprocess.Popen[str]:
    kept = {key: value for key, value in host.app.config.items() if key.startswith("W4R_")}
    kept |= {key: host.app.config[key] for key in ("SQLALCHEMY_DATABASE_URI", "SECRET_KEY", "TESTING")}
    environment = {**os.environ, "W4R_SITE_SETTINGS": json.dumps(kept), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.rsvps.crowd"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def play(crowd: list[subprocess.Popen[str]], seed: int, event_id: int) -> list[list[Any]]:
    """One round; returns what all of them did."""
    for number, process in enumerate(crowd):
        assert process.stdin
        process.stdin.write(json.dumps([f"{seed}.{number}", event_id]) + "\n")
        process.stdin.flush()
    log = []
    for process in crowd:
        assert process.stdout and process.stderr
        line = process.stdout.readline()
        assert line, process.stderr.read()
        log += json.loads(line)
    return log


@pytest.mark.slow
@every_database
def test_sixty_threads_of_four_processes(make_host: MakeHost) -> None:
    host = make_host()
    seen: Counter[str] = Counter()
    crowd = [start(host) for _ in range(PROCESSES)]
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
        for process in crowd:
            process.communicate()
    assert {process.returncode for process in crowd} == {0}
    assert seen["offers"] > ROUNDS and seen["going"] > ROUNDS and seen["cancelled"] > ROUNDS
    assert "0 differ" in host.run("w4r", "events", "recount").output
