"""A site with a desk and cases that can be written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import Host, MakeHost
from tests.mail.world import MovingClock
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .world import OTHER, SLUG, set_rules

SECTION = {"preset": "AU", "url_prefix": "/au", "locales": ["en", "ar"], "messages_shown": True}


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def desk(make_host: MakeHost, clock: MovingClock) -> Host:
    """A site with a desk, and two cases that take messages."""
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission, clock=clock)
    host = make_host(w4r=w4r, captcha="none", section=SECTION)
    host.mailer = mailer
    make_campaign(host.app, (SLUG, OTHER))
    set_rules(host, SLUG, route="family", languages=["en", "ar"], rules=["no-religion", "no-amnesty"])
    set_rules(host, OTHER, route="section")
    return host


@pytest.fixture
def staff(desk: Host) -> Callable[..., Staff]:
    """Members of staff: ``staff()``, ``staff(may="decide")``."""

    def make(actor: str = "mo", may: str = ALL, **more: Any) -> Staff:
        return Staff(desk.app.test_client(), actor, may, more.get("section"))

    return make
