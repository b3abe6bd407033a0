"""Many sections in one app: a round asks for all of them at once."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

from flask_w4r import W4R
from flask_w4r.services.moderation import pulse
from flask_w4r.services.moderation.pulse_counts import count_hours
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import make_signatures, run_jobs
from tests.conftest import MakeHost, every_database
from tests.jobs.many import MANY, START, Moved, forget_rhythm, idle, listening, site_of
from tests.jobs.many import clock as clock
from tests.rsvps.guests import Party


@every_database
def test_an_idle_round_of_many_sections_sends_no_more_than_one_of_one(
    make_host: MakeHost, clock: Moved, database: str
) -> None:
    host = site_of(make_host, clock, MANY)
    many = idle(host)
    # The same database, with a single section of the same.
    one = make_host(database, upgrade=False, w4r=W4R(clock=clock), sections=[
        {"preset": "AU", "code": "S0", "url_prefix": "/s0", "desk_email": "desk0@example.org"}
    ])  # fmt: skip
    assert len(many) <= len(idle(one)) + 2
    # A rule of retention or a job costs a statement; sections cost none.
    assert len(many) < 70


@every_database
def test_an_idle_round_asks_no_more_for_more_events_whose_guests_were_reminded(
    make_host: MakeHost, clock: Moved
) -> None:
    host = site_of(make_host, clock, 2)

    def coming(slug: str) -> None:
        party = Party(host.app, slug=slug)
        party.ask(1)
        party.do("confirm", 1)

    coming("first")
    clock.now += timedelta(days=9, hours=4)
    few = idle(host)
    clock.now = START
    for number in range(5):
        coming(f"later-{number}")
    clock.now += timedelta(days=9, hours=4)
    forget_rhythm(host)
    assert run_jobs(host.app)["events"]["reminded"] == 5
    assert len(idle(host)) == len(few)


@every_database
def test_a_round_in_which_all_sections_count_sends_hardly_more(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 6)
    run_jobs(host.app)

    def busy(*numbers: int) -> int:
        for number in numbers:
            make_signatures(
                host.app, "ann-example", 7, section=f"S{number}", created_at=clock.now, mail_domain="gmail.com",
                email=lambda n, at=clock.now: f"{at:%H}-{n}@example.org", net_day=START.date(), net_host=b"h" * 32,
                net_site=b"s" * 32, net_block=b"b" * 32,
            )  # fmt: skip
        with listening(host) as statements:
            assert pulse.run_pulse(host.app)["hours"] == len(numbers)
        clock.now += timedelta(hours=1)
        pulse.run_pulse(host.app)
        return len(statements)

    busy(0)
    assert busy(0, 1, 2, 3, 4, 5) == busy(0)


@every_database
def test_workers_that_count_at_once_write_what_one_would(make_host: MakeHost, clock: Moved) -> None:
    host = site_of(make_host, clock, 4)
    for number in range(4):
        for hour in range(3):
            make_signatures(
                host.app, "ann-example", number + 3, section=f"S{number}", created_at=START - timedelta(hours=hour),
                mail_domain="gmail.com", email=lambda n, h=hour: f"w{h}-{n}@example.org",
            )  # fmt: skip
    faults: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                forget_rhythm(host)
                pulse.run_pulse(host.app)
        except BaseException as error:
            faults.append(error)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not faults
    counted = read(host.app, lambda session: count_hours(
        session, list(get_state(host.app).sections), START - timedelta(hours=2, minutes=20), START + timedelta(minutes=40)
    ))  # fmt: skip
    key = "`key`" if host.engine.dialect.name in ("mysql", "mariadb") else '"key"'
    rows = host.rows(f"SELECT section, case_id, metric, {key}, count FROM w4r_pulse")
    assert sorted(map(tuple, rows)) == sorted((code, *rest, n) for (code, _, *rest), n in counted.items())
    assert len(host.rows("SELECT section FROM w4r_desk_state WHERE version = 1 OR version > 1")) == 4
