"""What goes through all that is stored is killed between any two statements while the site signs, and loses nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_campaign, make_signatures, sign, take_in
from tests.conftest import Host, MakeHost, every_database
from tests.processes import Started

from .dying import kill_one_by_one

#: One network signs all the while, which would be held or turned away.
OPEN: dict[str, Any] = {
    "captcha": "none", "confirmation": "none", "scoring": {"hold_at": 100_000},
    "rate_limits": dict.fromkeys(("sign_host", "sign_site", "sign_block", "sign_uncaptcha", "hold_host", "hold_site", "hold_case"), "100000/minute"),
}  # fmt: skip
#: What looks at the same and changes nothing.
LOOKS = {"retention": ("w4r", "retention", "run", "--dry-run"), "keys": ("w4r", "keys", "status")}
pytestmark = [pytest.mark.kill, pytest.mark.slow]


def settings(host: Host) -> dict[str, Any]:
    kept = {key: host.app.config[key] for key in ("SECRET_KEY", "TESTING", "SQLALCHEMY_DATABASE_URI")}
    return kept | {key: value for key, value in host.app.config.items() if key.startswith("W4R_")}


@contextmanager
def signing(host: Host) -> Iterator[list[str]]:
    """People sign all the while, and each time somebody who had signed before; gives the addresses that are new."""
    addresses: list[str] = []
    enough = threading.Event()
    faults: list[BaseException] = []

    def press() -> None:
        client = host.app.test_client()
        try:
            # Paced, so that there is an end to what has to be gone through.
            while len(addresses) < 30 and not enough.wait(0.2):
                address = f"late{len(addresses)}@example.org"
                addresses.append(address)
                for email in (address, f"made-up-{1 + len(addresses) % 20}@example.org"):
                    assert sign(client, "/au", "ann", email=email).status_code == 303
                    take_in(host.app)
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield addresses
    finally:
        enough.set()
        thread.join()
    assert not faults, faults


def killed(host: Host, tmp_path: Path, *words: str) -> int:
    """Kill a command again and again; returns how often."""
    dying = Started(tmp_path, kill_one_by_one, settings(host), words, LOOKS[words[1]])
    assert (dying.wait(240), dying.errors) == (0, ""), dying.output
    return int(dying.output)


@every_database
def test_retention(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(**OPEN)
    cases = make_campaign(host.app, ["ann", "ben"])
    make_signatures(host.app, "ann", 20, state="confirmed")
    make_signatures(host.app, "ben", 20, state="confirmed", withhold_name=lambda number: number < 5)
    with host.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE w4r_signature SET delivered_at = '2026-01-02 03:04:05' WHERE case_id = {cases['AU/ben']}"
        )
    with signing(host) as addresses:
        assert killed(host, tmp_path, "w4r", "retention", "run", "--batch", "7") > 20
    named = host.rows("SELECT case_id, count(*) FROM w4r_signature WHERE person IS NOT NULL GROUP BY case_id")
    assert named == [(cases["AU/ann"], 20 + len(addresses))]
    assert len(host.rows("SELECT id FROM w4r_signature WHERE let_go_at IS NOT NULL")) == 20
    assert "0 differ" in host.run("w4r", "tally", "recount").output
    assert len(host.rows("SELECT person_index FROM w4r_edition_person")) == 20 + len(addresses)


@every_database
def test_rotation(make_host: MakeHost, tmp_path: Path) -> None:
    old, new, index = generate_key(), generate_key(), generate_key()
    first = make_host(**OPEN, encryption_keys=[old], index_key=index)
    make_campaign(first.app, ["ann"])
    make_signatures(first.app, "ann", 20, state="confirmed")
    host = make_host(
        **OPEN, encryption_keys=[new, old], index_key=index, upgrade=False
    )  # fmt: skip
    with signing(host) as addresses:
        assert killed(host, tmp_path, "w4r", "keys", "rotate", "--batch", "7") > 20
    found = json.loads(host.run("w4r", "keys", "status", "--json").output)
    assert (found["keys"][1], found["lost"]) == (0, 0)
    assert len(host.rows("SELECT id FROM w4r_signature")) == 20 + len(addresses)
    alone = make_host(encryption_keys=[new], index_key=index, upgrade=False)
    assert "0 differ" in alone.run("w4r", "tally", "recount").output


@every_database
def test_a_new_index_key(make_host: MakeHost, tmp_path: Path) -> None:
    keys, old, new = [generate_key()], generate_key(), generate_key()
    first = make_host(**OPEN, encryption_keys=keys, index_key=old)
    make_campaign(first.app, ["ann", "ben"])
    for slug in ("ann", "ben"):
        make_signatures(first.app, slug, 20, state="confirmed")
    changed = {"encryption_keys": keys, "index_key": new, "index_keys_old": [old]}
    host = make_host(**OPEN, upgrade=False, **changed)
    with signing(host) as addresses:
        assert killed(host, tmp_path, "w4r", "keys", "reindex", "--batch", "7") > 20
    everybody = 20 + len(addresses)
    assert len(host.rows("SELECT id FROM w4r_signature")) == everybody + 20, "who signed again signed once"
    assert len(host.rows("SELECT person_index FROM w4r_edition_person")) == everybody
    assert "0 differ" in host.run("w4r", "tally", "recount").output
    # The earlier key is needed no more.
    alone = make_host(
        **OPEN, encryption_keys=keys, index_key=new, upgrade=False
    )  # fmt: skip
    for number in (1, 17, 20):
        sign(alone.app.test_client(), "/au", "ben", email=f"made-up-{number}@example.org")
    assert len(alone.rows("SELECT id FROM w4r_signature")) == everybody + 20
    told = json.loads(alone.run("w4r", "keys", "reindex", "--json").output)["indexed"]
    assert told["w4r_signature"] == {"seen": everybody + 20, "changed": 0, "doubled": 0}
