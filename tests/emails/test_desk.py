"""Own words wait for the desk, with what was changed; tests, replies and digests are the desk's too."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from flask_w4r.testing import run_jobs
from tests.conftest import Host, MakeHost, every_database

from .world import MINISTER, SLUG, TEXT, Clock, confirm, make_world, put_emails, sent_to, staff, states, write

QUEUE = "/au/moderation/queue?kind=email"
ACT = "/au/moderation/emails/act"
OWN = TEXT.replace("please free", "please see www.spam.example, call +61 491 570 156 and free")


def _held(site: Host) -> list[int]:
    return [row[0] for row in site.rows("SELECT id FROM w4r_email WHERE held_at IS NOT NULL ORDER BY id")]


@every_database
def test_own_words_are_held_with_what_was_changed(site: Host) -> None:
    write(site.app.test_client(), body=OWN)
    confirm(site)
    run_jobs(site.app)
    assert states(site) == ["confirmed"] and not sent_to(site)
    page = staff(site).get(QUEUE).text
    assert "<del>" in page and "<ins>" in page and "www.spam.example" in page
    assert "A link in the text" in page and "What may be a phone number in the text" in page
    assert "sam1@example.org" not in page
    assert 'lang="en-AU" dir="ltr"' in page
    (number,) = _held(site)
    answer = staff(site).post("/au/moderation/decisions", {"items": f"email:{number}", "decision": "approve"})
    assert answer.status_code == 303
    run_jobs(site.app)
    (message,) = sent_to(site)
    assert "www.spam.example" in message.get_body(("plain",)).get_content()


def test_a_refusal_is_taken_back_and_an_approval_until_it_left(site: Host) -> None:
    browser = site.app.test_client()
    for number in (1, 2):
        write(browser, number, body=OWN)
        confirm(site, browser)
    one, two = _held(site)
    staff(site).post("/au/moderation/decisions", {"items": [f"email:{one}"], "decision": "reject", "reason": "fake"})
    assert "It could harm the person it is about" in staff(site).get(QUEUE).text
    staff(site).post("/au/moderation/decisions", {"items": [f"email:{two}"], "decision": "approve"})
    assert states(site) == ["refused", "confirmed"]
    batches = [row[0] for row in site.rows("SELECT id FROM w4r_batch ORDER BY id")]
    run_jobs(site.app)
    assert states(site) == ["refused", "sent"]
    for batch in batches:
        staff(site).post(f"/au/moderation/decisions/{batch}/undo")
    assert states(site) == ["confirmed", "sent"] and _held(site) == [one]


def test_some_reasons_are_told_to_the_writer_unless_it_is_taken_back(site: Host) -> None:
    browser = site.app.test_client()
    for number in (1, 2):
        write(browser, number, body=OWN)
        confirm(site, browser)
    ids = [f"email:{number}" for number in _held(site)]
    for item in ids:
        staff(site).post("/au/moderation/decisions", {"items": item, "decision": "reject", "reason": "details"})
    staff(site).post(f"/au/moderation/decisions/{site.rows('SELECT max(id) FROM w4r_batch')[0][0]}/undo")
    run_jobs(site.app)
    told = [message for message in site.mailer.messages if "was not sent" in message["Subject"]]
    assert [message["To"] for message in told] == ["sam1@example.org"]
    assert "without addresses, phone numbers and links" in told[0].get_body(("plain",)).get_content()
    assert "spam.example" not in told[0].as_string()


def test_what_is_prepared_leaves_without_a_moderator(site: Host) -> None:
    write(site.app.test_client())
    confirm(site)
    assert not _held(site)


def test_a_test_goes_to_the_address_typed_and_nowhere_else(site: Host) -> None:
    case_id = site.rows(f"SELECT id FROM w4r_case WHERE slug = '{SLUG}'")[0][0]
    answer = staff(site).post(ACT, {"act": "test", "test_case": case_id, "test_email": "mo@example.org"})
    assert answer.status_code == 303
    run_jobs(site.app)
    (message,) = sent_to(site, "mo@example.org")
    assert not sent_to(site) and message["Subject"].startswith("[TEST] ")
    assert staff(site).post(ACT, {"act": "test", "test_case": case_id, "test_email": "mo"}).status_code == 422
    assert "email_tested" in str(site.rows("SELECT action FROM w4r_audit"))


def test_replies_are_counted_by_hand(site: Host) -> None:
    case_id = site.rows(f"SELECT id FROM w4r_case WHERE slug = '{SLUG}'")[0][0]
    typed = {"act": "reply", "reply_case": case_id, "reply_on": "2026-11-22"}
    for count in (2, 3):
        assert staff(site).post(ACT, {**typed, "reply_count": count}).status_code == 303
    assert "5 replies" in staff(site).get("/au/moderation/emails").text
    assert staff(site).post(ACT, {**typed, "reply_count": 1, "reply_on": "2030-01-01"}).status_code == 422
    assert staff(site, may="decide").get("/au/moderation/emails").status_code == 403


def test_a_weekly_digest_in_place_of_single_emails(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"mode": "digest"})
    put_emails(site, 3, edited=True)
    chosen = site.rows("SELECT id FROM w4r_email ORDER BY id")[1][0]
    assert staff(site).post(ACT, {"act": "choose", "email": chosen}).status_code == 303
    run_jobs(site.app)
    assert not sent_to(site)
    clock.move(days=7)
    run_jobs(site.app)
    (message,) = sent_to(site)
    text = message.get_body(("plain",)).get_content()
    assert str(message["From"]) == "Write for Rights <w4r@example.org>"
    assert "3 people have written" in text and "Sam Sample2" in text and "Sam Sample1" not in text
    assert Counter(states(site)) == {"sent": 3}
    put_emails(site, 2, email_index=None)
    clock.move(days=3)
    run_jobs(site.app)
    assert len(sent_to(site)) == 1
    clock.move(days=4)
    run_jobs(site.app)
    assert "5 people have written" in sent_to(site)[-1].get_body(("plain",)).get_content()
    site.run("w4r", "tally", "recount")


def test_staff_take_them_away_and_the_doctor_looks_at_the_addresses(site: Host, clock: Clock) -> None:
    put_emails(site, 2)
    out = site.run("w4r", "export", "emails", "--out", "-", "--format", "jsonl").output
    rows = [json.loads(line) for line in out.splitlines() if line.startswith('{"case"')]
    assert [row["email"] for row in rows] == ["sam1@example.org", "sam2@example.org"]
    report = site.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "bo-example: no target has an email address" in report
    assert "was last verified" not in report
    clock.now = datetime(2027, 8, 1, tzinfo=UTC)
    report = site.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "the address of Jo Bloggs, Minister of Justice was last verified 2026-11-01" in report
    assert MINISTER["email"] not in report


@pytest.mark.parametrize("copy", [{"copy_to": "archive@example.org"}, {"copy_to_supporter": True}])
def test_copies_by_setting(make_host: MakeHost, clock: Clock, copy: dict[str, object]) -> None:
    site = make_world(make_host, clock, copy)
    put_emails(site, 1)
    run_jobs(site.app)
    run_jobs(site.app)
    other = str(copy.get("copy_to") or "sam1@example.org")
    (message,) = sent_to(site, other)
    assert "This email was sent" in message.get_body(("plain",)).get_content()
    assert "sam1@example.org" not in sent_to(site)[0].as_string()
