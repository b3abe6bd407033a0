"""Cases at the desk: the list, the status with its effect, previews."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from flask_w4r.models import Case, CaseText, Edition
from flask_w4r.services.campaign.catalogue import local_date
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.signals import case_changed
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_signatures, run_jobs, sign
from tests.conftest import Host, every_database

CASES = "/au/moderation/cases"
ANN = f"{CASES}/ann-example"


def add_next_edition(host: Host, *slugs: str, year: str = "2027", starts_in: int = 30) -> None:
    """Another edition, with cases. It lasts 30 days, and starts in as many."""

    def work(uow: UnitOfWork) -> None:
        now = get_state(host.app).clock()
        starts_on = (today := local_date(get_state(host.app).sections["AU"], now)) + timedelta(days=starts_in)
        edition = Edition(
            section="AU", year=year, titles={"en": f"Write for Rights {year}"}, updated_at=now,
            starts_on=starts_on, ends_on=starts_on + timedelta(days=30), is_demo=False,
        )  # fmt: skip
        uow.session.add(edition)
        uow.session.flush()
        for slug in slugs:
            name = slug.replace("-", " ").title()
            case = Case(
                section="AU", edition_id=edition.id, slug=slug, position=1, name=name, country="NZ", kind="person",
                topics=[], status="active", facts_as_of=today, sources=[], updates=[], target={}, sensitive=[],
                solidarity={"route": "none"}, goal=500, updated_at=now,
            )  # fmt: skip
            uow.session.add(case)
            uow.session.flush()
            for field in ("title", "summary", "demand", "petition", "story"):
                uow.session.add(
                    CaseText(case_id=case.id, locale="en", field=field, centre_base=f"The {field} of {name}.")
                )

    run(host.app, work)


def log(host: Host) -> list[Any]:
    return host.rows("SELECT actor_id, action, subject, changes FROM w4r_audit ORDER BY seq")


@every_database
def test_the_list_shows_each_edition_with_what_is_the_sections_own(desk: Host, staff: Callable[..., Any]) -> None:
    add_next_edition(desk, "bea-example")
    make_signatures(desk.app, "ann-example", 3, state="confirmed")
    make_signatures(
        desk.app, "ann-example", 2, held_at=get_state(desk.app).clock(), email=lambda number: f"h{number}@example.org"
    )

    def own(uow: UnitOfWork) -> None:
        texts = uow.session.scalars(
            select(CaseText).join(Case, Case.id == CaseText.case_id).where(Case.slug == "ann-example")
        ).all()
        by_field = {row.field: row for row in texts}
        by_field["title"].local, by_field["title"].seen_base = "Ours", "What the centre said then"
        by_field["demand"].local, by_field["demand"].seen_base = "Ours", by_field["demand"].centre_base

    run(desk.app, own)
    page = staff(may="edit_cases").get(CASES)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    text = " ".join(page.text.split())
    assert text.index("Write for Rights 2027") < text.index("Write for Rights 2026")
    assert "Not open yet" in text
    assert "2 of your own" in text
    assert "1 changed by the centre" in text
    assert '<td class="w4r-table__number">3</td> <td class="w4r-table__number">2</td>' in text


def test_a_withdrawal_is_asked_for_twice_and_says_what_goes(desk: Host, staff: Callable[..., Any]) -> None:
    sign(desk.app.test_client(), "/au", "ann-example")
    make_signatures(desk.app, "ann-example", 2)
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, **values: Any) -> None:
        heard.append(values)

    case_changed.connect(hear)
    mo = staff()
    page = mo.get(ANN)
    assert "3 signatures, which can be confirmed only while the case is active" in page.text
    assert "1, sent only while the case is active" in page.text
    asked = mo.post(f"{ANN}/status", {"status": "withdrawn"}, page=ANN)
    assert asked.status_code == 200
    assert "Withdraw Ann Example?" in asked.text
    assert "/au/cases/ann-example/thanks" in asked.text
    assert (heard, log(desk)) == ([], [])
    assert desk.rows("SELECT status FROM w4r_case") == [("active",)]
    _, fields = form_fields(asked, "sure")
    done = mo.post(f"{ANN}/status", {**fields}, page=ANN)
    assert (done.status_code, done.location) == (303, ANN)
    assert desk.app.test_client().get("/au/cases/ann-example").status_code == 410
    assert "http://localhost/au/cases/ann-example" in heard[0]["urls"]
    [(actor, action, subject, changes)] = log(desk)
    assert (actor, action, subject) == ("mo", "case_status", "case:ann-example")
    assert "withdrawn" in str(changes)
    desk.mailer.messages.clear()
    run_jobs(desk.app)
    assert desk.mailer.messages == []
    # Back again: one press, and nothing is logged where nothing changes.
    for _ in range(2):
        assert mo.post(f"{ANN}/status", {"status": "active"}, page=ANN).status_code == 303
    assert len(log(desk)) == 2


def test_a_preview_is_for_staff_and_changes_nothing(desk: Host, staff: Callable[..., Any]) -> None:
    add_next_edition(desk, "bea-example", "cem-example")
    public = desk.app.test_client()
    preview = "/au/moderation/preview/2027/"
    assert public.get("/au/cases/bea-example").status_code == 404
    assert public.get(preview).status_code == 403
    assert staff(may="view_queue,decide").get(preview).status_code == 403
    mo = staff(may="edit_cases")
    page = mo.get(preview)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in page.text
    assert "The demand of Bea Example." in page.text
    assert f'href="{preview}cases/bea-example"' in page.text
    case = mo.get(f"{preview}cases/bea-example")
    assert "The story of Bea Example." in case.text
    assert '<fieldset class="w4r-preview" disabled>' in case.text
    assert "Sign for Bea Example" in case.text
    assert "data-w4r-count data-url" not in case.text
    assert f'href="{preview}cases/cem-example"' in case.text
    assert 'href="/au/cases/bea-example"' not in case.text
    assert mo.get(f"{preview}cases/ann-example").status_code == 404
    assert mo.get("/au/moderation/preview/1999/").status_code == 404
    # The pages of editions that readers see can be looked at the same way.
    assert mo.get("/au/moderation/preview/2026/cases/ann-example").status_code == 200
    # Nobody else is shown a rendering made for staff.
    assert public.get("/au/cases/bea-example").status_code == 404


def test_an_edition_that_is_over_is_previewed_as_its_archive(desk: Host, staff: Callable[..., Any]) -> None:
    add_next_edition(desk, "old-example", year="2020", starts_in=-2000)
    page = staff(may="edit_cases").get("/au/moderation/preview/2020/")
    assert page.status_code == 200
    assert "Old Example" in page.text
    assert '<fieldset class="w4r-preview" disabled>' in page.text
    assert 'href="/au/moderation/preview/2020/cases/old-example"' in page.text
    assert "noindex" in page.text


def test_what_a_form_of_the_desk_needs(desk: Host, staff: Callable[..., Any]) -> None:
    mo = staff()
    assert mo.get(f"{CASES}/nobody").status_code == 404
    assert mo.client.post(f"{ANN}/status", data={"status": "closed"}, headers=mo.headers).status_code == 422
    assert mo.post(f"{ANN}/status", {"status": "forgotten"}, page=ANN).status_code == 422
    assert desk.rows("SELECT status FROM w4r_case") == [("active",)]
