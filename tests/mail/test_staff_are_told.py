"""A relay that refuses everybody: what staff see of it, at the desk, at ``healthz`` and on the command line."""

from __future__ import annotations

import json
import smtplib
from typing import Any

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, submit, supporter
from tests.conftest import MakeHost
from tests.moderation.conftest import ALL, Staff, check_permission, load_actor

from .test_stranger import GENEROUS
from .world import MovingClock


class Relay(RecordingMailer):
    """Takes mail, or says that it does not know us."""

    refuses = True

    def __call__(self, message: Any) -> None:
        if self.refuses:
            raise smtplib.SMTPRecipientsRefused({str(message["To"]): (550, b"5.7.1 Relay access denied")})
        super().__call__(message)


def test_staff_see_that_no_mail_leaves(make_host: MakeHost) -> None:
    clock, relay = MovingClock(), Relay()
    w4r = W4R(mailer=relay, clock=clock, actor_loader=load_actor, permission_check=check_permission)
    host = make_host(w4r=w4r, captcha="none", rate_limits=GENEROUS)
    make_campaign(host.app)
    client, desk = host.app.test_client(), Staff(host.app.test_client(), "mo", ALL, None)
    runner = host.app.test_cli_runner()
    for number in range(8):
        page = client.get("/au/cases/ann-example/sign")
        assert submit(client, page, "form_token", **supporter(number)).status_code == 303
    assert "No mail has left" not in desk.get("/au/moderation/").text
    run_jobs(host.app)
    assert "No mail has left since" in desk.get("/au/moderation/").text
    clock.move(minutes=16)
    run_jobs(host.app)
    assert client.get("/au/healthz").status_code == 503
    assert client.get("/au/healthz").get_json()["outbox_age_seconds"] == 960
    said = runner.invoke(args=["w4r", "mail", "status"]).output
    assert said.startswith("stopped since 2024-12-01 10:00 UTC: the mail server refuses most mails")
    assert "SMTPRecipientsRefused 550 5.7.1" in said and "@" not in said
    assert json.loads(runner.invoke(args=["w4r", "mail", "status", "--json"]).output)["stopped"]["sort"] == "refused"
    told = runner.invoke(args=["w4r", "doctor"]).output
    assert "sending stopped at 2024-12-01 10:00 UTC" in told
    assert not host.rows("SELECT reason FROM w4r_suppression")

    # The relay is set right; whoever did that need not wait.
    relay.refuses = False
    assert runner.invoke(args=["w4r", "mail", "send"]).output.startswith("mail: 8 sent")
    assert "No mail has left" not in desk.get("/au/moderation/").text
    clock.move(seconds=1)
    assert client.get("/au/healthz").get_json()["outbox_age_seconds"] == 0
    assert len(relay.messages) == 8
