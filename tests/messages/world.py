"""What these tests do again and again: write, confirm, decide, print."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text, update

from flask_w4r.models import Case
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import run_jobs, submit, take_in
from tests.conftest import Host
from tests.moderation.conftest import Staff

SLUG, OTHER = "ann-example", "bo-example"
WORDS = "Dear Ann, we think of you every day."


def set_rules(host: Host, slug: str, **said: Any) -> None:
    """What a case asks of those who write; ``route="none"`` closes it."""
    run(host.app, lambda work: work.session.execute(update(Case).where(Case.slug == slug).values(solidarity=said)))


def change(host: Host, sql: str, **values: Any) -> None:
    """Change something behind everybody's back."""
    with host.engine.begin() as connection:
        connection.execute(text(sql), values)


def typed(number: int = 1, **more: Any) -> dict[str, Any]:
    """What somebody fills in."""
    person = {"message": WORDS, "name": "Sam", "country": "AU", "email": f"sam{number}@example.org", "consent": "y"}
    return {**person, **more}


def write(host: Host, slug: str = SLUG, *, client: Any = None, prefix: str = "/au", **more: Any) -> Any:
    """Open the form, fill it in and press the button, as a browser without scripts does."""
    client = client or host.app.test_client()
    page = client.get(f"{prefix}/cases/{slug}/solidarity")
    assert page.status_code == 200, page.text
    return submit(client, page, "message", **{**typed(), **more})


def link(host: Host) -> str:
    """The path of the link in the last mail that asks for the proof."""
    every = [url for number in range(len(host.mailer.messages)) for url in host.mailer.links("/message/", number)]
    return str(every[-1].partition("http://localhost")[2])


def confirm(host: Host, path: str | None = None, *, client: Any = None, **more: Any) -> Any:
    """Open the link of the last mail, and press the button."""
    client = client or host.app.test_client()
    path = path or link(host)
    return submit(client, client.get(path), "form_token", **more)


def confirmed(host: Host, number: int = 1, slug: str = SLUG, **more: Any) -> int:
    """Somebody wrote, and their mailbox is proved; the message's number."""
    write(host, slug, email=f"sam{number}@example.org", **more)
    run_jobs(host.app)
    assert confirm(host).status_code == 200
    return int(host.rows("SELECT MAX(id) AS id FROM w4r_message")[0].id)


def decide(staff: Staff, act: str, *numbers: int, reason: str = "") -> Any:
    """The desk decides on messages."""
    items = [f"message:{number}" for number in numbers]
    return staff.post("/au/moderation/decisions", {"items": items, "decision": act, "reason": reason})


def undo(host: Host, staff: Staff) -> None:
    """The desk takes its last decision back."""
    batch = host.rows("SELECT MAX(id) AS id FROM w4r_batch")[0].id
    staff.post(f"/au/moderation/decisions/{batch}/undo", {})


def approved(host: Host, staff: Staff, number: int = 1, slug: str = SLUG, **more: Any) -> int:
    """A message that is passed on."""
    message = confirmed(host, number, slug, **more)
    decide(staff, "approve", message)
    return message


def states(host: Host) -> list[str]:
    """How all messages stand, in the order of their numbers."""
    return [row.state for row in host.rows("SELECT state FROM w4r_message ORDER BY id")]


def counted(host: Host, slug: str = SLUG) -> int:
    """How many messages count for a case, by the public count."""
    take_in(host.app)
    host.app.extensions["w4r"].lazy.pop("pages", None)
    body = host.app.test_client().get(f"/au/cases/{slug}/tally.json").get_json()
    return int(body["actions"].get("solidarity_message", 0))


def recount(host: Host) -> None:
    """The counts are what the rows say."""
    host.run("w4r", "tally", "recount")
