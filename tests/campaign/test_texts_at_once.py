"""Several people at one case's texts at once: nobody writes over words that they have not seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_w4r import Actor
from flask_w4r.services.campaign import texts as case_texts
from flask_w4r.services.campaign.texts import Edit, Saved
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import Hooks, get_state
from tests.campaign.own_words import PAGE, boxes, centre_says, stored
from tests.campaign.test_desk import log
from tests.conftest import Host, every_database


@every_database
def test_two_people_at_once_lose_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    mo, eve = staff("mo"), staff("eve")
    opened = boxes(mo.get(PAGE))
    eve.post(PAGE, {**boxes(eve.get(PAGE)), "own-title": "Eve's title", "own-summary": "Eve's summary"}, page=PAGE)
    page = mo.post(PAGE, {**opened, "own-title": "Mo's title", "own-demand": "Mo's demand"}, page=PAGE)
    assert page.status_code == 409
    assert "Your text is still here" in page.text
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
