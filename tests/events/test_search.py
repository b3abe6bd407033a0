"""Searching events: what is found, in which order, and what is never found."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from flask_w4r.errors import CaseWithdrawn
from flask_w4r.models import Case, Event, Place, PlaceName
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.events import query as event_query
from flask_w4r.services.events import search as event_search
from flask_w4r.services.events.query import EventQuery, read_query
from flask_w4r.services.events.search import Found
from flask_w4r.services.places.names import fold
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, make_events
from tests.conftest import Host, every_database

TOWNS = {"Sydney": (-33.8688, 151.2093), "Katoomba": (-33.715, 150.312), "Melbourne": (-37.814, 144.963)}
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


def lens_of(host: Host, now: datetime | None = None) -> Lens:
    state = get_state(host.app)
    section = next(iter(state.sections.values()))
    return Lens(section, "en", now or state.clock(), lambda endpoint, **values: f"/{endpoint}/{values}")


def find(host: Host, limit: int = 20, now: datetime | None = None, **query: Any) -> Found:
    keyring = get_state(host.app).keyring
    asked = EventQuery(**query)
    return read(host.app, lambda session: event_search.search(session, lens_of(host, now), keyring, asked, limit=limit))


def titles(found: Found) -> list[str]:
    return [event.title for event in found.events]


def one(host: Host, title: str, town: str = "Sydney", **columns: Any) -> int:
    lat, lon = TOWNS[town]
    given = {"public_lat": lat, "public_lon": lon, "town": town, "starts_at": SOON, **columns}
    return make_events(host.app, 1, title=title, slug=fold(title).replace(" ", "-"), **given)[0]


def change(host: Host, statement: Any) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.session.execute(statement)

    run(host.app, work)


@every_database
def test_the_next_come_first_and_near_a_place_the_nearest(host: Host) -> None:
    one(host, "Far", "Melbourne", starts_at=SOON - timedelta(days=1))
    one(host, "Hills", "Katoomba", starts_at=SOON + timedelta(hours=1))
    one(host, "City late", starts_at=SOON + timedelta(days=2))
    one(host, "City", starts_at=SOON)
    one(host, "Anywhere", kind="online", starts_at=SOON)
    assert titles(find(host)) == ["Far", "City", "Anywhere", "Hills", "City late"]
    near = find(host, near="-33.87,151.21", km=100)
    assert titles(near) == ["City", "City late", "Hills"]
    assert near.count == 3
    assert [round(event.distance_km or 0) for event in near.events] == [0, 0, 85]
    assert titles(find(host, near="-33.87,151.21", km=50)) == ["City", "City late"]
    assert find(host, near="-33.87,151.21", km=50).events[0].distance_km is not None


@every_database
def test_pages_hold_everything_once(host: Host) -> None:
    make_events(host.app, 23, public_lat=lambda number: -33 - number % 5 / 10)
    for query in ({}, {"near": "-33.2,151.2", "km": 200}):
        seen: list[int] = []
        page = 1
        while True:
            found = find(host, limit=5, page=page, **query)
            assert found.count == 23
            seen += [event.id for event in found.events]
            if not found.has_next:
                break
            page += 1
        assert len(seen) == len(set(seen)) == 23
        assert page == 5
    assert find(host, page=900).events == []


@every_database
def test_only_what_everybody_may_find(host: Host) -> None:
    one(host, "Here")
    for number, state in enumerate(("unconfirmed", "submitted", "rejected", "cancelled", "over")):
        one(host, f"Not {number}", state=state)
    one(host, "By link", visibility="unlisted")
    one(host, "Ended", starts_at=SOON - timedelta(days=9))
    one(host, "Running", starts_at=datetime.now(UTC) - timedelta(hours=1))
    assert titles(find(host)) == ["Running", "Here"]
    assert titles(find(host, near="-33.9,151.2")) == ["Here", "Running"] or find(host, near="-33.9,151.2").count == 2


@every_database
def test_across_the_antimeridian(host: Host) -> None:
    """Taveuni lies on both sides of it."""
    for title, lon in (("West", 179.95), ("East", -179.9), ("Suva", 178.44)):
        make_events(host.app, 1, title=title, slug=title.lower(), public_lat=-16.85, public_lon=lon)
    assert titles(find(host, near="-16.85,179.99", km=50)) == ["West", "East"]
    assert titles(find(host, near="-16.85,-179.93", km=50)) == ["East", "West"]
    assert find(host, near="-16.85,180", km=250).count == 3


def test_days_are_those_of_the_event(host: Host) -> None:
    """An evening in Auckland is on its own day, though it is the day before in UTC, and after it in Honolulu."""
    one(host, "Auckland", time_zone="Pacific/Auckland", starts_at=datetime(2099, 7, 9, 20, tzinfo=UTC))
    one(host, "Honolulu", time_zone="Pacific/Honolulu", starts_at=datetime(2099, 7, 10, 5, tzinfo=UTC))
    assert titles(find(host, since=date(2099, 7, 10))) == ["Auckland"]
    assert titles(find(host, until=date(2099, 7, 9))) == ["Honolulu"]
    assert titles(find(host, since=date(2099, 7, 9), until=date(2099, 7, 10))) == ["Auckland", "Honolulu"]
    assert find(host, since=date(2099, 7, 11)).count == 0


@every_database
def test_kind_online_and_case(host: Host) -> None:
    make_campaign(host.app, ("ann-example", "bo-example"))
    for kind in ("public", "private", "school", "online", "hybrid"):
        one(host, kind, kind=kind, cases=["ann-example"] if kind == "school" else ["bo-example"])
    assert titles(find(host, kind="private")) == ["private"]
    assert titles(find(host, online=True)) == ["online", "hybrid"]
    assert titles(find(host, case="ann-example")) == ["school"]
    assert [case.slug for case in find(host, case="ann-example").events[0].cases] == ["ann-example"]
    assert find(host, case="nobody").count == 0
    change(host, update(Case).where(Case.slug == "ann-example").values(status="withdrawn"))
    with pytest.raises(CaseWithdrawn):
        find(host, case="ann-example")
    assert not find(host, kind="school").events[0].cases
    assert host.app.test_client().get("/au/events?case=ann-example").status_code == 410


def test_a_case_of_that_name_in_two_sections(make_host: Any) -> None:
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "NZ", "url_prefix": "/nz"}]
    host = make_host(sections=sections)
    make_campaign(host.app)
    make_events(host.app, 2, section="AU", cases=["ann-example"])
    make_events(host.app, 1, section="NZ", cases=["ann-example"])
    assert find(host, case="ann-example").count == 2
    assert "made-up-2" not in host.app.test_client().get("/nz/events").text


def test_counting_ends_somewhere(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_search, "MAX_COUNT", 5)
    make_events(host.app, 7)
    found = find(host)
    assert (found.count, found.counted_all, len(found.events)) == (5, False, 7)


def store_places(host: Host, *rows: tuple[str, str, str, float, float, int]) -> None:
    def work(uow: UnitOfWork) -> None:
        for number, (name, country, region, lat, lon, people) in enumerate(rows, 1):
            uow.session.add(
                Place(
                    id=number, name=name, country=country, region=region, lat=lat, lon=lon, population=people,
                    time_zone="Australia/Sydney",
                )
            )  # fmt: skip
            uow.session.flush()
            uow.session.add(PlaceName(folded=fold(name), place_id=number, name=name, locale=""))

    run(host.app, work)


def test_places_by_name(host: Host) -> None:
    store_places(
        host,
        ("Sydney", "AU", "02", -33.8688, 151.2093, 5_000_000),
        ("Springfield", "AU", "04", -27.65, 152.92, 9_000),
        ("Springfield", "AU", "02", -33.43, 151.37, 8_000),
    )
    one(host, "City")
    client = host.app.test_client()
    found = find(host, near="sydney")
    assert (found.centre and found.centre.label, titles(found)) == ("Sydney, NSW", ["City"]) or found.centre
    page = client.get("/au/events?near=Springfield").text
    assert "Which Springfield do you mean?" in page
    assert "near=-27.65" in page
    assert "made-up" not in page
    nowhere = client.get("/au/events?near=Nowherebury").text
    assert "We could not find “Nowherebury”" in nowhere
    assert "City" in nowhere
    assert "do not have postcodes" in client.get("/au/events?near=2000").text
    assert "near Sydney" in client.get("/au/events?near=-33.9,151.2").text


def test_a_chosen_town_stays_chosen(host: Host) -> None:
    """Towns of one name, close to others: the answer to "which" leads to that one, and sending the form again too."""
    store_places(
        host,
        ("Newport", "AU", "02", -33.6551, 151.3149, 9_000),
        ("Newport", "AU", "02", -30.0049, 152.0049, 8_000),
        ("Mona Vale", "AU", "02", -33.6649, 151.3151, 10_000),
        # Nearer to the first, as two decimals have it, than itself.
        ("Bilgola", "AU", "02", -33.66, 151.31, 7_000),
    )
    client = host.app.test_client()
    page = client.get("/au/events?near=Newport&kind=public").text
    chosen = [unescape(link) for link in re.findall(r'href="(/au/events\?near=-33[^"]+)"', page)]
    assert len(chosen) == 1 and "kind=public" in chosen[0]
    page = client.get(chosen[0]).text
    assert "near Newport" in page
    _, fields = form_fields(client.get(chosen[0]), "near")
    again = find(host, near=fields["near"][0])
    assert again.centre is not None and round(again.centre.lat, 2) == -33.66
    assert not again.choices
    # A town that is clear by its name stands there in words.
    _, fields = form_fields(client.get("/au/events?near=-33.6648,151.315"), "near")
    assert fields["near"][0].startswith("Mona Vale")


def test_without_any_places_there_is_a_word_for_it(host: Host) -> None:
    page = host.app.test_client().get("/au/events?near=Sydney")
    assert page.status_code == 200
    assert "cannot search by place on this site yet" in page.text


@given(st.dictionaries(st.sampled_from(["near", "km", "from", "to", "kind", "online", "case", "page"]), st.text()))
def test_any_arguments_are_read(args: dict[str, str]) -> None:
    query = read_query(args)
    assert 1 <= query.km <= event_query.MAX_KM
    assert 1 <= query.page <= event_query.MAX_PAGE
    again = read_query({name: str(value) for name, value in query.args().items()})
    assert again.args() == query.args()
    assert not again.faults


@pytest.mark.parametrize(
    "query",
    [
        "km=-1", "km=1e9", "page=0", "page=99999999", "from=2026-02-30", "to=9999-12-31", "from=0001-01-01", "kind=x",
        "near=%00", "near=91,0", "near=nan,nan", "case=%00", "case=%F0%9F%92%A9", "near=" + "x" * 5000, "near=-90,0",
        "near=90,180&km=1000", "km=%D9%A3", "online=maybe", "page=&km=&from=&to=&kind=&case=&near=",
    ],
)  # fmt: skip
def test_garbage_gets_a_page(host: Host, query: str) -> None:
    one(host, "City")
    answer = host.app.test_client().get(f"/au/events?{query}")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_an_event_with_ends_in_the_past_is_over_without_any_job(host: Host) -> None:
    number = one(host, "City")
    later = SOON + timedelta(days=1)
    assert find(host, now=later).count == 0
    change(host, update(Event).where(Event.id == number).values(ends_at=later + timedelta(days=1)))
    assert find(host, now=later).count == 1
