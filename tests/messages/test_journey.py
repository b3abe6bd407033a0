"""A message's whole way: written, the mailbox proved, read by the desk, counted, printed."""

from __future__ import annotations

from collections.abc import Callable

from flask_w4r.testing import run_jobs
from tests.conftest import Host, every_database
from tests.moderation.conftest import Staff

from .world import OTHER, SLUG, WORDS, confirm, confirmed, counted, decide, link, recount, states, undo, write

Crew = Callable[..., Staff]


@every_database
def test_from_the_form_to_the_count(desk: Host, staff: Crew) -> None:
    answer = write(desk)
    assert answer.headers["Location"] == f"/au/cases/{SLUG}/solidarity/thanks"
    assert (states(desk), counted(desk)) == (["pending"], 0)
    run_jobs(desk.app)
    (mail,) = desk.mailer.messages
    assert mail["Subject"] == "Confirm your message to Ann Example"
    assert WORDS not in mail.as_string(), "no text of a stranger is in a mail"
    page = desk.app.test_client().get(link(desk))
    assert WORDS in page.text
    assert states(desk) == ["pending"], "a look changes nothing"
    assert confirm(desk).status_code == 200
    assert (states(desk), counted(desk)) == (["submitted"], 0)
    mo = staff()
    queue = mo.get("/au/moderation/queue?kind=message").text
    assert WORDS in queue
    assert "sam1@example.org" not in queue
    decide(mo, "approve", 1)
    assert (states(desk), counted(desk)) == (["approved"], 1)
    undo(desk, mo)
    assert (states(desk), counted(desk)) == (["submitted"], 0)
    decide(mo, "approve", 1)
    decide(mo, "approve", 1)
    assert counted(desk) == 1, "twice is once"
    recount(desk)


def test_one_link_confirms_all_that_waits(desk: Host) -> None:
    write(desk)
    write(desk, OTHER)
    run_jobs(desk.app)
    (mail,) = desk.mailer.messages
    assert "1 other" in mail["Subject"]
    client = desk.app.test_client()
    page = client.get(link(desk)).text
    assert "Ann Example" in page
    assert "Bo Example" in page
    confirm(desk, client=client)
    assert states(desk) == ["submitted", "submitted"]
    write(desk, client=client, message="And again, now that my mailbox is known.")
    assert states(desk)[-1] == "submitted", "no further mail is needed in this browser"
    run_jobs(desk.app)
    assert len(desk.mailer.messages) == 1


def test_what_was_not_on_the_page_waits_on(desk: Host) -> None:
    write(desk)
    run_jobs(desk.app)
    assert confirmed(desk, 2) == 2
    assert states(desk) == ["pending", "submitted"]


def test_written_again_it_is_the_newer_one(desk: Host) -> None:
    write(desk, message="The first words that I thought of.")
    write(desk, message="The better words.")
    assert states(desk) == ["pending"]
    run_jobs(desk.app)
    assert "The better words." in desk.app.test_client().get(link(desk)).text


def test_a_stranger_cannot_change_what_was_proved(desk: Host, staff: Crew) -> None:
    confirmed(desk)
    write(desk, message="Something ugly, in another's name.")
    assert states(desk) == ["submitted", "pending"]
    queue = staff().get("/au/moderation/queue?kind=message").text
    assert WORDS in queue
    assert "ugly" not in queue
