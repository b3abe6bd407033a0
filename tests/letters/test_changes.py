"""When a case changes, so does every paper of it; and a sheet that is printed already can be asked."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from flask_w4r.services.campaign.catalogue import find_case
from flask_w4r.services.campaign.status import case_urls
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.letters.sheet import sheet_of
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from flask_w4r.web.kept import PageCache
from flask_w4r.web.request import purge_url
from tests.conftest import Host, MakeHost

from .world import ANN, BO, MINISTER, SECTION, change, words_of

PAPERS = ("letter", "letter.pdf", "letter.pdf?blank=1", "petition.pdf")


def stamp_of(host: Host, slug: str = ANN) -> str:
    """The stamp that is on a sheet now."""
    section = next(iter(get_state(host.app).sections.values()))
    lens = Lens(section, "en", datetime.now(UTC), lambda endpoint, **values: "/")
    with host.app.test_request_context():
        return read(host.app, lambda session: sheet_of(find_case(session, lens, slug), lens).stamp)


def text(answer: Any) -> str:
    """A page's words."""
    return " ".join(re.sub("<[^>]*>", " ", answer.text).split())


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"status": "closed"}, "This case is closed: please send no more letters."),
        ({"status": "freed"}, "Good news: letters for Ann Example are no longer needed."),
    ],
)
def test_a_case_that_is_over_has_no_sheet(site: Host, facts: dict[str, str], words: str) -> None:
    client, stamp = site.app.test_client(), stamp_of(site)
    change(site.app, **facts)
    page = client.get(f"/au/cases/{ANN}/letter")
    assert page.status_code == 200 and words in text(page) and "Kim Example" not in text(page)
    for path in PAPERS[1:]:
        gone = client.get(f"/au/cases/{ANN}/{path}")
        assert (gone.status_code, gone.mimetype) == (410, "text/html")
        assert words in text(gone)
        assert gone.headers["Cache-Control"] == "private, no-store"
    assert "Ann Example" not in words_of(client.get("/au/letters.pdf").data)
    printed = client.get(f"/au/cases/{ANN}/sheet/{stamp}")
    assert "Do not send this letter" in text(printed) and words in text(printed)


def test_nothing_is_left_of_a_case_that_was_withdrawn(site: Host) -> None:
    client, stamp = site.app.test_client(), stamp_of(site)
    assert client.get(f"/au/cases/{ANN}/letter.pdf").status_code == 200
    change(site.app, status="withdrawn")
    get_state(site.app).once("pages", PageCache).clear()
    for path in (*PAPERS, f"sheet/{stamp}"):
        gone = client.get(f"/au/cases/{ANN}/{path}")
        assert gone.status_code == 410 and "Example" not in gone.text
    rest = words_of(client.get("/au/letters.pdf").data)
    assert "Bo Example" in rest and "Ann" not in rest
    assert words_of(client.get(f"/au/letters.pdf?cases={ANN}&cases={BO}").data) == words_of(
        client.get(f"/au/letters.pdf?cases={BO}").data
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"target": {**MINISTER, "name": "Lee Example"}}, "Whom to write to, or how to address them, has changed."),
        ({"target": {**MINISTER, "address": "PO Box 1\nWellington"}}, "An address has changed."),
        ({"texts": {"demand": "Free her."}}, "What we ask for has changed."),
        ({"texts": {"letter.never": "Say nothing of the trial."}}, "What to say, or what to leave out, has changed."),
    ],
)
def test_a_printed_sheet_says_what_of_it_is_out_of_date(site: Host, changed: dict[str, Any], words: str) -> None:
    client, stamp = site.app.test_client(), stamp_of(site)
    right = client.get(f"/au/cases/{ANN}/sheet/{stamp}")
    assert "This sheet is still right" in text(right) and 'href="/au/report"' in right.text
    change(site.app, **changed)
    after = text(client.get(f"/au/cases/{ANN}/sheet/{stamp}"))
    assert "This sheet is out of date" in after and words in after
    fresh = text(client.get(f"/au/cases/{ANN}/sheet/{stamp_of(site)}"))
    assert "This sheet is still right" in fresh
    # What has no place on a sheet changes none.
    change(site.app, goal=5, solidarity={"route": "direct", "address": "PO Box 9", "rules": ["no-religion"]})
    assert "This sheet is still right" in text(client.get(f"/au/cases/{ANN}/sheet/{stamp_of(site)}"))


