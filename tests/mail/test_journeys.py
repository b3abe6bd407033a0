"""A mail server that is away for a night, for a day, that throttles, or refuses everybody: in a clock that is moved, as a
worker that always runs meets it. It costs no mail and no address, and the server is not run over."""

from __future__ import annotations

import logging
import smtplib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from flask_w4r.models import MailStop, OutboxMail, Suppression
from flask_w4r.services.mail import doctor, stop
from flask_w4r.services.mail import send as mail
from flask_w4r.services.storage.unit_of_work import read

from .world import World

MAILS = 40


class Server:
    """A mailer in front of a server that is well or not.

    :param says: ``(address, when) -> an error`` to raise, or ``None``.
    """

    def __init__(self, world: World, says: Callable[[str, datetime], Exception | None]) -> None:
        self.world, self.says = world, says
        self.asked = 0
        self.taken: dict[str, datetime] = {}

    def __call__(self, message: Any) -> None:
        self.asked += 1
        address = str(message["To"])
        error = self.says(address, self.world.clock())
        if error is not None:
            raise error
        assert address not in self.taken, "twice"
        self.taken[address] = self.world.clock()


def work(world: World, server: Server, until: datetime) -> None:
    """A worker that looks all the time; the clock goes on to when there is something to do."""
    waiting = select(func.min(OutboxMail.not_before)).where(OutboxMail.state == "queued")
    while world.clock() < until:
        now = world.clock()
        if read(world.app, lambda session: mail.is_due(session, now)):
            world.send(mailer=server)
        mails, stopped = read(
            world.app, lambda session: (session.scalar(waiting), session.scalar(select(MailStop.until)))
        )
        moments = [moment for moment in (mails, stopped) if moment is not None]
        world.clock.moment = min(until, max([*moments, now + timedelta(seconds=2)]) if mails is not None else until)


def silenced(world: World) -> list[str]:
    return read(world.app, lambda session: list(session.scalars(select(Suppression.reason))))


def refused(code: int, text: bytes) -> Callable[[str], Exception]:
    return lambda address: smtplib.SMTPRecipientsRefused({address: (code, text + b" <" + address.encode() + b">")})


NIGHT, DAY = timedelta(hours=10), timedelta(hours=24)
ILLS: dict[str, tuple[timedelta, Callable[[str], Exception]]] = {
    "away for a night": (NIGHT, lambda address: ConnectionRefusedError(111, "refused")),
    "away for a day": (DAY, lambda address: TimeoutError("timed out")),
    "throttles for a day": (DAY, lambda address: smtplib.SMTPSenderRefused(421, b"4.7.0 slow down", "w4r@example.org")),
    "550 to everybody for a day": (DAY, refused(550, b"relay not permitted")),
    "says that nobody exists for a night": (NIGHT, refused(550, b"5.1.1 user unknown")),
    "a host's own mailer is broken for a night": (NIGHT, lambda address: KeyError(address)),
}


@pytest.mark.parametrize("ill", ILLS)
def test_an_ill_server_costs_no_mail_and_no_address(small_world: World, ill: str) -> None:
    world, (length, error) = small_world, ILLS[ill]
    well = world.clock() + length
    server = Server(world, lambda address, now: error(address) if now < well else None)
    addresses = [f"person{number}@mail.example.org" for number in range(MAILS)]
    world.add_plain(addresses)
    work(world, server, world.clock() + length / 2)
    # Somebody signs meanwhile.
    late = [f"late{number}@mail.example.org" for number in range(5)]
    world.add_plain(late)
    work(world, server, well)
    hours = length / timedelta(hours=1)
    assert server.asked <= 50 + 40 * hours, "it is asked a few times in ten minutes at most"
    assert {row.state for row in world.rows()} == {"queued"}
    assert silenced(world) == []
    # Once one of them has found out, all of them leave.
    soonest = min(row.not_before for row in world.rows())
    work(world, server, max(well, soonest) + timedelta(minutes=12))
    assert set(server.taken) == {*addresses, *late}
    assert silenced(world) == []
    assert read(world.app, lambda session: session.scalar(select(MailStop.name))) is None


def test_greylisting_takes_all_within_the_hour(small_world: World) -> None:
    """Each address is asked to come again after five minutes."""
    world, seen = small_world, dict[str, datetime]()

    def says(address: str, now: datetime) -> Exception | None:
        first = seen.setdefault(address, now)
        return None if now - first >= timedelta(minutes=5) else refused(450, b"4.2.0 greylisted")(address)

    server = Server(world, says)
    world.add_plain([f"person{number}@mail.example.org" for number in range(MAILS)])
    work(world, server, world.clock() + timedelta(hours=1))
    assert len(server.taken) == MAILS
    assert server.asked <= 8 * MAILS


def test_a_server_with_a_quota_gets_what_it_takes(small_world: World) -> None:
    """Twenty mails an hour and no more; whoever asks further is told to come later."""
    world, hours = small_world, Counter[datetime]()

    def says(address: str, now: datetime) -> Exception | None:
        hour = now.replace(minute=0, second=0)
        hours[hour] += 1
        return None if hours[hour] <= 20 else refused(452, b"4.3.1 quota exceeded")(address)

    server = Server(world, says)
    world.add_plain([f"person{number}@mail.example.org" for number in range(3 * MAILS)])
    work(world, server, world.clock() + timedelta(hours=14))
    assert len(server.taken) == 3 * MAILS
    assert server.asked <= 9 * MAILS


