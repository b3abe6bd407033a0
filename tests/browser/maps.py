"""Events on the map of the example site, and how a test finds its way over it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from flask_w4r.models import Event
from flask_w4r.services.events.changes import touch
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events
from tests.browser.conftest import Served

#: Town, latitude, longitude, how many events: two of them across the antimeridian from the others.
AU = (
    ("Sydney", -33.87, 151.21, 3), ("Newcastle", -32.93, 151.78, 1), ("Perth", -31.95, 115.86, 2),
    ("Darwin", -12.46, 130.84, 1), ("Apia", -13.83, -171.77, 2),
)  # fmt: skip
MA = (("الدار البيضاء", 33.57, -7.59, 3), ("الرباط", 34.02, -6.84, 1), ("مراكش", 31.63, -8.0, 1))
READY = "document.querySelectorAll('.w4r-pin').length > 0"
FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
PANEL = "!document.querySelector('[data-w4r-map-panel]').hidden"
#: No zoom is under way.
STILL = "!document.querySelector('.leaflet-zoom-anim')"
STATE = "document.querySelector('[data-w4r-map-state]').textContent"


@pytest.fixture(scope="module", autouse=True)
def some_events(served: Served) -> Iterator[None]:
    """Events to look at, in two sections; one of them online, which is on no map. All others stay off it meanwhile."""
    others = _hide_others(served)
    now = get_state(served.app).clock()
    for section, towns in (("AU", AU), ("MA", MA)):
        if read(served.app, lambda session, code=section: _has(session, code)):
            continue
        flat = [town for town in towns for _ in range(town[3])]
        make_events(
            served.app, len(flat), section=section, slug=lambda n: f"map-{n}",
            title=lambda n, flat=flat: f"Letters in {flat[n - 1][0]} {n}", town=lambda n, flat=flat: flat[n - 1][0],
            public_lat=lambda n, flat=flat: flat[n - 1][1], public_lon=lambda n, flat=flat: flat[n - 1][2],
            starts_at=lambda n: now + timedelta(hours=n), uid=lambda n, code=section: f"map-{code}-{n}",
            availability=lambda n: ("open", "few", "full")[n % 3],
        )  # fmt: skip
        make_events(
            served.app, 1, section=section, kind="online", slug="map-online", uid=f"map-{section}-online",
            public_lat=None, public_lon=None, town="", title="Letters from anywhere",
        )  # fmt: skip
    yield
    _show(served, others)


def _hide_others(served: Served) -> dict[int, str]:
    wanted = select(Event.id, Event.visibility).where(Event.visibility != "unlisted", Event.slug.not_like("map-%"))
    found = read(served.app, lambda session: dict(session.execute(wanted).all()))
    _show(served, dict.fromkeys(found, "unlisted"))
    return found


def _show(served: Served, visibilities: dict[int, str]) -> None:
    state = get_state(served.app)

    def work(uow: UnitOfWork) -> None:
        for number, visibility in visibilities.items():
            uow.session.execute(update(Event).where(Event.id == number).values(visibility=visibility))
        for section in state.sections.values():
            touch(uow.session, section, state.clock())

    run(served.app, work)


def _has(session: Any, section: str) -> bool:
    return session.scalar(select(Event.id).where(Event.section == section, Event.slug == "map-1")) is not None


def names(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('.w4r-pin')].map((pin) => pin.ariaLabel)")
    return found


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the thing in focus is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"Tab never came to {wanted}")
