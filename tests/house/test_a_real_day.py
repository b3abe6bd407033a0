"""One day of a section from noon to the noon after, by the doors that people use: who writes with others in mind, a host, a class,
somebody beside it, and a mail server that is away for the night."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from flask.testing import FlaskClient

from example_app.settings import W4R_SECTIONS
from flask_w4r import W4R
from flask_w4r.mailers import SMTPMailer
from flask_w4r.testing import RecordingMailer, form_fields, run_jobs, sign, submit, supporter
from tests.conftest import MakeHost
from tests.emails import world as emails
from tests.events.walks import Site
from tests.mail.sink import Sink
from tests.messages.world import set_rules
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor
from tests.petitions.helpers import MovingClock, path_of
from tests.privacy.test_erased import opened, values
from tests.schools import helpers as schools

SLUGS = [f"case-{number}" for number in range(10)]
HOME, SCHOOL = "203.0.113.9", "198.51.100.20"
SAM: dict[str, Any] = {
    "first_name": "Quokkaline", "last_name": "Wombatsson", "email": "quokkaline.w@lyrebird.example", "consent": "y",
}  # fmt: skip
NAME = f"{SAM['first_name']} {SAM['last_name']}"
WORDS, NOTE, OWN = "Bilbydear, we think of you.", "Numbatcount, twice.", "Your Excellency, the Potoroo asks you."
#: Of whom nothing may be left once they asked for it.
CANARIES = ("quokkaline", "wombatsson", "lyrebird.example", "bilbydear", "numbatcount", "potoroo")
EVENTS = [f"Evening {number}" for number in range(4)]


def said(page: str) -> dict[str, int]:
    """The numbers that a page says of what it is about: they stand before those of others."""
    found = re.findall(r'data-w4r-count-value="(\w+)">(\d+)<', page)
    return {name: int(number) for name, number in reversed(found)}


class Postbox(RecordingMailer):
    """What the mail server took, as tests look at it."""

    def __init__(self, day: Day) -> None:
        self.day = day

    @property
    def messages(self) -> list[EmailMessage]:  # type: ignore[override]
        return self.day.sink.messages


class Day:
    """A site like the example's, its mail server, and the browsers of those who come."""

    def __init__(self, make_host: MakeHost) -> None:
        self.clock = MovingClock()
        # A Monday, three in the afternoon in Sydney.
        self.clock.moment = datetime(2026, 11, 23, 4, tzinfo=UTC)
        self.sink = Sink()
        mailer = SMTPMailer("127.0.0.1", self.sink.port)
        w4r = W4R(mailer=mailer, clock=self.clock, actor_loader=load_actor, permission_check=check_permission)
        self.host = make_host(w4r=w4r, W4R_SECTIONS=W4R_SECTIONS[:1], cache_seconds=0)
        self.host.mailer = Postbox(self)
        self.site = Site(self.host, SLUGS)
        emails.change_case(self.host, SLUGS[0], target=emails.MINISTER)
        emails.put_texts(self.host, {"email.1.subject": "Free them", "email.1.text": "Please."}, SLUGS[0])
        for slug in (SLUGS[0], SLUGS[9]):
            set_rules(self.host, slug, route="section")
        self.desk = Staff(self.browser("192.0.2.1"), "mo", ALL, None)
        self.close = mailer.close

    def browser(self, address: str) -> FlaskClient:
        """Somebody's, behind an address."""
        client = self.host.app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return client

    def fill(self, client: FlaskClient, path: str, **typed: Any) -> Any:
        """Open a form, fill it in, press."""
        answer = submit(client, client.get(path), "form_token", **typed)
        assert answer.status_code == 303, answer.text
        return client.get(answer.location)

    def work(self, **by: float) -> None:
        """The worker does what is due, later."""
        self.clock.move(**by)
        run_jobs(self.host.app)

    def to(self, address: str, part: str = "") -> list[str]:
        """The paths of the links that were mailed to an address."""
        found = []
        for message in self.sink.messages:
            if address in str(message["To"]):
                body = message.get_body(("plain",))
                text = body.get_content() if body else ""
                found += [path_of(url) for url in re.findall(r"https?://\S+", text) if part in url]
        return found

    def press(self, path: str, client: FlaskClient, needle: str = "form_token", **typed: Any) -> Any:
        """Open a mail's link, leave everything ticked, press the button."""
        page = client.get(path)
        assert page.status_code == 200, (path, page.text)
        ticked = {name: re.findall(rf'name="{name}"\s+value="([^"]+)"', page.text) for name in ("cases", "others")}
        answer = submit(client, page, needle, **{name: some for name, some in ticked.items() if some}, **typed)
        assert answer.status_code in (200, 303), (path, answer.text)
        return answer

    def decide(self, kind: str) -> None:
        """The desk approves all that waits of a kind."""
        page = f"/au/moderation/queue?kind={kind}"
        items = re.findall(rf'name="items"\s+value="({kind}:\d+)"', self.desk.get(page).text)
        assert items, kind
        answer = self.desk.post(
            "/au/moderation/decisions", {"items": items, "decision": "approve", "kind": kind}, page=page
        )
        assert answer.status_code == 303

    def server_goes(self) -> None:
        """The mail server has trouble, and then is not there at all."""
        self.sink.replies.update(MAIL=b"451 4.3.0 try later", RCPT=b"451 4.3.0 try later")
        self.work(minutes=1)
        self.sink.close()

    def server_comes_back(self) -> None:
        before, self.sink = self.sink, Sink(self.sink.port)
        self.sink.raw = before.raw

    def numbers(self) -> dict[str, dict[str, int]]:
        """What counts of each case, by type: the same by the file, the page, the centre's table and the export."""
        client = self.browser("192.0.2.9")
        counts = {slug: client.get(f"/au/cases/{slug}/tally.json").get_json() for slug in SLUGS}
        shown = {slug: Counter(one["actions"]) for slug, one in counts.items()}
        assert {slug: one["total"] for slug, one in counts.items()} == {slug: of.total() for slug, of in shown.items()}
        on_page = {slug: said(client.get(f"/au/cases/{slug}").text)["signatures"] for slug in SLUGS}
        assert on_page == {slug: of["petition_signature"] for slug, of in shown.items()}
        whole = client.get("/au/tally.json").get_json()
        assert Counter(whole["actions"]) == sum(shown.values(), Counter())
        every = {
            "total": whole["total"],
            "people": whole["people"],
            "signatures": whole["actions"]["petition_signature"],
        }
        assert said(client.get("/au/").text) == every
        report = json.loads(self.host.run("w4r", "tally", "report", "--json").output)
        told: dict[str, Counter[str]] = {slug: Counter() for slug in SLUGS}
        for row in report["rows"]:
            told[row["case"]][row["type"]] += row["count"]
        assert (told, report["people"]) == (shown, whole["people"])
        exported = self.host.run("w4r", "export", "signatures", "--format", "jsonl", "--out", "-").stdout
        names = Counter(json.loads(line).get("case") for line in exported.splitlines())
        # A name that was erased is in no file, and goes on being counted.
        assert all(names[slug] <= of["petition_signature"] for slug, of in shown.items())
        self.host.run("w4r", "tally", "recount")
        return {slug: {kind: number for kind, number in of.items() if number} for slug, of in shown.items()}

    def people(self) -> int:
        return int(self.browser("192.0.2.9").get("/au/tally.json").get_json()["people"])

    def left(self) -> set[tuple[str, str]]:
        """Where something of Sam's stands, opened with the keys."""
        return {
            (table, column)
            for table, column, value in values(self.site)
            if isinstance(value, str | list | dict) and any(one in opened(self.site, value).lower() for one in CANARIES)
        }


