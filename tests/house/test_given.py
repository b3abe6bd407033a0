"""Services check what they are given: a value that a row cannot hold is named, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flask_w4r import W4R, Actor
from flask_w4r.errors import BadValue
from flask_w4r.services.campaign import status as case_status
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.events.query import EventQuery
from flask_w4r.services.events.search import search
from flask_w4r.services.hosting import again
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.hosting.draft import Draft, Town
from flask_w4r.services.mail import caps
from flask_w4r.services.moderation import decisions, lockdown, queue
from flask_w4r.services.moderation.filters import Filters
from flask_w4r.services.moderation.judgement import Judgement
from flask_w4r.services.people import tokens
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.privacy import find
from flask_w4r.services.reports import hosted
from flask_w4r.services.rsvps import lifecycle as rsvps
from flask_w4r.services.rsvps import seats
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost, every_database
from tests.events.rows import add_event, add_rsvp

WHO = Actor("7", "Mo")
ADDRESS = parse_address("sam@example.org")


class World:
    """What each service takes first, and an event with a guest."""

    def __init__(self, host: Host) -> None:
        make_campaign(host.app)
        self.app, self.state = host.app, get_state(host.app)
        self.keyring, self.hooks, self.now = self.state.keyring, self.state.hooks, self.state.clock()
        self.section = self.state.sections["AU"]
        later = self.now + timedelta(days=5)
        local = later.replace(tzinfo=None)
        self.draft = Draft(
            "Letters", "Bring a pen.", "public", "exact", local, local + timedelta(hours=2), "UTC", later,
            later + timedelta(hours=2), Town("Sydney", "AU", None, -33.9, 151.2), "en", (), "Sam Host", ADDRESS,
        )  # fmt: skip
        self.lens = Lens(self.section, "en", self.now, lambda endpoint, **values: "")
        self.guest = rsvps.Guest("Gus", ADDRESS, 1, "en")

        def work(uow: Any) -> None:
            event = add_event(uow.session, self.keyring, self.section, now=self.now)
            add_rsvp(uow.session, self.keyring, self.section, event, now=self.now)

        run(host.app, work)

    def ask(self, session: Any, **changes: Any) -> Any:
        return rsvps.ask(
            session, self.keyring, self.section, 1, replace(self.guest, **changes), held=False, now=self.now
        )

    def host(self, session: Any, **changes: Any) -> Any:
        draft = replace(self.draft, **changes)
        return events.create(session, self.keyring, self.section, draft, Judgement(0, False, (), "pass"), now=self.now)

    def report(self, session: Any, people: int, counts: Any) -> Any:
        return hosted.submit(session, self.keyring, self.section, None, [1], people, counts, "", now=self.now)


Call = Callable[[World, Any], Any]
BAD: dict[str, Call] = {
    **{f"ask for {size}": lambda w, s, size=size: w.ask(s, party_size=size) for size in (0, -2, 7, 10**12)},  # type: ignore[misc]
    "ask without a name": lambda w, s: w.ask(s, name=" "),
    "come with nobody": lambda w, s: rsvps.change(s, w.keyring, w.section, 1, 1, 0, now=w.now),
    "come with too many": lambda w, s: rsvps.change(s, w.keyring, w.section, 1, 1, 70, now=w.now),
    "claim what is less than nothing": lambda w, s: seats.claim(s, w.section, 1, -2, pending=False, now=w.now),
    **{
        f"host with {name} {str(value)[:9]}": lambda w, s, name=name, value=value: w.host(s, **{name: value})  # type: ignore[misc]
        for name, value in (
            ("kind", "party"), ("visibility", "all"), ("access_status", "yes"), ("title", " "), ("title", "x" * 201),
            ("access_notes", "x" * 501), ("locale", "x" * 17), ("time_zone", "Nowhere"), ("capacity", 0),
            ("capacity", -5), ("capacity", 2**40), ("lat", 91.0), ("lat", float("nan")), ("host_address", None),
            ("town", Town("x" * 201, "AU")), ("town", Town("Sydney", "Australia")),
        )
    },
    "end before it begins": lambda w, s: w.host(s, ends_at=w.now),
    "edit so too": lambda w, s: events.edit(
        s, w.keyring, w.section, 1, replace(w.draft, kind="party"), now=w.now
    ),
    "again, ending before it begins": lambda w, s: again.duplicate(
        s, w.keyring, w.section, 1, starts_local=w.draft.ends_local, ends_local=w.draft.starts_local,
        starts_at=w.draft.ends_at, ends_at=w.draft.starts_at, now=w.now,
    ),
    "report fewer than nobody": lambda w, s: w.report(s, -1, {}),
    "report too many": lambda w, s: w.report(s, 10**9, {}),
    "report letters taken back": lambda w, s: w.report(s, 3, {1: {"letter": -4}}),
    "decide neither way": lambda w, s: decisions.decide(
        s, w.hooks, WHO, w.keyring, w.section, {"signature": [1]}, "maybe", None, now=w.now
    ),
    "decide of nothing that waits": lambda w, s: decisions.decide(
        s, w.hooks, WHO, w.keyring, w.section, {"parcel": [1]}, "approve", None, now=w.now
    ),
    "look at a page without rows": lambda w, s: queue.page_of(
        s, w.hooks, WHO, w.keyring, w.section, Filters(), size=-1
    ),
    "remember fewer than none": lambda w, s: decisions.recent(s, w.hooks, WHO, w.section, limit=-1),
    "lock down somewhat": lambda w, s: lockdown.set_level(
        s, w.keyring, w.hooks, WHO, w.section, None, "somewhat", now=w.now
    ),
    "suppress for fun": lambda w, s: caps.suppress(s, w.keyring, w.section, "sam@example.org", "fun", now=w.now),
    "find for fun": lambda w, s: find.find(s, w.hooks, WHO, w.keyring, w.section, ADDRESS, "fun", now=w.now),
    "set a case to what there is not": lambda w, s: case_status.set_case_status(
        s, w.hooks, WHO, w.keyring, w.section, "ann-example", "won", now=w.now
    ),
    "a link that never held": lambda w, s: tokens.issue(s, "AU", "rsvp", [1], now=w.now, days=0),
    "search a page before the first": lambda w, s: search(s, w.lens, w.keyring, EventQuery(page=0)),
    "search within less than nothing": lambda w, s: search(s, w.lens, w.keyring, EventQuery(km=-1)),
    "search for fewer than none": lambda w, s: search(s, w.lens, w.keyring, EventQuery(), limit=-1),
}  # fmt: skip


@every_database
def test_what_cannot_be_is_named_and_nothing_is_written(make_host: MakeHost) -> None:
    w4r = W4R(actor_loader=lambda: WHO, permission_check=lambda *asked: True)
    world = World(make_host(w4r=w4r))

    def count(session: Any) -> list[Any]:
        tables = ("w4r_event", "w4r_rsvp", "w4r_report", "w4r_outbox", "w4r_batch", "w4r_token", "w4r_audit")
        connection = session.connection()
        return [connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in tables]

    before = run(world.app, lambda uow: count(uow.session))
    wrong = {}
    for name, call in BAD.items():
        try:
            run(world.app, lambda uow, call=call: call(world, uow.session))  # type: ignore[misc]
        except BadValue as fault:
            assert str(fault).startswith(f"{fault.name} must ")
        except Exception as fault:
            wrong[name] = type(fault).__name__
        else:
            wrong[name] = "taken"
    assert wrong == {}
    assert run(world.app, lambda uow: count(uow.session)) == before


def test_a_value_that_came_through_is_no_fault_of_the_server(host: Host) -> None:
    """Forms check first. Where one does not, the answer is 400 all the same."""

    def bad() -> None:
        raise BadValue("party_size", "be from 1 to 6")

    host.app.view_functions["w4r_au.campaign"] = bad
    answer = host.app.test_client().get("/au/")
    assert answer.status_code == 400
    assert "party_size" not in answer.text
    with pytest.raises(ValueError, match="must be from 1 to 6"):
        bad()
