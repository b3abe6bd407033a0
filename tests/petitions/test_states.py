"""Each change of a signature's state, from every state it may be asked for in: what is written, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_w4r.models import Case, Signature
from flask_w4r.services.petitions import standing, states
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost

from .helpers import SLUG, MovingClock, clocked, people, tally

BO = "bo-example"
SAM = "sam@example.org"
CAPTCHA = {"check": "captcha_missing", "score": 30, "hold": True}
ODD = {"check": "name_marks", "score": 45, "hold": False}
RULE = {"check": "rule", "score": 0, "hold": True}


class Site:
    """Two cases, a clock that stands, and what is done to signatures there."""

    def __init__(self, host: Host, clock: MovingClock) -> None:
        self.host, self.clock, self.state = host, clock, get_state(host.app)
        self.section = self.state.sections["AU"]
        make_campaign(host.app, (SLUG, BO))

    def sign(self, slug: str = SLUG, **columns: Any) -> int:
        columns = {"state": "pending", "email": SAM, **columns}
        return make_signatures(self.host.app, slug, 1, **columns)[0]

    def confirm(self, versions: Mapping[int, int], email: str = SAM, **more: Any) -> list[states.Confirmation]:
        def work(unit: Any) -> list[states.Confirmation]:
            stand = standing.of_address(unit.session, self.state.keyring, self.section, email, lock=True)
            return states.confirm_signatures(
                unit.session,
                self.state.keyring,
                self.section,
                stand,
                versions,
                now=self.clock(),
                **{"hold_at": 50, **more},
            )

        return run(self.host.app, work)

    def disown(self, number: int, code: str = "AU") -> str | None:
        section = self.state.sections[code]
        return run(
            self.host.app,
            lambda unit: states.disown_signature(unit.session, self.state.keyring, section, number, now=self.clock()),
        )

    def row(self, number: int) -> Signature:
        return read(self.host.app, lambda session: session.get_one(Signature, number))

    def shown(self) -> tuple[int, int, int]:
        return tally(self.host), tally(self.host, BO), people(self.host)

    def case(self, slug: str = SLUG) -> int:
        wanted = select(Case.id).where(Case.slug == slug, Case.section == "AU")
        return read(self.host.app, lambda session: session.scalars(wanted).one())

    def set_case(self, status: str) -> None:
        mine = update(Case).where(Case.slug == SLUG).values(status=status)
        run(self.host.app, lambda unit: unit.session.execute(mine))


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    clock = MovingClock()
    w4r, _ = clocked(clock)
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    return Site(make_host(w4r=w4r, sections=sections), clock)


def test_each_signature_is_told_what_became_of_it(site: Site) -> None:
    first, second = site.sign(), site.sign(BO)
    site.clock.move(hours=1)
    ann, bo = site.case(), site.case(BO)
    assert site.confirm({second: 1, first: 1, 999: 1}) == [
        states.Confirmation(first, ann, "confirmed", True), states.Confirmation(second, bo, "confirmed", True),
        states.Confirmation(999, 0, "gone", False),
    ]  # fmt: skip
    assert site.shown() == (1, 1, 1)
    row = site.row(first)
    assert (row.state, row.confirmed_at, row.updated_at) == ("confirmed", site.clock(), site.clock())
    assert (row.held_at, row.released_at, row.held_for, row.reasons, row.score) == (None, None, None, [], 0)
    site.clock.move(hours=1)
    assert [one.outcome for one in site.confirm({first: 1, second: 1})] == ["already", "already"]
    assert site.row(first).confirmed_at == site.clock() - timedelta(hours=1)
    assert site.shown() == (1, 1, 1)


def test_what_is_not_to_be_confirmed_is_gone(site: Site) -> None:
    replaced, invalid = site.sign(version=2), site.sign(BO, state="invalid")
    for number, version in ((replaced, 1), (replaced, 3), (invalid, 1)):
        [done] = site.confirm({number: version})
        assert (done.signature_id, done.outcome, done.counted) == (number, "gone", False)
        assert done.case_id in (site.case(), site.case(BO))
    assert site.confirm({replaced: 2}, email="eve@example.org") == [states.Confirmation(replaced, 0, "gone", False)]
    assert (site.row(replaced).state, site.row(invalid).state) == ("pending", "invalid")
    assert site.shown() == (0, 0, 0)


def test_a_case_that_closed_takes_none(site: Site) -> None:
    number = site.sign()

    def work(unit: Any) -> list[states.Confirmation]:
        keyring = site.state.keyring
        known = standing.by_id(unit.session, site.section, [number])
        stand = standing.of_address(unit.session, keyring, site.section, SAM, lock=True, known=known)
        return states.confirm_signatures(
            unit.session, keyring, site.section, stand, {number: 1}, hold_at=50, now=site.clock()
        )

    site.set_case("closed")
    assert run(site.host.app, work) == [states.Confirmation(number, site.case(), "gone", False)]
    assert site.row(number).state == "pending"
    site.set_case("active")
    assert [one.outcome for one in run(site.host.app, work)] == ["confirmed"]


HELD: list[tuple[list[dict[str, Any]], int, bool]] = [
    ([CAPTCHA], 30, True), ([CAPTCHA, ODD], 75, True), ([RULE], 0, False), ([CAPTCHA, RULE], 30, False),
    ([CAPTCHA, ODD, {"check": "too_fast", "score": 5, "hold": False}], 80, False), ([ODD], 50, False),
]  # fmt: skip


@pytest.mark.parametrize(("reasons", "score", "is_released"), HELD)
def test_the_proof_of_the_mailbox_releases_what_it_makes_up_for(
    site: Site, reasons: list[dict[str, Any]], score: int, is_released: bool
) -> None:
    held_at = site.clock()
    number = site.sign(held_at=held_at, reasons=reasons, score=score)
    before = site.row(number)
    site.clock.move(hours=1)
    [done] = site.confirm({number: 1})
    assert (done.outcome, done.counted) == ("confirmed", is_released)
    row = site.row(number)
    assert row.state == "confirmed"
    assert (row.held_at, row.released_at) == ((None, site.clock()) if is_released else (held_at, None))
    assert (row.held_for, row.reasons, row.score) == (before.held_for, reasons, score)
    assert site.shown() == ((1, 0, 1) if is_released else (0, 0, 0))
    [again] = site.confirm({number: 1})
    assert (again.outcome, again.counted) == ("already", is_released)


#: Points of what was found, seconds until the press, points for a quick one; whether that holds it, and what it counts.
QUICK = [
    (45, 0, 5, True, 50), (45, 10, 5, True, 50), (45, 10.5, 5, False, 45), (44, 3, 5, False, 49), (0, 3, 90, False, 0),
    (45, 3, 0, False, 45), (45, -3, 5, True, 50),
]  # fmt: skip


@pytest.mark.parametrize(("score", "seconds", "points", "is_held", "comes_to"), QUICK)
def test_a_press_within_seconds_holds_what_something_else_speaks_against(
    site: Site, score: int, seconds: float, points: int, is_held: bool, comes_to: int
) -> None:
    reasons = [{**ODD, "score": score}] if score else []
    number = site.sign(reasons=reasons, score=score)
    site.clock.move(seconds=seconds)
    [done] = site.confirm({number: 1}, fast_score=points)
    row = site.row(number)
    assert (done.counted, row.score, row.held_at) == (not is_held, comes_to, site.clock() if is_held else None)
    assert row.held_for == ("name_marks" if is_held else None)
    quick = {"check": "fast_confirm", "score": points, "hold": False, "detail": {"seconds": max(0, int(seconds))}}
    assert row.reasons == (reasons if comes_to == score else [*reasons, quick])
    assert site.shown() == ((0, 0, 0) if is_held else (1, 0, 1))


def test_what_the_desk_released_stays_released(site: Site) -> None:
    released_at: datetime = site.clock()
    number = site.sign(reasons=[ODD], score=45, released_at=released_at)
    [done] = site.confirm({number: 1}, fast_score=90)
    row = site.row(number)
    assert (done.counted, row.held_at, row.released_at, row.score) == (True, None, released_at, 135)


def test_who_says_that_it_was_not_them_leaves_nothing(site: Site) -> None:
    first = site.sign(state="confirmed", newsletter=True)
    second, waits = site.sign(BO, state="confirmed"), site.sign(email="pat@example.org")
    held = site.sign(BO, email="kim@example.org", state="confirmed", held_at=site.clock(), reasons=[RULE])
    assert site.shown() == (1, 1, 1)
    site.clock.move(hours=1)
    assert site.disown(first, "MA") is None, "another section's"
    assert site.disown(first) == SAM
    row = site.row(first)
    assert (row.state, row.person, row.name_index, row.details_index) == ("invalid", None, None, None)
    assert (row.newsletter, row.held_at, row.updated_at) == (False, None, site.clock())
    assert site.shown() == (0, 1, 1), "the other case still counts them"
    for number, mailbox in ((second, SAM), (waits, "pat@example.org"), (held, "kim@example.org")):
        assert site.disown(number) == mailbox
        assert site.row(number).held_at is None
    assert site.shown() == (0, 0, 0)
    for number in (first, second, waits, held, 999):
        assert site.disown(number) is None
    assert site.shown() == (0, 0, 0)
    site.host.run("w4r", "tally", "recount", "--section", "all")
