"""The newsletter's list for those who import by hand: each yes with its words, and each later no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask_w4r import W4R
from flask_w4r.models import Consent
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, submit
from tests.conftest import Host, MakeHost, every_database
from tests.exports.test_files import rows_of


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> Any:
        return self.now


def exported(host: Host, *more: str) -> list[dict[str, str]]:
    return rows_of(host.run("w4r", "export", "subscribers", "--out", "-", *more).stdout)[0]


@every_database
def test_each_answer_in_its_order(make_host: MakeHost) -> None:
    clock = Clock()
    mailer = RecordingMailer()
    host = make_host(w4r=W4R(mailer=mailer, clock=clock), captcha="none")
    make_campaign(host.app)
    for number, answer in enumerate(("yes", "no", "yes", None), 1):
        typed = {} if answer is None else {"newsletter": answer}
        who = {"email": f"sam{number}@example.org", "last_name": f"Sample{number}"}
        assert sign(host.app.test_client(), "/au", "ann-example", **who, **typed).status_code == 303
    run_jobs(host.app)
    assert exported(host) == [], "no mailbox is proved"
    before = clock.now + timedelta(hours=1)
    clock.now += timedelta(hours=2)
    for number in (0, 1, 2, 3):
        client = host.app.test_client()
        submit(client, client.get(mailer.links("/confirm/", number)[0].removeprefix("http://localhost")))
    rows = exported(host)
    assert sorted(row["email"] for row in rows) == ["sam1@example.org", "sam3@example.org"]
    words, version, digest = host.rows(
        "SELECT text, version, digest FROM w4r_consent_text WHERE purpose = 'newsletter'"
    )[0]
    assert {(row["state"], row["consent_text"], row["consent_version"], row["consent_digest"]) for row in rows} == {
        ("subscribed", words, version, bytes(digest).hex())
    }
    since = before.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert exported(host, "--since", since) == rows, "given before, and in force since"
    first = host.rows("SELECT signature_id FROM w4r_consent WHERE purpose = 'newsletter' AND granted ORDER BY id")[0][0]

    def withdraw(work: Any) -> None:
        values = {"signature_id": first, "purpose": "newsletter", "text_digest": bytes(digest)}
        work.session.add(Consent(**values, granted=False, method="my_data", given_at=clock.now + timedelta(hours=3)))

    run(host.app, withdraw)
    assert [row["state"] for row in exported(host)] == ["subscribed", "subscribed", "withdrawn"]
    later = (clock.now + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (gone,) = exported(host, "--since", later)
    assert (gone["email"], gone["state"]) == (rows[0]["email"], "withdrawn")
