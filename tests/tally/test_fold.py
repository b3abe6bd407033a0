"""Slots of past days become one, and nothing is lost, whoever counts meanwhile."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r.action_types import SIGNATURE
from flask_w4r.models import TallySlot
from flask_w4r.models.tally import NO_DAY, SLOTS
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.services.tally import fold
from flask_w4r.services.tally.counts import add_all
from flask_w4r.services.tally.keys import PEOPLE, WHOLE_EDITION, Key
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, run_jobs
from tests.conftest import Host, MakeHost, every_database


def slots(host: Host) -> list[tuple[Any, ...]]:
    """Type, source, status, day, slot and count of what is kept."""
    columns = (
        TallySlot.action_type, TallySlot.source, TallySlot.status, TallySlot.day, TallySlot.slot, TallySlot.count,
    )  # fmt: skip
    return read(host.app, lambda session: [tuple(row) for row in session.execute(select(*columns)).all()])


def spread(host: Host, key: Key, count: int = 1) -> None:
    """Put ``count`` into each slot of a number."""
    section = get_state(host.app).sections["AU"]
    edition = host.rows("SELECT id FROM w4r_edition")[0].id
    for slot in range(SLOTS):
        run(host.app, lambda work, slot=slot: add_all(work.session, section, edition, {key: count}, slot=slot))  # type: ignore[misc]


@every_database
def test_past_days_are_folded_and_the_sums_stay(make_host: MakeHost) -> None:
    host = make_host()
    case_id = make_campaign(host.app)["AU/ann-example"]
    today = get_state(host.app).clock().date()
    old, past = today - timedelta(days=30), today - timedelta(days=3)
    spread(host, Key(case_id, SIGNATURE, day=old), 2)
    spread(host, Key(case_id, SIGNATURE, day=past))
    spread(host, Key(case_id, "letter", "self_reported", "final", past), 3)
    spread(host, Key(case_id, SIGNATURE, day=today))
    spread(host, Key(WHOLE_EDITION, PEOPLE), 5)
    assert run_jobs(host.app)["tally_fold"] == {"folded": 3 * (SLOTS - 1)}
    kept = slots(host)
    assert sorted(row for row in kept if row[3] not in (today, NO_DAY)) == [
        ("letter", "self_reported", "final", past, 0, 3 * SLOTS),
        (SIGNATURE, "counted", "interim", old, 0, 2 * SLOTS),
        (SIGNATURE, "counted", "interim", past, 0, SLOTS),
    ]
    assert sorted(row[4:] for row in kept if row[3] == today) == [(slot, 1) for slot in range(SLOTS)]
    assert sorted(row[4:] for row in kept if row[3] == NO_DAY) == [(slot, 5) for slot in range(SLOTS)]
    assert run_jobs(host.app)["tally_fold"] == {"folded": 0}


@pytest.mark.race
@every_database
def test_nothing_is_lost_where_others_count_for_that_day_meanwhile(make_host: MakeHost) -> None:
    host = make_host()
    case_id = make_campaign(host.app)["AU/ann-example"]
    section, edition = get_state(host.app).sections["AU"], host.rows("SELECT id FROM w4r_edition")[0].id
    past = get_state(host.app).clock().date() - timedelta(days=9)
    keys = [Key(case_id, kind, "self_reported", day=past) for kind in ("card", "letter")]
    rounds, start, failed = 40, Barrier(4), list[BaseException]()

    def count() -> None:
        for _ in range(rounds):
            run(host.app, lambda work: add_all(work.session, section, edition, dict.fromkeys(keys, 1)))

    def folds() -> None:
        for _ in range(rounds):
            fold.job(host.app)

    def together(work: Any) -> None:
        start.wait(60)
        try:
            work()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [Thread(target=together, args=(work,)) for work in (count, count, count, folds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert failed == []
    fold.job(host.app)
    assert sorted(slots(host)) == [
        (kind, "self_reported", "interim", past, 0, 3 * rounds) for kind in ("card", "letter")
    ]


def test_what_is_counted_for_a_folded_day_is_folded_too(make_host: MakeHost) -> None:
    host = make_host()
    case_id = make_campaign(host.app)["AU/ann-example"]
    day = date(2026, 1, 5)
    for _ in range(2):
        spread(host, Key(case_id, "letter", "self_reported", day=day))
        spread(host, Key(case_id, "letter", "self_reported", day=day), -1)
        spread(host, Key(case_id, "letter", "self_reported", day=day))
        fold.job(host.app)
    assert slots(host) == [("letter", "self_reported", "interim", day, 0, 2 * SLOTS)]
