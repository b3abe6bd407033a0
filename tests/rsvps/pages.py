"""The pages of who comes to an event, used as a browser would, on a clock that tests turn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_w4r import W4R
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost
from tests.events.rows import add_event

FORM = "/au/events/letters/rsvp"


class Clock:
    """The time, which tests turn."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def make_site(make_host: MakeHost, clock: Clock, **config: Any) -> Host:
    mailer = RecordingMailer()
    hooks = {name: config.pop(name) for name in ("actor_loader", "permission_check") if name in config}
    host = make_host(w4r=W4R(mailer=mailer, clock=clock, **hooks), captcha=config.pop("captcha", "none"), **config)
    host.mailer = mailer
    make_campaign(host.app)
    put_event(host)
    return host


def put_event(host: Host, **columns: Any) -> int:
    state = get_state(host.app)
    section = state.sections["AU"]

    def work(uow: UnitOfWork) -> int:
        return add_event(uow.session, state.keyring, section, now=state.clock(), **columns).id

    return run(host.app, work)


def guest(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"name": f"Gus Guest{number}", "email": f"gus{number}@example.org", "party_size": "2", **changes}


def ask(client: FlaskClient, number: int = 1, *, path: str = FORM, **typed: Any) -> TestResponse:
    return submit(client, client.get(path), "form_token", **guest(number, **typed))


def mail_link(host: Host, number: int = -1) -> str:
    run_jobs(host.app)
    return urlsplit(host.mailer.links("/rsvp/", number)[0]).path


def press(client: FlaskClient, link: str, what: str, **typed: Any) -> TestResponse:
    """Press one of the page's buttons as a browser would, and follow."""
    page = client.get(link)
    assert page.status_code == 200
    assert f'name="do" value="{what}"' in page.text
    fields = form_fields(page, "form_token")[1]
    return client.post(link, data={**fields, "do": what, **typed}, follow_redirects=True)


def parties(host: Host) -> list[Any]:
    return host.rows("SELECT state, party_size, seats_held, held_at, reasons FROM w4r_rsvp ORDER BY id")


def states(host: Host) -> list[str]:
    return [row.state for row in parties(host)]
