"""Events of hosts on the example site: whom they write for, and how a test finds one."""

from __future__ import annotations

from sqlalchemy import select

from flask_w4r.models import Event
from flask_w4r.services.storage.unit_of_work import read
from tests.browser.conftest import Served

CASE = "joel-paredes"


def event_of(served: Served, title: str) -> Event:
    found: Event = read(served.app, lambda session: session.scalars(select(Event).where(Event.title == title)).one())
    return found