@pytest.fixture
def day(make_host: MakeHost) -> Iterator[Day]:
    made = Day(make_host)
    yield made
    made.close()
    made.sink.close()


def hosts_four_events(day: Day) -> None:
    for number, title in enumerate(EVENTS):
        assert day.site.post(title=title, cases=[SLUGS[number]]).status_code == 303
        day.work(minutes=3)
        day.press(day.to("sam@example.org", "/host/")[-1], day.site.client)
    day.decide("event")
    day.work(minutes=1)


def thirty_pupils(day: Day) -> None:
    teacher = schools.teach(day.host, size="30", cases=SLUGS[:2])
    path = schools.make_class(day.host, teacher, size=30)
    for _ in range(30):
        answer = schools.write(day.host, path, SLUGS[:2], client=day.browser(SCHOOL))
        assert answer.status_code == 303, answer.text
    assert "Your whole class is counted" in schools.write(day.host, path, client=day.browser(SCHOOL)).text
    assert "30 of 30 pupils" in teacher.get("/au/school").text


def sam_does_all_of_it(day: Day) -> None:
    client = day.browser(HOME)
    for slug in SLUGS:
        assert sign(client, "/au", slug, **SAM).status_code == 303
    day.work(minutes=20)
    day.fill(client, f"/au/cases/{SLUGS[0]}/email", **SAM, body=OWN)
    person = {"name": NAME, "email": SAM["email"]}
    day.fill(client, f"/au/cases/{SLUGS[0]}/solidarity", **person, message=WORDS, country="AU", consent="y")
    day.fill(client, "/au/report", **person, people="1", on_date="2026-11-22", where="Sydney", note=NOTE, letters=["3"])
    slug = day.host.rows("SELECT slug FROM w4r_event ORDER BY id")[0].slug
    day.fill(client, f"/au/events/{slug}/rsvp", **person, party_size="1")


