"""A section's own texts at the desk, beside the centre's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r import W4R, Actor
from flask_w4r.errors import PermissionDenied
from flask_w4r.models import Case, CaseText
from flask_w4r.services.campaign import texts as case_texts
from flask_w4r.services.campaign.texts import Edit
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.signals import case_changed
from flask_w4r.state import Hooks, get_state
from flask_w4r.testing import make_campaign
from tests.campaign.own_words import PAGE, PUBLIC, boxes, centre_says, stored
from tests.campaign.test_desk import log
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import Staff, check_permission, load_actor


@every_database
def test_own_words_are_shown_until_the_box_is_empty_again(desk: Host, staff: Callable[..., Any]) -> None:
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, **values: Any) -> None:
        heard.append(values)

    case_changed.connect(hear)
    mo, reader = staff(may="edit_cases"), desk.app.test_client()
    page = mo.get(PAGE)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "Ann Example is a made-up case" in page.text
    sent = boxes(page)
    assert sent["own-title"] == ""
    story = "\n\nA *long* way.\r\n\r\n> Ωδε – عربي\n"
    done = mo.post(PAGE, {**sent, "own-title": " Our title ", "own-story": story}, page=PAGE)
    assert done.status_code == 303
    assert "Saved." in mo.get(done.location).text
    assert stored(desk) == ("Our title", "Ann Example is a made-up case")
    assert stored(desk, "story") == ("A *long* way.\n\n> Ωδε – عربي", "Once upon a time.")
    public = reader.get(PUBLIC).text
    assert "Our title" in public
    assert "<em>long</em>" in public
    assert "http://localhost/au/cases/ann-example" in heard[0]["urls"]
    [(actor, action, subject, changes)] = log(desk)
    assert (actor, action, subject) == ("mo", "case_texts", "case:ann-example")
    assert "en/title" in str(changes)
    assert "Our title" not in str(changes)
    # What a second look sends back unchanged changes nothing, and is not logged.
    same = mo.post(PAGE, boxes(mo.get(PAGE)), page=PAGE)
    assert same.status_code == 303
    assert "You made no changes" in mo.get(same.location).text
    assert len(log(desk)) == 1
    mo.post(PAGE, {**boxes(mo.get(PAGE)), "own-title": "  ", "own-story": "Once upon a time."}, page=PAGE)
    assert stored(desk) == (None, None)
    assert stored(desk, "story") == (None, None)
    assert "Ann Example is a made-up case" in reader.get(PUBLIC).text
    assert len(log(desk)) == len(heard) == 2


@every_database
def test_the_page_says_when_the_centre_changed_its_words(desk: Host, staff: Callable[..., Any]) -> None:
    mo = staff()
    mo.post(PAGE, {**boxes(mo.get(PAGE)), "own-title": "Ours"}, page=PAGE)
    assert "The centre has changed its text" not in mo.get(PAGE).text
    centre_says(desk, "title", "A new title from the centre")
    page = mo.get(PAGE)
    assert "The centre has changed its text" in page.text
    assert "Ann Example is a made-up case" in page.text
    assert "A new title from the centre" in page.text
    assert "1 changed by the centre" in mo.get("/au/moderation/cases").text
    mo.post(PAGE, {**boxes(page), "keep-title": "y"}, page=PAGE)
    assert stored(desk) == ("Ours", "A new title from the centre")
    assert "The centre has changed its text" not in mo.get(PAGE).text
    # To say "I have read it" of words that changed once more would be untrue.
    centre_says(desk, "title", "Another one")
    page = mo.get(PAGE)
    centre_says(desk, "title", "And another one")
    mo.post(PAGE, {**boxes(page), "keep-title": "y"}, page=PAGE)
    assert "The centre has changed its text" in mo.get(PAGE).text


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("title", "x" * 201, "200 characters"),
        ("title", "Two\nlines", "on a single line"),
        ("demand", "<b>Now</b>", "without HTML"),
        ("petition", "Do\x00it", "without HTML or control"),
        ("story", "Fine.\n\n<script>alert(1)</script>", "Line 3"),
        ("story", "[a link](javascript:alert(1))\n\n![a picture](https://example.org/x.png)", "Line 3"),
        ("story", "*[" * 1000, "Line 1"),
        ("story", "x" * 40_001, "Use no more than"),
    ],
)
@pytest.mark.parametrize("button", ["save", "look"])
def test_a_fault_comes_back_with_everything_typed(
    desk: Host, staff: Callable[..., Any], field: str, text: str, words: str, button: str
) -> None:
    mo = staff()
    sent = {**boxes(mo.get(PAGE)), "own-summary": "Kept summary", f"own-{field}": text, button: "y"}
    page = mo.post(PAGE, sent, page=PAGE)
    assert page.status_code == 422
    assert words in page.text
    assert f'href="#w4r-own-{field}"' in page.text
    assert boxes(page)["own-summary"] == "Kept summary"
    assert "<script>alert" not in page.text
    assert desk.rows("SELECT * FROM w4r_case_text WHERE local IS NOT NULL") == []
    assert log(desk) == []


def test_a_long_story_in_any_script_fits(desk: Host, staff: Callable[..., Any]) -> None:
    mo = staff()
    story = "ش" * 39_999
    assert mo.post(PAGE, {**boxes(mo.get(PAGE)), "own-story": story}, page=PAGE).status_code == 303
    assert stored(desk, "story")[0] == story
    assert mo.post(PAGE, {**boxes(mo.get(PAGE)), "own-story": "x" * 600_000}, page=PAGE).status_code == 413
    # Other forms take what they took.
    assert mo.client.post("/au/cases/ann-example/sign", data={"first_name": "x" * 70_000}).status_code == 413


def test_look_and_take_save_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    mo = staff()
    page = mo.post(PAGE, {**boxes(mo.get(PAGE)), "own-story": "**Now** & <3", "look": "y"}, page=PAGE)
    assert page.status_code == 200
    assert "<strong>Now</strong> &amp; &lt;3" in page.text
    page = mo.post(PAGE, {**boxes(page), "take": "petition"}, page=PAGE)
    assert boxes(page)["own-petition"] == "Please do right."
    assert boxes(page)["own-story"] == "**Now** & <3"
    assert desk.rows("SELECT * FROM w4r_case_text WHERE local IS NOT NULL") == []
    assert mo.client.post(PAGE, data=boxes(page), headers=mo.headers).status_code == 422


def test_updates_have_own_words_too(desk: Host, staff: Callable[..., Any]) -> None:
    def add(uow: UnitOfWork) -> None:
        case = uow.session.scalars(select(Case)).one()
        case.updates = [{"on": "2026-03-04", "source": "https://example.org/news"}]
        uow.session.add(CaseText(case_id=case.id, locale="en", field="update:2026-03-04", centre_base="She was moved."))

    run(desk.app, add)
    mo = staff()
    page = mo.get(PAGE)
    assert "She was moved." in page.text
    mo.post(PAGE, {**boxes(page), "own-update:2026-03-04": "Ann was moved to Hobart."}, page=PAGE)
    public = desk.app.test_client().get(PUBLIC).text
    assert "Ann was moved to Hobart." in public
    assert "https://example.org/news" in public


def test_a_language_of_the_sections_own(make_host: MakeHost) -> None:
    """A translation is shown once it is whole."""
    w4r = W4R(actor_loader=load_actor, permission_check=check_permission)
    host = make_host(w4r=w4r, section={"preset": "MA", "url_prefix": "/ma"})
    make_campaign(host.app)
    mo = Staff(host.app.test_client(), "mo", "edit_cases,view_queue", None)
    path = "/ma/moderation/cases/ann-example/texts?lang=fr"
    page = mo.get(path)
    assert "Do right by Ann Example." in page.text
    assert 'lang="fr"' in page.text
    part = mo.post(path, {**boxes(page), "own-demand": "Rendez justice."}, page=path)
    assert part.status_code == 422
    whole = {f"own-{name}": f"Le texte {name}." for name in case_texts.FIELDS}
    assert mo.post(path, {**boxes(part), **whole}, page=path).status_code == 303
    assert "Le texte story." in host.app.test_client().get("/ma/fr/cases/ann-example").text
    assert "Once upon a time." in host.app.test_client().get("/ma/cases/ann-example").text
    empty = {f"own-{name}": "" for name in case_texts.FIELDS}
    assert mo.post(path, {**boxes(mo.get(path)), **empty}, page=path).status_code == 303
    assert host.rows("SELECT * FROM w4r_case_text WHERE locale = 'fr'") == []
    assert mo.get("/ma/moderation/cases/ann-example/texts?lang=tlh").status_code == 404


def test_who_may_not_edit_learns_and_changes_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    for other in (staff(may="view_queue,decide,invalidate"), staff(section="XX")):
        assert other.get(PAGE).status_code == 403
        answer = other.client.post(PAGE, data={"own-title": "Mine"}, headers=other.headers)
        assert answer.status_code == 403
    state = get_state(desk.app)
    hooks = Hooks(permission_check=lambda actor, permission, section: permission == "view_queue")
    edits = {"title": Edit("Mine", ".")}

    def work(uow: UnitOfWork) -> None:
        case_texts.save(
            uow.session, hooks, Actor("7", "Mo"), state.keyring, state.sections["AU"], "ann-example", "en", edits,
            now=state.clock(),
        )  # fmt: skip

    with pytest.raises(PermissionDenied):
        run(desk.app, work)
    assert stored(desk) == (None, None)
