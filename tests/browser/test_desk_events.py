"""Events at the desk in a real browser: looked at, decided by key with a reason, asked and hidden."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_w4r.models import Case, Event, Report
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.browser.conftest import Served, Visitor
from tests.browser.test_desk import desk_login as desk_login

pytestmark = pytest.mark.browser

SLUG = "joel-paredes"
ROUNDS = itertools.count()


def fill(served: Served, section: str = "AU") -> tuple[list[int], int]:
    """Three events that wait, and what the host of a fourth reports."""
    now, mark = get_state(served.app).clock(), next(ROUNDS)

    def none_waits(uow: UnitOfWork) -> None:
        for model in (Event, Report):
            uow.session.execute(update(model).where(model.held_at.is_not(None)).values(held_at=None, state="rejected"))

    run(served.app, none_waits)
    waiting = make_events(
        served.app, 3, section=section, cases=[SLUG], slug=lambda number: f"waits-{mark}-{number}",
        uid=lambda number: f"waits-{mark}-{number}", state="submitted", published_at=None,
        held_at=lambda number: now - timedelta(minutes=9 - number),
        kind=lambda number: "private" if number == 2 else "public",
        reasons=lambda number: [{"check": "address_in_text", "score": 0, "hold": True}] if number == 2 else [],
    )  # fmt: skip
    over = make_events(
        served.app, 1, section=section, cases=[SLUG], slug=f"over-{mark}", uid=f"over-{mark}", state="over"
    )[0]

    def report(uow: UnitOfWork) -> None:
        case = uow.session.scalars(select(Case.id).where(Case.section == section, Case.slug == SLUG)).one()
        uow.session.add(
            Report(
                section=section, role="host", event_id=over, hosted_id=over, source="self_reported", status="interim",
                is_counted=False, reasons=[], state="submitted", people=14, counts={str(case): {"letter": 120}},
                held_at=now, created_at=now, updated_at=now,
            )
        )  # fmt: skip

    run(served.app, report)
    return waiting, over


def states(served: Served, ids: list[int]) -> list[str]:
    return read(
        served.app,
        lambda session: list(session.scalars(select(Event.state).where(Event.id.in_(ids)).order_by(Event.id))),
    )


def test_events_by_keyboard(visit: Any, served: Served, desk_login: Any) -> None:
    ids, _ = fill(served)
    visitor: Visitor = visit(storage_state=desk_login)
    visitor.open("/au/moderation/queue?kind=event")
    page, keyboard = visitor.page, visitor.page.keyboard
    keyboard.press("j")
    keyboard.press("a")
    visitor.until("document.querySelectorAll('[data-item]').length === 2")
    page.fill("#w4r-q-reason", "Please name a venue.")
    page.focus("[data-item]")
    keyboard.press("x")
    visitor.until("document.querySelectorAll('[data-item]').length === 1")
    assert page.input_value("#w4r-q-reason") == "", "the next host is not told the same by mistake"
    assert states(served, ids) == ["published", "rejected", "submitted"]
    keyboard.press("u")
    visitor.until("document.querySelectorAll('[data-item]').length === 2")
    assert states(served, ids) == ["published", "submitted", "submitted"]
    visitor.saw_nothing_foreign()


@pytest.mark.parametrize(("section", "prefix"), [("AU", "/au"), ("MA", "/ma")])
@pytest.mark.parametrize("width", [390, 1280])
def test_looked_at(visit: Any, served: Served, desk_login: Any, section: str, prefix: str, width: int) -> None:
    ids, over = fill(served, section)
    visitor: Visitor = visit(width, storage_state=desk_login)
    parts = {
        "queue": "queue?kind=event", "reports": "queue?kind=report", "list": "events", "event": f"events/{ids[1]}",
        "over": f"events/{over}",
    }  # fmt: skip
    for name, path in parts.items():
        visitor.open(f"{prefix}/moderation/{path}")
        assert visitor.axe() == [], name
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        visitor.shot(f"desk-events-{name}-{section.lower()}-{width}")
    visitor.saw_nothing_foreign()


def test_without_scripts_one_is_asked_and_hidden(visit: Any, served: Served, desk_login: Any) -> None:
    ids, _ = fill(served)
    visitor: Visitor = visit(javascript=False, storage_state=desk_login)
    visitor.open(f"/au/moderation/events/{ids[0]}")
    visitor.page.fill("#w4r-e-question", "Is there a lift?")
    visitor.page.click("form[action$='/question'] button")
    assert "on its way" in visitor.page.text_content("[role=status]")
    visitor.page.click("form[action$='/decisions'] button[value^=approve]")
    assert "1 approved." in visitor.page.text_content("[role=status]")
    visitor.open(f"/au/moderation/events/{ids[0]}")
    visitor.page.click("form[action$='/hide'] button")
    assert "removed from every page" in visitor.page.text_content("[role=status]")
    assert states(served, ids)[0] == "submitted"
