"""A supporter signs, confirms by mail, and the count grows; on every database."""

from __future__ import annotations

from flask_w4r.testing import make_campaign, run_jobs, sign, submit
from tests.conftest import Host, MakeHost, every_database

CASE = "/au/cases/ann-example"


def tally(host: Host) -> dict[str, int]:
    host.app.extensions["w4r"].lazy.pop("pages", None)
    found = host.app.test_client().get(f"{CASE}/tally.json").get_json()
    return {"signatures": found["actions"].get("petition_signature", 0), "people": found["people"]}


@every_database
def test_the_whole_way(make_host: MakeHost) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    client = host.app.test_client()
    answer = sign(client, "/au", "ann-example")
    assert (answer.status_code, answer.location) == (303, f"{CASE}/thanks")
    assert tally(host) == {"signatures": 0, "people": 0}

    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    link = host.mailer.links("/confirm/")[0].removeprefix("http://localhost")
    page = client.get(link)
    assert page.status_code == 200
    assert "Sam Sample1" in page.text
    assert "Ann Example" in page.text
    assert tally(host) == {"signatures": 0, "people": 0}, "a GET changes nothing"

    for _ in range(2):
        assert "Your signature is confirmed" in submit(client, page).text
        assert tally(host) == {"signatures": 1, "people": 1}, "pressing twice counts once"
    assert client.get(link).status_code == 200
    host.run("w4r", "tally", "recount")
