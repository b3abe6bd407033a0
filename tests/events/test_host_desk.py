"""A host and the desk: an approval taken back, numbers that count once, what needs a second look and what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.testing import submit
from tests.conftest import every_database
from tests.events.walks import STREET, Site, edit, letters, shift
from tests.moderation.conftest import ALL, Staff


def staff(site: Site) -> Staff:
    return Staff(site.host.app.test_client(), "mo", ALL, None)


def decide(site: Site, what: str, reason: str = "") -> Any:
    """A press in the queue; the batch that it made, to take it back."""
    answer = staff(site).post(
        "/au/moderation/decisions", {"one": what, "reason": reason, "kind": what.split()[1].split(":")[0]}
    )
    assert answer.status_code == 303, answer.text
    return site.host.rows("SELECT max(id) FROM w4r_batch")[0][0]


def undo(site: Site, batch: int) -> None:
    assert staff(site).post(f"/au/moderation/decisions/{batch}/undo").status_code == 303


def proposed(site: Site, **changes: Any) -> None:
    """An event whose host proved their address; it waits for the desk."""
    assert site.post(**changes).status_code == 303
    site.jobs()
    assert site.enter().status_code == 303


# The approval that was taken back


@pytest.mark.parametrize("comes", [True, False])
@every_database
def test_guests_hear_of_a_no_after_the_first_approval_was_undone(desk_site: Site, comes: bool) -> None:
    site = desk_site
    proposed(site)
    batch = decide(site, "approve event:1")
    site.jobs()
    if comes:
        site.guest()
    undo(site, batch)
    reader, slug = site.host.app.test_client(), site.event().slug
    assert reader.get(f"/au/events/{slug}").status_code == 404
    before = len(site.host.mailer.messages)
    decide(site, "reject event:1", "Not this one.")
    assert site.event().state == ("cancelled" if comes else "rejected")
    sent = letters(site, before)
    assert len(sent) == comes
    if comes:
        assert "Cancelled: Letters at the library" in sent[0]
        assert "METHOD:CANCEL" in sent[0]
    assert [reader.get(f"/au/events/{slug}{end}").status_code for end in ("", ".ics", "/rsvp")] == [404] * 3
    assert slug not in reader.get("/au/events").text + reader.get("/au/events.atom").text


def test_an_approval_that_was_undone_can_be_given_again(desk_site: Site) -> None:
    site = desk_site
    proposed(site)
    batch = decide(site, "approve event:1")
    site.guest()
    undo(site, batch)
    before = len(site.host.mailer.messages)
    decide(site, "approve event:1")
    assert letters(site, before) == [], "nothing changed for the guests"
    assert site.host.app.test_client().get(f"/au/events/{site.event().slug}").status_code == 200


# The numbers afterwards


def tally(site: Site) -> dict[str, int]:
    found = site.host.rows("SELECT action_type, SUM(count) FROM w4r_tally GROUP BY action_type")
    return {row[0]: int(row[1]) for row in found if row[1]}


@every_database
def test_numbers_count_once_whatever_the_desk_does(desk_site: Site) -> None:
    site = desk_site
    proposed(site)
    decide(site, "approve event:1")
    site.jobs()
    shift(
        site,
        starts_at="2026-01-01 00:00:00",
        ends_at=(site.state.clock() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S"),
    )
    site.jobs()
    assert site.event().state == "over"
    assert [subject for subject in site.subjects(0) if "How did it go" in subject]
    assert site.enter().status_code == 303
    ann = site.cases["AU/ann-example"]

    def report(letter: str) -> str:
        page = site.client.get("/au/host/report")
        return str(submit(site.client, page, "people", people="9", **{f"count-{ann}-letter": letter}).location)

    assert "done=reported" in report("120")
    assert "done=reported" in report("100")
    assert tally(site) == {}
    decide(site, "reject report:1", "Too many")
    assert "done=reported" in report("90")
    batch = decide(site, "approve report:1")
    assert tally(site) == {"letter": 90}
    assert "Your numbers have been counted" in site.client.get("/au/host/report").text
    decide(site, "approve report:1")
    assert tally(site) == {"letter": 90}
    undo(site, batch)
    undo(site, batch)
    assert tally(site) == {}
    assert "done=reported" in report("80")
    decide(site, "approve report:1")
    undo(site, batch)
    assert tally(site) == {"letter": 80}


@pytest.mark.parametrize(
    "venue", ["Read evil.example/now", "www.evil.example", "Write to me@evil.example", "https://e.example"]
)
def test_no_link_comes_onto_a_page_as_the_name_of_the_place(site: Site, venue: str) -> None:
    site.hosted()
    assert "done=submitted" in edit(site, venue_name=venue).location
    assert "evil" not in site.host.app.test_client().get(f"/au/events/{site.event().slug}").text


def test_a_small_change_of_the_place_needs_no_desk(site: Site) -> None:
    site.hosted()
    assert "done=edited" in edit(site, venue_name="St. Mary's Hall, Rm. 2", address="14 Long St., Newtown").location
    assert "14 Long St." in site.host.app.test_client().get(f"/au/events/{site.event().slug}").text


# What the desk saw, and what it has not seen


def test_words_that_the_desk_let_pass_stay_up_until_the_place_is_another(desk_site: Site) -> None:
    site = desk_site
    proposed(site, kind="private", description=f"The bus stops at {STREET}, then walk.")
    decide(site, "approve event:1")
    site.jobs()
    assert site.enter().status_code == 303
    assert "done=edited" in edit(site, capacity="9").location
    assert site.event().state == "published", "one more chair is nothing for the desk"
    assert "done=submitted" in edit(site, address="77 Other Street").location
    assert site.event().state == "submitted"


def test_what_was_called_off_and_hidden_does_not_come_back(desk_site: Site) -> None:
    site = desk_site
    proposed(site)
    decide(site, "approve event:1")
    site.jobs()
    assert site.enter().status_code == 303
    assert submit(site.client, site.client.get("/au/host/cancel"), "csrf_token").status_code == 303
    shift(site, state="rejected")
    assert "done=gone" in edit(site, title="On again").location
    assert (site.event().state, site.event().title) == ("rejected", "Letters at the library")
