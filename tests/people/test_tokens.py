from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r.errors import BadValue, TokenInvalid
from flask_w4r.keyring import token_box
from flask_w4r.models import Token
from flask_w4r.seam import Sweep
from flask_w4r.services.people import tokens
from flask_w4r.services.people.capability import CAPABILITY, EXPIRED_TOKENS_KEPT
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from tests.mail.world import World

#: Long enough to stand in no ciphertext by chance.
IDS = [[170_017_170_017, 2], [18, 1]]


def issue(world: World, days: float = 7) -> str:
    now = world.clock()
    return run(world.app, lambda work: tokens.issue(work.session, "AU", "confirm", IDS, now=now, days=days))


def find(world: World, raw: str, section: str = "AU", purpose: str = "confirm") -> tokens.TokenView:
    return read(world.app, lambda session: tokens.find(session, section, purpose, raw, now=world.clock()))


def test_only_the_holder_learns_what_a_token_is_for(world: World) -> None:
    raw = issue(world)
    row = read(world.app, lambda session: session.execute(select(Token.__table__)).one())
    assert raw not in repr(row)
    assert str(IDS[0][0]) not in row.payload
    assert token_box(raw).decrypt(row.payload.encode()) == b"[[170017170017,2],[18,1]]", "as short as can be"
    assert find(world, raw).payload == IDS


@pytest.mark.parametrize("raw", ["", "x", "a" * 10_000, "é" * 43, "\ud800", "A" * 43])
def test_garbage_is_no_token(small_world: World, raw: str) -> None:
    issue(small_world)
    with pytest.raises(TokenInvalid):
        find(small_world, raw)


def test_what_is_done_to_a_token_is_done_to_no_other(small_world: World) -> None:
    asked = [("AU", "confirm", IDS), ("AU", "not_me", [[1, 1]]), ("MA", "confirm", [])]
    now = small_world.clock()
    made = run(small_world.app, lambda work: tokens.issue_all(work.session, asked, now=now, days=7))
    assert len(set(made)) == 3

    def views() -> list[tokens.TokenView]:
        found = zip(made, asked, strict=True)
        return [find(small_world, raw, section, purpose) for raw, (section, purpose, _) in found]

    assert [view.payload for view in views()] == [payload for _, _, payload in asked]
    first, second, third = (view.id for view in views())
    assert run(small_world.app, lambda work: tokens.revoke(work.session, second, now=now))
    assert not run(small_world.app, lambda work: tokens.revoke(work.session, third + 9, now=now))
    assert [view.revoked_at for view in views()] == [None, now, None]
    assert run(small_world.app, lambda work: tokens.revoke(work.session, first, now=now))
    assert [view.revoked for view in views()] == [True, True, False]
    assert run(small_world.app, lambda work: tokens.issue_all(work.session, [], now=now, days=7)) == []


def test_a_token_that_was_emptied_says_when_and_nothing_else(small_world: World) -> None:
    asked = [("AU", "confirm", IDS), ("AU", "not_me", [[1, 1]]), ("MA", "confirm", IDS)]
    now = small_world.clock()
    made = run(small_world.app, lambda work: tokens.issue_all(work.session, asked, now=now, days=7))
    found = [find(small_world, raw, code, purpose).id for raw, (code, purpose, _) in zip(made, asked, strict=True)]

    def alive(code: str, purpose: str) -> list[bool]:
        one = tokens.is_alive
        return [read(small_world.app, lambda s, number=number: one(s, code, purpose, number)) for number in found]

    assert alive("AU", "confirm") == [True, False, False]
    assert alive("AU", "not_me") == [False, True, False]
    assert alive("MA", "confirm") == [False, False, True]
    small_world.clock.move(hours=1)
    later = small_world.clock()
    run(small_world.app, lambda work: tokens.empty(work.session, found[0], now=later))
    assert find(small_world, made[0]) == tokens.TokenView(found[0], [], True, later)
    stored = select(Token.id, Token.payload, Token.revoked_at).order_by(Token.id)
    rows = {row[0]: row for row in read(small_world.app, lambda session: session.execute(stored).all())}
    assert rows[found[0]].payload == ""
    assert all(rows[number].payload and rows[number].revoked_at is None for number in found[1:])
    assert alive("AU", "confirm") == [False] * 3
    assert alive("AU", "not_me") == [False, True, False]


@pytest.mark.parametrize("days", [0, -1])
def test_a_token_that_never_held_is_not_made(small_world: World, days: float) -> None:
    with pytest.raises(BadValue, match=r"^days must be more than nought$"):
        issue(small_world, days)


def test_all_that_is_no_token_is_refused_in_the_same_words(small_world: World) -> None:
    raw = issue(small_world)
    tries = [("", "AU", "confirm"), ("A" * 43, "AU", "confirm"), ("A" * 300, "AU", "confirm"), (raw, "MA", "confirm")]
    for other, section, purpose in [
        *tries,
        (raw, "AU", "not_me"),
        (raw[:-1], "AU", "confirm"),
        (raw + "A", "AU", "confirm"),
    ]:
        with pytest.raises(TokenInvalid, match=r"^no such token$"):
            find(small_world, other, section, purpose)


def test_a_damaged_token_is_none(small_world: World) -> None:
    first, second = issue(small_world), issue(small_world)

    def swap(work: Any) -> None:
        rows = work.session.scalars(select(Token).order_by(Token.id)).all()
        rows[0].payload, rows[1].payload = rows[1].payload, rows[0].payload

    run(small_world.app, swap)
    for raw in (first, second):
        with pytest.raises(TokenInvalid, match="damaged"):
            find(small_world, raw)


def swept(world: World, before: datetime) -> int:
    """How many links the sweep takes that expired before a moment."""
    (rule,) = (rule for rule in CAPABILITY.retention if rule.name == "tokens")
    sweep = Sweep(get_state(world.app).keyring, (), {}, before + EXPIRED_TOKENS_KEPT)
    due = read(world.app, lambda session: rule.due(session, sweep))
    assert run(world.app, lambda work: rule.sweep(work.session, sweep)) == due
    return due


def test_it_expires_and_is_swept_to_the_moment(small_world: World) -> None:
    raw = issue(small_world, days=2)
    ends = small_world.clock() + timedelta(days=2)
    moment = timedelta(microseconds=1)

    def expired(now: datetime) -> bool:
        return read(small_world.app, lambda session: tokens.find(session, "AU", "confirm", raw, now=now)).expired

    assert (expired(ends - moment), expired(ends)) == (False, True)
    assert swept(small_world, ends) == 0
    assert swept(small_world, ends + moment) == 1


def test_a_token_is_good_for_one_purpose_in_one_section(world: World) -> None:
    raw = issue(world)
    with pytest.raises(TokenInvalid):
        find(world, raw, purpose="not_me")
    with pytest.raises(TokenInvalid):
        find(world, raw, section="MA")


def test_it_expires_and_is_revoked_once(world: World) -> None:
    raw = issue(world)
    view = find(world, raw)
    assert (view.expired, view.revoked) == (False, False)
    now = world.clock()
    assert run(world.app, lambda work: tokens.revoke(work.session, view.id, now=now))
    assert not run(world.app, lambda work: tokens.revoke(work.session, view.id, now=now))
    world.clock.move(days=7)
    view = find(world, raw)
    assert (view.expired, view.revoked) == (True, True)


def test_purge_takes_what_expired_before(world: World) -> None:
    old, new = issue(world, days=1), issue(world, days=3)
    before = world.clock() + timedelta(days=2)
    assert swept(world, before) == 1
    assert find(world, new).payload
    with pytest.raises(TokenInvalid):
        find(world, old)
