"""A batch of the intake: what cannot be processed is set aside, and nothing waits for it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from sqlalchemy import text

from flask_w4r.keyring import generate_key
from flask_w4r.services.intake import batch
from flask_w4r.services.petitions import writing
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, supporter
from tests.conftest import Host, MakeHost, every_database

CASE = "/au/cases/ann-example"


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app)
    return host


def post(host: Host, *numbers: int, **typed: Any) -> None:
    """Press the button, and have nobody look at it."""
    client = host.app.test_client()
    _, fields = form_fields(client.get(f"{CASE}/sign"), "form_token")
    for number in numbers:
        answer = client.post(f"{CASE}/sign", data={**fields, **supporter(number), **typed})
        assert answer.status_code == 303


def ask(host: Host, sql: str) -> list[Any]:
    """As ``host.rows``, with nothing looked at before."""
    with host.engine.connect() as connection:
        return list(connection.execute(text(sql)).all())


def test_a_press_is_one_row_that_names_nobody(host: Host) -> None:
    post(host, 1)
    (row,) = ask(host, "SELECT * FROM w4r_intake")
    assert (row.section, row.kind, row.set_aside_at) == ("AU", "signature", None)
    assert "Sample" not in str(tuple(row)) and "127.0.0.1" not in str(tuple(row))
    assert not ask(host, "SELECT id FROM w4r_signature") and not ask(host, "SELECT id FROM w4r_outbox")
    assert batch.take(host.app) == (1, 0)
    assert not ask(host, "SELECT id FROM w4r_intake")
    assert len(ask(host, "SELECT id FROM w4r_signature")) == len(ask(host, "SELECT id FROM w4r_outbox")) == 1


@every_database
def test_what_cannot_be_opened_is_set_aside_and_the_rest_goes_on(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    post(host, 1, 2, 3, 4)
    first, second, third, _ = (row.id for row in ask(host, "SELECT id FROM w4r_intake ORDER BY id"))
    state = get_state(host.app)
    other = type(state.keyring)([generate_key()], generate_key()).seal("{}")
    with host.engine.begin() as connection:
        connection.execute(text("UPDATE w4r_intake SET sealed = :s WHERE id = :i"), {"s": str(other), "i": first})
        connection.execute(text("UPDATE w4r_intake SET kind = 'letter' WHERE id = :i"), {"i": second})
        connection.execute(text("UPDATE w4r_intake SET section = 'ZZ' WHERE id = :i"), {"i": third})
    with caplog.at_level(logging.WARNING):
        assert batch.take(host.app) == (1, 3)
    assert "sam1@" not in caplog.text
    assert batch.take(host.app) == (0, 0)
    found = json.loads(host.run("w4r", "intake", "status", "--json").output)
    assert (found["waiting"], found["set_aside"]) == (0, 3)
    assert sorted(item["problem"] for item in found["problems"]) == [
        "no capability takes the kind letter",
        "no key in W4R_ENCRYPTION_KEYS opens it",
        "section ZZ is no longer configured",
    ]
    assert "3 set aside" in host.run("w4r", "intake", "status").output
    doctor = host.app.test_cli_runner().invoke(args=["w4r", "doctor"])
    assert "3 rows are set aside" in doctor.output and doctor.exit_code == 1


@every_database
def test_a_row_that_makes_us_stumble_is_tried_again_once_it_is_mended(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(host, 1, 2, 3)
    original = writing.Signing.signature_values

    def stumbles(self: Any, *args: Any, **options: Any) -> dict[str, Any]:
        if self.submission.last_name == "Sample2":
            raise KeyError("Sample2")
        return original(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(writing.Signing, "signature_values", stumbles)
        assert batch.take(host.app) == (2, 1)
    ((problem,),) = ask(host, "SELECT problem FROM w4r_intake")
    assert problem == "KeyError", "what somebody typed could stand in the text"
    assert "1 rows returned" in host.run("w4r", "intake", "retry").output
    assert batch.take(host.app) == (1, 0)
    assert len(ask(host, "SELECT id FROM w4r_signature")) == 3
    run_jobs(host.app)
    assert len(host.mailer.messages) == 3


def test_what_was_set_aside_goes_in_the_end(host: Host) -> None:
    post(host, 1)
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_intake SET kind = 'letter'")
    batch.take(host.app)
    run_jobs(host.app)
    assert len(ask(host, "SELECT id FROM w4r_intake")) == 1
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_intake SET set_aside_at = '2020-01-01 00:00:00'")
    run_jobs(host.app)
    assert not ask(host, "SELECT id FROM w4r_intake")


@every_database
def test_many_statements_are_few_for_many(host: Host) -> None:
    """A batch of a hundred costs about as many statements as one of ten."""
    from sqlalchemy import event

    taken = []
    statements: list[str] = []
    for engine in set(get_state(host.app).engines(host.app)):
        event.listen(engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
    batch.take(host.app)
    for start, count in ((0, 10), (100, 40)):
        post(host, *range(start, start + count))
        statements.clear()
        assert batch.take(host.app) == (count, 0)
        taken.append(len(statements))
    assert taken[1] <= taken[0] + 2 <= 30