def a_case_closes_under_a_form(day: Day) -> None:
    """What somebody typed is theirs still, and they are told kindly."""
    client = day.browser(HOME)
    forms = {way: client.get(f"/au/cases/{SLUGS[9]}/{way}") for way in ("sign", "solidarity")}
    day.host.run("w4r", "case", "status", SLUGS[9], "closed")
    typed = {
        "name": "Lou Late",
        "email": "lou@example.org",
        "message": "We are with you.",
        "country": "AU",
        "consent": "y",
    }
    answer = submit(client, forms["solidarity"], "form_token", **typed)
    assert (answer.status_code, "We are with you." in answer.text) == (409, True)
    assert "This case takes no more messages." in answer.text
    typed = {"first_name": "Lou", "last_name": "Late", "email": "lou@example.org", "consent": "y"}
    answer = submit(client, forms["sign"], "form_token", **typed)
    assert (answer.status_code, "nothing has been saved" in answer.text) == (409, True)


def erased(day: Day, sam: FlaskClient) -> None:
    """Sam looks at all that is held, and has it erased."""
    assert submit(sam, sam.get("/au/my-data"), "form_token", email=SAM["email"]).status_code == 303
    day.work(minutes=1)
    day.press(day.to(SAM["email"], "/my-data/")[-1], sam)
    shown, held = sam.get("/au/my-data").text, sam.get("/au/my-data.json").get_json()
    assert {kind: len(held[kind]) for kind in ("signatures", "rsvps", "messages", "emails", "reports")} == {
        "signatures": 10, "rsvps": 1, "messages": 1, "emails": 1, "reports": 1,
    }  # fmt: skip
    for words in (SAM["email"], NAME, WORDS, OWN, NOTE, EVENTS[0], "Letters: 3"):
        assert words in shown, words
    assert day.left(), "the canaries sing"
    fields = form_fields(sam.get("/au/my-data"), "csrf_token")[1]
    done = sam.post("/au/my-data", data={"csrf_token": fields["csrf_token"], "act": "erase_all", "sure": "yes"})
    assert "Everything has been erased" in done.text
    day.work(minutes=1)
    assert "Your data has been erased" in {str(message["Subject"]) for message in day.sink.messages}


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_real_day(day: Day, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "flask_w4r")
    hosts_four_events(day)
    thirty_pupils(day)
    day.server_goes()
    sam_does_all_of_it(day)
    assert sign(day.browser(SCHOOL), "/au", SLUGS[0], **supporter(2)).status_code == 303
    assert day.people() == 30
    for _ in range(16):
        day.work(hours=1)
    day.server_comes_back()
    for _ in range(14):
        day.work(minutes=5)
    sam = day.browser(HOME)
    # Three mails go to who answered none, whichever they are: by any of them all that waits is confirmed.
    mine = [link for link in day.to(SAM["email"]) if re.search("/(confirm|confirm-email|message|prove)/", link)]
    day.press(mine[0], sam)
    day.press(day.to("sam2@example.org", "/confirm/")[0], day.browser(SCHOOL))
    a_case_closes_under_a_form(day)
    for _ in range(4):
        day.work(minutes=15)
    for kind in ("message", "report", "email"):
        day.decide(kind)
    day.work(minutes=30)
    mails = Counter((str(message["To"]), str(message["Subject"])) for message in day.sink.messages)
    assert mails.pop(("sam@example.org", "Confirm your event")) == len(EVENTS)
    assert {number for mail, number in mails.items() if "audit" not in mail[1]} == {1}
    assert len({message["Message-ID"] for message in day.sink.messages}) == len(day.sink.messages)
    assert not day.host.rows("SELECT id FROM w4r_signature WHERE held_at IS NOT NULL")
    before = day.numbers()
    both = dict.fromkeys(("solidarity_message", "email"), 1)
    assert before == {
        **{slug: {"petition_signature": 1} for slug in SLUGS},
        SLUGS[0]: {"petition_signature": 2, "letter": 33, **both},
        SLUGS[1]: {"petition_signature": 1, "letter": 30},
    }
    assert day.people() == 32
    erased(day, sam)
    assert (day.numbers(), day.people()) == (before, 32)
    assert day.left() == set()
    assert not any(one in caplog.text.lower() for one in CANARIES)
