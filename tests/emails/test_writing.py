"""From the form to the target's mailbox: only once the mailbox is proved, in the supporter's name, and counted when it left."""

from __future__ import annotations

from flask_w4r.state import get_state
from flask_w4r.testing import run_jobs
from tests.conftest import Host, every_database

from .world import MINISTER, PATH, SUBJECT, Clock, confirm, sent_to, states, write


def _tally(site: Host) -> dict[str, int]:
    get_state(site.app).lazy.pop("pages", None)
    found: dict[str, int] = site.app.test_client().get("/au/cases/ann-example/tally.json").get_json()["actions"]
    return found


@every_database
def test_an_email_leaves_once_its_writers_mailbox_is_proved(site: Host, clock: Clock) -> None:
    client = site.app.test_client()
    page = client.get(PATH)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "The government of New Zealand receives your name." in page.text
    assert SUBJECT in page.text and "minister@gov.example" not in page.text
    answer = write(client)
    assert answer.status_code == 303 and answer.location.endswith("/email/thanks")
    assert "We then send your email" in client.get(answer.location).text
    run_jobs(site.app)
    assert states(site) == ["pending"] and not sent_to(site)
    done = confirm(site)
    assert "Your email will be sent" in done.text
    assert states(site) == ["confirmed"] and _tally(site) == {}
    run_jobs(site.app)
    (message,) = sent_to(site)
    assert str(message["From"]) == "Sam Sample1 <w4r@example.org>"
    assert str(message["Reply-To"]) == "Write for Rights <w4r@example.org>"
    assert message["Subject"] == SUBJECT and message["Auto-Submitted"] is None
    assert "please free Ann Example" in message.get_body(("plain",)).get_content()
    assert "sam1@example.org" not in message.as_string()
    assert states(site) == ["sent"]
    assert _tally(site) == {"email": 1}
    site.run("w4r", "tally", "recount")
    clock.move(hours=1)
    run_jobs(site.app)
    assert len(sent_to(site, MINISTER["email"])) == 1
