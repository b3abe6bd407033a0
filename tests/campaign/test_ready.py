"""The desk's list of what is to be done before an edition opens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.models import Case, CaseText
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.testing import make_campaign
from tests.campaign.test_desk import add_next_edition
from tests.conftest import Host, every_database
from tests.embedding.conftest import MA, MakeSite
from tests.moderation.conftest import Staff, check_permission, load_actor

READY = "/au/moderation/ready"


def lacks(page: Any) -> list[str]:
    assert page.status_code == 200
    return re.findall(r'data-w4r-lack="([^"]+)"', page.text)


def change(host: Host, facts: Mapping[str, Any], texts: Mapping[str, str] = {}, locale: str = "en") -> None:
    def work(uow: UnitOfWork) -> None:
        case = uow.session.query(Case).filter_by(slug="ann-example").one()
        for key, value in facts.items():
            setattr(case, key, value)
        for field, text in texts.items():
            uow.session.add(CaseText(case_id=case.id, locale=locale, field=field, local=text))

    run(host.app, work)


@every_database
def test_it_names_what_is_missing_and_where_it_is_mended(desk: Host, staff: Callable[..., Any]) -> None:
    add_next_edition(desk, "bea-example")
    page = staff(may="edit_cases").get(READY)
    text = " ".join(page.text.split())
    assert text.index("Write for Rights 2027") < text.index("Write for Rights 2026")
    assert "Nobody is named as the one to write to." in text
    assert "cases/bea-example/case.toml" in text
    link = "/au/moderation/cases/bea-example/texts?lang=en&amp;edition=2027#w4r-own-letter-model"
    assert f'href="{link}"' in text
    box = staff(may="edit_cases").get(link.partition("#")[0].replace("&amp;", "&")).text
    assert 'id="w4r-own-letter-model"' in box and 'id="w4r-own-email-1-text"' in box
    assert "letter embassy" in lacks(page), "a case in New Zealand, and no embassy is known"
    assert "embassy_addresses" in text


def test_what_was_written_goes_from_the_list(desk: Host, staff: Callable[..., Any]) -> None:
    before = lacks(staff().get(READY))
    target = {
        "title": "The Minister",
        "address": "1 Main Street",
        "email": "m@example.org",
        "verified_on": "2020-01-01",
    }
    written = {
        "letter.salutation": "Dear Minister,", "letter.points": "She is right.", "letter.model": "I write to you.",
        "email.2.subject": "Ann", "email.2.text": "Free Ann.", "share.1": "Ann needs you.",
    }  # fmt: skip
    change(desk, {"target": target}, written)
    page = staff().get(READY)
    assert set(before) - set(lacks(page)) >= {
        "letter letter.model",
        "email email.#.text",
        "share share.#",
        "letter target",
    }
    assert lacks(page).count("letter verified") == lacks(page).count("email verified") == 1
    assert "The address of The Minister was last checked on 1 January 2020." in page.text
    change(desk, {"ways": ["petition"]}, {"closed.letter": "No post arrives."})
    assert lacks(staff().get(READY)) == ["email closed", "share closed"]
    change(desk, {"status": "freed"})
    assert "Everything is there." in staff().get(READY).text


@pytest.mark.parametrize(("checked", "expected"), [(date.today(), []), (date(2020, 1, 1), ["letter embassy_verified"])])
def test_an_embassy_that_the_section_knows_is_not_asked_for(
    make_site: MakeSite, checked: date, expected: list[str]
) -> None:
    w4r = W4R(actor_loader=load_actor, permission_check=check_permission)
    known = {"NZ": {"lines": ["Embassy of New Zealand", "Rabat"], "verified_on": checked}}
    host = make_site(section={**MA, "embassy_addresses": known}, w4r=w4r)
    make_campaign(host.app)
    page = Staff(host.app.test_client(), "mo", "edit_cases", None).get("/ma/moderation/ready")
    assert [item for item in lacks(page) if "embassy" in item] == expected
    assert lacks(page).count("petition all") == 2, "nothing is written in Arabic and French"


def test_editions_that_are_over_need_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    add_next_edition(desk, "old-example", year="2020", starts_in=-2000)
    assert "Write for Rights 2020" not in staff().get(READY).text


def test_the_page_of_letters_says_the_same_of_letters(desk: Host, staff: Callable[..., Any]) -> None:
    change(desk, {}, {"letter.points": "She is right."})
    page = staff(may="edit_cases").get("/au/moderation/letters")
    assert page.status_code == 200
    assert "Nobody is named as the one to write to." in page.text
    assert "English: No model of a letter." in page.text
    assert "worth saying in a letter" not in page.text
    assert "email" not in page.text.partition("<main")[2].partition("</main>")[0].lower()
    change(desk, {"ways": ["petition"]}, {"closed.letter": "No post arrives."})
    page = staff(may="edit_cases").get("/au/moderation/letters")
    assert "No post arrives." in page.text and "No model of a letter" not in page.text


def test_it_is_for_those_who_edit_cases(desk: Host, staff: Callable[..., Any]) -> None:
    assert staff(may="view_queue,decide").get(READY).status_code == 403
    assert f'href="{READY}"' not in staff(may="view_queue,decide").get("/au/moderation/").text
    assert f'href="{READY}"' in staff(may="view_queue,edit_cases").get("/au/moderation/").text
