"""A site with one event, on a clock that tests turn."""

from __future__ import annotations

import pytest

from tests.conftest import Host, MakeHost

from .pages import Clock, make_site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(make_host: MakeHost, clock: Clock) -> Host:
    return make_site(make_host, clock)
