"""Counts of signatures and of people, straight from the services: each person once, and gone with their last signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_w4r.action_types import SIGNATURE
from flask_w4r.models import Case, Edition, EditionPerson, Signature
from flask_w4r.services.petitions.counts import recount as count_rows
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.services.tally import counts, recount, totals
from flask_w4r.services.tally.keys import PEOPLE, WHOLE_EDITION, Key
from flask_w4r.services.tally.views import CountView
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database

ANN, BO = "ann-example", "bo-example"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
SECTIONS = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]


class Site:
    """Two sections with the same two cases, and last year's edition beside this year's."""

    def __init__(self, host: Host) -> None:
        self.app, self.state = host.app, get_state(host.app)
        make_campaign(host.app, (ANN, BO))
        make_campaign(host.app, ("old-example",), year="2025")
        self.today = self.state.sections["AU"].local_date(self.state.clock())

    def case(self, slug: str, code: str = "AU") -> Case:
        wanted = select(Case).where(Case.section == code, Case.slug == slug)
        return read(self.app, lambda session: session.scalars(wanted).one())

    def sign(self, slug: str, people: Sequence[str], code: str = "AU", **columns: Any) -> None:
        emails = [f"{name}@example.org" for name in people]
        columns = {"state": "confirmed", **columns}
        make_signatures(self.app, slug, len(people), section=code, email=lambda number: emails[number - 1], **columns)

    def withdraw(self, slug: str, people: Sequence[str], then: Callable[[], None] = lambda: None) -> None:
        """All signatures of these people at one case cease to count, as services have it: first the rows.

        :param then: called before the transaction ends.
        """
        case, section = self.case(slug), self.state.sections["AU"]
        emails = [f"{name}@example.org" for name in people]
        scope = counts.signature_scope(section, case.id)
        mine = Signature.email_index.in_([self.state.keyring.blind(scope, email) for email in emails])

        def work(unit: Any) -> None:
            unit.session.execute(update(Signature).where(Signature.case_id == case.id, mine).values(state="invalid"))
            gone = {(case.id, self.today): emails}
            counts.uncount_signatures(unit.session, self.state.keyring, section, case.edition_id, gone)
            then()

        run(self.app, work)

    def count(self, numbers: dict[str, list[str | None]], *, back: bool = False) -> None:
        """Have mailboxes counted, or no longer, without a signature."""
        section = self.state.sections["AU"]
        places = {(self.case(slug).id, self.today): some for slug, some in numbers.items()}
        edition = self.case(ANN).edition_id

        def work(unit: Any) -> None:
            change = counts.uncount_signatures if back else counts.count_signatures
            change(unit.session, self.state.keyring, section, edition, places)

        run(self.app, work)

    def shown(self, slug: str = ANN, code: str = "AU") -> tuple[dict[str, int], int]:
        """The counts of that case's edition, by slug, and its people."""
        case, section = self.case(slug, code), self.state.sections[code]
        found = read(self.app, lambda session: totals.counts(session, section, case.edition_id, self.state.clock()))
        slugs = select(Case.id, Case.slug).where(Case.edition_id == case.edition_id)
        names = read(self.app, lambda session: dict(session.execute(slugs).all()))
        by_slug = {names[number]: actions.get(SIGNATURE, 0) for number, actions in found.cases.items()}
        known = select(EditionPerson).where(EditionPerson.edition_id == case.edition_id)
        assert len(read(self.app, lambda session: session.scalars(known).all())) <= found.people
        return {name: number for name, number in by_slug.items() if number}, found.people

    def recount(self, code: str = "AU", *, fix: bool = False) -> tuple[int, list[recount.Drift]]:
        keyring, section = self.state.keyring, self.state.sections[code]
        return run(self.app, lambda unit: recount.recount(unit.session, keyring, section, [count_rows], fix=fix))


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host(sections=SECTIONS))


