from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from flask_w4r.errors import TokenInvalid
from flask_w4r.models import Token
from flask_w4r.services.people import tokens
from flask_w4r.services.storage.unit_of_work import read, run
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
    assert find(world, raw).payload == IDS


@pytest.mark.parametrize("raw", ["", "x", "a" * 10_000, "é" * 43, "\ud800", "A" * 43])
def test_garbage_is_no_token(small_world: World, raw: str) -> None:
    issue(small_world)
    with pytest.raises(TokenInvalid):
        find(small_world, raw)


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
    assert run(world.app, lambda work: tokens.purge(work.session, before=before)) == 1
    assert find(world, new).payload
    with pytest.raises(TokenInvalid):
        find(world, old)
