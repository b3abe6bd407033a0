"""A site with one case that writes to a minister."""

from __future__ import annotations

import pytest

from tests.conftest import Host, MakeHost

from .world import Clock, make_world


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(make_host: MakeHost, clock: Clock) -> Host:
    return make_world(make_host, clock)
