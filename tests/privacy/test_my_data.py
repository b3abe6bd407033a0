"""What is held of somebody is shown to who reads their mail, corrected, left, withdrawn and erased."""

from __future__ import annotations

import pytest

from flask_w4r.testing import form_fields, make_campaign, make_signatures, submit
from tests.conftest import MakeHost, every_database

from .walks import ADDRESS, Walk, make_walk


@pytest.fixture
def walk(make_host: MakeHost) -> Walk:
    return make_walk(make_host)


@every_database
def test_all_that_is_held_is_shown_and_erased(walk: Walk) -> None:
    walk.act()
    walk.sign("other@example.org")
    walk.work()
    walk.confirm()
    assert walk.counts() == (2, 2)
    link = walk.ask()
    client = walk.enter(link)
    page = client.get("/au/my-data")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    for words in (ADDRESS, "0491 570 156", "My event", "Consent to sign", "Consent to hear from us"):
        assert words in page.text, words
    found = walk.data(client)
    assert client.get(f"{link}.json").get_json() == found
    assert found["version"] == 1
    assert {name: len(found[name]) for name in ("signatures", "consents", "rsvps", "events", "reports")} == {
        "signatures": 2, "consents": 2, "rsvps": 2, "events": 1, "reports": 0,
    }  # fmt: skip
    assert {one["state"] for one in found["signatures"]} == {"confirmed"}
    assert found["signatures"][0]["phone"] == "0491 570 156"
    assert found["consents"][0]["text"].startswith("I am")
    assert found["mails"][0]["sent"]["confirm"]
    assert "About your signatures" in page.text

    asked = walk.choose(client, "erase_all")
    assert "Erase everything?" in asked.text
    assert walk.data(client)["signatures"]
    done = walk.choose(client, "erase_all", sure="yes")
    assert "Everything has been erased" in done.text
    assert walk.counts() == (2, 2)
    assert "kept" not in walk.recount()
    assert client.get("/au/my-data.json").status_code == 404
    old = walk.host.app.test_client().get(link)
    assert old.status_code == 410
    assert "Your data was erased on" in old.text
    walk.host.mailer.messages.clear()
    walk.work()
    assert [message["Subject"] for message in walk.host.mailer.messages] == ["Your data has been erased"]
    again = walk.data(walk.enter())
    assert not any(again[name] for name in ("signatures", "consents", "rsvps", "events", "reports"))


def test_what_is_known_and_what_is_not_is_asked_for_alike(walk: Walk) -> None:
    walk.act()
    answers = []
    for email in (ADDRESS, "nobody@example.org"):
        client = walk.host.app.test_client()
        asked = submit(client, client.get("/au/my-data"), "form_token", email=email)
        page = client.get(asked.headers["Location"])
        answers.append((asked.status_code, asked.data, dict(asked.headers), page.data))
    assert answers[0] == answers[1]
    walk.work()
    client = walk.enter(walk.mails("/my-data/")[-1])
    assert "We hold nothing about this address" in client.get("/au/my-data").text


def test_one_petition_is_left(walk: Walk) -> None:
    walk.act()
    client = walk.enter()
    assert walk.counts() == (1, 1)
    answer = walk.choose(client, "leave", item="signatures:2026/ann-example")
    assert answer.headers["Location"] == "/au/my-data?done=leave"
    assert "no longer held in your name" in client.get(answer.headers["Location"]).text
    assert [one["case"] for one in walk.data(client)["signatures"]] == ["bob-example"]
    assert walk.counts()[0] == 0
    assert walk.counts("bob-example") == (1, 1)
    assert walk.choose(client, "leave", item="signatures:2026/ann-example").headers["Location"].endswith("done=gone")
    walk.choose(client, "leave", item="signatures:2026/bob-example")
    assert walk.counts("bob-example") == (0, 0)
    # Whoever comes back signs anew.
    walk.sign(cases=("ann-example",))
    walk.work()
    walk.confirm()
    assert walk.counts() == (1, 1)


def test_details_are_corrected(walk: Walk) -> None:
    walk.act()
    client = walk.enter()
    item = "signatures:2026/ann-example"
    wrong = walk.choose(client, "correct", item=item, first_name=" ", last_name="", phone="1" * 50, postcode="3000")
    assert wrong.status_code == 422
    assert "Use no more than 40 characters" in wrong.text
    assert 'value="3000"' in wrong.text
    walk.choose(client, "correct", item=item, first_name="Samira", last_name="Wattle", phone="", postcode="٣٠٠٠")
    by_case = {one["case"]: one for one in walk.data(client)["signatures"]}
    assert (by_case["ann-example"]["name"], by_case["ann-example"]["postcode"]) == ("Samira Wattle", "3000")
    assert by_case["ann-example"]["phone"] is None
    assert by_case["bob-example"]["phone"] == "0491 570 156"
    assert walk.counts() == (1, 1)


def test_a_consent_is_withdrawn(walk: Walk) -> None:
    walk.act()
    client = walk.enter()
    assert "Withdraw my consent" in client.get("/au/my-data").text
    walk.choose(client, "withdraw", item="consents:newsletter")
    assert "Withdraw my consent" not in client.get("/au/my-data").text
    found = walk.data(client)
    assert [one["granted"] for one in found["consents"] if one["purpose"] == "newsletter"] == [True, False]
    assert not any(one["newsletter"] for one in found["signatures"])
    assert walk.counts() == (1, 1)


