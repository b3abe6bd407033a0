"""A host whose browser refuses cookies: forms go through, and the page that needs a cookie says so, and why."""

from __future__ import annotations

import pytest

from flask_w4r.testing import submit
from tests.conftest import MakeHost
from tests.events.walks import Site


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    found = Site(make_host(rate_limits={"event_host": "2/hour"}))
    found.client = found.host.app.test_client(use_cookies=False)
    return found


def test_the_forms_before_a_host_is_known(site: Site) -> None:
    back = site.client.post("/au/events/new", data=site.typed())
    assert (back.status_code, "Almost done" in back.text) == (422, True)
    assert submit(site.client, back, "place", title="").status_code == 422
    assert submit(site.client, back, "place").status_code == 303, "two presses are enough"
    lost = site.client.get("/au/host/lost")
    assert submit(site.client, lost, "host_email", host_email="sam").status_code == 422
    assert submit(site.client, lost, "host_email", host_email="sam@example.org").status_code == 303
    assert submit(site.client, lost, "host_email", host_email="sam@example.org").status_code == 429, (
        "what was sent counts"
    )


def test_the_hosts_page_says_that_it_needs_a_cookie(site: Site) -> None:
    assert site.post().status_code == 303
    site.jobs()
    link = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    page = site.client.get(link)
    assert "This needs a cookie" in page.text
    assert submit(site.client, page, "form_token").status_code == 303
    assert site.event().state == "submitted", "the address is proved all the same"
    away = site.client.get("/au/host")
    assert away.status_code == 403
    assert "your browser did not keep our cookie" in away.text
    assert "This needs a cookie" in site.client.get(link).text
