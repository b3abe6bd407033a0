"""What a host's own tests need: a mailer that records, a browser-like form filler, the jobs, and a small campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from threading import Lock
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ..models import Case, CaseText, Edition, Signature
from ..sections import Section
from ..services.campaign.catalogue import local_date
from ..services.moderation.judgement import main_reason
from ..services.people.addresses import parse_address
from ..services.people.names import fold_name
from ..services.storage.unit_of_work import UnitOfWork, run
from ..services.tally.counts import count_signatures, signature_scope
from ..services.tally.keys import day_of
from ..state import W4RState, get_state
from .events import make_events as make_events
from .messages import make_messages as make_messages


class RecordingMailer:
    """A mailer that keeps what it was handed. Pass it as ``W4R(mailer=...)``."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._lock = Lock()

    def __call__(self, message: EmailMessage) -> None:
        with self._lock:
            self.messages.append(message)

    def links(self, contains: str = "", number: int = -1) -> list[str]:
        """The URLs in the plain part of a mail, the last one unless said otherwise."""
        body = self.messages[number].get_body(("plain",))
        text = body.get_content() if body else ""
        return [url for url in re.findall(r"https?://\S+", text) if contains in url]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str | None, dict[str, list[str]]]] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append((values.get("action"), {}))
        elif tag == "input" and self.forms and values.get("name"):
            kind = values.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in values:
                return
            self._keep(str(values["name"]), values.get("value") or "")
        elif tag == "select":
            self._select = values.get("name")
        elif tag == "textarea" and self.forms and values.get("name"):
            self._area = str(values["name"])
            self._keep(self._area, "")
        elif tag == "option" and self._select and self.forms and "selected" in values:
            self._keep(self._select, values.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1][1][self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def _keep(self, name: str, value: str) -> None:
        self.forms[-1][1].setdefault(name, []).append(value)


def form_fields(response: TestResponse, needle: str | None = None) -> tuple[str, dict[str, list[str]]]:
    """The action and present values of the page's form, hidden fields included.

    :param needle: a field's name, to choose among several forms; default: the first form.
    """
    parser = _Forms()
    parser.feed(response.get_data(as_text=True))
    for action, fields in parser.forms:
        if needle is None or needle in fields:
            return action or response.request.path, fields
    raise AssertionError("the page has no such form")


def submit(client: FlaskClient, response: TestResponse, needle: str | None = None, **typed: Any) -> TestResponse:
    """Fill the page's form as a browser without scripts would, and press its button."""
    action, fields = form_fields(response, needle)
    data: dict[str, Any] = dict(fields)
    data.update(typed)
    path = action.split("://", 1)[-1].partition("/")[2] if "://" in action else action
    answer = client.post("/" + path.lstrip("/"), data=data)
    if answer.status_code < 400:
        take_in(client.application)
    return answer


def take_in(app: Flask) -> None:
    """Have what public forms wrote down looked at, as the worker does within a second. :func:`submit` and :func:`sign`
    do so after the press; a test that posts by itself calls it before it looks at what came of it."""
    from ..services.intake import batch

    while sum(batch.take(app)):
        pass


def supporter(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a supporter types into the sign form."""
    return {
        "first_name": "Sam",
        "last_name": f"Sample{number}",
        "email": f"sam{number}@example.org",
        "consent": "y",
        **changes,
    }


def sign(client: FlaskClient, prefix: str, slug: str, **typed: Any) -> TestResponse:
    """Sign a case the way a browser without scripts does: open the form page, fill it, press."""
    page = client.get(f"{prefix}/cases/{slug}/sign")
    return submit(client, page, "form_token", **{**supporter(), **typed})


def run_jobs(app: Flask) -> Mapping[str, Any]:
    """Run everything that is due once: mail leaves, what is over is swept away."""
    from ..cli.jobs import tools_for
    from ..services.jobs.rounds import run_once

    return run_once(app, tools_for(app))


def make_campaign(app: Flask, slugs: Iterable[str] = ("ann-example",), *, year: str = "2026") -> dict[str, int]:
    """Make a running edition with made-up active cases in every section of the app.

    :returns: the case ids by ``<section>/<slug>``.
    """
    state = get_state(app)
    names = list(slugs)

    def work(uow: UnitOfWork) -> dict[str, int]:
        ids = {}
        now = state.clock()
        for section in state.sections.values():
            today = local_date(section, now)
            edition = Edition(
                section=section.code, year=year, titles={"en": f"Write for Rights {year}"}, updated_at=now,
                starts_on=today - timedelta(days=7), ends_on=today + timedelta(days=30), is_demo=False,
            )  # fmt: skip
            uow.session.add(edition)
            uow.session.flush()
            for position, slug in enumerate(names, 1):
                name = slug.replace("-", " ").title()
                case = Case(
                    section=section.code, edition_id=edition.id, slug=slug, position=position, name=name, country="NZ",
                    kind="person", topics=[], status="active", status_is_local=False, goal=1000, facts_as_of=today,
                    sources=[], updates=[], target={}, solidarity={"route": "none"}, sensitive=[],
                    signer_warning=False, updated_at=now,
                )  # fmt: skip
                uow.session.add(case)
                uow.session.flush()
                ids[f"{section.code}/{slug}"] = case.id
                texts = {
                    "title": f"{name} is a made-up case", "summary": "A case for tests.",
                    "demand": f"Do right by {name}.", "petition": "Please do right.", "story": "Once upon a time.",
                }  # fmt: skip
                for field, text in texts.items():
                    uow.session.add(CaseText(case_id=case.id, locale="en", field=field, centre_base=text))
        return ids

    return run(app, work)


def make_signatures(app: Flask, slug: str, count: int, *, section: str | None = None, **columns: Any) -> list[int]:
    """Put signatures on a case as if they had been typed and sent: made-up people, no mail.

    :param section: the section's code; default: the only one.
    :param columns: columns of ``Signature`` for all of them, such as ``state="confirmed"`` or ``held_at=...``; a
        function takes the signature's number and returns the value. ``email`` and ``first_name`` work too.
    :returns: their ids.
    """
    state = get_state(app)
    place = state.sections[section] if section else next(iter(state.sections.values()))

    def work(uow: UnitOfWork) -> list[int]:
        case = uow.session.scalars(select(Case).where(Case.section == place.code, Case.slug == slug)).one()
        ids: list[int] = []
        counted: dict[tuple[int, date], list[str | None]] = {}
        for number in range(1, count + 1):
            own = {name: value(number) if callable(value) else value for name, value in columns.items()}
            row, canonical = _made_up(state, place, case, number, own)
            uow.session.add(row)
            uow.session.flush()
            ids.append(row.id)
            if row.state == "confirmed" and row.held_at is None:
                counted.setdefault((case.id, day_of(place, row.confirmed_at)), []).append(canonical)
        if counted:
            count_signatures(uow.session, state.keyring, place, case.edition_id, counted)
        return ids

    return run(app, work)


def _made_up(state: W4RState, section: Section, case: Case, number: int, own: dict[str, Any]) -> tuple[Signature, str]:
    now, keyring = state.clock(), state.keyring
    first, last = own.pop("first_name", "Sam"), own.pop("last_name", f"Sample{number}")
    address = parse_address(own.pop("email", f"made-up-{number}@example.org"), test_environment=True)
    values: dict[str, Any] = {
        "section": section.code, "case_id": case.id, "state": "pending", "version": 1, "slot": 0,
        "email_index": keyring.blind(signature_scope(section, case.id), address.canonical),
        "details_index": keyring.blind("made-up", str(number)),
        "name_index": keyring.blind(f"name|{section.code}|{case.id}", fold_name(first, last)),
        "person": keyring.seal_json({"first_name": first, "last_name": last, "email": address.typed}),
        "withhold_name": False, "newsletter": False, "locale": section.default_locale, "reasons": [], "score": 0,
        "captcha": "pass", "mail_domain": address.provider, "created_at": now, "updated_at": now,
    }  # fmt: skip
    values.update(own)
    if values["state"] == "confirmed":
        values.setdefault("confirmed_at", now)
    if values.get("held_at") is not None and "held_for" not in own:
        values["held_for"] = main_reason(values["reasons"])
    return Signature(**values), address.canonical
