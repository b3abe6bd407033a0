"""Before hosting opens: the list says from when, the form is not there yet."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import MakeHost


def pages(make_host: MakeHost, window: dict[str, date]) -> tuple[str, Any, Any]:
    host = make_host(
        w4r=W4R(mailer=RecordingMailer()), sections=[{"preset": "AU", "url_prefix": "/au", "window": window}]
    )
    make_campaign(host.app)
    client = host.app.test_client()
    return (
        client.get("/au/events").text,
        client.get("/au/events/new"),
        client.post("/au/events/new", data={"title": "x"}),
    )


@pytest.mark.parametrize("key", ["hosting_opens_on", "starts_on"])
def test_the_day_is_named_and_nobody_can_host(make_host: MakeHost, key: str) -> None:
    ahead = date.today() + timedelta(days=9)
    listed, form, posted = pages(make_host, {key: ahead})
    assert f"{ahead:%B}" in listed
    assert "You can host events from" in listed
    assert (form.status_code, posted.status_code) == (200, 403)
    assert "You can host events from" in form.text
    assert 'name="host_email"' not in form.text


def test_hosts_may_begin_before_the_campaign_does(make_host: MakeHost) -> None:
    ahead, before = date.today() + timedelta(days=9), date.today() - timedelta(days=1)
    listed, form, posted = pages(make_host, {"starts_on": ahead, "hosting_opens_on": before})
    assert "You can host events from" not in listed
    assert 'name="host_email"' in form.text
    assert posted.status_code == 422