@pytest.mark.parametrize("stamp", ["x", "a" * 15, "A" * 16, "0" * 16, "a" * 17])
def test_what_is_no_stamp_is_nowhere(site: Host, stamp: str) -> None:
    assert site.app.test_client().get(f"/au/cases/{ANN}/sheet/{stamp}").status_code == 404


def test_a_change_names_every_paper_for_caches(site: Host) -> None:
    with site.app.app_context():
        state = get_state(site.app)
        section = next(iter(state.sections.values()))
        urls = read(
            site.app,
            lambda session: case_urls(
                session,
                section,
                ANN,
                lambda endpoint, **values: purge_url(site.app, section, endpoint, **values),
                state.seam.urls,
            ),
        )
    for path in (f"cases/{ANN}/letter", f"cases/{ANN}/letter.pdf", f"cases/{ANN}/letter.pdf?size=letter",
                 f"cases/{ANN}/petition.pdf", "letters.pdf", f"ar/cases/{ANN}/letter.pdf?size=a4"):  # fmt: skip
        assert f"http://localhost/au/{path}" in urls


def test_a_way_that_the_kit_closes_says_why(site: Host) -> None:
    client, stamp = site.app.test_client(), stamp_of(site)
    change(site.app, ways=["petition"], texts={"closed.letter": "Her family asks that nobody writes."})
    assert "Her family asks that nobody writes." in text(client.get(f"/au/cases/{ANN}/letter"))
    assert client.get(f"/au/cases/{ANN}/letter.pdf").status_code == 410
    assert client.get(f"/au/cases/{ANN}/petition.pdf").status_code == 200
    printed = text(client.get(f"/au/cases/{ANN}/sheet/{stamp}"))
    assert "Do not send this letter" in printed and "Her family asks that nobody writes." in printed
    assert "Ann Example" not in words_of(client.get("/au/letters.pdf").data)
    change(site.app, BO, target={})
    assert "There is no one to write to" in text(client.get(f"/au/cases/{BO}/letter"))
    assert "There is no one to write to" in text(client.get(f"/au/cases/{BO}"))


def test_before_and_after_an_edition(make_host: MakeHost) -> None:
    for window, words in (
        ({"starts_on": date(2099, 1, 1), "ends_on": date(2099, 2, 1)}, "Letters can be written from"),
        ({"starts_on": date(2020, 1, 1), "ends_on": date(2020, 2, 1)}, "please send no more letters"),
    ):
        host = make_host(section={**SECTION, "window": window, "code": f"S{window['starts_on'].year}"})
        make_campaign(host.app, (ANN,))
        change(host.app, target=MINISTER)
        client = host.app.test_client()
        assert words in text(client.get(f"/au/cases/{ANN}/letter"))
        assert client.get(f"/au/cases/{ANN}/letter.pdf").status_code == 410
        assert client.get("/au/letters.pdf").status_code == 410


def test_without_the_extra_the_page_serves(site: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask_w4r.services.printing import typeset

    monkeypatch.setattr(typeset, "find_spec", lambda name: None)
    client = site.app.test_client()
    page = client.get(f"/au/cases/{ANN}/letter")
    assert page.status_code == 200 and ".pdf" not in page.text
    assert "print this page: it has lines to write on" in text(page)
    missing = client.get(f"/au/cases/{ANN}/letter.pdf")
    assert missing.status_code == 503
    assert "pip install" in missing.text and f"/au/cases/{ANN}/letter" in missing.text
    assert "letter sheets are pages only" in site.run("w4r", "doctor").output


def test_setting_papers_has_a_limit_and_taking_those_that_are_there_has_none(make_host: MakeHost) -> None:
    host = make_host(section=SECTION, rate_limits={"paper_host": "1/hour"})
    make_campaign(host.app, (ANN,))
    change(host.app, target=MINISTER)
    client = host.app.test_client()
    assert [client.get(f"/au/cases/{ANN}/letter.pdf").status_code for _ in range(3)] == [200] * 3
    assert client.get(f"/au/cases/{ANN}/petition.pdf").status_code == 429
