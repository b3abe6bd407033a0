"""Who is told that forms wait, or could not be processed."""

from __future__ import annotations

import pytest

from flask_w4r import W4R, Actor
from flask_w4r.services.intake import batch
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, supporter
from tests.conftest import Host, MakeHost
from tests.mail.world import MovingClock

CASE = "/au/cases/ann-example"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def host(make_host: MakeHost, clock: MovingClock) -> Host:
    staff = {"actor_loader": lambda: Actor("mo", "Mo"), "permission_check": lambda *asked: True}
    host = make_host(captcha="none", w4r=W4R(mailer=RecordingMailer(), clock=clock, **staff))
    make_campaign(host.app)
    return host


def post(host: Host) -> None:
    client = host.app.test_client()
    _, fields = form_fields(client.get(f"{CASE}/sign"), "form_token")
    assert client.post(f"{CASE}/sign", data={**fields, **supporter()}).status_code == 303


def test_the_desk_is_told(host: Host, clock: MovingClock) -> None:
    client = host.app.test_client()
    post(host)
    assert "waiting for the worker" not in client.get("/au/moderation/").text
    clock.move(minutes=2)
    assert "1 form is waiting for the worker" in client.get("/au/moderation/").text
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_intake SET kind = 'letter'")
    assert batch.take(host.app) == (0, 1)
    page = client.get("/au/moderation/").text
    assert "waiting for the worker" not in page and "1 form could not be processed" in page


def test_the_doctor_is_told(host: Host, clock: MovingClock) -> None:
    def report() -> str:
        return host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output

    assert "no worker has run yet" in report()
    run_jobs(host.app)
    assert "a worker is running" in report()
    post(host)
    clock.move(minutes=6)
    found = report()
    assert "no worker has run for 360 s" in found and "1 forms are waiting, the oldest for 360 s" in found
