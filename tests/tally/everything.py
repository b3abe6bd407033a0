"""A site where all that counts can be done in any order, and what the numbers must be, reckoned from what stands in the rows and from
what the test itself saw happen."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from flask_w4r import W4R
from flask_w4r.config_defaults import DEFAULT_RATE_LIMITS
from flask_w4r.models import Batch, Case, Message, Report, Signature, TallySlot, TargetEmail
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import Actor, get_state
from flask_w4r.testing import RecordingMailer, make_campaign
from flask_w4r.testing.events import make_events
from tests.conftest import MakeHost
from tests.emails import world as emails
from tests.messages.world import set_rules
from tests.schools import helpers as schools

MO = Actor("mo", "Mo")
SLUGS = (emails.SLUG, "bo-example")
#: Cases that a step is about.
SOME = (SLUGS[:1], SLUGS[1:], SLUGS)
UNLIMITED = dict.fromkeys(DEFAULT_RATE_LIMITS, "9999999/second")
SIGNATURE = "petition_signature"
ZONE = ZoneInfo("Australia/Sydney")
#: Case, type, source, status and day of a number.
Key = tuple[int, str, str, str, date]
Sealed = Mapping[tuple[str, int], tuple[Key, str]]


def seen(case: int, kind: str, moment: Any, source: str = "counted") -> Key:
    """What was seen to be done at a moment counts as."""
    return case, kind, source, "interim", moment.astimezone(ZONE).date()


class World:
    """A site, an event that is over, a class, and what people do.

    :param shared: several people may sign with one mailbox.
    :ivar let_in: the desk's decision that let the class's school in: it stands.
    :ivar sort: whose mailboxes they are: other people's in each example.
    :ivar pressed: letters that pupils were thanked for; ``pupils``: how many of them there are.
    :ivar nameless: what counts of people who are gone; ``gone``: how many of them there are.
    :ivar emailed: emails that the target had in the examples before.
    """

    def __init__(self, make_host: MakeHost, *, shared: bool = False) -> None:
        self.clock = emails.Clock()
        section = {"preset": "AU", "url_prefix": "/au", "class_mode": "teacher", "shared_mailbox": shared}
        self.mailer = RecordingMailer()
        w4r = W4R(mailer=self.mailer, clock=self.clock, actor_loader=lambda: MO, permission_check=lambda *asked: True)
        self.host = make_host(w4r=w4r, section=section, captcha="none", rate_limits=UNLIMITED, cache_seconds=0)
        self.host.mailer = self.mailer
        self.state, self.app = get_state(self.host.app), self.host.app
        self.section = self.state.sections["AU"]
        make_campaign(self.app, SLUGS)
        emails.change_case(self.host, target=emails.MINISTER)
        emails.put_texts(self.host, {"email.1.subject": emails.SUBJECT, "email.1.text": emails.TEXT})
        set_rules(self.host, SLUGS[0], route="section")
        rows = read(self.app, lambda session: session.execute(select(Case.slug, Case.id)).all())
        self.cases: dict[str, int] = dict(rows)
        with self.host.engine.begin() as connection:
            # However long the waits add up to, the edition runs.
            connection.exec_driver_sql("UPDATE w4r_edition SET ends_on = '2099-12-31'")
        begun = self.clock() - timedelta(days=1)
        (self.event,) = make_events(
            self.app, 1, section="AU", cases=SLUGS, slug="over", uid="over", state="over", starts_at=begun
        )
        self.path = schools.make_class(self.host, schools.teach(self.host, size="5000", cases=list(SLUGS)), size=5000)
        (self.school,) = schools.school_ids(self.host)
        self.let_in = read(self.app, lambda session: session.scalar(select(func.max(Batch.id))))
        self.sort = ""
        self.pressed, self.nameless = Counter[Key](), Counter[Key]()
        self.pupils = self.gone = self.emailed = 0

    def begin(self, sort: str) -> None:
        """Other people come, another day."""
        self.clock.move(days=1)
        self.sort = sort
        self.emailed += len(emails.sent_to(self.host))
        self.mailer.messages.clear()
        for slug in SLUGS:
            self.host.run("w4r", "case", "status", slug, "active")

    def address(self, who: int) -> str:
        return f"sam{who}@{self.sort}.example"

    # What the numbers are, and what they must be.

    def kept(self) -> tuple[Counter[Key], int]:
        """The counts that stand ready; and people."""
        slot = TallySlot
        key = (slot.case_id, slot.action_type, slot.source, slot.status, slot.day)
        rows = read(self.app, lambda s: s.execute(select(*key, func.sum(slot.count)).group_by(*key)).all())
        counts: Counter[Key] = Counter()
        for case, kind, source, status, day, number in rows:
            if case and int(number):
                counts[case, kind, source, status, day] = int(number)
        return counts, sum(int(row[5]) for row in rows if (row.case_id, row.action_type) == (0, "people"))

    def sealed(self) -> Sealed:
        """Signatures and messages that count and say still who is behind them: what they are, and the address."""

        def load(session: Any) -> dict[tuple[str, int], tuple[Key, str]]:
            signed = select(Signature).where(Signature.state == "confirmed", Signature.held_at.is_(None))
            written = select(Message).where(Message.state == "approved")
            found = {}
            for kind, query in ((SIGNATURE, signed), ("solidarity_message", written)):
                for row in session.scalars(query.where(query.selected_columns.person.is_not(None))):
                    address = self.state.keyring.open_json(row.person)["email"]
                    day = row.confirmed_at if kind == SIGNATURE else row.created_at
                    found[kind, row.id] = (seen(row.case_id, kind, day), address)
            return found

        return read(self.app, load)

    def plain(self) -> tuple[Counter[Key], int]:
        """What each row that counts adds, one by one."""
        known = self.sealed()
        sums = self.nameless + self.pressed + Counter(key for key, _ in known.values())
        left = read(self.app, lambda s: s.scalars(select(TargetEmail).where(TargetEmail.state == "sent")).all())
        assert len(left) == self.emailed + len(emails.sent_to(self.host)), "so many arrived"
        sums.update(seen(row.case_id, "email", row.sent_at) for row in left)
        reports = read(self.app, lambda s: s.scalars(select(Report).where(Report.state == "approved")).all())
        hosts = {row.event_id for row in reports if row.role == "host"}
        for row in reports:
            # Of an event that its host tells of only the host's number counts.
            if row.role == "host" or row.event_id is None or row.event_id not in hosts:
                for case, numbers in row.counts.items():
                    for kind, number in numbers.items():
                        day = row.on_date or row.created_at.astimezone(ZONE).date()
                        sums[int(case), kind, row.source, row.status, day] += number
        people = {address for key, address in known.values() if key[1] == SIGNATURE}
        return +sums, len(people) + self.gone + self.pupils

    def agree(self) -> None:
        """What is shown, told to the centre and recounted is the same."""
        self.host.run("w4r", "tally", "recount")
        self.state.lazy.pop("pages", None)
        client, (sums, people) = self.app.test_client(), self.kept()
        of_case: dict[str, Counter[str]] = {slug: Counter() for slug in SLUGS}
        told = Counter[tuple[str, ...]]()
        names = {number: slug for slug, number in self.cases.items()}
        for (case, kind, source, status, _), number in sums.items():
            of_case[names[case]][kind] += number
            told[names[case], kind, source, status] += number
        for slug in SLUGS:
            assert Counter(client.get(f"/au/cases/{slug}/tally.json").get_json()["actions"]) == of_case[slug]
        every = sum(of_case.values(), Counter[str]())
        whole = client.get("/au/tally.json").get_json()
        assert (Counter(whole["actions"]), whole["total"], whole["people"]) == (every, every.total(), people)
        page = re.findall(r'data-w4r-count-value="(\w+)">([\d,]+)<', client.get("/au/").text)
        shown = {name: int(number.replace(",", "")) for name, number in reversed(page)}
        assert not every or shown == {"total": every.total(), "people": people, "signatures": every[SIGNATURE]}
        report = json.loads(self.host.run("w4r", "tally", "report", "--json").output)
        rows = Counter[tuple[str, ...]]()
        for row in report["rows"]:
            rows[row["case"], row["type"], row["source"], row["status"]] += row["count"]
        assert (rows, report["people"]) == (told, people)

    def status(self, slug: str) -> str:
        """How a case stands."""
        return str(read(self.app, lambda session: session.scalar(select(Case.status).where(Case.slug == slug))))

    def _row(self, kind: str, number: int) -> Any:
        model: Any = Signature if kind == SIGNATURE else Message
        return read(self.app, lambda session: session.get(model, number))

    def part(self, before: Sealed) -> None:
        """Whoever was known before and is not any more, in rows that count still, is counted without a name from now on."""
        after, people = self.sealed(), set()
        for (kind, number), (key, address) in before.items():
            if (kind, number) in after:
                continue
            row = self._row(kind, number)
            if row.person is None and row.state in ("confirmed", "approved", "erased"):
                self.nameless[key] += 1
                people |= {address} if kind == SIGNATURE else set()
        self.gone += len(people - {address for key, address in after.values() if key[1] == SIGNATURE})
