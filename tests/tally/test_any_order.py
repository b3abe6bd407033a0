"""Whatever people, hosts, pupils and the desk do, in whatever order, each number is what a plain reckoning says."""

from __future__ import annotations

import random
import uuid

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import MakeHost

from .everything import SIGNATURE, World
from .steps import STEPS, do

#: What brings something about comes more often than what takes it away.
WEIGHTS = dict.fromkeys(STEPS, 1) | {
    "sign": 4, "link": 8, "report": 3, "message": 2, "email": 2, "approve": 5, "pupil": 2,
}  # fmt: skip
STEPS_A_DAY = 24
#: All that can be counted here, and where it comes from.
EVERYTHING = {
    (SIGNATURE, "counted"), ("solidarity_message", "counted"), ("email", "counted"), ("letter", "self_reported"),
    ("card", "self_reported"), ("petition_paper", "section_counted"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "shared", "days"),
    [("sqlite", False, 16), ("sqlite", True, 5), ("postgresql", False, 5), ("mariadb", True, 5)],
    indirect=["database"],
)
def test_the_numbers_are_what_a_plain_reckoning_says(make_host: MakeHost, shared: bool, days: int) -> None:
    world = World(make_host, shared=shared)

    # The database goes on from day to day: none that is shorter would be the same.
    @settings(
        max_examples=days, deadline=None, phases=[Phase.explicit, Phase.generate], database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(day=st.integers(0, 2**32))
    def check(day: int) -> None:
        world.begin(uuid.uuid4().hex)
        chance = random.Random(day)
        for name in chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS_A_DAY):
            do(world, name, chance.randrange(4), chance.randrange(6), chance.randint(1, 3))
        world.agree()

    check()
    kept, _ = world.kept()
    if days > 10:
        assert {key[1:3] for key in kept} == EVERYTHING, "all of it was reached"
        assert {key[3] for key in kept} == {"interim", "final", "corrected"}
        assert world.gone
        assert world.pupils
