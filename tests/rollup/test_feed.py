"""The centre's feed: what takes a case away is done within one look, the rest waits; an old or forged one is refused and told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.services.rollup import feed as feeds
from flask_w4r.services.rollup.aggregate import next_sequence
from flask_w4r.services.rollup.keys import make_list
from flask_w4r.services.rollup.signing import key_id, new_pair, sign
from flask_w4r.signals import case_changed
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs
from tests.conftest import Host, MakeHost, every_database
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .world import Clock, call

ROOT, CENTRE = new_pair(), new_pair()
SOURCE = "https://www.example.org/news/1"


class Web:
    """A web server of the centre's: it serves ``body``, or answers as it is told."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.asked = 0
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked += 1
                self.send_response(web.status)
                if web.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(web.body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def table(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.server.server_port}/feed.json"
        return {"url": url, "public_key": CENTRE.public, "allow_private": True}


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Centre:
    """Who signs the feed."""

    def __init__(self, web: Web, clock: Clock) -> None:
        self.web, self.clock, self.number = web, clock, 0
        self.entries: list[dict[str, Any]] = []
        self.keys: Mapping[str, Any] | None = None

    def entry(self, change: str, slug: str = "ann-example", **more: Any) -> None:
        """Tell of one more thing, from the next feed on."""
        made = {"slug": slug, "edition": "2026", "change": change, "on": "2026-12-01", "source": SOURCE, **more}
        self.entries.append(made)

    def document(self, **more: Any) -> dict[str, Any]:
        """The feed as it is now, of the next number."""
        self.number = more.pop("sequence", self.number + 1)
        options: dict[str, Any] = {"keys": self.keys, "sequence": self.number, "now": self.clock(), **more}
        return feeds.make_feed("INT", self.entries, options.pop("private", CENTRE.private), **options)

    def serve(self, **more: Any) -> bytes:
        """Put it on the web."""
        self.web.body = json.dumps(self.document(**more)).encode()
        return self.web.body


@pytest.fixture
def centre_feed(web: Web, clock: Clock) -> Centre:
    return Centre(web, clock)


MakeSection = Callable[..., Host]


@pytest.fixture
def make_section(make_host: MakeHost, clock: Clock, web: Web) -> MakeSection:
    """A section that follows the feed, with a desk."""

    def make(**more: Any) -> Host:
        mailer = RecordingMailer()
        w4r = W4R(mailer=mailer, clock=clock, actor_loader=load_actor, permission_check=check_permission)
        section = {"preset": "AU", "url_prefix": "/au", "desk_email": "desk@example.org"}
        host = make_host(w4r=w4r, section=section, **{"status_feed": web.table, **more})
        host.mailer = mailer
        make_campaign(host.app, ("ann-example", "ben-example"))
        return host

    return make


def pull(host: Host) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(host, "feed", "pull", "--json").output)
    return found


def status(host: Host, slug: str = "ann-example") -> str:
    return str(host.rows("SELECT status FROM w4r_case WHERE slug = :slug", slug=slug)[0].status)


def told(host: Host) -> list[Any]:
    """The emails about it."""
    return [mail for mail in host.mailer.messages if "news of cases" in mail["Subject"]]


def staff(host: Host, may: str = ALL) -> Staff:
    return Staff(host.app.test_client(), "mo", may, None)


@pytest.mark.parametrize(
    ("change", "words"), [("freed", "was freed"), ("closed", "was closed"), ("withdrawn", "A case was withdrawn")]
)
@every_database
def test_what_takes_a_case_away_is_done_and_told(
    make_section: MakeSection, centre_feed: Centre, change: str, words: str
) -> None:
    host = make_section()
    centre_feed.entry(change)
    centre_feed.serve()
    heard: list[dict[str, Any]] = []
    with case_changed.connected_to(lambda app, **ids: heard.append(ids), sender=host.app):
        assert run_jobs(host.app)["status_feed"] == {"applied": 1, "waiting": 0}
    assert (status(host), status(host, "ben-example")) == (change, "active")
    assert [(one["slug"], one["status"]) for one in heard] == [("ann-example", change)]
    assert "http://localhost/au/cases/ann-example" in heard[0]["urls"]
    (mail,) = told(host)
    assert mail["To"] == "desk@example.org"
    text = mail.get_body(("plain",)).get_content()
    assert words in " ".join(text.split())
    assert ("Ann Example" in text) == (change != "withdrawn")
    log = host.rows("SELECT actor_id, action, subject, changes FROM w4r_audit")
    assert [(row.actor_id, row.action, row.subject) for row in log] == [("feed", "case_status", "case:ann-example")]
    assert call(host, "audit", "verify").exit_code == 0

    # The next looks do it no second time, also where staff decided otherwise since.
    assert pull(host)["applied"] == 0
    call(host, "case", "status", "ann-example", "active")
    centre_feed.serve()
    assert pull(host)["applied"] == 0
    assert status(host) == "active"
    run_jobs(host.app)
    assert len(told(host)) == 1
    assert "Done by itself" in staff(host).get("/au/moderation/feed").text
    assert "The centre closed, freed or withdrew 1 case" in staff(host).get("/au/moderation/").text


