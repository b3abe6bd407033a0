"""What is held of who wrote: shown, taken back, erased, let go of; found under a new key; taken away as a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_messages, run_jobs, submit
from tests.conftest import Host, every_database
from tests.mail.world import MovingClock
from tests.moderation.conftest import Staff

from .world import OTHER, SLUG, WORDS, approved, confirmed, counted, recount, states

Crew = Callable[..., Staff]
ADDRESS = "sam1@example.org"


def entered(host: Host, address: str = ADDRESS) -> Any:
    """A client on the page of what is held of an address."""
    client = host.app.test_client()
    submit(client, client.get("/au/my-data"), "email", email=address)
    run_jobs(host.app)
    (url,) = host.mailer.links("/my-data/")
    path = url.partition("http://localhost")[2]
    submit(client, client.get(path), "form_token")
    return client


def act(client: Any, way: str, item: str = "", **more: str) -> Any:
    """Press one of the page's buttons."""
    return submit(client, client.get("/au/my-data"), "csrf_token", act=way, item=item, **more)


@every_database
def test_it_is_shown_to_its_writer_and_can_be_taken_back(desk: Host, staff: Crew) -> None:
    approved(desk, staff(), 1, public="y")
    confirmed(desk, 1, OTHER, message="To Bo")
    client = entered(desk)
    page = client.get("/au/my-data").text
    for words in (WORDS, "To Bo", "It is passed on", "Waiting to be read", "may read and keep my message"):
        assert words in page
    found = client.get("/au/my-data.json").get_json()["messages"]
    assert [one["case"] for one in found] == [OTHER, SLUG]
    assert (found[1]["message"], found[1]["state"], found[1]["public"]) == (WORDS, "approved", True)
    assert set(found[1]) == {
        "case", "edition", "state", "message", "name", "country", "email", "locale", "public", "shown", "consent",
        "written_at", "confirmed_at", "approved_at", "taken_at",
    }  # fmt: skip
    act(client, "withdraw", f"messages:2026/{SLUG}")
    assert client.get("/au/my-data.json").get_json()["messages"][1]["public"] is False
    assert counted(desk) == 1
    act(client, "leave", f"messages:2026/{SLUG}")
    assert (states(desk), counted(desk)) == (["erased", "submitted"], 0)
    recount(desk)


def test_erased_it_counts_on_and_says_nothing(desk: Host, staff: Crew) -> None:
    approved(desk, staff(), 1)
    confirmed(desk, 2)
    desk.run("w4r", "person", "erase", ADDRESS, "--yes")
    assert states(desk) == ["erased", "submitted"]
    (row,) = desk.rows("SELECT words, person, email_index FROM w4r_message WHERE id = 1")
    assert tuple(row) == (None, None, None)
    assert counted(desk) == 1
    recount(desk)


def test_a_withdrawn_case_is_named_to_nobody(desk: Host, staff: Crew) -> None:
    approved(desk, staff(), 1)
    desk.run("w4r", "case", "status", SLUG, "withdrawn")
    client = entered(desk)
    assert "Ann Example" not in client.get("/au/my-data").text
    assert client.get("/au/my-data.json").get_json()["messages"][0]["case"] is None


@pytest.mark.parametrize(
    ("given", "days", "left"),
    [
        ({"state": "pending"}, 15, []),
        ({"state": "refused"}, 91, []),
        ({"state": "submitted"}, 731, []),
        ({"state": "approved"}, 731, ["approved"]),
        ({"state": "approved", "taken": True}, 91, ["approved"]),
    ],
)
def test_nothing_is_kept_for_longer(
    desk: Host, clock: MovingClock, given: dict[str, Any], days: int, left: list[str]
) -> None:
    taken = {"taken_at": clock()} if given.pop("taken", False) else {}
    make_messages(desk.app, SLUG, 2, **given, **taken)
    clock.move(days=days - 2)
    desk.run("w4r", "retention", "run")
    assert len(desk.rows("SELECT id FROM w4r_message WHERE words IS NOT NULL")) == 2
    clock.move(days=3)
    desk.run("w4r", "retention", "run")
    assert states(desk) == left * 2
    assert desk.rows("SELECT id FROM w4r_message WHERE words IS NOT NULL OR person IS NOT NULL") == []
    recount(desk)


def test_the_export(desk: Host, staff: Crew) -> None:
    mo = staff()
    approved(desk, mo, 1, message="=1+1 is two", name="Sam")
    approved(desk, mo, 2, OTHER, message="نحن معك", country="MA", name="")
    confirmed(desk, 3, message="Nobody read this")
    lines = desk.run("w4r", "export", "messages", "--out", "-", "--format", "jsonl").stdout.splitlines()
    rows = [row for row in map(json.loads, lines) if "export" not in row]
    assert [(row["case"], row["message"], row["direction"], row["name"]) for row in rows] == [
        (SLUG, "=1+1 is two", "ltr", "Sam"), (OTHER, "نحن معك", "rtl", None),
    ]  # fmt: skip
    text = desk.run("w4r", "export", "messages", "--out", "-", "--case", SLUG).stdout
    assert "'=1+1 is two" in text
    assert "example.org" not in text
    assert OTHER not in text
    desk.run("w4r", "case", "status", SLUG, "withdrawn")
    assert "is two" not in desk.run("w4r", "export", "messages", "--out", "-").stdout


def test_a_new_index_key(desk: Host, staff: Crew, make_host: Any) -> None:
    approved(desk, staff(), 1)
    before = desk.rows("SELECT email_index FROM w4r_message")[0].email_index
    config = desk.app.config
    later = make_host(
        str(config["SQLALCHEMY_DATABASE_URI"]), upgrade=False, encryption_keys=config["W4R_ENCRYPTION_KEYS"],
        index_key=generate_key(), index_keys_old=[config["W4R_INDEX_KEY"]],
    )  # fmt: skip
    assert "Waiting" not in later.run("w4r", "person", "show", ADDRESS).output
    later.run("w4r", "keys", "reindex")
    assert bytes(later.rows("SELECT email_index FROM w4r_message")[0].email_index) != bytes(before)
    assert WORDS in later.run("w4r", "person", "show", ADDRESS).output
