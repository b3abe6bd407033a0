"""A host's walk through the pages: a site with towns, what is typed and pressed there, and what the mails say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from flask_w4r.models import Event, Place, PlaceName
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.hosting.draft import secret_of
from flask_w4r.services.places.names import fold
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, submit
from tests.conftest import Host
from tests.events.rows import add_rsvp

SYDNEY = (2147714, "Sydney", "AU", "02", -33.86785, 151.20732, 4627345, "Australia/Sydney")
PERTH = (2063523, "Perth", "AU", "08", -31.95224, 115.8614, 1896548, "Australia/Perth")
PARRA = (2153770, "Parramatta", "AU", "02", -33.8178, 151.0035, 30000, "Australia/Sydney")
TWINS = [(1, "Springfield", "AU", "02", -33.0, 151.0, 9000, "Australia/Sydney"),
         (2, "Springfield", "AU", "04", -27.6, 152.9, 9000, "Australia/Brisbane")]  # fmt: skip
STREET = "12 Hidden Lane"


class Site:
    """A site with towns, cases, and somebody who wants to host."""

    def __init__(self, host: Host, cases: Sequence[str] = ("ann-example", "bob-example")) -> None:
        self.host, self.state = host, get_state(host.app)
        self.section = next(iter(self.state.sections.values()))
        self.cases = make_campaign(host.app, cases)
        self.client: FlaskClient = host.app.test_client()

        def load(uow: Any) -> None:
            for row in (SYDNEY, PERTH, PARRA, *TWINS):
                names = ("id", "name", "country", "region", "lat", "lon", "population", "time_zone")
                uow.session.add(Place(**dict(zip(names, row, strict=True))))
            uow.session.flush()
            for row in (SYDNEY, PERTH, PARRA, *TWINS):
                uow.session.add(PlaceName(folded=fold(row[1]), place_id=row[0], name=row[1], locale=""))

        run(host.app, load)

    def typed(self, **changes: Any) -> dict[str, Any]:
        day = (self.state.clock() + timedelta(days=20)).strftime("%Y-%m-%d")
        return {
            "title": "Letters at the library", "kind": "public", "starts_at": f"{day}T18:00", "ends_at": f"{day}T20:00",
            "place": "Sydney", "venue_name": "Library", "address": STREET, "visibility": "exact",
            "lat": "-33.8701", "lon": "151.2099", "capacity": "10", "description": "Bring a pen.",
            "cases": ["ann-example"], "host_name": "Sam Host", "host_email": "sam@example.org", **changes,
        }  # fmt: skip

    def post(self, **changes: Any) -> Any:
        page = self.client.get("/au/events/new")
        assert page.status_code == 200
        return submit(self.client, page, "place", **self.typed(**changes))

    def jobs(self) -> None:
        with self.host.app.app_context():
            run_jobs(self.host.app)

    def event(self, number: int = 1) -> Event:
        return read(self.host.app, lambda session: session.get_one(Event, number))

    def secret(self, number: int = 1) -> dict[str, Any]:
        return secret_of(self.event(number), self.state.keyring)

    def enter(self, link: str | None = None) -> Any:
        link = (link or self.host.mailer.links("/host/")[0]).removeprefix("http://localhost")
        page = self.client.get(link)
        assert page.status_code == 200
        return submit(self.client, page, "form_token")

    def press(self, path: str, **typed: Any) -> Any:
        """A button of the host's page."""
        _, fields = form_fields(self.client.get("/au/host"), "csrf_token")
        return self.client.post(f"/au/host/{path}", data={"csrf_token": fields["csrf_token"], **typed})

    def publish(self, number: int = 1) -> None:
        def work(uow: Any) -> None:
            now, keyring = self.state.clock(), self.state.keyring
            assert events.publish(uow.session, keyring, self.section, number, now=now).outcome == "published"

        run(self.host.app, work)

    def hosted(self, **changes: Any) -> None:
        """An event that is published, and its host at its page."""
        assert self.post(**changes).status_code == 303
        self.jobs()
        assert self.enter().status_code == 303
        self.publish()
        self.jobs()

    def guest(self, **columns: Any) -> int:
        def work(uow: Any) -> int:
            event = uow.session.get_one(Event, 1)
            now = self.state.clock()
            return add_rsvp(uow.session, self.state.keyring, self.section, event, now=now, **columns).id

        return run(self.host.app, work)

    def subjects(self, since: int) -> list[str]:
        return [str(message["Subject"]) for message in self.host.mailer.messages[since:]]


def next_change(zone: str, start: datetime, *, back: bool) -> datetime:
    from zoneinfo import ZoneInfo

    clock, day = ZoneInfo(zone), start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    while True:
        day += timedelta(days=1)
        less = (day + timedelta(days=1)).replace(tzinfo=clock).utcoffset()
        now = day.replace(tzinfo=clock).utcoffset()
        assert less is not None
        assert now is not None
        if (less < now) if back else (less > now):
            return day


def edit(site: Site, **changes: Any) -> Any:
    page = site.client.get("/au/host/edit")
    assert page.status_code == 200
    return submit(site.client, page, "csrf_token", **changes)


def shift(site: Site, **columns: str) -> None:
    with site.host.engine.begin() as connection:
        for name, value in columns.items():
            connection.exec_driver_sql(f"UPDATE w4r_event SET {name} = '{value}'")


def unfolded(text: str) -> str:
    """Calendar files break their lines anywhere."""
    return text.replace("\r\n ", "")


def letters(site: Site, since: int) -> list[str]:
    """The mails to guests since then, with all their parts."""
    site.jobs()
    found = []
    for message in site.host.mailer.messages[since:]:
        if "sam@" not in str(message["To"]):
            parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
            words = [part.decode() if isinstance(part, bytes) else str(part) for part in parts]
            found.append(unfolded("\n".join([str(message["Subject"]), *words])))
    return found
