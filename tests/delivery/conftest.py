"""A site with cases, and one with a desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import Host, MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .world import OTHER, SLUG


@pytest.fixture
def desk(make_host: MakeHost) -> Host:
    """A site with a desk and two active cases."""
    mailer = RecordingMailer()
    host = make_host(w4r=W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission))
    host.mailer = mailer
    make_campaign(host.app, (SLUG, OTHER))
    return host


@pytest.fixture
def staff(desk: Host) -> Callable[..., Staff]:
    """Members of staff: ``staff()``, ``staff(may="deliver")``."""

    def make(actor: str = "mo", may: str = ALL, **more: Any) -> Staff:
        return Staff(desk.app.test_client(), actor, may, more.get("section"))

    return make
