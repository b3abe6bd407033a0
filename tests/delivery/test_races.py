"""Deliveries of one case at once, while people sign, erase and withdraw, and processes are killed: each once, none lost."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.errors import DeliveryClosed, FilesOutdated, NothingToDeliver
from flask_w4r.services.delivery import claim, freeze, hand_over
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import at_once
from tests.processes import Started, run_module

from . import acts
from .world import SLUG, TO

HELD_BACK = ("SQLALCHEMY_DATABASE_URI", "SECRET_KEY")
FIRST, MORE, TURNS = 1200, 100, 6


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host()
    make_campaign(host.app, (SLUG,))
    return host


def section_of(host: Host) -> Any:
    return next(iter(get_state(host.app).sections.values()))


def prepare(host: Host) -> str | None:
    """Take what is to be delivered; ``None``: there is nothing."""
    case_id = host.rows("SELECT id FROM w4r_case")[0][0]

    def work(uow: Any) -> str:
        now = uow.state.clock()
        row = claim.prepare(uow.session, section_of(host), case_id, [TO], actor_id="mo", now=now)
        return row.public_id

    try:
        return run(host.app, work)
    except NothingToDeliver:
        return None


def finish(host: Host, public_id: str) -> None:
    """Make the files of a delivery until they are what is handed over, or call it off when nobody is left."""
    section, day = section_of(host), datetime.now(UTC).date()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with suppress(FilesOutdated):
                hand_over.hand_over(host.app, section, public_id, on=day, by="Jo", actor_id="mo")
                return
            freeze.freeze(host.app, section, public_id)
            empty = host.rows("SELECT count FROM w4r_delivery WHERE public_id = :id", id=public_id)[0][0] == 0
            if empty:
                with suppress(DeliveryClosed):
                    run(
                        host.app,
                        lambda uow: claim.call_off(
                            uow.session, section, public_id, actor_id="mo", now=uow.state.clock()
                        ),
                    )
                return
        except DeliveryClosed:
            if host.rows("SELECT state FROM w4r_delivery WHERE public_id = :id", id=public_id)[0][0] != "prepared":
                return
            # Somebody else began to make them. Two who began anew at once, each time, would never end: nobody presses so.
            time.sleep(random.random() / 4)
    raise AssertionError("it is never whole")


def prepared(host: Host) -> list[str]:
    return [row[0] for row in host.rows("SELECT public_id FROM w4r_delivery WHERE state = 'prepared'")]


def adds_up(host: Host) -> dict[str, int]:
    """Every signature in one delivery at most, none lost, and the totals right."""
    rows = host.rows(
        "SELECT d.public_id, d.count, d.state, count(n.signature_id), count(s.delivered_at), count(n.number)"
        " FROM w4r_delivery d LEFT JOIN w4r_delivery_name n ON n.delivery_id = d.id"
        " LEFT JOIN w4r_signature s ON s.id = n.signature_id GROUP BY d.id, d.public_id, d.count, d.state"
    )
    for public_id, certified, state, names, delivered, numbered in rows:
        if state == "handed_over":
            assert certified == names == delivered == numbered, public_id
        else:
            assert (state, names) == ("called_off", 0), public_id
    total = sum(row[1] for row in rows if row[2] == "handed_over")
    given = host.rows("SELECT count(*) FROM w4r_signature WHERE delivered_at IS NOT NULL")[0][0]
    assert total == given
    lost = "SELECT count(*) FROM w4r_signature WHERE state = 'confirmed' AND held_at IS NULL AND delivered_at IS NULL"
    assert host.rows(lost)[0][0] == 0
    return {"deliveries": len(rows), "given": given}


@every_database
@pytest.mark.race
def test_eight_who_prepare_at_one_moment(host: Host) -> None:
    make_signatures(host.app, SLUG, 200, state="confirmed")
    made = at_once(8, lambda number: prepare(host))
    assert len([one for one in made if one]) >= 1
    claimed = host.rows("SELECT count(*), count(DISTINCT signature_id) FROM w4r_delivery_name")[0]
    assert tuple(claimed) == (200, 200)
    at_once(len(made), lambda number: made[number] and finish(host, str(made[number])), range(len(made)))
    assert adds_up(host)["given"] == 200


@every_database
@pytest.mark.race
def test_who_leaves_while_it_is_handed_over(host: Host) -> None:
    """Each of them left before, and then the files are refused, or after: never is a name certified that was not given."""
    ids = make_signatures(host.app, SLUG, 60, state="confirmed")
    public_id = str(prepare(host))
    freeze.freeze(host.app, section_of(host), public_id)
    leaving: list[Callable[[], Any]] = [
        *(lambda number=number: acts.erase(host.app, number) for number in ids[:3]),
        *(lambda number=number: acts.withdraw(host.app, number) for number in ids[3:6]),
        *(lambda: finish(host, public_id) for _ in range(2)),
    ]
    at_once(len(leaving), lambda number: leaving[number](), range(len(leaving)))
    while (late := prepare(host)) is not None:
        finish(host, late)
    adds_up(host)


def start(host: Host, folder: Path, *words: str) -> Started:
    """``flask w4r deliver ...`` in a process of its own."""
    settings: dict[str, Any] = {
        key: value for key, value in host.app.config.items() if key.startswith("W4R_") or key in HELD_BACK
    }
    settings |= {"TESTING": True}
    command = ["flask", "--app", "tests.own_process", "w4r", "deliver", *words]
    return Started(folder, run_module, *command, environment={"W4R_SITE_SETTINGS": json.dumps(settings)}, strict=False)


#: Where a process is killed, by what can be seen of its work from outside.
STAGES: tuple[tuple[str, Callable[[Host, int, list[Path]], bool]], ...] = (
    ("claimed", lambda host, before, folders: host.rows("SELECT count(*) FROM w4r_delivery")[0][0] > before),
    (
        "freezing",
        lambda host, before, folders: bool(host.rows("SELECT id FROM w4r_delivery WHERE freezing IS NOT NULL")),
    ),
    ("writing", lambda host, before, folders: any((folder / "names.csv").exists() for folder in folders)),
)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


@every_database
@pytest.mark.kill
@pytest.mark.slow
def test_two_at_once_while_all_else_goes_on_and_processes_die(
    host: Host, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    make_signatures(host.app, SLUG, FIRST, state="confirmed", email=lambda number: f"first-{number}@example.org")
    over = threading.Event()
    faults: list[BaseException] = []
    numbers = count(1)

    def going_on(act: Callable[[], None]) -> threading.Thread:
        def work() -> None:
            try:
                while not over.is_set():
                    act()
            except BaseException as error:  # A thread's own fault would be lost.
                faults.append(error)

        return threading.Thread(target=work)

    def sign() -> None:
        make_signatures(
            host.app, SLUG, 5, state="confirmed", email=lambda number: f"later-{next(numbers)}@example.org",
            withhold_name=lambda number: number == 3,
        )  # fmt: skip
        over.wait(0.1)

    def leave() -> None:
        alive = "SELECT id FROM w4r_signature WHERE state = 'confirmed' AND delivered_at IS NULL"
        some = [row[0] for row in host.rows(alive)]
        if some:
            random.choice((acts.erase, acts.withdraw, acts.hold))(host.app, random.choice(some))
        over.wait(0.4)

    threads = [going_on(sign), going_on(leave)]
    for thread in threads:
        thread.start()
    killed: Counter[str] = Counter()
    for turn in range(TURNS):
        folders = [tmp_path / f"{turn}-{number}" for number in range(2)]
        before = host.rows("SELECT count(*) FROM w4r_delivery")[0][0]
        pair = [
            start(host, tmp_path, "prepare", SLUG, "--to", TO, "--out", str(folder), "--no-pdf") for folder in folders
        ]
        # Somewhere in its work: once it took the names, while it numbers them, once it writes them down.
        stage, reached = STAGES[turn % len(STAGES)]
        until(lambda: reached(host, before, folders) or not pair[0].process.is_alive())
        if pair[0].process.is_alive():
            pair[0].send_signal(signal.SIGKILL)
            killed[stage] += 1
        for one in pair:
            one.wait()
        for public_id in prepared(host)[-2:]:
            finish(host, public_id)
        make_signatures(
            host.app,
            SLUG,
            MORE,
            state="confirmed",
            email=lambda number: f"more-{turn}-{number}@example.org",
        )
    over.set()
    for thread in threads:
        thread.join()
    assert faults == []
    for (number,) in host.rows("SELECT id FROM w4r_signature WHERE held_at IS NOT NULL"):
        acts.hold(host.app, number, release=True)
    for public_id in prepared(host):
        finish(host, public_id)
    while (last := prepare(host)) is not None:
        finish(host, last)
    found = adds_up(host)
    record_property("killed", dict(killed))
    print(f"{TURNS} pairs at once, killed at {dict(killed)}, {found}")
    assert found["given"] > FIRST / 2
