from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from flask_w4r.models import Case, SpentProof, Token
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.services.storage.upsert import insert_ignore, insert_missing, insert_new, upsert
from tests.mail.world import World


def proof(world: World, digest: bytes) -> dict[str, Any]:
    return {"digest": digest * 32, "expires_at": world.clock()}


def token(world: World, digest: bytes) -> dict[str, Any]:
    now = world.clock()
    return {
        "section": "AU",
        "purpose": "x",
        "token_hash": digest * 32,
        "payload": "",
        "created_at": now,
        "expires_at": now,
    }


def test_insert_ignore_tells_an_insert_from_a_duplicate(world: World) -> None:
    def write(work: Any) -> list[bool]:
        return [
            insert_ignore(work.session, SpentProof.__table__, proof(world, digest)) for digest in (b"a", b"a", b"b")
        ]

    assert run(world.app, write) == [True, False, True]
    assert run(world.app, write) == [False, False, False]


def test_insert_new_gives_the_id(world: World) -> None:
    def write(work: Any) -> list[int | None]:
        return [insert_new(work.session, Token.__table__, token(world, digest)) for digest in (b"a", b"a", b"b")]

    first, second, third = run(world.app, write)
    assert second is None
    assert [first, third] == read(world.app, lambda session: list(session.scalars(select(Token.id).order_by(Token.id))))


def test_a_duplicate_is_left_as_it_is(world: World) -> None:
    run(world.app, lambda work: insert_ignore(work.session, SpentProof.__table__, proof(world, b"a")))
    before = world.clock()
    world.clock.move(hours=1)
    run(world.app, lambda work: insert_ignore(work.session, SpentProof.__table__, proof(world, b"a")))
    assert read(world.app, lambda session: session.scalars(select(SpentProof.expires_at)).all()) == [before]


def test_insert_missing_leaves_what_is_there(world: World) -> None:
    def write(*digests: bytes) -> None:
        rows = [proof(world, digest) for digest in digests]
        run(world.app, lambda work: insert_missing(work.session, SpentProof.__table__, rows))

    before = world.clock()
    write(b"a")
    world.clock.move(hours=1)
    write(b"b", b"a", b"c")
    found = read(
        world.app, lambda session: dict(session.execute(select(SpentProof.digest, SpentProof.expires_at)).all())
    )
    assert {bytes(digest)[:1]: at for digest, at in found.items()} == {
        b"a": before, b"b": world.clock(), b"c": world.clock(),
    }  # fmt: skip


def test_upsert_changes_the_row_in_the_way_by_value_and_by_expression(world: World) -> None:
    later = world.clock() + timedelta(days=1)
    table = SpentProof.__table__

    def write(work: Any) -> None:
        upsert(work.session, table, proof(world, b"a"), ["digest"], {"expires_at": later})

    run(world.app, write)
    assert read(world.app, lambda session: session.scalars(select(SpentProof.expires_at)).all()) == [world.clock()]
    run(world.app, write)
    assert read(world.app, lambda session: session.scalars(select(SpentProof.expires_at)).all()) == [later]

    world.add_cases(1)
    row = read(world.app, lambda session: dict(session.execute(select(Case.__table__)).mappings().one()))
    cases = Case.__table__
    run(world.app, lambda work: upsert(work.session, cases, row, ["id"], {"position": cases.c.position + 7}))
    assert read(world.app, lambda session: session.scalars(select(Case.position)).one()) == 7


def test_of_many_writers_of_one_key_exactly_one_inserts(world: World) -> None:
    answers: list[bool] = []
    start = threading.Barrier(12)

    def writer() -> None:
        start.wait()
        answers.append(
            run(world.app, lambda work: insert_ignore(work.session, SpentProof.__table__, proof(world, b"z")))
        )

    threads = [threading.Thread(target=writer) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 11 + [True]
