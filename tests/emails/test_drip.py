"""Emails drip: so many an hour, in the target's own office hours, the same after a restart, and none after a close."""

from __future__ import annotations

import smtplib
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from flask_w4r.testing import run_jobs
from tests.conftest import Host, MakeHost, every_database

from .world import MINISTER, OFFICE, Clock, change_case, make_world, put_emails, sent_to, staff, states


def _go(site: Host, clock: Clock, minutes: int) -> list[int]:
    """Let so many minutes pass; returns how many left by then, minute by minute."""
    found = []
    for _ in range(minutes):
        run_jobs(site.app)
        found.append(len(sent_to(site)))
        clock.move(minutes=1)
    return found


def test_no_more_leave_in_an_hour_than_may(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"per_hour": 12})
    put_emails(site, 20)
    found = _go(site, clock, 70)
    assert found[0] == 1 and found[59] == 12
    assert all(found[at] - found[at - 60] <= 12 for at in range(60, 70))
    assert max(later - earlier for earlier, later in pairwise(found)) == 1, "spread, not in a heap"


def test_only_in_the_targets_own_office_hours(make_host: MakeHost, clock: Clock) -> None:
    """At night, and on the weekend of its country, nothing leaves, whatever the hour is where the section is."""
    site = make_world(make_host, clock, {"per_hour": 60})
    put_emails(site, 3)
    clock.now = datetime(2026, 11, 20, 3, 59, tzinfo=UTC)  # A Friday, a minute before five in Auckland.
    assert _go(site, clock, 3) == [1, 1, 1]
    clock.now = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)  # Sunday noon there.
    assert _go(site, clock, 2) == [1, 1]
    clock.now = datetime(2026, 11, 22, 19, 59, tzinfo=UTC)  # A minute before Monday, nine o'clock.
    assert _go(site, clock, 3) == [1, 2, 3]


def test_a_drip_that_was_stopped_goes_on_as_before_and_makes_up_for_nothing(make_host: MakeHost, clock: Clock) -> None:
    """A peer's drip sent until midnight and then nothing until the hour at which the campaign had begun."""
    site = make_world(make_host, clock, {"per_hour": 30, "opens": "00:00", "closes": "23:59"})
    put_emails(site, 40)
    assert _go(site, clock, 4)[-1] == 2
    clock.move(hours=13)  # No worker ran; midnight has passed there.
    found = _go(site, clock, 10)
    assert found[0] == 3 and found[-1] == 7


def test_cases_that_write_to_one_mailbox_share_its_drip(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"per_hour": 6})
    change_case(site, "bo-example", target=MINISTER)
    put_emails(site, 5)
    put_emails(site, 5, slug="bo-example")
    assert _go(site, clock, 60)[-1] == 6


def test_no_more_in_all_than_the_section_says(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"per_hour": 60, "in_all": 2})
    put_emails(site, 4)
    assert _go(site, clock, 6)[-1] == 2
    assert Counter(states(site)) == {"sent": 2, "confirmed": 2}


@pytest.mark.parametrize("status", ["closed", "freed", "withdrawn"])
def test_none_leaves_once_the_case_takes_no_actions(make_host: MakeHost, clock: Clock, status: str) -> None:
    site = make_world(make_host, clock, {"per_hour": 60})
    put_emails(site, 5)
    assert _go(site, clock, 2)[-1] == 2
    change_case(site, status=status)
    assert _go(site, clock, 4)[-1] == 2
    change_case(site, status="active")
    assert _go(site, clock, 2)[-1] == 4, "what waited goes on"


