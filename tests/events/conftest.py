"""Sites on which events are hosted."""

from __future__ import annotations

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer
from tests.conftest import MakeHost
from tests.events.walks import Site
from tests.moderation.conftest import check_permission, load_actor


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host())


@pytest.fixture
def desk_site(make_host: MakeHost) -> Site:
    mailer = RecordingMailer()
    host = make_host(w4r=W4R(mailer=mailer, actor_loader=load_actor, permission_check=check_permission))
    host.mailer = mailer
    return Site(host)
