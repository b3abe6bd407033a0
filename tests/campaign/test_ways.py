"""The ways to act for a case: what its page offers, what the kit closes and why, and what of it the desk may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_w4r.models import Case
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import make_campaign
from tests.campaign.own_words import PAGE
from tests.conftest import Host
from tests.embedding.conftest import AU, MakeSite, clear_pages


def _close(host: Host, slug: str, ways: list[str]) -> None:
    def work(uow: Any) -> None:
        uow.session.query(Case).filter_by(slug=slug).update({"ways": ways})

    run(host.app, work)
    clear_pages(host)


def test_a_case_page_lists_the_ways_and_says_which_are_closed(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    page = host.app.test_client().get("/au/cases/ann-example").text
    assert "Other ways to act" in page
    assert "Write with others at an event" in page
    assert "This way to act is not open" not in page
    _close(host, "ann-example", ["petition"])
    page = host.app.test_client().get("/au/cases/ann-example").text
    assert "This way to act is not open for this case." in page
    assert "Write with others at an event" in page, "what no kit speaks of stays open"


def test_thanks_go_on_to_the_other_ways(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    page = host.app.test_client().get("/au/cases/ann-example/thanks").text
    assert 'data-w4r-did="petition"' in page
    assert "Do more for Ann Example" in page
    assert 'data-w4r-way="event"' in page
    assert 'data-w4r-way="petition"' not in page


def test_the_desk_writes_the_texts_of_a_way(desk: Host, staff: Callable[..., Any]) -> None:
    page = staff(may="edit_cases").get(PAGE).text
    assert "Letter: what is worth saying" in page
    assert "Email 1: subject" in page
    assert "Email 2: subject" not in page