def test_most_of_a_round_refused_stops_it_though_some_are_taken(small_world: World) -> None:
    """A relay that takes mail for its own people only, here and there among all the others."""
    world = small_world
    rows = [f"colleague{number}@section.example" if number % 3 == 2 else f"person{number}@host{number % 7}.example"
            for number in range(60)]  # fmt: skip
    world.add_plain(rows)
    well = world.clock() + timedelta(hours=3)

    def says(address: str, now: datetime) -> Exception | None:
        strange = now < well and not address.endswith("@section.example")
        return refused(550, b"5.1.1 user unknown")(address) if strange else None

    server = Server(world, says)
    report = world.send(mailer=server)
    assert (report.interrupted, report.failed) == (True, 0)
    assert report.retried <= 10 and server.asked <= 15
    work(world, server, well)
    assert silenced(world) == []
    assert {row.state for row in world.rows()} == {"queued", "sent"}
    work(world, server, well + timedelta(hours=8))
    assert set(server.taken) == set(rows)


@pytest.mark.parametrize("error", [refused(550, b"5.1.1 user unknown"), refused(450, b"4.2.0 later")])
def test_one_domain_stops_nobody_elses_mail(small_world: World, error: Callable[[str], Exception]) -> None:
    """Somebody signs with dozens of addresses that their own server refuses, and the relay asks that one first."""
    world, first = small_world, ["first@mail.example.org", "second@mail.example.org"]
    others = [f"person{number}@mail.example.org" for number in range(10)]
    theirs = [f"x{number}@n{number}.evil.example" for number in range(12)]
    server = Server(world, lambda address, now: error(address) if "evil" in address else None)
    world.add_plain(first)
    world.add_plain([f"ann{number}@mail.example.org" for number in range(12)])
    world.add_plain(theirs)
    world.add_plain(others)
    assert not world.send(mailer=server).interrupted
    assert {*first, *others} <= set(server.taken)
    # They outnumber the others: sending stops, and goes on as soon as one other is taken.
    for turn in range(3):
        world.add_plain([f"y{turn}{number}@evil.example" for number in range(8)])
        world.add_plain([f"late{turn}@mail.example.org"])
        world.send(mailer=server)
        world.clock.move(minutes=2)
    work(world, server, world.clock() + timedelta(minutes=15))
    assert {f"late{turn}@mail.example.org" for turn in range(3)} <= set(server.taken)


@pytest.fixture
def broken(small_world: World) -> World:
    world = small_world
    world.add_plain([f"canary{number}@mail.example.org" for number in range(20)])
    world.postbox.error = smtplib.SMTPRecipientsRefused({"canary0@mail.example.org": (550, b"5.7.1 relay denied")})
    assert world.send().interrupted
    return world


def test_staff_are_told(broken: World, caplog: pytest.LogCaptureFixture) -> None:
    world, now = broken, broken.clock()
    found = read(world.app, lambda session: stop.stopped(session, now=now))
    assert found is not None
    assert (found.since, found.sort, found.fault) == (now, "refused", "SMTPRecipientsRefused 550 5.7.1")
    found_ill = list(doctor.check(world.app, world.state))
    finding = next(finding for finding in found_ill if "stopped" in finding.text)
    assert finding.level == "error" and "refuses most mails (SMTPRecipientsRefused 550 5.7.1)" in finding.text
    errors = [record.getMessage() for record in caplog.get_records("setup") if record.levelno >= logging.ERROR]
    assert errors == ["the mail server refuses most mails (SMTPRecipientsRefused 550 5.7.1); sending stops for a while"]
    assert "canary" not in caplog.text
    world.postbox.error = None
    world.clock.move(minutes=2)
    assert world.send().sent == 20
    assert read(world.app, lambda session: stop.stopped(session, now=world.clock())) is None
    assert not any("stopped" in finding.text for finding in doctor.check(world.app, world.state))


def test_one_worker_asks_for_all(broken: World) -> None:
    world = broken
    asked: list[str] = []

    def note(message: Any) -> None:
        asked.append(str(message["To"]))
        if len(asked) == 1:
            assert world.send() == mail.MailReport(), "another worker, meanwhile"

    world.postbox.before = note
    assert world.send() == mail.MailReport(), "not during the pause"
    world.clock.move(minutes=1)
    assert world.send().interrupted
    assert len(asked) == 5


def test_a_stop_that_nobody_has_looked_at_for_hours_is_over(broken: World) -> None:
    world = broken
    world.clock.move(hours=2)
    assert read(world.app, lambda session: stop.stopped(session, now=world.clock())) is None
    assert world.send().interrupted, "it still asks a few first"
    found = read(world.app, lambda session: stop.stopped(session, now=world.clock()))
    assert found is not None and found.since == world.clock()


def test_a_sink_that_is_away_stops_no_mail(small_world: World) -> None:
    """The host's newsletter system does not answer; it is no mail server."""
    world = small_world

    def away(hooks: Any, params: Any) -> None:
        raise ConnectionRefusedError(111, "refused")

    seam = world.state.seam
    kinds = {**seam.mails, "asked": replace(seam.mails["asked"], hand_over=away, capped=False)}
    seam.__dict__["mails"] = kinds
    for number in range(8):
        world.enqueue("asked", f"reader{number}@mail.example.org", {"number": number})
    world.add_plain(["person@mail.example.org"])
    report = world.send()
    assert (report.sent, report.retried, report.interrupted) == (1, 8, False)
