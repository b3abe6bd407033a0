"""Nobody learns from an answer whether an address has signed, waits, is held, or gets no mail: not even by its time."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from flask_w4r.services.mail import caps as mail_caps
from flask_w4r.services.mail import send as mail
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, supporter
from tests.conftest import Host, MakeHost, every_database

from .helpers import CASE, mail_and_press

KINDS = ("new", "pending", "confirmed", "held", "capped", "blocked")
RUNS = 4


def fields(client: FlaskClient) -> dict[str, Any]:
    return form_fields(client.get(f"{CASE}/sign"), "form_token")[1]


def prepare(host: Host, client: FlaskClient) -> None:
    """Bring each kind's address to where it is."""
    tokens, state = fields(client), get_state(host.app)

    def press(kind: str, **typed: Any) -> None:
        data = {**tokens, **supporter(email=f"{kind}@example.org"), **typed}
        assert client.post(f"{CASE}/sign", data=data).status_code == 303

    press("confirmed")
    assert "Your signature is confirmed" in mail_and_press(host).text
    for number in range(mail_caps.DAILY_CAP):
        press("capped", first_name=f"Name{number}")
        run_jobs(host.app)
    press("held", last_name="www.pills.example")
    run(host.app, lambda uow: mail.suppress(
        uow.session, state.keyring, state.sections["AU"], "blocked@example.org", "blocked", now=state.clock()
    ))  # fmt: skip
    press("blocked")
    press("pending")
    run_jobs(host.app)


def typed_for(kind: str, number: int) -> dict[str, Any]:
    changes = {"first_name": f"Sam{number}"} if kind == "capped" else {}
    email = f"{kind}{number}@example.org" if kind == "new" else f"{kind}@example.org"
    return supporter(email=email, **changes)


def answer_of(response: TestResponse) -> tuple[Any, ...]:
    """What an answer says, but for cookies, the time and the tokens."""
    headers = sorted((name, value) for name, value in response.headers if name not in ("Set-Cookie", "Date"))
    body = re.sub(r'(name="form_token"\s+value=")[^"]*', r"\1", response.text)
    return response.status_code, response.location, headers, body


@every_database
def test_all_kinds_of_addresses_get_one_answer(make_host: MakeHost) -> None:
    """The same bytes, and the same time: nothing is done that could take another."""
    generous = dict.fromkeys(("sign_host", "sign_site", "sign_block"), "1000000/minute")
    host = make_host(captcha="none", rate_limits=generous)
    make_campaign(host.app)
    client = host.app.test_client()
    prepare(host, client)
    tokens = fields(client)
    client.post(f"{CASE}/sign", data={**tokens, **typed_for("new", RUNS)})
    statements: list[str] = []
    for engine in set(get_state(host.app).engines(host.app)):
        event.listen(engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
    # What is kept for seconds is kept for all of them.
    get_state(host.app).lazy["desk_settings"]["AU"].tick = time.monotonic() + 3600
    answers, asked = set(), set()
    for number in range(RUNS):
        for kind in KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]:
            statements.clear()
            response = client.post(f"{CASE}/sign", data={**tokens, **typed_for(kind, number)})
            answers.add(repr(answer_of(response)))
            # Whether a case is open is looked up now and then, for whoever comes; the worker is rung now and then.
            asked.add(frozenset(one for one in statements if one.startswith("INSERT")))
    assert len(answers) == 1, answers
    assert "303" in answers.pop()
    ((statement,),) = asked
    assert statement.startswith("INSERT INTO w4r_intake")
    check_that_the_kinds_were_so(host, len(host.mailer.messages))


def check_that_the_kinds_were_so(host: Host, mailed: int) -> None:
    """Else the comparison would prove nothing."""
    run_jobs(host.app)
    sent = [str(message["To"]).partition("@")[0].rstrip("0123456789") for message in host.mailer.messages[mailed:]]
    by_kind: Mapping[str, int] = {kind: sent.count(kind) for kind in KINDS}
    assert by_kind == {"new": RUNS + 1, "pending": 0, "confirmed": 1, "held": 0, "capped": 0, "blocked": 0}


def test_a_form_that_comes_back_tells_nothing_either(make_host: MakeHost) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    client = host.app.test_client()
    prepare(host, client)
    tokens = fields(client)

    def answer(email: str) -> tuple[Any, ...]:
        typed = {**supporter(email=email), "first_name": ""}
        status, location, _, body = answer_of(client.post(f"{CASE}/sign", data={**tokens, **typed}))
        return status, location, body.replace(email, "")

    wanted = answer("nobody@example.org")
    assert wanted[0] == 422
    for kind in KINDS:
        assert answer(f"{kind}@example.org") == wanted, kind