@every_database
def test_other_changes_wait_for_a_person(make_section: MakeSection, centre_feed: Centre) -> None:
    host = make_section()
    texts = {"en": {"demand": "Free Ann Example now."}}
    centre_feed.entry("demand", texts=texts)
    centre_feed.entry("target", "ben-example", target={"name": "Sir Other", "address": "1 Palace Road\nOslo"})
    centre_feed.serve()
    assert run_jobs(host.app)["status_feed"] == {"applied": 0, "waiting": 2}
    client = host.app.test_client()
    assert "Do right by Ann Example." in client.get("/au/cases/ann-example").text
    mo = staff(host)
    assert "2 changes by the centre are waiting for you" in mo.get("/au/moderation/").text
    assert "waiting for you" not in staff(host, "view_queue").get("/au/moderation/").text
    page = mo.get("/au/moderation/feed")
    for words in ("Do right by Ann Example.", "Free Ann Example now.", "Sir Other"):
        assert words in page.text
    (first, second) = [row.id for row in host.rows("SELECT id FROM w4r_feed_entry ORDER BY id")]
    assert mo.post(f"/au/moderation/feed/{first}", {"act": "accept"}).status_code == 303
    assert mo.post(f"/au/moderation/feed/{second}", {"act": "dismiss"}).status_code == 303
    assert mo.post(f"/au/moderation/feed/{second}", {"act": "accept"}).status_code == 409
    assert mo.post(f"/au/moderation/feed/{second}", {"act": "burn"}).status_code == 422
    assert mo.client.post(f"/au/moderation/feed/{first}", data={"act": "accept"}, headers=mo.headers).status_code == 422
    assert staff(host, "view_queue").get("/au/moderation/feed").status_code == 403
    assert "Free Ann Example now." in host.app.test_client().get("/au/cases/ann-example").text
    assert "Sir Other" not in str(host.rows("SELECT target FROM w4r_case"))
    log = [(row.actor_id, row.action) for row in host.rows("SELECT actor_id, action FROM w4r_audit ORDER BY seq")]
    assert log == [("mo", "feed_accepted"), ("mo", "feed_dismissed")]
    assert pull(host)["waiting"] == 0


def test_the_section_s_own_words_stay(make_section: MakeSection, centre_feed: Centre) -> None:
    host = make_section()
    with host.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE w4r_case_text SET local = 'Our own words.', seen_base = centre_base WHERE field = 'demand'"
        )
    centre_feed.entry("demand", texts={"en": {"demand": "Free Ann Example now."}})
    centre_feed.entry("target", target={"name": "Sir Other"})
    centre_feed.serve()
    pull(host)
    mo = staff(host)
    assert "You have a text of your own here" in mo.get("/au/moderation/feed").text
    for row in host.rows("SELECT id FROM w4r_feed_entry"):
        mo.post(f"/au/moderation/feed/{row.id}", {"act": "accept"})
    assert "Our own words." in host.app.test_client().get("/au/cases/ann-example").text
    assert "The centre has changed its text" in mo.get("/au/moderation/cases/ann-example/texts").text
    assert "Sir Other" in str(host.rows("SELECT target FROM w4r_case WHERE slug = 'ann-example'"))


