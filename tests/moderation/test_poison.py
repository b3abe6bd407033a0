"""The poison simulation at a twentieth of its size. The goals are measured at full size, ``python -m benchmarks.poison``."""

from __future__ import annotations

import pytest

from benchmarks import poison, poison_people


@pytest.mark.slow
def test_a_small_flood(database: str) -> None:
    found = poison.run(database, seed=3, scale=0.05)
    assert found["undo_identical"]
    # Floors do not shrink with the flood, so what is below them at this size the desk has to find.
    assert found["stopped"] >= 0.9
    # A class, a family, a company, a campus, a carrier and a case in the news are left alone whatever the size.
    assert set(found["touched_groups"]) <= {"disposable mailbox", "odd mailbox", "same network"}
    assert sum(found["touched_groups"].values()) <= 3
    after = found["after_desk"]
    assert after["disposable"]["held"] == after["disposable"]["total"]
    assert after["network"]["held"] + after["network"]["invalid"] == after["network"]["total"]
    assert poison.table(found).count("\n") > 10


def test_a_seed_makes_the_same_people() -> None:
    people = poison_people.day(3, 0.05)
    assert people == poison_people.day(3, 0.05)
    assert people != poison_people.day(4, 0.05)
    assert len({person.email for person in people}) == len(people)


def test_the_sizes_are_as_said() -> None:
    people = poison_people.day(3)
    kinds = [person.kind for person in people]
    assert kinds.count("genuine") == 2000
    assert [kinds.count(kind) for kind in poison_people.FAKES] == [2500] * 4
    assert sum(person.group == "class" for person in people) == 30
