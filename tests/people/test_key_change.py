"""Keys are changed while the site is in use: nobody is lost, nobody is counted twice."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Connection, Table, insert, select

from flask_w4r.keyring import Keyring, Sealed, generate_key
from flask_w4r.models import metadata
from flask_w4r.models.base import sealed_columns
from flask_w4r.services.mail import caps
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_events, make_signatures, run_jobs, sign, submit
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import link


def site(make_host: MakeHost, keys: dict[str, Any], **config: Any) -> Host:
    return make_host(captcha="none", **keys, **config)


def fill(connection: Connection, keyring: Keyring, table: Table, number: int) -> None:
    """One row with everything sealed that can be, whatever the table is."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column in sealed_columns():
            values[column.name] = keyring.seal(f"{column} {number}")
        elif column.primary_key and column.autoincrement is True:
            continue
        elif not column.nullable or column.foreign_keys:
            values[column.name] = _some(column, number)
    connection.execute(insert(table), values)


def _some(column: Column[Any], number: int) -> Any:
    """A value that the column's type and its CHECK allow."""
    for check in column.table.constraints:
        if isinstance(check, CheckConstraint) and str(check.sqltext).startswith(f"{column.name} IN ('"):
            return str(check.sqltext).split("'")[1]
    if column.foreign_keys:
        return number if column.name == "event_id" else 1
    made: dict[str, Any] = {
        "BlindIndex": bytes([number]) * 32, "UTCDateTime": datetime(2026, 12, 1, tzinfo=UTC), "JSON": {},
        "DateTime": datetime(2026, 12, 1), "Date": date(2026, 11, number), "Boolean": False, "Double": 1.0,
    }  # fmt: skip
    kind = type(column.type).__name__
    return made.get(kind, f"x{number}" if "String" in kind or "Text" in kind else number)


@every_database
def test_every_sealed_value_is_of_the_newest_key(make_host: MakeHost) -> None:
    """Of every table that there is: whoever adds one need not think of it."""
    old, new, index = generate_key(), generate_key(), generate_key()
    host = site(make_host, {"encryption_keys": [old], "index_key": index})
    make_campaign(host.app)
    keyring = get_state(host.app).keyring
    tables = sorted({column.table for column in sealed_columns()}, key=lambda table: table.name)
    assert len(tables) >= 8
    with host.engine.begin() as connection:
        parents = [table for table in metadata.sorted_tables if table in tables]
        for number in range(1, 8):
            for table in parents:
                fill(connection, keyring, table, number)
    later = site(make_host, {"encryption_keys": [new, old], "index_key": index}, upgrade=False)
    total = 7 * len(sealed_columns())
    before = json.loads(later.run("w4r", "keys", "status", "--json").output)
    assert (before["keys"], before["lost"]) == ([0, total], 0)
    assert json.loads(later.run("w4r", "keys", "rotate", "--batch", "3", "--json").output) == {
        "rotated": total,
        "lost": {},
    }
    assert json.loads(later.run("w4r", "keys", "status", "--json").output)["keys"] == [total, 0]
    alone = Keyring([new], index)
    with host.engine.connect() as connection:
        for column in sealed_columns():
            found = [alone.open(Sealed(value)) for value in connection.execute(select(column)).scalars()]
            assert sorted(found) == [f"{column} {number}" for number in range(1, 8)]
    assert "0 values sealed under the newest key." in later.run("w4r", "keys", "rotate").output


def test_a_lost_key_is_told_plainly(make_host: MakeHost) -> None:
    old, new, index = generate_key(), generate_key(), generate_key()
    host = site(make_host, {"encryption_keys": [old], "index_key": index})
    make_campaign(host.app)
    make_signatures(host.app, "ann-example", 3, state="confirmed")
    later = site(make_host, {"encryption_keys": [new], "index_key": index}, upgrade=False)
    make_signatures(later.app, "ann-example", 2, state="confirmed", email=lambda number: f"new{number}@example.org")
    result = later.app.test_cli_runner().invoke(args=["w4r", "doctor"])
    assert result.exit_code == 1
    assert (
        "ERROR  keys: w4r_signature.person: 3 of 5 values looked at are opened by none of W4R_ENCRYPTION_KEYS; put the key"
        " that sealed them at the end of the list again. Without it they are lost for good"
    ) in result.output
    result = later.app.test_cli_runner().invoke(args=["w4r", "keys", "rotate"])
    assert result.exit_code == 1
    assert "w4r_signature.person: 3 values are opened by no key" in result.output
    back = site(make_host, {"encryption_keys": [new, old], "index_key": index}, upgrade=False)
    told = back.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "OK     keys: w4r_signature.person: 3 of 5 values looked at need an earlier key" in told
    back.run("w4r", "keys", "rotate")
    told = back.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "OK     keys: the keys open and find what is stored, as far as samples tell" in told


