"""The bounds of the rules about seats, one by one: who may still act, what is free, and whose the list is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r.errors import BadValue, EventFull, NotFound
from flask_w4r.models import OutboxMail, Rsvp
from flask_w4r.sections import Section
from flask_w4r.services.rsvps import lifecycle, seat_count
from flask_w4r.services.rsvps.seats import claim as claim_seats
from flask_w4r.services.storage.unit_of_work import read, run
from tests.conftest import Host

from .guests import Party

WAITS, GOES = ["waitlisted"], ["going"]


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few parties fill an event."""
    monkeypatch.setattr("flask_w4r.services.rsvps.ask.LARGEST_PARTY", 20)


@pytest.fixture
def party(host: Host) -> Party:
    """An event with ten seats."""
    return Party(host.app, capacity=10)


def come(party: Party, guest: int, size: int = 1) -> str:
    party.ask(guest, size)
    return party.do("confirm", guest).outcome


def mails(party: Party) -> list[str]:
    wanted = select(OutboxMail.kind).order_by(OutboxMail.id)
    return list(read(party.app, lambda session: session.scalars(wanted).all()))


ACTS: list[tuple[str, tuple[Any, ...]]] = [
    ("confirm", ()),
    ("accept", ()),
    ("change", (1,)),
    ("cancel", ()),
    ("release", ()),
]


@pytest.mark.parametrize(("act", "more"), ACTS, ids=[act for act, _ in ACTS])
def test_an_rsvp_is_acted_on_at_its_own_event_alone(party: Party, act: str, more: tuple[Any, ...]) -> None:
    """A link says an event and an RSVP; a pair that does not belong together is nothing."""
    other = Party(party.app, slug="other", uid="other")
    come(party, 1, 2)
    row = party.rows()[0]
    args = (row.version,) if act == "confirm" else more
    before = [(one.state, one.seats_held, one.version) for one in party.rows()]
    for event_id, rsvp_id in ((other.event_id, row.id), (party.event_id, row.id + 99), (party.event_id + 99, row.id)):
        party_of = Party(party.app, event_id)
        done = party_of._run(getattr(lifecycle, act), None, rsvp_id, *args)
        assert done == lifecycle.Done(rsvp_id, event_id, "gone")
    assert [(one.state, one.seats_held, one.version) for one in party.rows()] == before
    for one in (party, other):
        one.check()


def begun(party: Party) -> None:
    now = party.state.clock()
    party.set(starts_at=now - timedelta(seconds=1))


def unpublished(party: Party) -> None:
    party.set(state="submitted")


@pytest.mark.parametrize("end", [begun, unpublished])
def test_nothing_is_taken_of_an_event_that_has_begun_or_is_not_public(party: Party, end: Any) -> None:
    come(party, 1, 9)
    party.ask(2)
    party.ask(3)
    come(party, 4, 3)
    assert party.states(1, 2, 3, 4) == ["going", "pending", "pending", "waitlisted"]
    end(party)
    assert party.do("change", 1, 8).outcome == "gone"
    assert party.do("confirm", 2).outcome == "gone"
    with pytest.raises(NotFound):
        party.ask(5)
    # Whoever does not come says so whenever they like; nobody is offered what is of no use.
    done = party.do("cancel", 1)
    assert (done.outcome, list(done.offered)) == ("cancelled", [])
    assert party.states(4) == WAITS
    assert party.expire(party.state.clock() + timedelta(hours=1)).offered == []
    assert party.states(4) == WAITS


def test_a_moment_before_it_begins_there_is_time(party: Party) -> None:
    starts = party.event().starts_at
    for number, moment in enumerate((starts - timedelta(microseconds=1), starts)):
        if number:
            with pytest.raises(NotFound):
                party.ask(9, now=moment)
        else:
            party.ask(9, now=moment)
    assert party.do("confirm", 9, now=starts).outcome == "gone"
    assert party.do("confirm", 9, now=starts - timedelta(microseconds=1)).outcome == "going"
    assert party.do("change", 9, 2, now=starts).outcome == "gone"
    assert party.do("change", 9, 2, now=starts - timedelta(microseconds=1)).outcome == "changed"


