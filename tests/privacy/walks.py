"""The walk of somebody who signs, comes and hosts, and then wants to know what is held of them."""

from __future__ import annotations

import json
import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, form_fields, make_events, run_jobs, submit, supporter, take_in
from tests.conftest import Host, MakeHost
from tests.events.walks import Site
from tests.mail.world import MovingClock

ADDRESS = "sam.wattle@example.org"
CASES = ("ann-example", "bob-example")


class Walk(Site):
    """A site, and somebody with one address."""

    def __init__(self, host: Host, clock: MovingClock) -> None:
        super().__init__(host)
        self.clock = clock
        make_events(host.app, 2)

    def mails(self, part: str) -> list[str]:
        return [
            link.replace("http://localhost", "")
            for message in self.host.mailer.messages
            for link in words(message, part)
        ]

    def work(self) -> None:
        take_in(self.host.app)
        run_jobs(self.host.app)
        self.clock.move(seconds=10)

    def sign(self, email: str = ADDRESS, cases: tuple[str, ...] = CASES, **typed: Any) -> None:
        client = self.host.app.test_client()
        for slug in cases:
            sent = {**supporter(1), "email": email, "newsletter": "yes", **typed}
            assert submit(client, client.get(f"/au/cases/{slug}/sign"), "form_token", **sent).status_code == 303

    def act(self) -> None:
        """Two signatures, two RSVPs and an event of one's own, all confirmed."""
        self.sign(phone="0491 570 156", postcode="2000")
        client = self.host.app.test_client()
        for row in self.host.rows("SELECT slug FROM w4r_event WHERE state = 'published' ORDER BY id"):
            typed = {"name": "Sam Wattle", "email": ADDRESS, "party_size": "2"}
            answer = submit(client, client.get(f"/au/events/{row.slug}/rsvp"), "form_token", **typed)
            assert answer.status_code == 303
        typed = self.typed(host_email=ADDRESS, host_name="Sam Wattle", title="My event")
        assert submit(client, client.get("/au/events/new"), "place", **typed).status_code == 303
        self.work()
        self.confirm()

    def confirm(self, number: int = -1) -> None:
        client = self.host.app.test_client()
        link = self.mails("/confirm/")[number]
        page = client.get(link)
        fields = form_fields(page, "form_token")[1]
        ticked = {name: re.findall(rf'name="{name}"\s+value="([^"]+)"', page.text) for name in ("cases", "others")}
        assert client.post(link, data={**fields, **ticked}).status_code == 200
        self.work()

    def ask(self, email: str = ADDRESS) -> str:
        """Ask for the link; returns it."""
        client = self.host.app.test_client()
        answer = submit(client, client.get("/au/my-data"), "form_token", email=email)
        assert answer.status_code == 303, answer.text
        self.work()
        return self.mails("/my-data/")[-1]

    def enter(self, link: str | None = None) -> FlaskClient:
        """Somebody whose browser shows their data."""
        client = self.host.app.test_client()
        link = link or self.ask()
        answer = submit(client, client.get(link), "form_token")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/au/my-data")
        return client

    def data(self, client: FlaskClient) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(client.get("/au/my-data.json").data)
        return found

    def choose(self, client: FlaskClient, act: str, **typed: Any) -> Any:
        fields = form_fields(client.get("/au/my-data"), "csrf_token")[1]
        return client.post("/au/my-data", data={"csrf_token": fields["csrf_token"], "act": act, **typed})

    def counts(self, slug: str = "ann-example") -> tuple[int, int]:
        self.clock.move(seconds=10)
        found = self.host.app.test_client().get(f"/au/cases/{slug}/tally.json").get_json()
        return found["total"], found["people"]

    def change(self, sql: str) -> None:
        """Change the database past everybody."""
        with self.host.engine.begin() as connection:
            connection.execute(text(sql))

    def recount(self) -> str:
        done = self.host.app.test_cli_runner().invoke(args=["w4r", "tally", "recount"])
        assert done.exit_code == 0, done.output
        return str(done.output)


def words(message: Any, part: str) -> list[str]:
    return [word for word in message.get_body(("plain",)).get_content().split() if part in word and "://" in word]


def make_walk(make_host: MakeHost, **options: Any) -> Walk:
    """A site whose worker and clock the test holds."""
    mailer, clock = RecordingMailer(), MovingClock()
    host = make_host(w4r=W4R(mailer=mailer, clock=clock), captcha="none", W4R_CACHE_SECONDS=0, **options)
    host.mailer = mailer
    return Walk(host, clock)