class Changed:
    """A site before and after its index key was changed."""

    def __init__(self, make_host: MakeHost) -> None:
        self.keys = {"encryption_keys": [generate_key()], "index_key": generate_key()}
        self.before = site(make_host, self.keys)
        self.cases = make_campaign(self.before.app, ["ann", "ben"])
        self.make_host = make_host

    def change(self, *, earlier: bool = True) -> Host:
        new = {**self.keys, "index_key": generate_key()}
        if earlier:
            new["index_keys_old"] = [self.keys["index_key"]]
        self.keys = new
        return site(self.make_host, new, upgrade=False)


@pytest.fixture
def changed(make_host: MakeHost) -> Changed:
    return Changed(make_host)


def confirm(host: Host, number: int = -1) -> None:
    """Open the link of a mail and press its button."""
    run_jobs(host.app)
    client = host.app.test_client()
    submit(client, client.get(link(host, "/confirm/", number)))


def counts(host: Host) -> tuple[int, int]:
    get_state(host.app).lazy.pop("pages", None)
    told = host.app.test_client().get("/au/tally.json").get_json()
    return told["total"], told["people"]


@every_database
@pytest.mark.parametrize("reindexed", [False, True])
def test_who_signs_again_is_known(changed: Changed, reindexed: bool) -> None:
    sign(changed.before.app.test_client(), "/au", "ann", email="kim@example.org")
    confirm(changed.before)
    sign(changed.before.app.test_client(), "/au", "ann", email="pat@example.org")
    host = changed.change()
    if reindexed:
        assert "w4r_signature: 2 rows, 2 indexed anew" in host.run("w4r", "keys", "reindex").output
        assert "w4r_signature: 2 rows, 0 indexed anew" in host.run("w4r", "keys", "reindex").output
    client = host.app.test_client()
    for email in ("kim@example.org", "pat@example.org"):
        sign(client, "/au", "ann", email=email)
    assert host.rows("SELECT state, count(*) FROM w4r_signature GROUP BY state ORDER BY state") == [
        ("confirmed", 1), ("pending", 1),
    ]  # fmt: skip
    # The other case too, as one person.
    sign(client, "/au", "ben", email="kim@example.org")
    confirm(host)
    assert len(host.rows("SELECT id FROM w4r_signature WHERE state = 'confirmed'")) >= 2
    total, people = counts(host)
    assert people == total - 1
    assert len(host.rows("SELECT person_index FROM w4r_edition_person")) == people
    host.run("w4r", "keys", "reindex")
    told = host.run("w4r", "tally", "recount").output
    assert "0 differ" in told
    only_new = site(changed.make_host, {**changed.keys, "index_keys_old": []}, upgrade=False)
    sign(only_new.app.test_client(), "/au", "ann", email="kim@example.org")
    assert len(host.rows("SELECT id FROM w4r_signature WHERE case_id = :case", case=changed.cases["AU/ann"])) == 2
    assert "OK     keys: the keys open" in only_new.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output


@every_database
def test_what_an_earlier_key_made_is_found(changed: Changed) -> None:
    """Suppressions, rules, RSVPs, hosts and the log: each under whatever key it was made."""
    before = changed.before
    canonical = parse_address("kim@example.org").canonical
    state = get_state(before.app)
    section = state.sections["AU"]
    now = state.clock()
    run(before.app, lambda work: caps.suppress(work.session, state.keyring, section, canonical, "not_me", now=now))
    make_events(before.app, 1)
    before.run("w4r", "keys", "rotate")
    before.run("w4r", "case", "status", "ben", "closed")
    host = changed.change()
    ring = get_state(host.app).keyring
    assert read(host.app, lambda session: caps.is_suppressed(session, ring, section, canonical))
    assert host.run("w4r", "mail", "suppressed", "show", "kim@example.org").output.startswith("gets no mail")
    host.run("w4r", "case", "status", "ben", "active")
    assert "sound" in host.run("w4r", "audit", "verify").output
    told = host.run("w4r", "keys", "reindex").output
    assert "w4r_suppression: 1 rows may need W4R_INDEX_KEYS_OLD; keep it" in told
    run(host.app, lambda work: caps.suppress(work.session, ring, section, canonical, "bounced", now=now))
    assert host.rows("SELECT reason FROM w4r_suppression") == [("not_me",)]
    alone = Keyring(changed.keys["encryption_keys"], changed.keys["index_key"])
    assert read(host.app, lambda session: caps.is_suppressed(session, alone, section, canonical)), "brought forward"


def test_a_lost_index_key_is_mended_from_what_is_sealed(changed: Changed) -> None:
    for slug in ("ann", "ben"):
        make_signatures(changed.before.app, slug, 4, state="confirmed")
    host = changed.change(earlier=False)
    told = host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert "ERROR  keys: w4r_signature: 8 of 8 rows looked at are not known by W4R_INDEX_KEY" in told
    host.run("w4r", "keys", "reindex", "--batch", "3")
    host.run("w4r", "tally", "recount", "--fix")
    assert counts(host) == (8, 4)
    sign(host.app.test_client(), "/au", "ann", email="made-up-2@example.org")
    assert len(host.rows("SELECT id FROM w4r_signature")) == 8