def test_unconfirmed_claims_fill_a_quarter_or_are_one_party(host: Host) -> None:
    party = Party(host.app, capacity=12)
    sizes = (2, 1, 1, 6)
    for guest, size in enumerate(sizes, 1):
        party.ask(guest, size)
    assert [row.seats_held for row in party.rows()] == [2, 1, 0, 0]
    party.check()
    alone = Party(host.app, slug="alone", uid="alone", capacity=12)
    alone.ask(1, 6)
    alone.ask(2, 1)
    assert [row.seats_held for row in alone.rows()] == [6, 0]
    open_to_all = Party(host.app, slug="open", uid="open", capacity=None)
    for guest in range(1, 5):
        open_to_all.ask(guest, 6)
    assert [row.seats_held for row in open_to_all.rows()] == [6] * 4


def test_the_last_seat_is_a_seat(party: Party) -> None:
    assert come(party, 1, 9) == "going"
    assert come(party, 2, 1) == "going"
    assert come(party, 3, 1) == "waitlisted"
    with pytest.raises(EventFull):
        party.ask(4, 11)
    assert party.event().seats_taken == 10
    assert party.do("cancel", 2).offered == [party.row(3).id]  # type: ignore[union-attr]


def test_changing_nothing_changes_no_place(party: Party) -> None:
    come(party, 1, 6)
    come(party, 2, 4)
    come(party, 3, 2)
    come(party, 4, 2)
    before = [(row.state, row.seats_held, row.waitlisted_at) for row in party.rows()]
    for guest, size in ((1, 6), (2, 4), (3, 2)):
        sent = mails(party)
        assert party.do("change", guest, size).outcome == "changed"
        assert mails(party) == sent, "nothing is written about what stays as it was"
    assert [(row.state, row.seats_held, row.waitlisted_at) for row in party.rows()] == before
    # Growing while others wait would pass them; shrinking serves them.
    with pytest.raises(EventFull):
        party.do("change", 1, 7)
    with pytest.raises(EventFull):
        party.do("change", 1, 11)
    done = party.do("change", 1, 4)
    assert done.offered == [party.row(3).id]  # type: ignore[union-attr]
    assert mails(party)[-2:] == ["rsvp_offer", "rsvp_changed"]
    # A waiting party that grows goes to the end.
    come(party, 5, 2)
    party.do("change", 4, 3)
    line = sorted((row for row in party.rows() if row.state == "waitlisted"), key=lambda row: row.waitlisted_at)  # type: ignore[arg-type, return-value]
    assert [row.party_size for row in line] == [2, 3]
    party.check()


def test_a_released_party_is_served_in_its_place(party: Party) -> None:
    come(party, 1, 10)
    party.ask(2, 2, held=True)
    party.do("confirm", 2)
    come(party, 3, 2)
    assert party.event().waiting == 1, "who is held keeps nobody waiting"
    party.do("cancel", 1)
    assert party.states(2, 3) == ["waitlisted", "offered"]
    done = party.do("release", 2)
    assert (done.outcome, done.offered) == ("released", [party.row(2).id])  # type: ignore[union-attr]
    assert mails(party)[-1] == "rsvp_offer"
    assert party.do("release", 2).outcome == "gone"
    party.check()


SPOILT = [("seats_taken", 3), ("pending_seats", 2), ("waiting", 4)]


