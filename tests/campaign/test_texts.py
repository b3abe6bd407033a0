"""A section's own texts at the desk, beside the centre's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from flask_w4r import W4R, Actor
from flask_w4r.errors import PermissionDenied
from flask_w4r.models import Case, CaseText
from flask_w4r.services.campaign import texts as case_texts
from flask_w4r.services.campaign.texts import Edit, Saved
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.signals import case_changed
from flask_w4r.state import Hooks, get_state
from flask_w4r.testing import make_campaign
from tests.campaign.test_desk import log
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import Staff, check_permission, load_actor

PAGE = "/au/moderation/cases/ann-example/texts"
PUBLIC = "/au/cases/ann-example"


def boxes(page: Any) -> dict[str, str]:
    """What the page's form would send: the boxes and what they were."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.open: str | None = None

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            name = values.get("name") or ""
            if tag == "textarea":
                self.open, self.found[name] = name, ""
            elif tag == "input" and name.startswith("was-"):
                self.found[name] = values.get("value") or ""

        def handle_data(self, data: str) -> None:
            if self.open:
                self.found[self.open] += data

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea" and self.open:
                # HTML drops the line end right after the tag.
                self.found[self.open] = self.found[self.open].removeprefix("\n")
                self.open = None

    reader = Reader()
    reader.feed(page.text)
    return reader.found


def centre_says(host: Host, field: str, text: str | None) -> None:
    def work(uow: UnitOfWork) -> None:
        row = uow.session.scalars(
            select(CaseText).join(Case, Case.id == CaseText.case_id).where(CaseText.field == field)
        ).one()
        row.centre_base = text

    run(host.app, work)


def stored(host: Host, field: str = "title") -> Any:
    rows = host.rows("SELECT local, seen_base FROM w4r_case_text WHERE field = :field", field=field)
    return tuple(rows[0]) if rows else None


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
    assert "Nothing was different" in mo.get(same.location).text
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
    assert "The centre changed its words" not in mo.get(PAGE).text
    centre_says(desk, "title", "A new title from the centre")
    page = mo.get(PAGE)
    assert "The centre changed its words" in page.text
    assert "Ann Example is a made-up case" in page.text
    assert "A new title from the centre" in page.text
    assert "1 changed at the centre" in mo.get("/au/moderation/cases").text
    mo.post(PAGE, {**boxes(page), "keep-title": "y"}, page=PAGE)
    assert stored(desk) == ("Ours", "A new title from the centre")
    assert "The centre changed its words" not in mo.get(PAGE).text
    # To say "I have read it" of words that changed once more would be untrue.
    centre_says(desk, "title", "Another one")
    page = mo.get(PAGE)
    centre_says(desk, "title", "And another one")
    mo.post(PAGE, {**boxes(page), "keep-title": "y"}, page=PAGE)
    assert "The centre changed its words" in mo.get(PAGE).text


@every_database
def test_two_people_at_once_lose_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    mo, eve = staff("mo"), staff("eve")
    opened = boxes(mo.get(PAGE))
    eve.post(PAGE, {**boxes(eve.get(PAGE)), "own-title": "Eve's title", "own-summary": "Eve's summary"}, page=PAGE)
    page = mo.post(PAGE, {**opened, "own-title": "Mo's title", "own-demand": "Mo's demand"}, page=PAGE)
    assert page.status_code == 409
    assert "Nothing of yours is lost" in page.text
    for words in ("Eve&#39;s title", "Mo&#39;s title", "Mo&#39;s demand", "Eve&#39;s summary"):
        assert words in page.text
    assert stored(desk)[0] == "Eve's title"
    assert stored(desk, "demand")[0] is None
    # The second press is over what stands on the page, and takes nothing of Eve's that Mo did not write over.
    assert mo.post(PAGE, boxes(page), page=PAGE).status_code == 303
    assert stored(desk)[0] == "Mo's title"
    assert stored(desk, "summary")[0] == "Eve's summary"
    assert stored(desk, "demand")[0] == "Mo's demand"


def test_different_texts_at_once_are_both_kept(desk: Host, staff: Callable[..., Any]) -> None:
    mo, eve = staff("mo"), staff("eve")
    opened = boxes(mo.get(PAGE))
    eve.post(PAGE, {**boxes(eve.get(PAGE)), "own-title": "Eve's title"}, page=PAGE)
    assert mo.post(PAGE, {**opened, "own-demand": "Mo's demand"}, page=PAGE).status_code == 303
    assert (stored(desk)[0], stored(desk, "demand")[0]) == ("Eve's title", "Mo's demand")