@pytest.fixture(params=[1, 2, 500])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many values go into one statement must not matter."""
    monkeypatch.setattr(counts, "_CHUNK", request.param)


@pytest.mark.usefixtures("pieces")
def test_a_person_goes_with_their_last_signature(site: Site) -> None:
    site.sign(ANN, ["a", "b", "c", "d", "e"])
    site.sign(BO, ["b", "d"])
    site.sign(BO, ["e"], held_at=site.state.clock())
    site.sign("old-example", ["a"])
    site.sign(ANN, ["a", "b"], code="MA")
    assert site.shown() == ({ANN: 5, BO: 2}, 5)
    site.withdraw(ANN, ["a", "b", "c", "d", "e"])
    assert site.shown() == ({BO: 2}, 2)
    assert site.recount() == (5, [])
    site.withdraw(BO, ["d"])
    assert site.shown() == ({BO: 1}, 1)
    assert site.recount() == (5, [])
    assert (site.shown("old-example"), site.shown(code="MA")) == (({"old-example": 1}, 1), ({ANN: 2}, 2))
    assert site.recount("MA") == (5, [])


def test_who_is_forgotten_stays_counted_and_is_told_apart_no_more(site: Site) -> None:
    for slug in (ANN, BO, "old-example"):
        site.sign(slug, ["a", "b"])
    site.sign(ANN, ["a"], code="MA")
    section, keyring = site.state.sections["AU"], site.state.keyring

    def told_apart() -> dict[tuple[str, str], int]:
        known = select(EditionPerson.section, Edition.year).join(Edition, Edition.id == EditionPerson.edition_id)
        return Counter(tuple(row) for row in read(site.app, lambda session: session.execute(known).all()))  # type: ignore[misc]

    def erased(slug: str, code: str = "AU") -> int:
        case, mine = site.case(slug, code), site.state.sections[code]
        now = site.state.clock()
        return read(site.app, lambda session: totals.counts(session, mine, case.edition_id, now)).erased

    assert told_apart() == {("AU", "2026"): 2, ("AU", "2025"): 2, ("MA", "2026"): 1}
    before = site.shown(), site.shown("old-example"), site.shown(code="MA")
    for _ in range(2):
        run(site.app, lambda unit: counts.forget_person(unit.session, keyring, section, "a@example.org"))
        assert told_apart() == {("AU", "2026"): 1, ("AU", "2025"): 1, ("MA", "2026"): 1}
        assert (erased(ANN), erased("old-example"), erased(ANN, "MA")) == (1, 1, 0)
        assert (site.shown(), site.shown("old-example"), site.shown(code="MA")) == before
    run(site.app, lambda unit: counts.forget_person(unit.session, keyring, section, "nobody@example.org"))
    assert (erased(ANN), site.shown()) == (1, before[0])


@pytest.mark.race
@every_database
def test_a_person_goes_too_where_two_withdraw_their_signatures_at_one_moment(make_host: MakeHost) -> None:
    """The second waits for the first: else each sees the other's signature as one that still counts."""
    site = Site(make_host(sections=SECTIONS))
    site.sign(ANN, ["a", "b"])
    site.sign(BO, ["a", "b"])
    other = Thread(target=site.withdraw, args=(BO, ["a"]))

    def at_once() -> None:
        other.start()
        other.join(1)
        assert other.is_alive(), "it waits"

    site.withdraw(ANN, ["a"], at_once)
    other.join(60)
    assert site.shown() == ({ANN: 1, BO: 1}, 1)


@pytest.mark.usefixtures("pieces")
def test_people_are_counted_once_whatever_they_sign(site: Site) -> None:
    site.count({ANN: ["a", "b", None], BO: ["b", "c", None, None]})
    assert site.shown() == ({ANN: 3, BO: 4}, 6)
    site.count({BO: ["a", "d"]})
    assert site.shown() == ({ANN: 3, BO: 6}, 7)
    # Without a mailbox each is a person of their own; with one, no signature in the tables holds them.
    site.count({BO: [None, "d"], ANN: [None]}, back=True)
    assert site.shown() == ({ANN: 2, BO: 4}, 4)
    site.count({BO: ["never seen"]}, back=True)
    assert site.shown() == ({ANN: 2, BO: 3}, 4)


