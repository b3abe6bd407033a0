"""The form: what it says, what it takes, and what stays closed."""

from __future__ import annotations

from collections import Counter

import pytest

from flask_w4r.services.mail.caps import suppress
from flask_w4r.services.people import mailbox
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, run_jobs, submit, take_in
from tests.conftest import Host, MakeHost, every_database

from .world import (
    MINISTER,
    OFFICE,
    PATH,
    SUBJECT,
    TEXT,
    Clock,
    change_case,
    confirm,
    make_world,
    person,
    put_emails,
    put_texts,
    sent_to,
    states,
    write,
)  # fmt: skip


def test_whoever_has_proved_their_mailbox_has_no_mail_to_answer(site: Host) -> None:
    state = get_state(site.app)
    section = state.sections["AU"]
    proof = mailbox.prove(state.keyring, section, "sam1@example.org", now=state.clock())
    client = site.app.test_client()
    client.set_cookie("w4r_mailbox_au", proof, path="/au")
    assert write(client).location.endswith("/email/taken")
    run_jobs(site.app)
    assert states(site) == ["sent"] and len(site.mailer.messages) == 1
    run(
        site.app,
        lambda work: suppress(work.session, state.keyring, section, "sam2@example.org", "not_me", now=state.clock()),
    )
    client.set_cookie(
        "w4r_mailbox_au", mailbox.prove(state.keyring, section, "sam2@example.org", now=state.clock()), path="/au"
    )
    write(client, 2)
    assert states(site) == ["sent", "pending"]


def test_one_link_confirms_what_else_waits(site: Host) -> None:
    client = site.app.test_client()
    submit(client, client.get("/au/cases/bo-example/sign"), "form_token", **person())
    write(client)
    page = confirm(site, client)
    assert "This is confirmed too" in page.text and "Bo Example" in page.text
    assert site.rows("SELECT state FROM w4r_signature")[0][0] == "confirmed"
    # And the other way round: the link of a signature's mail confirms the email.
    submit(client, client.get("/au/cases/ann-example/sign"), "form_token", **person(3))
    write(client, 3)
    run_jobs(site.app)
    link = next(one for number in range(-4, 0) for one in site.mailer.links("/confirm/", number))
    page = client.get(link.removeprefix("http://localhost"))
    assert "Jo Bloggs" in page.text
    submit(client, page, "others")
    assert states(site) == ["sent", "confirmed"]


def test_not_me_deletes_it(site: Host) -> None:
    client = site.app.test_client()
    write(client)
    run_jobs(site.app)
    page = client.get(site.mailer.links("/confirm-email/")[0].removeprefix("http://localhost"))
    assert submit(client, page, "do").status_code == 200
    assert states(site) == []


def test_writing_again_replaces_what_nobody_confirmed_and_nothing_else(site: Host) -> None:
    client = site.app.test_client()
    write(client)
    run_jobs(site.app)
    old = site.mailer.links("/confirm-email/")[0].removeprefix("http://localhost")
    write(client, subject="Another subject")
    assert states(site) == ["pending"]
    assert "There is nothing left to confirm" in client.get(old).text
    confirm(site, client)
    assert states(site) == ["confirmed"]
    write(client)
    assert states(site) == ["confirmed"]


def test_each_of_two_targets_gets_one(site: Host) -> None:
    change_case(site, targets=[OFFICE, {"name": "No address"}])
    client = site.app.test_client()
    page = client.get(PATH)
    assert "Office of the President" in page.text and "No address" not in page.text
    write(client)
    confirm(site)
    run_jobs(site.app)
    assert len(sent_to(site)) == 1 and len(sent_to(site, OFFICE["email"])) == 1
    assert Counter(states(site)) == {"sent": 2}


@every_database
def test_an_office_that_has_enough_is_not_written_to_and_people_learn_what_helps(
    make_host: MakeHost, clock: Clock
) -> None:
    site = make_world(make_host, clock, {"in_all": 2})
    change_case(site, targets=[OFFICE])
    client = site.app.test_client()
    put_emails(site, 2)
    page = client.get(PATH)
    assert "Office of the President" in page.text and "Jo Bloggs" not in page.text
    write(client, 9)
    assert site.rows("SELECT count(*) FROM w4r_email WHERE state = 'pending'")[0][0] == 1, "to the other office alone"
    put_emails(site, 2, target=OFFICE)
    clock.move(minutes=2)
    full = client.get(PATH)
    assert full.status_code == 200
    assert "Enough emails are on their way" in full.text and "2 emails for each office" in full.text
    assert 'href="/au/cases/ann-example/sign"' in full.text or "/au/cases/ann-example#" in full.text
    assert f'href="{PATH}"' not in full.text
    late = submit(client, page, "form_token", **person(8, body="My own words."))
    assert late.status_code == 409 and "My own words." in late.text, "what was written is theirs to keep"
    assert len(states(site)) == 5


