"""One walk through a site, in an environment that has the library's own dependencies and nothing else.

``python -m tests.versions.journey DATABASE_URL``: mounts the library in a host with its usual extensions, makes the tables,
imports the kits that ship, signs, confirms, comes to an event, decides at the desk. Ends with ``walked`` when all went well.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any

import pyrage
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.testing import RecordingMailer, form_fields, run_jobs, sign, submit

CASES = "/au/cases/"


def make_site(url: str, mailer: RecordingMailer) -> Flask:
    """A host with what most have."""
    app = Flask("site")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, SQLALCHEMY_DATABASE_URI=url,
        W4R_SECTION={"preset": "AU", "url_prefix": "/au"}, W4R_BASE_URL="http://localhost",
        W4R_MAIL_SENDER="Write for Rights <w4r@example.org>", W4R_FORM_MIN_SECONDS=0,
        W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(),
        W4R_EXPORT_RECIPIENTS=str(pyrage.x25519.Identity.generate().to_public()),
    )  # fmt: skip
    db = SQLAlchemy(app)
    CSRFProtect(app)
    Limiter(get_remote_address, app=app, storage_uri="memory://", default_limits=["1 per hour"])
    w4r = W4R(mailer=mailer, actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    w4r.init_app(app, db)
    return app


def command(app: Flask, *words: str) -> str:
    """Run a command of the site."""
    result = app.test_cli_runner().invoke(args=["w4r", *words])
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def good(answer: Any, *statuses: int) -> Any:
    """The answer, which must have one of these statuses, 200 unless said."""
    assert answer.status_code in (statuses or (200,)), (answer.request.path, answer.status, answer.text[-3000:])
    return answer


def link(mailer: RecordingMailer, part: str) -> str:
    """The path of the newest link of a kind that was mailed."""
    return mailer.links(part)[0].removeprefix("http://localhost")


def walk(url: str) -> None:
    """All of it."""
    mailer = RecordingMailer()
    app = make_site(url, mailer)
    client = app.test_client()
    command(app, "db", "upgrade")
    assert "the tables are right" in command(app, "db", "check")
    command(app, "demo")
    front = good(client.get("/au/"))
    slug = front.text.partition(f'href="{CASES}')[2].partition('"')[0]
    for path in (
        "events",
        "events.ics",
        "events.atom",
        "events.geojson",
        "impact",
        "tally.json",
        f"cases/{slug}",
        "sign",
    ):
        good(client.get(f"/au/{path}"))
    assert good(client.get(f"{CASES}{slug}/sign/token")).get_json()["captcha"]
    # Signing, as a browser without scripts does; then again by somebody whose name is held for the desk.
    good(sign(client, "/au", slug), 303)
    good(sign(client, "/au", slug, first_name="https://spam.example", email="gus@example.org"), 303)
    assert good(sign(client, "/au", slug, email="no address"), 422)
    run_jobs(app)
    for message in range(len(mailer.messages)):
        page = good(client.get(mailer.links("/confirm/", message)[0].removeprefix("http://localhost")))
        good(submit(client, page))
    # An event of the demonstration that takes guests.
    events = [one["properties"] for one in good(client.get("/au/events.geojson")).get_json()["features"]]
    event = next(one["url"] for one in events if one.get("availability") == "open")
    form = good(client.get(event.removeprefix("http://localhost") + "/rsvp"))
    good(submit(client, form, "form_token", name="Gus Guest", email="guest@example.org", party_size="2"), 303)
    run_jobs(app)
    good(submit(client, good(client.get(link(mailer, "/rsvp/")))), 200, 303)
    # The desk.
    queue = good(client.get("/au/moderation/queue"))
    item = queue.text.partition('name="items"')[2].partition('value="')[2].partition('"')[0]
    _, fields = form_fields(queue, "csrf_token")
    decided = {"csrf_token": fields["csrf_token"], "items": [item], "decision": "approve"}
    good(client.post("/au/moderation/decisions", data=decided), 303)
    for path in ("", "rules", "cases", "events"):
        good(client.get(f"/au/moderation/{path}"))
    assert good(client.get(f"{CASES}{slug}/tally.json")).get_json()["actions"] == {"petition_signature": 2}
    for kind, form in (("signatures", "xlsx"), ("audit", "jsonl")):
        command(app, "export", kind, "--format", form, "--out", "-")
    command(app, "tally", "recount")
    command(app, "keys", "rotate")
    command(app, "audit", "verify")
    import_module("flask_w4r.celery_tasks")


if __name__ == "__main__":
    warnings.simplefilter("error", DeprecationWarning)
    walk(sys.argv[1])
    print("walked")
