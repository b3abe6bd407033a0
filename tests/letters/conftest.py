"""A site with letters to write."""

from __future__ import annotations

import pytest

from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost

from .world import ANN, BO, MINISTER, SECTION, TEXTS, change


@pytest.fixture
def site(make_host: MakeHost) -> Host:
    """A site with two open cases: of one all is known, of the other nobody's address."""
    host = make_host(section=SECTION)
    make_campaign(host.app, (ANN, BO))
    change(host.app, ANN, texts=TEXTS, target=MINISTER)
    change(host.app, BO, target={"title": "The President"})
    return host
