"""Who gets no mail, whose day's mails are whose, and when the next day begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import insert, select

from flask_w4r.models import OutboxMail, Suppression
from flask_w4r.services.mail import caps
from flask_w4r.services.people.networks import day_secret
from flask_w4r.services.storage.unit_of_work import read, run

from .world import World, make_section

ANN, BO = "ann@mail.example.org", "bo@mail.example.org"
MOMENT = timedelta(microseconds=1)


def suppress(world: World, who: str, reason: str, code: str = "AU") -> bool:
    section, now = make_section(code), world.clock()
    return run(world.app, lambda work: caps.suppress(work.session, world.keyring, section, who, reason, now=now))


def unblock(world: World, who: str, code: str = "AU") -> None:
    run(world.app, lambda work: caps.unblock(work.session, world.keyring, make_section(code), who))


def suppressed(world: World) -> set[tuple[str, str]]:
    asked = [(make_section(code), who) for code in ("AU", "MA") for who in (ANN, BO)]
    found = read(world.app, lambda session: caps.suppressed_among(session, world.keyring, asked))
    for section, who in asked:
        one = read(world.app, lambda s, section=section, who=who: caps.is_suppressed(s, world.keyring, section, who))
        assert one is ((section.code, who) in found)
    return found


def test_an_address_gets_no_mail_from_the_section_it_said_so_to(small_world: World) -> None:
    world = small_world
    assert suppressed(world) == set()
    assert suppress(world, ANN, "not_me")
    assert not suppress(world, ANN, "blocked"), "what stands first stands"
    assert suppress(world, BO, "blocked", "MA")
    assert suppressed(world) == {("AU", ANN), ("MA", BO)}
    rows = select(Suppression.section, Suppression.reason, Suppression.created_at).order_by(Suppression.section)
    assert read(world.app, lambda session: [tuple(row) for row in session.execute(rows)]) == [
        ("AU", "not_me", world.clock()), ("MA", "blocked", world.clock()),
    ]  # fmt: skip


def test_only_what_staff_blocked_is_unblocked(small_world: World) -> None:
    world = small_world
    suppress(world, ANN, "blocked")
    suppress(world, BO, "blocked")
    suppress(world, ANN, "blocked", "MA")
    suppress(world, BO, "bounced", "MA")
    unblock(world, ANN)
    assert suppressed(world) == {("AU", BO), ("MA", ANN), ("MA", BO)}
    unblock(world, BO, "MA")
    assert suppressed(world) == {("AU", BO), ("MA", ANN), ("MA", BO)}


def test_a_reason_that_nobody_knows_is_refused(small_world: World) -> None:
    with pytest.raises(ValueError, match=r"^reason must be one of not_me, bounced, blocked$"):
        suppress(small_world, ANN, "spam")
    assert suppressed(small_world) == set()


def test_a_day_s_mails_are_counted_by_section_and_address_and_day() -> None:
    asked = [(secret, code, who) for secret in (b"a", b"b") for code in ("AU", "MA") for who in (ANN, BO)]
    made = {caps.cap_index(secret, make_section(code), who) for secret, code, who in asked}
    assert len(made) == len(asked)
    assert {len(one) for one in made} == {32}
    assert caps.cap_index(b"a", make_section(), ANN) == caps.cap_index(b"a", make_section(), ANN)


def put(world: World, cap: bytes | None, kind: str, **columns: Any) -> None:
    now = world.clock()
    values = {
        "section": "AU", "kind": kind, "locale": "en", "state": "queued", "cap_index": cap, "not_before": now,
        "created_at": now, "message_id": f"m{now.timestamp()}", "attempts": 0, **columns,
    }  # fmt: skip
    run(world.app, lambda work: work.session.execute(insert(OutboxMail), [values]))


def test_what_left_and_what_leaves_now_is_told_apart(small_world: World) -> None:
    world, now = small_world, small_world.clock()
    mine, other, third = b"m" * 32, b"o" * 32, b"t" * 32
    put(world, mine, "confirm", state="sent", sent_at=now - timedelta(hours=2))
    put(world, mine, "confirm", state="sent", sent_at=now - timedelta(hours=1))
    put(world, mine, "asked", state="sent", sent_at=now, answered_at=now)
    put(world, mine, "asked", lease_until=now + MOMENT, claimed_by="another")
    # None of these leave: the lease is over, it is the worker's own, nobody has it, it was dropped, or failed.
    put(world, mine, "reminder", lease_until=now, claimed_by="another")
    put(world, mine, "reminder", lease_until=now + MOMENT, claimed_by="me")
    put(world, mine, "reminder")
    put(world, mine, "reminder", state="dropped", lease_until=now + MOMENT, claimed_by="another")
    put(world, mine, "reminder", state="failed", sent_at=now)
    put(world, other, "confirm", state="sent", sent_at=now)
    put(world, third, "confirm", state="sent", sent_at=now)
    put(world, None, "confirm", state="sent", sent_at=now)
    found = read(world.app, lambda session: caps.mails_today(session, [mine, other], worker="me", now=now))
    assert set(found) == {mine, other}
    today = found[mine]
    assert (dict(today.sent), dict(today.leaving)) == ({"confirm": 2, "asked": 1}, {"confirm": 0, "asked": 1})
    assert today.unanswered == {"confirm": now - timedelta(hours=1)}
    assert (today.answered, found[other].answered) == (True, False)
    assert found[other].unanswered == {"confirm": now}


def test_an_answer_is_noted_on_the_day_s_mails_of_that_address_alone(small_world: World) -> None:
    world, now = small_world, small_world.clock()
    secret = run(world.app, lambda work: day_secret(work.session, world.keyring, now.date()))
    mine, other = (caps.cap_index(secret, world.section, who) for who in (ANN, BO))
    later = now + timedelta(hours=9)
    put(world, mine, "confirm", state="sent", sent_at=now)
    put(world, mine, "asked", state="sent", sent_at=now, answered_at=now - timedelta(hours=1))
    put(world, mine, "waits", not_before=later)
    put(world, mine, "over", state="dropped", not_before=later)
    put(world, other, "confirm", state="sent", sent_at=now)
    put(world, other, "waits", not_before=later)
    run(
        world.app,
        lambda work: caps.answered(
            work.session, world.section, ANN, secret=day_secret(work.session, world.keyring, now.date()), now=now
        ),
    )
    rows = select(OutboxMail.cap_index, OutboxMail.kind, OutboxMail.answered_at, OutboxMail.not_before)
    found = read(
        world.app, lambda session: {(bytes(row[0]), row[1]): (row[2], row[3]) for row in session.execute(rows)}
    )
    assert found == {
        (mine, "confirm"): (now, now), (mine, "asked"): (now - timedelta(hours=1), now), (mine, "waits"): (None, now),
        (mine, "over"): (None, later), (other, "confirm"): (None, now), (other, "waits"): (None, later),
    }  # fmt: skip


@pytest.mark.parametrize(
    "now",
    [
        datetime(2024, 12, 1, tzinfo=UTC), datetime(2024, 12, 1, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2024, 12, 2, 8, 30, tzinfo=timezone(timedelta(hours=11))),
    ],
)  # fmt: skip
def test_the_next_day_begins_after_midnight_of_utc_at_no_fixed_moment(now: datetime) -> None:
    found = {caps.next_day(now) for _ in range(50)}
    midnight = datetime(2024, 12, 2, tzinfo=UTC)
    assert min(found) >= midnight + timedelta(minutes=1)
    assert max(found) <= midnight + timedelta(hours=2)
    assert len(found) == 50
