"""A freed person's story is mailed once to those who signed and agreed to hear from the section."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r.models import ImpactStory
from flask_w4r.services.petitions import good_news
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_signatures, run_jobs
from tests.conftest import Host, every_database
from tests.moderation.conftest import desk as desk
from tests.moderation.conftest import staff as staff

CASE = "/au/moderation/cases/ann-example"
PAGE = f"{CASE}/good-news"


def sign(host: Host, count: int, name: str, **columns: Any) -> None:
    make_signatures(host.app, "ann-example", count, email=lambda number: f"{name}{number}@example.org", **columns)


def free(host: Host) -> None:
    """The person is free. Three agreed and get the news; nobody else does."""
    now = get_state(host.app).clock()
    sign(host, 3, "yes", state="confirmed", newsletter=True)
    sign(host, 1, "no", state="confirmed")
    sign(host, 1, "pending", newsletter=True)
    sign(host, 1, "held", state="confirmed", newsletter=True, held_at=now)
    host.run("w4r", "case", "status", "ann-example", "freed")


def recipients(host: Host) -> list[str]:
    return sorted(mail["To"] for mail in host.mailer.outbox if "Good news" in str(mail["Subject"]))


def press(me: Any) -> Any:
    """Press the button, and the one that asks whether it is meant."""
    first = me.post(PAGE)
    assert "An email that has left cannot be called back." in first.text
    return me.post(PAGE, {"sure": "y"})


@every_database
def test_it_is_mailed_once_to_those_who_agreed(desk: Host, staff: Callable[..., Any]) -> None:
    free(desk)
    me = staff(may="edit_cases")
    assert PAGE in me.get(CASE).text
    assert "3 people signed, confirmed and said that you may write to them." in me.get(PAGE).text
    assert press(me).status_code == 303
    assert press_again(me).status_code in (200, 303)
    run_jobs(desk.app)
    run_jobs(desk.app)
    assert recipients(desk) == [f"yes{number}@example.org" for number in (1, 2, 3)]
    mail = next(one for one in desk.mailer.outbox if one["To"] == "yes1@example.org")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Ann Example is free" in str(mail["Subject"])
    page = me.get(PAGE).text
    assert "3 emails were queued" in page
    assert "Yes, email" not in page
    log = desk.rows("SELECT count(*) AS number FROM w4r_audit WHERE action = 'good_news_mailed'")
    assert log[0].number == 1


def press_again(me: Any) -> Any:
    return me.post(PAGE, {"sure": "y"})


def test_a_worker_that_is_killed_goes_on(
    desk: Host, staff: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(desk)
    press(staff())
    monkeypatch.setattr(good_news, "PIECE", 2)
    real, calls = good_news.execute, []

    def killed(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args)

    with monkeypatch.context() as patched:
        patched.setattr(good_news, "execute", killed)
        with pytest.raises(KeyboardInterrupt):
            run_jobs(desk.app)
    kept = desk.rows("SELECT queued, finished_at FROM w4r_good_news")[0]
    assert (kept.queued, kept.finished_at) == (2, None)
    assert len(desk.rows("SELECT id FROM w4r_outbox WHERE kind = 'good_news'")) == 2
    run_jobs(desk.app)
    assert recipients(desk) == [f"yes{number}@example.org" for number in (1, 2, 3)]


def test_who_left_meanwhile_gets_none(desk: Host, staff: Callable[..., Any]) -> None:
    free(desk)
    press(staff())
    from flask_w4r.services.petitions.good_news import _piece

    state = get_state(desk.app)
    case_id = desk.rows("SELECT case_id FROM w4r_good_news")[0].case_id
    assert run(desk.app, lambda work: _piece(work, section=state.sections["AU"], case_id=case_id)) == (3, True)
    with desk.app.app_context():
        from sqlalchemy import text

        desk.db.session.execute(
            text(
                "UPDATE w4r_signature SET newsletter = :no WHERE id ="
                " (SELECT min(id) FROM (SELECT id FROM w4r_signature) AS s)"
            ),
            {"no": False},
        )
        desk.db.session.commit()
    run_jobs(desk.app)
    assert recipients(desk) == ["yes2@example.org", "yes3@example.org"]


def test_only_of_a_freed_case_and_only_by_whoever_may(desk: Host, staff: Callable[..., Any]) -> None:
    sign(desk, 1, "yes", state="confirmed", newsletter=True)
    me = staff(may="edit_cases")
    assert PAGE not in me.get(CASE).text
    assert "once the status of the case is" in me.get(PAGE).text
    press_again(me)
    assert desk.rows("SELECT * FROM w4r_good_news") == []
    assert staff(may="view_queue").get(PAGE).status_code == 403
    assert me.get("/au/moderation/cases/nobody/good-news").status_code == 404


def test_the_story_of_the_kit_is_told(desk: Host, staff: Callable[..., Any]) -> None:
    free(desk)

    def work(uow: Any) -> None:
        uow.session.add(
            ImpactStory(
                section="AU", slug="ann-free", name="Ann Example", country="NZ", edition="2026", happened_on="2026-11",
                outcome="released", texts={"en": {"title": "Ann came home", "summary": "Her cell is empty.", "story": ""}},
                figures=[], quotes=[], source="https://example.org", source_title="Example",
            )
        )  # fmt: skip

    run(desk.app, work)
    page = staff().get(PAGE)
    assert "Ann came home" in page.text
    form_fields(page, "csrf_token")
    press(staff())
    run_jobs(desk.app)
    body = desk.mailer.outbox[-1].get_body(("plain",)).get_content()
    assert "Ann came home" in body
    assert "Her cell is empty." in body
