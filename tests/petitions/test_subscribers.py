"""Newsletter opt-ins reach the host's sink: at least once, only after the mailbox is proved, and only for a yes."""

from __future__ import annotations

from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, submit
from tests.conftest import Host, MakeHost


def confirm(host: Host, mailer: RecordingMailer) -> None:
    client = host.app.test_client()
    submit(client, client.get(mailer.links("/confirm/")[0].removeprefix("http://localhost")))


def signed_host(make_host: MakeHost, sink: Any, answer: str | None, **config: Any) -> tuple[Host, RecordingMailer]:
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer)
    w4r.subscriber_sink(sink)
    host = make_host(w4r=w4r, captcha="none", **config)
    make_campaign(host.app)
    typed = {} if answer is None else {"newsletter": answer}
    assert sign(host.app.test_client(), "/au", "ann-example", **typed).status_code == 303
    return host, mailer


def test_a_yes_is_handed_on_once_confirmed(make_host: MakeHost) -> None:
    taken: list[Any] = []
    host, mailer = signed_host(make_host, taken.append, "yes")
    run_jobs(host.app)
    assert taken == [], "not before the mailbox is proved"
    confirm(host, mailer)
    run_jobs(host.app)
    run_jobs(host.app)
    assert [(item.email, item.first_name, item.section, item.locale) for item in taken] == [
        ("sam1@example.org", "Sam", "AU", "en")
    ]
    filed = host.rows("SELECT text_digest FROM w4r_consent WHERE purpose = 'newsletter' AND granted")
    assert taken[0].consent_digest == filed[0][0].hex()
    left = host.rows("SELECT recipient, params FROM w4r_outbox WHERE kind = 'subscriber'")
    assert [tuple(row) for row in left] == [(None, None)], "nothing of it is kept"


@pytest.mark.parametrize("answer", ["no", None])
def test_no_and_silence_are_no(make_host: MakeHost, answer: str | None) -> None:
    taken: list[Any] = []
    host, mailer = signed_host(make_host, taken.append, answer)
    run_jobs(host.app)
    confirm(host, mailer)
    run_jobs(host.app)
    assert taken == []


def test_a_sink_that_fails_is_asked_again(make_host: MakeHost) -> None:
    taken: list[Any] = []

    def flaky(subscriber: Any) -> None:
        taken.append(subscriber)
        if len(taken) == 1:
            raise OSError("the address book is away")

    host, mailer = signed_host(make_host, flaky, "yes")
    run_jobs(host.app)
    confirm(host, mailer)
    assert run_jobs(host.app)["mail"]["retried"] == 1
    host.run("w4r", "mail", "status")
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_outbox SET not_before = created_at WHERE kind = 'subscriber'")
    run_jobs(host.app)
    assert len(taken) == 2


def test_without_confirmation_it_goes_at_once(make_host: MakeHost) -> None:
    taken: list[Any] = []
    host, _ = signed_host(make_host, taken.append, "yes", confirmation="none")
    run_jobs(host.app)
    assert len(taken) == 1
