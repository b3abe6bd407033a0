"""A centre's site, and sections around the world."""

from __future__ import annotations

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host, MakeHost

from .world import Clock, Sender


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def centre(make_host: MakeHost, clock: Clock) -> Host:
    """The site where all is added up. It is a section too: what people do on it is the centre's own."""
    section = {"preset": "AU", "code": "INT", "name": "The centre", "url_prefix": "/int"}
    return make_host(section=section, w4r=W4R(mailer=RecordingMailer(), clock=clock))


@pytest.fixture
def au(clock: Clock) -> Sender:
    return Sender("AU", clock)


@pytest.fixture
def nz(clock: Clock) -> Sender:
    return Sender("NZ", clock)
