"""``W4R_WEBHOOKS``: every fault is told at once, by name and with the mend, and no secret in any."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from flask_w4r.config import W4RConfig
from flask_w4r.errors import ConfigurationError
from flask_w4r.keyring import generate_key
from tests.conftest import MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor
from tests.webhooks.receiver import SECRET, Receiver, receiver
from tests.webhooks.test_sending import tell

GOOD = {"url": "https://crm.example.org/w4r?list=7", "events": ["subscriber.created"], "secret": SECRET}


def read(webhooks: Any, *, relaxed: bool = True, **more: Any) -> Any:
    given = {"W4R_SECTION": "AU", "W4R_WEBHOOKS": webhooks, **more}
    return W4RConfig.from_mapping(given, relaxed=relaxed)[0].webhooks


def faults(webhooks: Any, **more: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(webhooks, **more)
    return list(caught.value.faults)


def test_a_table_a_list_and_tables_by_name() -> None:
    assert [one.name for one in read(GOOD)] == ["crm.example.org"]
    assert [one.name for one in read([GOOD, {**GOOD, "name": "again"}])] == ["crm.example.org", "again"]
    (one,) = read({"crm": GOOD})
    assert (one.name, one.url, one.events) == ("crm", GOOD["url"], frozenset(GOOD["events"]))
    assert read(None) == read([]) == ()


def test_every_fault_is_told_at_once() -> None:
    found = faults(
        [
            {"url": "crm.example.org", "events": ["subscriber.create"], "secret": "hush", "secert": 1},
            "https://crm.example.org",
            {**GOOD, "events": [], "sections": ["NZ"], "allow_private": "yes"},
            {**GOOD, "name": "A b"},
            {**GOOD, "url": "https://user:hunter2@crm.example.org/"},
            {**GOOD, "url": "https://crm.example.org:99999/"},
            {**GOOD, "url": "ftp://crm.example.org/"},
            GOOD, GOOD,
        ]
    )  # fmt: skip
    assert all(fault.startswith("W4R_WEBHOOKS: [") for fault in found)
    text = "\n".join(found)
    for words in (
        "did you mean secret?", "did you mean subscriber.created?", "url must be a full", "flask w4r webhooks secret",
        "[2]: must be a table", "events must be a list", "allow_private must be True or False", "name must be 1 to 24",
        "there are two of the name 'crm.example.org'",
    ):  # fmt: skip
        assert words in text, words
    assert "hush" not in text
    assert SECRET not in text
    assert "hunter2" not in text
    for odd in (7, "https://x.org", {"crm": 7}, [None]):
        assert faults(odd)


def test_a_section_that_is_not_there_and_http_outside_testing() -> None:
    assert "no section 'NZ'" in faults([{**GOOD, "sections": ["NZ"]}])[0]
    strict = {
        "W4R_ENCRYPTION_KEYS": generate_key(), "W4R_INDEX_KEY": generate_key(), "W4R_BASE_URL": "https://x.org",
        "W4R_MAIL_SENDER": "a@x.org",
    }  # fmt: skip
    plain = {**GOOD, "url": "http://crm.example.org/"}
    assert "https" in faults([plain], relaxed=False, **strict)[0]
    assert read([{**plain, "allow_private": True}], relaxed=False, **strict)
    assert SECRET not in repr(read(GOOD))


def test_a_secret_can_be_made_and_a_program_be_pinged(make_host: MakeHost, program: Receiver) -> None:
    host = make_host(webhooks={"crm": program.table("signature_created")})
    fresh = host.run("w4r", "webhooks", "secret").output.strip()
    assert read({**GOOD, "secret": fresh})
    assert "crm took it" in host.run("w4r", "webhooks", "ping", "crm").output
    assert program.types() == ["ping"]
    program.answer = lambda handler: 500
    runner = host.app.test_cli_runner()
    result = runner.invoke(args=["w4r", "webhooks", "ping", "crm"])
    assert (result.exit_code, result.output.strip()) == (1, "Error: crm did not take it: status 500")
    assert "there are: crm" in runner.invoke(args=["w4r", "webhooks", "ping", "erp"]).output


def test_staff_are_told_what_waits(make_host: MakeHost, caplog: pytest.LogCaptureFixture) -> None:
    from flask_w4r import W4R
    from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs

    with receiver() as away:
        table = away.table("signature_created")
    w4r = W4R(mailer=RecordingMailer(), actor_loader=load_actor, permission_check=check_permission)
    host = make_host(webhooks={"crm": table}, w4r=w4r)
    make_campaign(host.app)
    mo = Staff(host.app.test_client(), "mo", ALL, None)
    assert "waiting for crm" not in mo.get("/au/moderation/").text
    tell(host, 1, 2, 3)
    with caplog.at_level(logging.ERROR):
        run_jobs(host.app)
    assert "3 messages are waiting for crm" in mo.get("/au/moderation/").text
    health = mo.client.get("/au/healthz").json
    assert health["webhooks"] == {
        "crm": {"waiting": 3, "failed": 0, "oldest_seconds": health["webhooks"]["crm"]["oldest_seconds"]}
    }
    doctor = host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "crm: 3 messages wait" in doctor
    assert "connection refused" in doctor
    status = host.run("w4r", "webhooks", "status").output
    assert status.startswith("crm: waiting 3")
    assert "connection refused" in status
    assert '"waiting": 3' in host.run("w4r", "webhooks", "status", "--json").output
    assert '"queued": 3' in host.run("w4r", "mail", "status", "--json").output