def test_what_would_open_a_case_again_waits(make_section: MakeSection, centre_feed: Centre) -> None:
    host = make_section()
    call(host, "case", "status", "ann-example", "withdrawn")
    centre_feed.entry("freed")
    centre_feed.entry("active", "ben-example")
    centre_feed.serve()
    assert pull(host)["waiting"] == 2
    assert status(host) == "withdrawn"
    mo = staff(host)
    first = host.rows("SELECT id FROM w4r_feed_entry ORDER BY id")[0].id
    mo.post(f"/au/moderation/feed/{first}", {"act": "accept"})
    assert status(host) == "freed"


def test_a_case_that_comes_later_is_not_forgotten(make_section: MakeSection, centre_feed: Centre) -> None:
    host = make_section()
    centre_feed.entry("withdrawn", "cy-example")
    centre_feed.serve()
    assert pull(host)["applied"] == 0
    make_campaign(host.app, ("cy-example",), year="2025")
    assert pull(host)["applied"] == 1
    assert status(host, "cy-example") == "withdrawn"


def test_what_the_centre_takes_back_waits_no_more(make_section: MakeSection, centre_feed: Centre) -> None:
    host = make_section()
    centre_feed.entry("demand", texts={"en": {"demand": "A mistake."}})
    centre_feed.serve()
    pull(host)
    centre_feed.entries.clear()
    centre_feed.serve()
    pull(host)
    assert "A mistake." not in staff(host).get("/au/moderation/feed").text
    assert host.rows("SELECT * FROM w4r_feed_entry") == []


def test_a_feed_that_is_not_in_order_changes_nothing_and_is_told(
    make_section: MakeSection, centre_feed: Centre, clock: Clock, web: Web
) -> None:
    host = make_section()
    first = centre_feed.serve()
    assert pull(host)["problem"] == ""
    centre_feed.entry("withdrawn")
    good = json.dumps(centre_feed.document()).encode()
    stranger = new_pair()
    forged = {
        "tampered": good.replace(b"withdrawn", b"closed"),
        "unknown_key": json.dumps(centre_feed.document(private=stranger.private)).encode(),
        "replayed": json.dumps(centre_feed.document(sequence=1)).encode(),
        "expired": json.dumps(centre_feed.document(sequence=9, now=clock() - timedelta(days=40))).encode(),
        "future": json.dumps(centre_feed.document(sequence=9, now=clock() + timedelta(hours=1))).encode(),
        "unreadable": b"<html>",
    }
    for why, body in forged.items():
        web.body = body
        told = pull(host)
        assert told["refused"] == 1, why
        assert told["problem"].startswith(f"{why}: "), why
        assert status(host) == "active"
        assert f"the centre's feed is refused: {why}" in call(host, "doctor").output
        assert host.app.test_client().get("/au/healthz").json["status_feed"]["refused"] is True
    assert "is not in order" in staff(host).get("/au/moderation/feed").text
    web.body = good
    assert pull(host)["applied"] == 1
    assert status(host) == "withdrawn"
    # Nobody can go back to the one before.
    web.body = first
    assert pull(host)["problem"].startswith("replayed: ")


def test_a_feed_that_is_away_changes_nothing_and_is_told_after_a_day(
    make_section: MakeSection, centre_feed: Centre, clock: Clock, web: Web
) -> None:
    host = make_section()
    assert "not asked for yet" in call(host, "doctor").output
    centre_feed.serve()
    pull(host)
    assert "followed up to number 1" in call(host, "doctor").output
    for web.status in (500, 404, 302):
        asked = web.asked
        assert pull(host)["away"] == 1
        assert web.asked == asked + 1
    assert "has not been there" not in call(host, "doctor").output
    clock.pass_on(hours=25)
    assert pull(host)["problem"] == "away: status 302"
    assert "has not been there for 25 hours" in call(host, "doctor").output
    assert "missing for more than a day" in staff(host).get("/au/moderation/feed").text
    assert host.app.test_client().get("/au/healthz").json["status_feed"]["late"] is True
    clock.pass_on(days=30)
    assert "over its time" in call(host, "doctor").output
    web.status = 200
    centre_feed.serve()
    assert pull(host)["problem"] == ""
    web.body = b" " * 2_000_001
    assert "longer than" in pull(host)["problem"]


