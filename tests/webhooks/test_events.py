"""Programs are told what happens: signed, once it is so, by the names of the signals and with what a CRM needs."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.services.petitions.personal import act
from flask_w4r.services.petitions.subscribers import erase_subscriber, withdraw_subscriber
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, submit
from tests.conftest import Host, MakeHost, every_database
from tests.webhooks.receiver import SECRET, Receiver, plain

PERSONAL = ("subscriber.created", "subscriber.withdrawn", "person.erased")


def site(make_host: MakeHost, webhooks: Any, *, w4r: W4R | None = None, **config: Any) -> Host:
    """A site with a case, whose emails are recorded."""
    mailer = RecordingMailer()
    w4r = w4r or W4R(mailer=mailer)
    host = make_host(w4r=w4r, captcha="none", webhooks=webhooks, **config)
    host.mailer = w4r._hooks["mailer"]
    make_campaign(host.app, ("ann-example", "ben-example"))
    return host


def sign_and_confirm(host: Host, number: int = 1, **typed: Any) -> None:
    """Somebody signs, and confirms."""
    typed = {"newsletter": "yes", "email": f"sam{number}@example.org", **typed}
    assert sign(host.app.test_client(), "/au", "ann-example", **typed).status_code == 303
    run_jobs(host.app)
    client = host.app.test_client()
    submit(client, client.get(host.mailer.links("/confirm/")[0].removeprefix("http://localhost")))


def left(host: Host, **kept: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in host.rows("SELECT state, recipient, params FROM w4r_outbox WHERE kind = 'webhook'")]


@every_database
def test_signals_and_opt_ins_are_told_in_order(
    make_host: MakeHost, program: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host = site(make_host, program.table("signature_created", "signature_confirmed", *PERSONAL))
    sign_and_confirm(host)
    run_jobs(host.app)
    run_jobs(host.app)
    assert program.types() == ["signature_created", "subscriber.created", "signature_confirmed"]
    places = [one["sequence"] for one in program.taken]
    assert places == sorted(set(places))
    created, subscribed, confirmed = program.taken
    number = host.rows("SELECT id FROM w4r_signature")[0][0]
    assert created["data"] == confirmed["data"] == {"signature_id": number}
    assert "sam" not in plain([created, confirmed]).lower()
    assert {one["section"] for one in program.taken} == {"AU"}
    data = subscribed["data"]
    assert (data["email"], data["first_name"], data["last_name"]) == ("sam1@example.org", "Sam", "Sample1")
    words, version, given = host.rows(
        "SELECT t.text, t.version, c.given_at FROM w4r_consent c JOIN w4r_consent_text t ON t.digest = c.text_digest"
        " WHERE c.purpose = 'newsletter'"
    )[0]
    assert (data["consent_text"], data["consent_version"]) == (words, version)
    assert data["consented_at"].startswith(str(given).replace(" ", "T")[:19])
    assert (data["source"], data["method"], data["locale"]) == ("petition", "web_form", "en")
    assert "ann-example" not in plain(data), "nobody agreed to say which case"
    assert left(host) == [("sent", None, None)] * 3
    assert not any(word in caplog.text for word in ("sam1@", "Sample1", data["person"], SECRET))


def test_a_withdrawal_and_an_erasure_are_told_to_who_knows_the_person(make_host: MakeHost, program: Receiver) -> None:
    host = site(make_host, program.table(*PERSONAL))
    sign_and_confirm(host, email="Sam.One@Example.org")
    run_jobs(host.app)
    state = get_state(host.app)
    section, now = state.sections["AU"], state.clock()
    for leave in (withdraw_subscriber, erase_subscriber):
        assert run(host.app, lambda work: leave(work, state.keyring, section, "sam.one@example.org", now=now))
        assert not run(host.app, lambda work: leave(work, state.keyring, section, "nobody@example.org", now=now))
        assert "sam.one" not in plain([list(map(str, row)) for row in left(host)]).lower()
        run_jobs(host.app)
    assert program.types() == list(PERSONAL)
    created, withdrawn, erased = (one["data"] for one in program.taken)
    assert created["person"] == withdrawn["person"] == erased["person"]
    assert withdrawn["emails"] == erased["emails"] == [created["email"]]
    assert (withdrawn["why"], erased["why"]) == ("withdrawn", "erased")
    assert left(host) == [("sent", None, None)] * 3


def test_who_was_never_told_of_somebody_is_not_told_that_they_leave(make_host: MakeHost, program: Receiver) -> None:
    host = site(make_host, program.table(*PERSONAL))
    sign_and_confirm(host)
    state = get_state(host.app)
    section, now = state.sections["AU"], state.clock()
    assert not run(
        host.app, lambda work: withdraw_subscriber(work, state.keyring, section, "sam1@example.org", now=now)
    )
    run_jobs(host.app)
    assert program.taken == []


def test_a_program_is_told_of_its_sections_and_its_events_alone(make_host: MakeHost, program: Receiver) -> None:
    tables = {
        "here": program.table("signature_created", sections=["AU"]),
        "there": program.table("signature_created", sections=["NZ"]),
        "other": program.table("event_published"),
    }
    sections = [{"preset": "AU", "url_prefix": "/au"}, {"preset": "NZ", "url_prefix": "/nz"}]
    host = site(make_host, tables, sections=sections)
    sign_and_confirm(host, newsletter="no")
    run_jobs(host.app)
    assert program.types() == ["signature_created"]
    assert len(left(host)) == 1


def test_the_sinks_are_told_of_withdrawals_apart(make_host: MakeHost) -> None:
    taken: list[Any] = []
    gone: list[Any] = []
    w4r = W4R(mailer=RecordingMailer())
    w4r.subscriber_sink(taken.append)
    w4r.withdrawal_sink(gone.append)
    host = site(make_host, [], w4r=w4r)
    sign_and_confirm(host)
    run_jobs(host.app)
    assert len(taken) == 1
    assert taken[0].consent_text
    assert not gone
    # "This was not me", in the email that asked.
    client = host.app.test_client()
    link = next(link for message in [host.mailer] for link in message.links("/not-me/"))
    submit(client, client.get(link.removeprefix("http://localhost")))
    run_jobs(host.app)
    assert len(taken) == 1, "who takes opt-ins is never given anything else"
    assert [(one.section, list(one.emails), one.why) for one in gone] == [("AU", ["sam1@example.org"], "withdrawn")]
    assert host.rows("SELECT count(*) FROM w4r_outbox WHERE recipient IS NOT NULL AND kind LIKE 'subscriber%'") == [
        (0,)
    ]


@every_database
def test_erasing_somebody_tells_those_who_know_them(make_host: MakeHost, program: Receiver) -> None:
    gone: list[Any] = []
    w4r = W4R(mailer=RecordingMailer())
    w4r.subscriber_sink(lambda subscriber: None)
    w4r.withdrawal_sink(gone.append)
    tables = {
        "crm": program.table(*PERSONAL),
        "letters": program.table(*PERSONAL[:2]),
        "ids": program.table("rsvp_created"),
    }
    host = site(make_host, tables, w4r=w4r)
    for number, answer in ((1, "yes"), (2, "no")):
        sign_and_confirm(host, number, newsletter=answer)
    run_jobs(host.app)
    assert program.types() == [PERSONAL[0]] * 2
    for number in (1, 2):
        host.run("w4r", "person", "erase", f"sam{number}@example.org", "--yes")
    run_jobs(host.app)
    run_jobs(host.app)
    told = [(one["type"], one["data"]["email"], one["data"]["why"]) for one in program.taken[2:]]
    assert sorted(told) == [
        ("person.erased", "sam1@example.org", "erased"),
        ("subscriber.withdrawn", "sam1@example.org", "erased"),
    ], "and nobody is told of who said no"
    assert [(list(one.emails), one.why) for one in gone] == [(["sam1@example.org"], "erased")]
    kept = host.rows("SELECT count(*) FROM w4r_outbox WHERE kind <> 'data_erased' AND params IS NOT NULL")
    assert kept == [(0,)]


def test_who_signed_several_cases_and_left_before_anybody_was_told(make_host: MakeHost, program: Receiver) -> None:
    gone: list[Any] = []
    w4r = W4R(mailer=RecordingMailer())
    w4r.subscriber_sink(lambda subscriber: None)
    w4r.withdrawal_sink(gone.append)
    host = site(make_host, program.table(*PERSONAL), w4r=w4r)
    assert sign(host.app.test_client(), "/au", "ben-example", newsletter="yes").status_code == 303
    sign_and_confirm(host)
    assert len(host.rows("SELECT id FROM w4r_consent WHERE purpose = 'newsletter'")) == 2
    host.run("w4r", "person", "erase", "sam1@example.org", "--yes")
    run_jobs(host.app)
    assert (program.taken, gone) == ([], [])


def test_leaving_the_one_petition_with_a_yes_withdraws_it(make_host: MakeHost, program: Receiver) -> None:
    host = site(make_host, program.table(*PERSONAL))
    sign_and_confirm(host)
    run_jobs(host.app)
    state = get_state(host.app)

    def leave(work: Any) -> bool:
        return act(work, state.sections["AU"], "sam1@example.org", "leave", "2026/ann-example", {})

    assert run(host.app, leave)
    run_jobs(host.app)
    assert program.types() == list(PERSONAL[:2])


def test_after_the_index_key_was_changed_somebody_is_known_still(
    make_host: MakeHost, program: Receiver, database: str
) -> None:
    keys: dict[str, Any] = {"encryption_keys": [generate_key()], "index_key": generate_key()}
    host = site(make_host, {"crm": program.table(*PERSONAL)}, **keys)
    sign_and_confirm(host)
    run_jobs(host.app)
    keys = {**keys, "index_key": generate_key(), "index_keys_old": [keys["index_key"]]}
    later = make_host(database, upgrade=False, webhooks={"crm": program.table(*PERSONAL)}, **keys)
    later.run("w4r", "person", "erase", "sam1@example.org", "--yes")
    run_jobs(later.app)
    created, erased = (one["data"] for one in program.taken)
    assert erased["person"] != created["person"]
    assert erased["formerly"] == [created["person"]]