def test_words_written_over_older_words_of_the_centre_are_shown_both(desk: Host, staff: Callable[..., Any]) -> None:
    mo = staff()
    opened = boxes(mo.get(PAGE))
    centre_says(desk, "demand", "Free Ann Example at last.")
    page = mo.post(PAGE, {**opened, "own-demand": "Ours"}, page=PAGE)
    assert page.status_code == 409
    assert "Free Ann Example at last." in page.text
    assert boxes(page)["own-demand"] == "Ours"
    assert mo.post(PAGE, boxes(page), page=PAGE).status_code == 303
    assert stored(desk, "demand") == ("Ours", "Free Ann Example at last.")


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("title", "x" * 201, "200 characters"),
        ("title", "Two\nlines", "on one line"),
        ("demand", "<b>Now</b>", "without HTML"),
        ("petition", "Do\x00it", "without HTML or control"),
        ("story", "Fine.\n\n<script>alert(1)</script>", "Line 3"),
        ("story", "[a link](javascript:alert(1))\n\n![a picture](https://example.org/x.png)", "Line 3"),
        ("story", "*[" * 1000, "Line 1"),
        ("story", "x" * 40_001, "characters are the most"),
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


@every_database
def test_of_two_saves_at_the_same_moment_one_is_told(desk: Host) -> None:
    state = get_state(desk.app)
    section, hooks = state.sections["AU"], Hooks(permission_check=lambda actor, permission, section: True)
    found = read(
        desk.app, lambda session: case_texts.texts_of(session, hooks, Actor("mo", "Mo"), section, "ann-example", "en")
    )
    for field in ("title", "summary"):
        stamp = next(pair.stamp for pair in found.pairs if pair.name == field)
        ready = threading.Barrier(4)

        def save(name: str, field: str = field, stamp: str = stamp, ready: threading.Barrier = ready) -> Saved:
            ready.wait()
            return run(
                desk.app,
                lambda uow: case_texts.save(
                    uow.session, hooks, Actor(name, name), state.keyring, section, "ann-example", "en",
                    {field: Edit(f"{name} wrote this", stamp)}, now=state.clock(),
                ),
            )  # fmt: skip

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(save, ("mo", "eve", "ann", "bob")))
        assert sorted(len(saved.changed) for saved in done) == [0, 0, 0, 1]
        assert sum(saved.conflicts == [field] for saved in done) == 3
    assert [entry[1] for entry in log(desk)] == ["case_texts"] * 2


WORDS = st.one_of(st.just(""), st.text(alphabet="ab \r\n*", max_size=6), st.sampled_from(["Please do right.", "Ours"]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 1), WORDS, st.booleans()), max_size=8))
def test_nobody_writes_over_words_they_have_not_seen(desk: Host, steps: list[tuple[int, str, bool]]) -> None:
    """Two editors of one text, each with a page that may be old: a save either is over what stands, or is refused."""
    state = get_state(desk.app)
    section = state.sections["AU"]
    hooks = Hooks(permission_check=lambda actor, permission, section: True)

    def pair() -> case_texts.TextPair:
        found = read(
            desk.app,
            lambda session: case_texts.texts_of(session, hooks, Actor("mo", "Mo"), section, "ann-example", "en"),
        )
        return next(item for item in found.pairs if item.name == "petition")

    seen = [pair(), pair()]
    for who, text, looks_first in steps:
        if looks_first:
            seen[who] = pair()
        before = pair()
        edits = {"petition": Edit(text, seen[who].stamp)}
        saved = run(
            desk.app,
            lambda uow, edits=edits: case_texts.save(
                uow.session, hooks, Actor("7", "Mo"), state.keyring, section, "ann-example", "en", edits,
                now=state.clock(),
            ),
        )  # fmt: skip
        after = pair()
        typed = case_texts.clean(text)
        if saved.conflicts:
            assert before.stamp != seen[who].stamp
            assert after == before
        elif after != before:
            assert before.stamp == seen[who].stamp
            assert (after.own or after.centre) == (typed or after.centre)
        assert not after.overtaken
