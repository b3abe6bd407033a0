"""A case with someone to write to, a clock that tests turn, and what a supporter does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_w4r import W4R
from flask_w4r.models import Case, CaseText, TargetEmail
from flask_w4r.services.emails.rows import email_scope
from flask_w4r.services.emails.targets import target_key
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

SLUG = "ann-example"
PATH = f"/au/cases/{SLUG}/email"
SUBJECT, TEXT = "Free Ann Example", "Your Excellency,\n\nplease free Ann Example.\n\nYours faithfully,"
MINISTER = {
    "name": "Jo Bloggs",
    "title": "Minister of Justice",
    "email": "minister@gov.example",
    "verified_on": "2026-11-01",
}
OFFICE = {"name": "Office of the President", "email": "office@gov.example", "time_zone": "Pacific/Auckland"}


class Clock:
    """Stands until it is moved: on a Monday at noon in New Zealand, where the case's target sits."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def make_world(make_host: MakeHost, clock: Any, emails: Mapping[str, Any] | None = None, **config: Any) -> Host:
    """A site whose one case writes to a minister by email."""
    section = {"preset": "AU", "url_prefix": "/au", "locales": ["en", "ar"], "desk_email": "desk@example.org"}
    settings = {"captcha": "none", "section": {**section, "emails": dict(emails or {})}}
    mailer = RecordingMailer()
    host = make_host(
        w4r=W4R(mailer=mailer, clock=clock, actor_loader=load_actor, permission_check=check_permission),
        **{**settings, **config},
    )
    host.mailer = mailer
    make_campaign(host.app, [SLUG, "bo-example"])
    change_case(host, target=MINISTER)
    put_texts(host, {"email.1.subject": SUBJECT, "email.1.text": TEXT})
    return host


def change_case(host: Host, slug: str = SLUG, **columns: Any) -> None:
    """Change a case as a kit or the desk does."""

    def work(uow: Any) -> None:
        uow.session.query(Case).filter_by(slug=slug).update(columns)

    run(host.app, work)
    get_state(host.app).lazy.pop("pages", None)


def put_texts(host: Host, texts: Mapping[str, str], slug: str = SLUG, locale: str = "en") -> None:
    """Texts of a case."""

    def work(uow: Any) -> None:
        case_id = uow.session.query(Case.id).filter_by(slug=slug).scalar()
        for field, text in texts.items():
            uow.session.merge(CaseText(case_id=case_id, locale=locale, field=field, centre_base=text))

    run(host.app, work)


def person(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Who writes."""
    return {
        "first_name": "Sam", "last_name": f"Sample{number}", "email": f"sam{number}@example.org", "consent": "y", **changes,
    }  # fmt: skip


def write(client: FlaskClient, number: int = 1, *, path: str = PATH, **typed: Any) -> TestResponse:
    """Open the form, fill it, press."""
    return submit(client, client.get(path), "form_token", **person(number, **typed))


def confirm(host: Host, client: FlaskClient | None = None) -> TestResponse:
    """Let the mails leave, open the link of the last one that asks for the proof, and press its button."""
    run_jobs(host.app)
    browser = client or host.app.test_client()
    links = [
        link for number in range(len(host.mailer.messages)) for link in host.mailer.links("/confirm-email/", number)
    ]
    return submit(browser, browser.get(links[-1].removeprefix("http://localhost")), "form_token")


def sent_to(host: Host, address: str = MINISTER["email"]) -> list[Any]:
    """The mails that went to an address."""
    return [message for message in host.mailer.messages if message["To"] == address]


def states(host: Host) -> list[str]:
    """The states of all emails, in their order."""
    return [row[0] for row in host.rows("SELECT state FROM w4r_email ORDER BY id")]


def staff(host: Host, may: str = ALL) -> Staff:
    """A member of staff at work."""
    return Staff(host.app.test_client(), "mo", may, None)


def put_emails(
    host: Host, count: int, *, target: Mapping[str, Any] = MINISTER, slug: str = SLUG, **columns: Any
) -> None:
    """Emails that wait to leave, their mailboxes proved, as if they had been written."""
    state = get_state(host.app)
    now, section, keyring = state.clock(), state.sections["AU"], state.keyring

    def work(uow: Any) -> None:
        case_id = uow.session.query(Case.id).filter_by(slug=slug).scalar()
        for number in range(1, count + 1):
            values = {
                "section": "AU",
                "case_id": case_id,
                "target_key": target_key(target),
                "state": "confirmed",
                "version": 1,
                "email_index": keyring.blind(email_scope(section, case_id), f"sam{number}@example.org"),
                "person": keyring.seal_json(
                    {"first_name": "Sam", "last_name": f"Sample{number}", "email": f"sam{number}@example.org"}
                ),
                "words": keyring.seal_json({"subject": f"{SUBJECT} {number}", "body": TEXT, "target": "Jo Bloggs"}),
                "edited": False,
                "chosen": False,
                "locale": "en",
                "text_locale": "en",
                "reasons": [],
                "score": 0,
                "created_at": now,
                "updated_at": now,
                "confirmed_at": now,
                **columns,
            }
            uow.session.add(TargetEmail(**values))

    run(host.app, work)
