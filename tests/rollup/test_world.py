"""The whole world: 170 sections in one command, and the centre's page of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from flask_w4r import W4R
from flask_w4r.action_types import STANDARD
from flask_w4r.config_defaults import FEATURES
from flask_w4r.models import RollupKey
from flask_w4r.services.rollup.documents import write_moment
from flask_w4r.services.rollup.signing import key_id
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import Host, MakeHost, every_database

from .world import Clock, Sender, add, call, total, trust

MORE = {
    "sms": {"en": "Text messages"},
    "fax": {"en": "Faxes"},
    "phone_call": {"en": "Calls"},
    "photo": {"en": "Photos"},
}
CELLS = {(f"case-{number}", kind): 10 + number for number in range(10) for kind in (*STANDARD, *MORE)}


@pytest.fixture
def centre(make_host: MakeHost, clock: Clock) -> Host:
    section = {"preset": "AU", "code": "INT", "url_prefix": "/int", "action_types": MORE}
    return make_host(section=section, features=list(FEATURES), w4r=W4R(mailer=RecordingMailer(), clock=clock))


@every_database
def test_170_sections_in_one_command(centre: Host, clock: Clock, tmp_path: Path) -> None:
    senders = [Sender(f"S{number:03}", clock) for number in range(170)]
    assert len({kind for _, kind in CELLS}) == 13

    def trusted(work: object) -> None:
        for one in senders:
            row = RollupKey(
                sender=one.code, key_id=key_id(one.pair.public), used_for="tally", public_key=one.pair.public,
                is_from_root=False, trusted_at=clock(),
            )  # fmt: skip
            work.session.add(row)  # type: ignore[attr-defined]

    run(centre.app, trusted)
    add(centre, senders[3].file(tmp_path, CELLS))
    files = [one.file(tmp_path, CELLS) for one in senders[4:]]
    flipped, replayed = senders[0].file(tmp_path, CELLS), tmp_path / "s003-1.json"
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    future = senders[1].file(tmp_path, CELLS, as_of=write_moment(clock() + timedelta(days=1)))
    good = senders[2].file(tmp_path, CELLS)
    told = add(centre, flipped, replayed, future, good, *files)
    assert {name: why for name, why in told.items() if why} == {
        flipped.name: told[flipped.name], "s003-1.json": "replayed", future.name: "future",
    }  # fmt: skip
    assert told[flipped.name]
    assert (total(centre)["sections"], total(centre)["total"]) == (168, 168 * sum(CELLS.values()))
    assert sum(total(centre)["by_type"].values()) == sum(total(centre)["by_case"].values()) == total(centre)["total"]


def test_the_world_s_page_says_what_the_command_says(centre: Host, au: Sender, nz: Sender, tmp_path: Path) -> None:
    client = centre.app.test_client()
    assert "No section has sent its numbers yet." in client.get("/int/world").text
    make_campaign(centre.app)
    trust(centre, au, nz)
    first = {("ann-example", "letter"): 1234, ("ann-example", "sms"): 40, ("*", "other"): 11}
    add(centre, au.file(tmp_path, first), nz.file(tmp_path, {("zoe-other", "letter"): 20}))
    with centre.app.app_context():
        centre.app.extensions["w4r"].lazy.pop("pages", None)
    page = client.get("/int/world")
    for words in ("1,305 actions", "2 sections", "Ann Example", "Zoe Other", "1,274", "Text messages", "Not by case"):
        assert words in page.text, words
    assert "public" in page.headers["Cache-Control"]
    assert "Set-Cookie" not in page.headers
    assert client.get("/int/world/2026.json").json == total(centre)
    told = call(centre, "rollup", "sum", "2026", "--csv").output
    assert client.get("/int/world/2026.csv").text.splitlines() == told.splitlines()
    assert client.get("/int/world/2026").status_code == 200
    for path in ("/int/world/2025", "/int/world/2025.json", "/int/world/2025.csv"):
        assert client.get(path).status_code == 404
    assert call(centre, "rollup", "serve", "--dry-run").output.strip() == "http://127.0.0.1:5010/int/world"


def test_it_is_the_centre_s_to_show(make_host: MakeHost) -> None:
    host = make_host()
    assert host.app.test_client().get("/au/world").status_code == 404
    told = call(host, "rollup", "serve", "--dry-run")
    assert (told.exit_code, "W4R_FEATURES" in told.output) == (1, True)


def test_a_section_and_a_centre_that_agree_on_more_types(
    make_host: MakeHost, centre: Host, clock: Clock, tmp_path: Path
) -> None:
    from flask_w4r.action_types import types_of
    from flask_w4r.services.rollup.aggregate import coarse
    from flask_w4r.state import get_state

    section = get_state(centre.app).sections["INT"]
    cells = {("ann", "sms"): 30, ("ann", "smoke"): 20}
    assert coarse(cells, types_of(section)) == [
        {"case": "ann", "type": "other", "count": 20}, {"case": "ann", "type": "sms", "count": 30},
    ]  # fmt: skip
    assert coarse(cells) == [{"case": "ann", "type": "other", "count": 50}]
    assert json.dumps(section.action_types["sms"]) == '{"en": "Text messages"}'
