"""The example site's mailbox."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from example_app.mailbox import mailbox, store

ENTRY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """A browser at a mailbox with one mail, that has a calendar entry."""
    app = Flask("example_app")
    app.config.update(TESTING=True, MAILBOX=str(tmp_path / "mail"))
    app.register_blueprint(mailbox)
    message = EmailMessage()
    message["Subject"] = "See you there"
    message.set_content("Hello.\n")
    message.add_attachment(ENTRY, maintype="application", subtype="ics", filename="event.ics")
    with app.app_context():
        store(message)
    return app.test_client()


def test_a_file_of_a_mail_can_be_saved(client: FlaskClient, tmp_path: Path) -> None:
    [path] = (tmp_path / "mail").glob("*.eml")
    answer = client.get(f"/mailbox/{path.stem}/files/0")
    assert answer.data == ENTRY
    assert answer.mimetype == "application/ics"
    assert answer.headers["Content-Disposition"] == "attachment; filename=event.ics"
    for wrong in (f"/mailbox/{path.stem}/files/1", "/mailbox/nothing/files/0"):
        assert client.get(wrong).status_code == 404
