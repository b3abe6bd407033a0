"""Calendars and feeds as other programs fetch them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as XML

import pytest
import vobject

from flask_w4r.models import Case, Event
from flask_w4r.services.events.feeds import ATOM
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost
from tests.events.rows import SECRET, add_event

NAMES = {"a": ATOM}


class Site:
    """A site with an event in Newtown, one in Perth, a private one and an unlisted one."""

    def __init__(self, host: Host) -> None:
        self.host, self.state = host, get_state(host.app)
        self.section = next(iter(self.state.sections.values()))
        cases = tuple(make_campaign(host.app).values())
        self.add(cases=cases)
        self.add(slug="perth", uid="b", title="Letters in Perth", town="Perth", time_zone="Australia/Perth",
                 public_lat=-31.95, public_lon=115.86)  # fmt: skip
        self.add(slug="home", uid="c", title="At home", kind="private", visibility="approval")
        self.add(slug="x7k2", uid="d", title="For friends", visibility="unlisted")

    def add(self, **columns: Any) -> None:
        state, now = self.state, self.state.clock()
        run(self.host.app, lambda work: add_event(work.session, state.keyring, self.section, now=now, **columns))

    def get(self, path: str, code: int = 200, **headers: str) -> Any:
        response = self.host.app.test_client().get(path, headers=headers)
        assert response.status_code == code, response.get_data(as_text=True)
        return response

    def calendar(self, path: str) -> list[Any]:
        """The entries of a calendar."""
        calendar = vobject.readOne(self.get(path).get_data(as_text=True))
        assert calendar.method.value == "PUBLISH"
        return list(calendar.contents.get("vevent", []))

    def entries(self, path: str) -> list[Any]:
        return XML.fromstring(self.get(path).data).findall("a:entry", NAMES)


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host(sections=[{"preset": "AU", "url_prefix": "/au", "locales": ["en", "fr"]}], cache_seconds=0))


def test_the_calendar_has_what_the_list_has(site: Site) -> None:
    found = site.calendar("/au/events.ics")
    assert {entry.summary.value for entry in found} == {"Letters in Newtown", "Letters in Perth", "At home"}
    assert {entry.url.value for entry in found} >= {"http://localhost/au/events/letters"}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("near=-33.9,151.2", {"Letters in Newtown", "At home"}),
        ("near=-31.9,115.9&km=25", {"Letters in Perth"}),
        ("kind=private", {"At home"}),
        ("case=ann-example", {"Letters in Newtown"}),
        ("case=nobody", set()),
        ("online=1", set()),
        ("page=7", {"Letters in Newtown", "Letters in Perth", "At home"}),
        ("km=abc&from=yesterday", {"Letters in Newtown", "Letters in Perth", "At home"}),
    ],
)
def test_calendar_and_feed_are_of_a_search(site: Site, query: str, titles: set[str]) -> None:
    assert {entry.summary.value for entry in site.calendar(f"/au/events.ics?{query}")} == titles
    found = site.entries(f"/au/events.atom?{query}")
    assert {entry.findtext("a:title", namespaces=NAMES) for entry in found} == titles


def test_a_calendar_says_where_it_can_be_had_again(site: Site) -> None:
    text = site.get("/au/fr/events.ics?kind=public&page=2&junk=1").get_data(as_text=True).replace("\r\n ", "")
    assert "SOURCE;VALUE=URI:http://localhost/au/fr/events.ics?kind=public\r\n" in text
    root = XML.fromstring(site.get("/au/fr/events.atom?kind=public&junk=1").data)
    links = {link.get("rel"): link.get("href") for link in root.findall("a:link", NAMES)}
    assert links == {"self": "http://localhost/au/fr/events.atom?kind=public",
                     "alternate": "http://localhost/au/fr/events?kind=public"}  # fmt: skip
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr-AU"


def test_each_is_what_it_says_and_the_same_for_all(site: Site) -> None:
    for path, kind in (
        ("/au/events.ics", "text/calendar; charset=utf-8; method=PUBLISH"),
        ("/au/events.atom", "application/atom+xml; charset=utf-8"),
        ("/au/events/letters.ics", "text/calendar; charset=utf-8; method=PUBLISH"),
    ):
        response = site.get(path)
        assert response.headers["Content-Type"] == kind
        assert response.headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in response.headers
        again = site.get(path, 304, **{"If-None-Match": response.headers["ETag"]})
        assert again.data == b""
        assert site.get(path).data == response.data


def test_an_event_has_its_own_entry_to_save(site: Site) -> None:
    response = site.get("/au/events/letters.ics")
    assert response.headers["Content-Disposition"] == "attachment; filename=letters.ics"
    entry = vobject.readOne(response.get_data(as_text=True)).vevent
    assert entry.location.value == "Old Library, 8 Hidden Street, Newtown"
    assert entry.organizer.value.lower() == "mailto:w4r@example.org"
    # Who has the link may have the entry too; the exact place comes with an RSVP.
    [unlisted] = site.calendar("/au/events/x7k2.ics")
    assert unlisted.summary.value == "For friends"


def test_an_event_called_off_says_so_and_others_have_no_entry(site: Site) -> None:
    site.add(slug="off", uid="e", state="cancelled", sequence=1)
    site.add(slug="waits", uid="f", state="submitted")
    assert site.calendar("/au/events/off.ics")[0].status.value == "CANCELLED"
    for slug in ("waits", "nothing", "..%2f"):
        site.get(f"/au/events/{slug}.ics", 404)


def test_no_secret_is_in_any_of_them(site: Site) -> None:
    site.add(slug="off", uid="e", state="cancelled", kind="private")
    site.add(slug="school", uid="f", kind="school")
    site.add(slug="net", uid="g", kind="online", public_lat=None, public_lon=None)
    never = [str(value) for name, value in SECRET.items() if name not in ("venue_name", "address", "host_name")]
    for path in ("/au/events.ics", "/au/events.atom", *(f"/au/events/{slug}.ics" for slug in ("home", "off", "x7k2",
                 "school", "net", "letters"))):  # fmt: skip
        text = site.get(path).get_data(as_text=True).replace("\r\n ", "")
        assert [word for word in never if word in text] == []
        if path not in ("/au/events.ics", "/au/events.atom", "/au/events/letters.ics"):
            assert SECRET["address"] not in text
            assert SECRET["venue_name"] not in text
    texts = site.get("/au/events.ics?kind=private").get_data(as_text=True)
    assert SECRET["address"] not in texts


def test_a_withdrawn_case_is_named_nowhere(site: Site) -> None:
    run(site.host.app, lambda work: setattr(work.session.query(Case).one(), "status", "withdrawn"))
    for path in ("/au/events.ics", "/au/events.atom", "/au/events/letters.ics"):
        assert "Ann Example" not in site.get(path).get_data(as_text=True)
    site.get("/au/events.ics?case=ann-example", 410)


def test_what_is_over_leaves_the_calendar(site: Site) -> None:
    now = site.state.clock()

    def work(uow: Any) -> None:
        event = uow.session.query(Event).filter_by(slug="letters").one()
        event.starts_at, event.ends_at = now - timedelta(hours=3), now - timedelta(hours=1)

    run(site.host.app, work)
    assert {entry.summary.value for entry in site.calendar("/au/events.ics")} == {"Letters in Perth", "At home"}