def test_a_demonstration_writes_to_nobody(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_edition SET is_demo = 1")
    put_emails(site, 2)
    assert _go(site, clock, 3)[-1] == 0


class Refusing:
    """A mail server that refuses one mailbox, or is away."""

    def __init__(self, site: Host, error: Exception) -> None:
        self.site, self.error = site, error
        self.is_on = True

    def __call__(self, message: Any) -> None:
        if self.is_on and message["To"] == MINISTER["email"]:
            raise self.error
        self.site.mailer.messages.append(message)


def _refuse(site: Host, error: Exception) -> Refusing:
    from flask_w4r.state import get_state

    mailer = Refusing(site, error)
    get_state(site.app).lazy["made_mailer"] = mailer
    return mailer


@every_database
def test_a_mailbox_that_refuses_is_left_alone_until_the_desk_has_looked(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"per_hour": 60})
    put_emails(site, 3)
    error = smtplib.SMTPRecipientsRefused({MINISTER["email"]: (550, b"5.7.1 We want none of it")})
    mailer = _refuse(site, error)
    assert _go(site, clock, 5)[-1] == 0
    told = [message for message in site.mailer.messages if message["To"] == "desk@example.org"]
    assert len(told) == 1 and "refused an email" in told[0].as_string() and "We want none" not in told[0].as_string()
    assert site.rows("SELECT count(*) FROM w4r_suppression")[0][0] == 0
    page = staff(site).get("/au/moderation/emails")
    assert "The mailbox refused an email" in page.text
    mailer.is_on = False
    assert _go(site, clock, 2)[-1] == 0
    key = site.rows("SELECT target_key, case_id FROM w4r_email")[0]
    answer = staff(site).post("/au/moderation/emails/act", {"act": "resume", "case": key[1], "target": key[0]})
    assert answer.status_code == 303
    assert _go(site, clock, 4)[-1] == 3
    assert Counter(states(site)) == {"sent": 3}


def test_what_a_mail_server_that_was_away_held_up_leaves_in_no_heap(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"per_hour": 60})
    put_emails(site, 30)
    mailer = _refuse(site, ConnectionRefusedError())
    _go(site, clock, 20)
    mailer.is_on = False
    clock.move(minutes=20)
    found = _go(site, clock, 10)
    assert found[-1] >= 5
    assert max(later - earlier for earlier, later in pairwise(found)) <= 2


def test_somebody_who_is_no_longer_the_target_gets_nothing(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"per_hour": 60})
    put_emails(site, 3)
    assert _go(site, clock, 1)[-1] == 1
    change_case(site, target=OFFICE)
    assert _go(site, clock, 3)[-1] == 1
    told = [message for message in site.mailer.messages if "is waiting" in message["Subject"]]
    assert {message["To"] for message in told} == {"sam2@example.org", "sam3@example.org"} and len(told) == 2
    held = site.rows("SELECT held_for FROM w4r_email WHERE held_at IS NOT NULL")
    assert [row[0] for row in held] == ["target_gone"] * 2
    key, case_id = site.rows("SELECT target_key, case_id FROM w4r_email")[0]
    page = staff(site).get("/au/moderation/emails")
    assert "No longer written to" in page.text
    queue = staff(site).get("/au/moderation/queue?kind=email").text
    assert "Written to someone who is no longer written to" in queue
    staff(site).post("/au/moderation/emails/act", {"act": "move", "case": case_id, "target": key})
    assert _go(site, clock, 3)[-1] == 1
    assert len(sent_to(site, OFFICE["email"])) == 2


def test_or_their_writers_hear_that_it_was_cancelled(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock)
    put_emails(site, 1)
    change_case(site, target={**MINISTER, "email": "new@gov.example"})
    clock.move(hours=1)
    run_jobs(site.app)
    assert len(sent_to(site, "new@gov.example")) == 1, "a new address is the same target's"
    put_emails(site, 2, email_index=None)
    change_case(site, target={"name": "Someone else"})
    run_jobs(site.app)
    key, case_id = site.rows("SELECT target_key, case_id FROM w4r_email")[0]
    staff(site).post("/au/moderation/emails/act", {"act": "cancel", "case": case_id, "target": key})
    run_jobs(site.app)
    assert Counter(states(site)) == {"sent": 1, "cancelled": 2}
    assert sum("was not sent" in message["Subject"] for message in site.mailer.messages) == 2