def test_a_recount_names_what_differs_and_mends_it(site: Site) -> None:
    site.sign(ANN, ["a", "b"])
    site.sign(BO, ["b"])
    site.sign(ANN, ["c"], state="pending")
    site.sign(ANN, ["a"], code="MA")
    person = site.state.keyring.seal_json({"first_name": "Sam", "email": None})
    site.sign(BO, ["nameless"], person=person)
    section, edition = site.state.sections["AU"], site.case(ANN).edition_id

    def spoil(unit: Any) -> None:
        wrong = {
            Key(site.case(ANN).id, SIGNATURE, day=site.today): 3, Key(site.case(BO).id, "letter", "self_reported", "final"): 2,
            Key(WHOLE_EDITION, PEOPLE): -1,
        }  # fmt: skip
        counts.add_all(unit.session, section, edition, wrong)
        unit.session.add(EditionPerson(section="AU", edition_id=edition, person_index=b"x" * 32))

    run(site.app, spoil)
    drifts = [
        recount.Drift("2026", f"{ANN} ({site.today})", 5, 2),
        recount.Drift("2026", f"{BO} (letter, self_reported, final)", 2, 0),
        recount.Drift("2026", "(people)", 2, 3),
    ]  # fmt: skip
    for fix in (False, True):
        compared, found = site.recount(fix=fix)
        assert (compared, sorted(found, key=str)) == (6, sorted(drifts, key=str))
    assert site.recount()[1] == []
    assert site.shown() == ({ANN: 2, BO: 2}, 3)
    known = select(EditionPerson.person_index).where(EditionPerson.edition_id == edition)
    rows = read(site.app, lambda session: session.scalars(known).all())
    assert b"x" * 32 not in rows
    assert len(rows) == 2
    # The table of people is right again: who signs once more is known.
    site.sign(BO, ["a"])
    assert site.shown() == ({ANN: 2, BO: 3}, 3)


def test_the_totals_are_over_the_cases_that_are_asked_for(site: Site) -> None:
    site.sign(ANN, ["a", "b"])
    site.sign(BO, ["b"])
    section, edition, now = site.state.sections["AU"], site.case(ANN).edition_id, site.state.clock()
    ann, bo = site.case(ANN).id, site.case(BO).id
    run(site.app, lambda unit: counts.add_all(unit.session, section, edition, {Key(bo, "letter"): 4}))
    found = read(site.app, lambda session: totals.counts(session, section, edition, now))
    whole, part = found.of_edition([ann, bo]), found.of_edition([ann])
    assert (whole.total, whole.people, whole.signatures) == (7, 2, 3)
    assert dict(whole.actions) == {SIGNATURE: 3, "letter": 4}
    assert (part.total, part.people, part.signatures) == (2, 2, 2)
    case = found.of_case(bo, 100)
    assert (case.signatures, case.goal, dict(case.actions)) == (1, 100, {SIGNATURE: 1, "letter": 4})
    assert found.of_case(-1, None).signatures == 0
    assert (case.as_of, whole.as_of) == (now, now)


def test_no_edition_of_another_year_has_them(site: Site) -> None:
    site.sign(ANN, ["a"])
    years = read(site.app, lambda session: dict(session.execute(select(Edition.year, Edition.section)).all()))
    assert set(years) == {"2025", "2026"}
    assert site.shown("old-example") == ({}, 0)


@pytest.mark.parametrize(
    ("signatures", "goal", "percent"),
    [(0, 100, 0), (1, 100, 1), (1, 3, 33), (2, 3, 67), (199, 200, 99), (999, 1000, 99), (1000, 1000, 100),
     (1001, 1000, 100), (1, 1, 100), (5, None, 0), (5, 0, 0), (1, 200, 1), (1, 201, 0)],
)  # fmt: skip
def test_a_goal_is_reached_when_it_is(signatures: int, goal: int | None, percent: int) -> None:
    assert CountView(signatures, goal, datetime.now(UTC)).percent == percent


def test_people_whose_names_are_let_go_are_counted_still(make_host: MakeHost) -> None:
    site = Site(make_host(W4R_SECTIONS=SECTIONS))
    site.sign(ANN, ["ada", "bob"])
    site.sign(BO, ["bob"])
    case, keyring = site.case(ANN), site.state.keyring

    def let_go(work: Any) -> None:
        mine = update(Signature).where(Signature.case_id == case.id)
        work.session.execute(mine.values(person=None, email_index=None))
        emails = ["ada@example.org", "bob@example.org"]
        counts.only_count(work.session, keyring, "AU", case.edition_id, emails)

    before = read(site.app, lambda session: totals.counts(session, site.state.sections["AU"], case.edition_id, NOW))
    run(site.app, let_go)
    after = read(site.app, lambda session: totals.counts(session, site.state.sections["AU"], case.edition_id, NOW))
    # Bob signed the other case too, and is known by it.
    assert (after.people, after.erased) == (before.people, 1)
