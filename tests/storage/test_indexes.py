"""Whatever a supporter or a guest does, and the worker for them, no statement reads a whole table of what people did."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from flask_w4r import W4R
from flask_w4r.cli.jobs import tools_for
from flask_w4r.services.mail.send import run_due
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, form_fields, make_events, submit, supporter, take_in
from tests.conftest import MakeHost
from tests.events.walks import Site
from tests.mail.world import MovingClock

#: Tables that grow with every supporter.
LARGE = ("w4r_signature", "w4r_consent", "w4r_edition_person", "w4r_token", "w4r_rsvp", "w4r_outbox", "w4r_spent_proof")


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def _mail(app: Flask) -> None:
    tools = tools_for(app)
    run_due(app, render=tools.render, mailer=tools.mailer)


def test_nothing_reads_a_large_table_from_end_to_end(make_host: MakeHost, clock: MovingClock) -> None:
    mailer = RecordingMailer()
    host = make_host(w4r=W4R(mailer=mailer, clock=clock), captcha="none")
    Site(host)
    make_events(host.app, 2)
    client = host.app.test_client()
    writer, _ = get_state(host.app).engines(host.app)
    seen: dict[str, Any] = {}
    event.listen(writer, "before_cursor_execute", lambda *args: seen.setdefault(args[2], args[3]))
    for number in (1, 2, 1):
        typed = {**supporter(number), "cases": ["ann-example", "bob-example"]}
        assert submit(client, client.get("/au/sign"), "form_token", **typed).status_code == 303
        slug = host.rows("SELECT slug FROM w4r_event ORDER BY id")[0].slug
        typed = {"name": "Sam Lee", "email": supporter(number)["email"], "party_size": "2"}
        assert submit(client, client.get(f"/au/events/{slug}/rsvp"), "form_token", **typed).status_code == 303
        take_in(host.app)
        _mail(host.app)
    for message in list(mailer.messages):
        body = message.get_body(("plain",)).get_content()
        for link in re.findall(r"http://localhost(/\S*/(?:confirm|rsvp)/\S+)", body):
            page = client.get(link)
            keys = re.findall(r'name="others"\s+value="([^"]+)"', page.text)
            client.post(link, data={**form_fields(page, "form_token")[1], "others": keys})
    _mail(host.app)
    plans = []
    with writer.connect() as connection:
        for sql, parameters in list(seen.items()):
            if not re.match(r"\s*(SELECT|UPDATE|DELETE)", sql):
                continue
            some = parameters[0] if isinstance(parameters, list) else parameters
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", some):
                if re.match(rf"SCAN ({'|'.join(LARGE)})\b", row[3]):
                    plans.append((row[3], sql))
    assert not plans, "\n".join(map(str, plans))
