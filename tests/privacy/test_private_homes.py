"""Nobody finds a private home: its street is in no public answer, and no question gets closer to it than its town."""

from __future__ import annotations

import gzip
import re
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import update

from flask_w4r.models import Event
from flask_w4r.services.events import changes as event_changes
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_events
from tests.conftest import Host

TOWN = (-33.715, 150.312)
HOME = {
    "venue_name": "Rosebud Cottage", "address": "17 Hidden Lane\nflat 4b", "lat": -33.7293847, "lon": 150.3387261,
    "online_url": "https://meet.example/s3cret-room", "host_name": "Philippa Hosting",
    "host_email": "philippa@home.example",
}  # fmt: skip
#: None of these may be in any public answer, however it is written.
MARKS = ("rosebud", "hidden lane", "flat 4b", "33.729", "150.338", "s3cret", "philippa@", "meet.example")
#: Kind and visibility of events whose place is not for everybody; a private or a school one never is.
HIDDEN = [
    ("private", "exact"), ("private", "town"), ("private", "approval"), ("private", "unlisted"), ("school", "exact"),
    ("school", "town"), ("public", "town"), ("public", "approval"), ("public", "unlisted"), ("hybrid", "approval"),
    ("online", "exact"), ("online", "approval"),
]  # fmt: skip
#: What somebody who looks for the home would ask.
QUESTIONS = [
    "/au/events", "/au/events?near=-33.7293847,150.3387261&km=1", "/au/events?near=-33.73,150.34&km=5",
    "/au/events?near=-33.72,150.33&km=2", "/au/events?near=-33.715,150.312&km=1", "/au/events?near=-33.75,150.4&km=25",
    "/au/events?near=-33.7,150.3&km=10&kind=private", "/au/events.geojson",
    "/au/events.geojson?bbox=150.3,-33.75,150.35,-33.7&zoom=18", "/au/events.geojson?bbox=150,-34,151,-33&zoom=9",
    "/au/events.geojson?bbox=150.3387,-33.7294,150.3388,-33.7293&zoom=18", "/au/events.ics", "/au/events.atom",
    "/au/events.ics?near=-33.73,150.34&km=5", "/au/events.atom?near=-33.73,150.34&km=5",
]  # fmt: skip


def events_of(host: Host) -> list[str]:
    make_campaign(host.app)
    for number, (kind, visibility) in enumerate(HIDDEN):
        place = {} if kind == "online" else {"public_lat": TOWN[0], "public_lon": TOWN[1], "town": "Katoomba"}
        make_events(
            host.app, 1, slug=f"home-{number}", uid=f"home-{number}", kind=kind, visibility=visibility,
            cases=["ann-example"], **place, **HOME,
        )  # fmt: skip
    # Others in the same town and near it, so that there is an order to look at.
    make_events(host.app, 3, public_lat=lambda number: TOWN[0] + number / 100, public_lon=TOWN[1], town="Katoomba")
    return [f"home-{number}" for number in range(len(HIDDEN))]


def text_of(answer: Any) -> str:
    data = answer.data
    if answer.headers.get("Content-Encoding") == "gzip":
        data = gzip.decompress(data)
    # Folded lines of calendars are put together, references of HTML and JSON undone.
    text = re.sub(r"\r?\n[ \t]", "", data.decode("utf-8", "replace"))
    return unescape(text).replace("\\n", "\n").lower() + str(answer.headers).lower()


def crawl(host: Host, slugs: list[str]) -> dict[str, str]:
    """Every public page that a link, or the URL map, leads to."""
    client = host.app.test_client()
    adapter = host.app.url_map.bind("localhost")
    # A page repeats what it was asked.
    waiting = {"/au/", *(path for path in QUESTIONS if not any(mark in path for mark in MARKS))}
    for rule in host.app.url_map.iter_rules():
        blueprint, _, name = rule.endpoint.rpartition(".")
        if blueprint != "w4r_au" or "GET" not in (rule.methods or set()) or name.startswith("moderation"):
            continue
        real: dict[str, Any] = {"year": "2026", "width": 400, "token": "x", "unknown": "x", "rule": 1, "batch": 1}
        for slug in [*slugs, "ann-example"]:
            if rule.arguments <= {*real, "slug"}:
                values = {**real, "slug": slug}
                waiting.add(adapter.build(rule.endpoint, {key: values[key] for key in rule.arguments}))
    seen: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code < 500, path
        seen[path] = text_of(answer)
        for link in re.findall(r'(?:href|src|action|data-[a-z-]+)="([^"#]+)', answer.data.decode("utf-8", "replace")):
            target = urlsplit(urljoin(f"http://localhost{path}", unescape(link)))
            found = target.path + (f"?{target.query}" if target.query else "")
            if target.netloc == "localhost" and target.path.startswith("/au/") and found not in seen:
                waiting.add(found)
        assert len(seen) < 2000, "it never ends"
    return seen


