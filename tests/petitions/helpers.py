"""What these tests do again and again: move the clock, read the database whole, solve a captcha, press a mail's link."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from flask import session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from sqlalchemy import text
from werkzeug.test import TestResponse

from flask_w4r import W4R
from flask_w4r.models import metadata
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, form_fields, run_jobs, submit, supporter, take_in
from flask_w4r.web.form_flow import CSRF_KEY
from tests.conftest import Host

PREFIX = "/au"
SLUG = "ann-example"
CASE = f"{PREFIX}/cases/{SLUG}"


class MovingClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> None:
        self.moment += timedelta(**by)


def clocked(clock: MovingClock) -> tuple[W4R, RecordingMailer]:
    """The library on that clock, and its mailer: ``make_host(w4r=...)`` takes the first."""
    mailer = RecordingMailer()
    return W4R(mailer=mailer, clock=clock), mailer


def tally(host: Host, slug: str = SLUG) -> int:
    """A case's public count, with nothing cached."""
    take_in(host.app)
    get_state(host.app).lazy.pop("pages", None)
    actions = host.app.test_client().get(f"{PREFIX}/cases/{slug}/tally.json").get_json()["actions"]
    return int(actions.get("petition_signature", 0))


def people(host: Host) -> int:
    """The edition's public number of people, with nothing cached."""
    take_in(host.app)
    get_state(host.app).lazy.pop("pages", None)
    return int(host.app.test_client().get(f"{PREFIX}/tally.json").get_json()["people"])


def dump(host: Host) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of ours, once the worker has looked at what forms wrote down."""
    take_in(host.app)
    return everything(host)


def everything(host: Host) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of ours, as it stands."""
    with host.engine.connect() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(text(f"SELECT * FROM {table.name}"))), key=repr
            )
            for table in metadata.sorted_tables
        }


def person(host: Host, row_id: int | None = None) -> dict[str, Any]:
    """What is sealed in a signature, the latest unless said otherwise."""
    where = "" if row_id is None else f"WHERE id = {row_id}"
    sealed = host.rows(f"SELECT person FROM w4r_signature {where} ORDER BY id DESC LIMIT 1")[0][0]
    found: dict[str, Any] = get_state(host.app).keyring.open_json(sealed)
    return found


def column(host: Host, name: str) -> list[Any]:
    """One column of all signatures, oldest first."""
    return [row[0] for row in host.rows(f"SELECT {name} FROM w4r_signature ORDER BY id")]


def reasons(host: Host) -> set[str]:
    """The checks that had something to say about the latest signature."""
    value = column(host, "reasons")[-1]
    return {item["check"] for item in (json.loads(value) if isinstance(value, str) else value)}


def path_of(url: str) -> str:
    """A mail's URL as the test client takes it."""
    return url.removeprefix("http://localhost")


def link(host: Host, contains: str = "/confirm/", number: int = -1) -> str:
    """The path behind a link of a mail."""
    return path_of(host.mailer.links(contains, number)[0])


def press(client: FlaskClient, path: str) -> TestResponse:
    """Open a mail's link and press the button on its page."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    return submit(client, page, "form_token")


def mail_and_press(host: Host, contains: str = "/confirm/") -> TestResponse:
    """Let the mails go, open the last one's link and press."""
    run_jobs(host.app)
    return press(host.app.test_client(), link(host, contains))


def sign_with_script(
    client: FlaskClient, *, slug: str = SLUG, solution: str | None = None, **typed: Any
) -> TestResponse:
    """Sign from the case page as the script does: ask for the tokens, solve the captcha, post once."""
    url = f"{PREFIX}/cases/{slug}/sign"
    tokens = client.get(f"{url}/token", headers={"Sec-Fetch-Site": "same-origin"}).get_json()
    if solution is None and tokens["captcha"]:
        solution = solve(tokens["captcha"]["challenge"])
    hidden = {"form_token": tokens["form_token"], "altcha": solution or ""}
    answer = client.post(url, data={**hidden, **supporter(), **typed})
    take_in(client.application)
    return answer


def session_token(client: FlaskClient) -> str:
    """Begin a session with the token that pages which know their visitor ask for, without opening one."""
    with client.application.test_request_context():
        token: str = generate_csrf(secret_key=get_state(client.application).secret_key, token_key=CSRF_KEY)
        seed = session[CSRF_KEY]
    with client.session_transaction() as kept:
        kept[CSRF_KEY] = seed
    return token


def solve(challenge: dict[str, Any]) -> str:
    """What the browser's worker makes of an ALTCHA challenge."""
    parsed = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(parsed)
    assert solution is not None
    return base64.b64encode(json.dumps(altcha.Payload(parsed, solution).to_dict()).encode()).decode()


def typed_in(response: TestResponse) -> dict[str, list[str]]:
    """What the sign form of a page holds, but for its tokens, and for what a script says of the link that led here."""
    fields = form_fields(response, "form_token")[1]
    hidden = ("form_token", "altcha", "website", "via")
    return {name: values for name, values in fields.items() if name not in hidden}


def at_once(count: int, job: Callable[[int], Any], numbers: Sequence[int] | None = None) -> list[Any]:
    """Run a job in so many threads, all starting at one moment."""
    gate = threading.Barrier(count)

    def begin(number: int) -> Any:
        gate.wait(30)
        return job(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, numbers or range(count)))