def test_an_rsvp_is_left_and_its_seats_are_given_back(walk: Walk) -> None:
    walk.act()
    client = walk.enter()
    slug = walk.data(client)["rsvps"][0]["event"]
    before = walk.host.rows(f"SELECT seats_taken FROM w4r_event WHERE slug = '{slug}'")[0].seats_taken
    walk.choose(client, "leave", item=f"rsvps:{slug}")
    after = walk.host.rows(f"SELECT seats_taken FROM w4r_event WHERE slug = '{slug}'")[0].seats_taken
    assert (before, after) == (2, 0)
    assert len(walk.data(client)["rsvps"]) == 1


@pytest.mark.parametrize(("kind", "state"), [("public", "published"), ("private", "cancelled")])
def test_a_host_goes_and_a_public_event_stays(walk: Walk, kind: str, state: str) -> None:
    walk.act()
    number = walk.host.rows("SELECT id FROM w4r_event WHERE title = 'My event'")[0].id
    walk.change(
        f"UPDATE w4r_event SET state = 'published', kind = '{kind}', published_at = created_at, held_at = NULL WHERE id = {number}"
    )
    client = walk.enter()
    walk.choose(client, "leave", item=f"events:{walk.data(client)['events'][0]['event']}")
    assert walk.event(number).state == state
    assert walk.secret(number).get("host_email") is None
    assert bool(walk.secret(number).get("address")) == (kind == "public")
    assert walk.data(client)["events"] == []


def test_a_link_opens_for_half_an_hour_and_only_its_own_file(walk: Walk) -> None:
    walk.act()
    link = walk.ask()
    client = walk.enter(link)
    other = walk.ask("nobody@example.org")
    assert client.get(f"{other}.json").status_code == 404
    assert client.get(f"{link}.json").status_code == 200
    stranger = walk.host.app.test_client()
    assert stranger.get(f"{link}.json").status_code == 404
    assert "Enter your email address" in stranger.get("/au/my-data").text
    fields = form_fields(client.get("/au/my-data"), "csrf_token")[1]
    walk.clock.move(minutes=31)
    late = client.post("/au/my-data", data={"csrf_token": fields["csrf_token"], "act": "erase_all", "sure": "yes"})
    assert late.status_code == 403
    assert "This page has closed, and nothing was changed" in late.text
    assert len(walk.data(walk.enter(link))["signatures"]) == 2
    walk.clock.move(days=3)
    old = client.get(link)
    assert (old.status_code, "This link has expired" in old.text) == (410, True)
    assert client.get("/au/my-data/nonsense").status_code == 404


def test_a_press_from_elsewhere_does_nothing(walk: Walk) -> None:
    walk.act()
    client = walk.enter()
    answer = client.post("/au/my-data", data={"act": "erase_all", "sure": "yes"})
    assert answer.status_code == 422
    assert len(walk.data(client)["signatures"]) == 2


def test_what_is_on_its_way_is_recalled(walk: Walk) -> None:
    """Forms that the worker has not seen, and mails that have not left, of whoever was erased."""
    walk.act()
    client = walk.enter()
    walk.sign(cases=("ann-example",), email="late@example.org")
    walk.work()
    late = walk.enter(walk.ask("late@example.org"))
    walk.sign(cases=("bob-example",), email="late@example.org")
    walk.choose(late, "erase_all", sure="yes")
    walk.clock.move(seconds=1)
    walk.sign(cases=("bob-example",), email="later@example.org")
    walk.host.mailer.messages.clear()
    walk.work()
    told = [(message["To"], message["Subject"]) for message in walk.host.mailer.messages]
    assert ("late@example.org", "Your data has been erased") in told
    assert not [subject for to, subject in told if to == "late@example.org" and "Confirm" in subject]
    assert [to for to, subject in told if "Confirm" in subject] == ["later@example.org"]
    assert len(walk.data(client)["signatures"]) == 2
    waiting = walk.host.rows("SELECT count(*) AS n FROM w4r_outbox WHERE recipient IS NOT NULL AND state = 'queued'")
    reminders = walk.host.rows("SELECT count(*) AS n FROM w4r_outbox WHERE kind = 'reminder' AND state = 'queued'")
    assert waiting[0].n == reminders[0].n


def test_a_section_erases_its_own_alone(make_host: MakeHost) -> None:
    tables = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "MA", "url_prefix": "/ma"}]
    host = make_host(W4R_SECTIONS=tables)
    make_campaign(host.app)
    for code in ("AU", "MA"):
        make_signatures(host.app, "ann-example", 2, section=code, state="confirmed")
    host.run("w4r", "person", "erase", "made-up-1@example.org", "--section", "AU", "--yes")
    rows = host.rows("SELECT section, state FROM w4r_signature ORDER BY section, id")
    assert [tuple(row) for row in rows] == [
        ("AU", "erased"), ("AU", "confirmed"), ("MA", "confirmed"), ("MA", "confirmed"),
    ]  # fmt: skip


@every_database
def test_an_event_with_a_long_name_is_left(walk: Walk) -> None:
    """The ledger has room for what is left, however long its name in a URL is."""
    walk.act()
    number = walk.host.rows("SELECT id FROM w4r_event WHERE state = 'published' ORDER BY id")[0].id
    slug = "letters-" + "a" * 72
    walk.change(f"UPDATE w4r_event SET slug = '{slug}' WHERE id = {number}")
    client = walk.enter()
    answer = walk.choose(client, "leave", item=f"rsvps:{slug}")
    assert answer.headers["Location"].endswith("done=leave")
    assert slug not in {one["event"] for one in walk.data(client)["rsvps"]}