def test_a_digest_has_no_limit_in_all(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"mode": "digest", "in_all": 2})
    put_emails(site, 3)
    assert "Jo Bloggs" in site.app.test_client().get(PATH).text


def test_variants_are_offered_by_turn(site: Host) -> None:
    put_texts(site, {"email.2.subject": "Second", "email.2.text": "Second text"})
    client = site.app.test_client()
    seen = [form_fields(client.get(PATH), "form_token")[1]["subject"][0] for _ in range(4)]
    assert Counter(seen) == {SUBJECT: 2, "Second": 2}
    write(client, subject="Second", body="Second  text".replace("  ", " "))
    assert site.rows("SELECT edited FROM w4r_email")[0][0] in (0, False)


def test_what_is_missing_or_too_long_comes_back(site: Host) -> None:
    client = site.app.test_client()
    answer = write(client, body="x" * 2001, consent="", subject="")
    assert answer.status_code == 422
    for words in ("Use no more than 2000 characters", "Enter a subject", "Tick the box to agree"):
        assert words in answer.text
    assert states(site) == []


def test_a_section_may_let_nobody_change_the_text(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"editable": False})
    client = site.app.test_client()
    page = client.get(PATH)
    assert "<textarea" not in page.text and "please free Ann Example" in page.text
    submit(client, page, "form_token", **person(), body="my own words", subject="mine")
    assert site.rows("SELECT edited FROM w4r_email")[0][0] in (0, False)
    confirm(site)
    run_jobs(site.app)
    assert sent_to(site)[0]["Subject"] == SUBJECT


def test_the_supporters_own_program_may_send_it(make_host: MakeHost, clock: Clock) -> None:
    site = make_world(make_host, clock, {"mode": "mailto", "show_address": True})
    client = site.app.test_client()
    page = client.get(PATH)
    assert "mailto:minister%40gov.example?subject=Free%20Ann%20Example&amp;body=" in page.text
    assert client.post(PATH, data=person()).status_code == 409
    take_in(site.app)
    assert states(site) == []


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"ways": ["petition"]}, "This way to act is not open for this case."),
        ({"target": {"name": "Nobody known"}}, "We have no email address of those in power for this case."),
    ],
)
def test_a_way_that_is_closed_says_why_and_takes_nothing(site: Host, columns: dict[str, object], words: str) -> None:
    client = site.app.test_client()
    fields = form_fields(client.get(PATH), "form_token")[1]
    change_case(site, **columns)
    assert words in client.get(PATH).text
    assert words in client.get("/au/cases/ann-example").text
    answer = client.post(PATH, data={**fields, **person()})
    assert answer.status_code == 409 and words in answer.text
    assert "w4r-ways__closed" not in answer.text, "what is open is led on to"
    assert ('href="/au/cases/ann-example/letter"' in answer.text) == ("ways" not in columns)
    take_in(site.app)
    assert states(site) == []


def test_a_case_that_closed_takes_none_and_a_withdrawn_one_is_gone(site: Host) -> None:
    client = site.app.test_client()
    fields = form_fields(client.get(PATH), "form_token")[1]
    change_case(site, status="freed")
    assert client.get(PATH).status_code == 303
    answer = client.post(PATH, data={**fields, **person(), "body": "An hour's <work>"})
    assert (answer.status_code, "An hour&#39;s &lt;work&gt;</textarea>" in answer.text) == (409, True), (
        "nobody loses it"
    )
    change_case(site, status="withdrawn")
    for path in (PATH, f"{PATH}/thanks", f"{PATH}/token"):
        answer = client.get(path)
        assert answer.status_code == 410 and "Ann" not in answer.text
    assert client.post(PATH, data={**fields, **person()}).status_code == 410


def test_my_data_shows_it_and_erases_it(site: Host) -> None:
    from flask_w4r.services.campaign.views import Lens
    from flask_w4r.services.emails.personal import EMAILS
    from flask_w4r.services.storage.unit_of_work import read

    put_emails(site, 2)
    state = get_state(site.app)
    section = state.sections["AU"]
    lens = Lens(section, "en", state.clock(), lambda *args, **values: "")
    with site.app.app_context():
        held = read(site.app, lambda session: EMAILS.show(session, state.keyring, lens, "sam1@example.org"))
    assert held[0].data["text"] == TEXT and held[0].data["to"] == "Jo Bloggs"
    run(site.app, lambda work: EMAILS.erase(work, section, "sam1@example.org", None))
    run_jobs(site.app)
    assert Counter(states(site)) == {"erased": 1, "sent": 1}
    run(site.app, lambda work: EMAILS.erase(work, section, "sam2@example.org", None))
    assert Counter(states(site)) == {"erased": 1, "sent": 1}, "what left goes on counting"
    assert [tuple(row) for row in site.rows("SELECT person, words, email_index FROM w4r_email")] == [(None,) * 3] * 2
    site.run("w4r", "tally", "recount")
    assert MINISTER["email"] not in str(site.rows("SELECT * FROM w4r_email"))