@pytest.fixture
def site(make_host: Any) -> Host:
    return make_host(section={"preset": "AU", "url_prefix": "/au", "locales": ["en", "fr"]})


def test_no_public_answer_tells_the_street(site: Host) -> None:
    slugs = events_of(site)
    seen = crawl(site, slugs)
    for slug in slugs:
        assert any(f"/events/{slug}" in path for path in seen)
    for path, text in seen.items():
        for mark in MARKS:
            assert mark not in text, f"{mark} stands in {path}"
    # The crawl would see it: where the place is for everybody it is shown.
    make_events(site.app, 1, slug="open-house", uid="open", **HOME)
    assert "hidden lane" in text_of(site.app.test_client().get("/au/events/open-house"))


def test_a_host_at_home_is_not_named(site: Host) -> None:
    events_of(site)
    for number, (kind, _) in enumerate(HIDDEN):
        page = text_of(site.app.test_client().get(f"/au/events/home-{number}"))
        assert ("philippa" in page) == (kind != "private"), kind


def test_unlisted_events_are_named_nowhere(site: Host) -> None:
    events_of(site)
    hidden = [f"home-{number}" for number, (_, visibility) in enumerate(HIDDEN) if visibility == "unlisted"]
    client = site.app.test_client()
    for path in (*QUESTIONS, "/au/", "/au/events?page=2", "/au/cases/ann-example"):
        text = text_of(client.get(path))
        for slug in hidden:
            assert not re.search(rf"{slug}\b", text), path
    for slug in hidden:
        page = client.get(f"/au/events/{slug}")
        assert page.status_code == 200
        assert '<meta name="robots" content="noindex">' in page.text
        assert "application/ld+json" not in page.text


def test_wherever_the_home_is_every_answer_is_the_same(site: Host) -> None:
    """Who moves the home within its town changes no byte of anything public: so nothing public tells where it is."""
    slugs = events_of(site)
    state = get_state(site.app)
    paths = [*QUESTIONS, *(f"/au/events/{slug}" for slug in slugs), *(f"/au/events/{slug}.ics" for slug in slugs)]

    def answers() -> dict[str, Any]:
        for cache in ("pages", "event_maps"):
            state.lazy.pop(cache, None)
        client = site.app.test_client()
        return {path: (client.get(path).status_code, client.get(path).data) for path in paths}

    before = answers()
    for lat, lon, address in ((-33.6, 150.1, "1 Other Road"), (TOWN[0], TOWN[1], ""), (51.5, 0.0, "Elsewhere")):
        secret = state.keyring.seal_json({**HOME, "lat": lat, "lon": lon, "address": address, "venue_name": address})

        def move(uow: UnitOfWork, secret: str = secret) -> None:
            uow.session.execute(update(Event).where(Event.slug.in_(slugs)).values(secret=secret))
            event_changes.touch(uow.session, next(iter(state.sections.values())), state.clock())

        run(site.app, move)
        assert answers() == before
    assert any("home-1" in str(data) for _, data in before.values())


def test_seats_are_told_as_late_as_the_contract_says(site: Host) -> None:
    """Who counts guests by asking again and again sees the word that the job renewed, never the seats."""
    make_events(site.app, 1, capacity=10, seats_taken=0, availability="open")
    state = get_state(site.app)

    def answers() -> list[bytes]:
        for cache in ("pages", "event_maps"):
            state.lazy.pop(cache, None)
        client = site.app.test_client()
        return [client.get(path).data for path in ("/au/events", "/au/events.geojson", "/au/events/made-up-1")]

    before = answers()

    def fill(uow: UnitOfWork) -> None:
        uow.session.execute(update(Event).values(seats_taken=10, pending_seats=1, waiting=4))

    run(site.app, fill)
    assert answers() == before
