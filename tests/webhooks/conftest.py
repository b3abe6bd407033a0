"""A receiver for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webhooks.receiver import Receiver, receiver


@pytest.fixture
def program() -> Iterator[Receiver]:
    """A program that takes everything until told otherwise."""
    with receiver() as made:
        yield made