def test_who_pins_the_root_goes_by_its_list(
    make_section: MakeSection, centre_feed: Centre, clock: Clock, web: Web
) -> None:
    table = {**web.table, "root": ROOT.public, "public_key": None}
    host = make_section(status_feed=table)

    def listed(*pairs: Any, number: int, revoked: Any = (), root: Any = ROOT) -> Mapping[str, Any]:
        rows = [{"section": "INT", "public_key": pair.public, "used_for": "feed"} for pair in pairs]
        return make_list(rows, list(revoked), root.private, sequence=number, now=clock())

    centre_feed.serve()
    assert pull(host)["problem"].startswith("unknown_key: it comes without")
    centre_feed.keys = listed(CENTRE, number=5, root=new_pair())
    centre_feed.serve()
    assert pull(host)["problem"].startswith("tampered: ")
    centre_feed.keys = listed(CENTRE, number=5)
    centre_feed.serve()
    assert pull(host)["problem"] == ""
    # Another key takes over; the list of before, with the old one, is refused from then on.
    other, before = new_pair(), centre_feed.keys
    centre_feed.keys = listed(other, number=6, revoked=[key_id(CENTRE.public)])
    centre_feed.serve()
    assert pull(host)["problem"].startswith("revoked: ")
    centre_feed.serve(private=other.private)
    assert pull(host)["problem"] == ""
    centre_feed.keys = before
    centre_feed.serve()
    assert pull(host)["problem"].startswith("replayed: ")


def test_the_centre_signs_and_publishes(
    make_host: MakeHost, make_section: MakeSection, clock: Clock, web: Web, tmp_path: Path
) -> None:
    """From a file that somebody writes to a section's page."""
    centre = make_host(
        uri=f"sqlite:///{tmp_path / 'centre.sqlite3'}", section={"preset": "AU", "code": "INT", "url_prefix": "/int"},
        signing_key=CENTRE.private, w4r=W4R(mailer=RecordingMailer(), clock=clock),
    )  # fmt: skip
    news, signed = tmp_path / "news.toml", tmp_path / "feed.json"
    news.write_text(
        f'[[entries]]\nslug = "ann-example"\nedition = "2026"\nchange = "freed"\non = 2026-12-01\nsource = "{SOURCE}"\n'
        f'[[entries]]\nslug = "ben-example"\nedition = "2026"\nchange = "demand"\non = "2026-12-01"\nsource = "{SOURCE}"\n'
        '[entries.texts.en]\ndemand = "Free Ben now."\n'
    )
    assert centre.app.test_client().get("/int/api/v1/status-feed").status_code == 404
    assert call(centre, "feed", "sign", news, "--out", signed).exit_code == 0
    assert call(centre, "feed", "publish", signed).exit_code == 0
    answer = centre.app.test_client().get("/int/api/v1/status-feed")
    assert answer.content_type == "application/json"
    web.body = answer.data
    host = make_section()
    assert pull(host) | {"seen_seconds": 0} == {
        "applied": 1, "waiting": 1, "sequence": next_sequence(0, clock()), "seen_seconds": 0, "problem": "",
    }  # fmt: skip
    assert status(host) == "freed"
    again = call(centre, "feed", "publish", signed)
    assert (again.exit_code, "is not newer" in again.output) == (1, True)
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(sign(json.loads(signed.read_text()), new_pair().private)))
    assert "unknown_key" in call(centre, "feed", "publish", forged).output
    for more, fault in FAULTS.items():
        news.write_text(f'[[entries]]\nslug = "ann-example"\nedition = "2026"\n{more}\n')
        told = call(centre, "feed", "sign", news, "--out", signed)
        assert (told.exit_code, f"entries[1]: {fault}" in told.output) == (1, True), more


FINE = f'change = "demand"\non = "2026-12-01"\nsource = "{SOURCE}"\n'
FAULTS = {
    'change = "smashed"\non = "2026-12-01"\nsource = "https://x.org"': "change is not as it must be",
    'change = "freed"\non = "1 December"\nsource = "https://x.org"': "on is not as it must be",
    'change = "freed"\non = 2026-12-01\nsource = "javascript:alert(1)"': "source is not as it must be",
    'change = "freed"\non = 2026-12-01': "source is missing",
    f'{FINE}colour = "red"': "'colour' is not known",
    f'{FINE}[entries.texts.en]\nstory = "Long."': "texts is not as it must be",
    f'{FINE}[entries.texts.en]\ndemand = "{"x" * 401}"': "texts is not as it must be",
    f'{FINE}[entries.texts.klingonese]\ndemand = "x"': "texts is not as it must be",
    f"{FINE}[entries.target]\nname = 3": "target is not as it must be",
}