@pytest.mark.parametrize(("field", "by"), SPOILT)
def test_each_number_that_differs_is_found_and_mended(party: Party, field: str, by: int) -> None:
    other = Party(party.app, slug="other", uid="other")
    come(party, 1, 2)
    party.ask(2, 1)
    come(other, 1)
    kept = {name: getattr(party.event(), name) for name in seat_count.FIELDS}
    section, codes = party.section, [party.section.code]

    def spoil(unit: Any) -> None:
        event = unit.session.get_one(type(party.event()), party.event_id)
        setattr(event, field, kept[field] + by)

    def suspects(**more: Any) -> list[tuple[str, int]]:
        return list(read(party.app, lambda session: seat_count.suspects(session, codes, **more)))

    def again(fix: bool) -> seat_count.SeatDrift | None:
        return run(party.app, lambda unit: seat_count.count_again(unit.session, section, party.event_id, fix=fix))

    assert (suspects(), again(True)) == ([], None)
    run(party.app, spoil)
    assert suspects() == [(section.code, party.event_id)]
    assert suspects(ending_after=party.event().ends_at) == []
    assert suspects(ending_after=party.event().ends_at - timedelta(seconds=1)) == suspects()
    assert list(read(party.app, lambda session: seat_count.suspects(session, ["MA"]))) == []
    wrong = {**kept, field: kept[field] + by}
    drift = seat_count.SeatDrift(party.event_id, "letters", wrong, kept)
    for fix in (False, True):
        assert again(fix) == drift
    assert drift.text == f"{field} kept {kept[field] + by}, counted {kept[field]}"
    assert (suspects(), again(True)) == ([], None)
    assert read(party.app, lambda session: seat_count.compared(session, section)) == 2
    gone = run(party.app, lambda unit: seat_count.count_again(unit.session, section, party.event_id + 99, fix=True))
    assert gone is None


def test_what_is_oversold_is_for_people_to_mend(party: Party) -> None:
    come(party, 1, 6)

    def oversell(unit: Any) -> None:
        row = unit.session.scalars(select(Rsvp).where(Rsvp.event_id == party.event_id)).one()
        row.seats_held = row.party_size = 11

    run(party.app, oversell)
    counted = {"seats_taken": 11, "pending_seats": 0, "waiting": 0}
    for _ in range(2):
        drift = run(
            party.app, lambda unit: seat_count.count_again(unit.session, party.section, party.event_id, fix=True)
        )
        assert drift == seat_count.SeatDrift(party.event_id, "letters", {**counted, "seats_taken": 6}, counted, True)
    assert drift is not None
    assert drift.text.endswith("; more seats held than there are")


def claim(party: Party, section: Section, seats: int = 2) -> bool:
    now = party.state.clock()
    return run(
        party.app,
        lambda work: claim_seats(work.session, section, party.event_id, seats, pending=False, now=now),
    )


def test_seats_are_claimed_in_the_events_own_section(party: Party) -> None:
    assert not claim(party, replace(party.section, code="MA"))
    assert party.event().seats_taken == 0
    assert claim(party, party.section)
    assert party.event().seats_taken == 2


@pytest.mark.parametrize("seats", [0, -1])
def test_less_than_a_seat_is_no_claim(party: Party, seats: int) -> None:
    with pytest.raises(BadValue, match=r"^seats must be at least 1$"):
        claim(party, party.section, seats)


def test_who_comes_by_a_slower_clock_stands_behind_those_who_wait(party: Party) -> None:
    come(party, 1, 10)
    now = party.state.clock()
    for guest, moment in ((2, now), (3, now - timedelta(seconds=5)), (4, now)):
        party.ask(guest, 1, now=moment)
        assert party.do("confirm", guest, now=moment).outcome == "waitlisted"
    line = [party.row(guest).waitlisted_at for guest in (2, 3, 4)]  # type: ignore[union-attr]
    assert line == [now, now + timedelta(microseconds=1), now + timedelta(microseconds=2)]
    done = party.do("cancel", 1)
    assert done.offered == [party.row(guest).id for guest in (2, 3, 4)]  # type: ignore[union-attr]


def test_a_link_of_before_does_not_confirm_what_is_asked_for_after(party: Party) -> None:
    """Each act that ends a link raises the version: who cancelled and asks again confirms anew."""
    versions = []
    for _ in range(3):
        party.ask(1)
        versions.append(party.row(1).version)  # type: ignore[union-attr]
        for version in versions[:-1]:
            assert party.do("confirm", 1, version).outcome == "gone"
        assert party.do("confirm", 1, versions[-1]).outcome == "going"
        assert party.do("cancel", 1).outcome == "cancelled"
        assert party.row(1).version > versions[-1]  # type: ignore[union-attr]
    assert versions == sorted(set(versions))
