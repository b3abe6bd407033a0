"""A section signs its own numbers: what it served, what small groups become, and that not a byte can change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_w4r import W4R
from flask_w4r.action_types import STANDARD, known_types
from flask_w4r.config_rollup import to_bytes
from flask_w4r.models import RollupKey
from flask_w4r.services.rollup import signing
from flask_w4r.services.rollup.aggregate import coarse
from flask_w4r.services.rollup.documents import OTHER, WHOLE, Refused
from flask_w4r.services.rollup.keys import Trusted
from flask_w4r.services.rollup.take import look_at
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.services.tally.counts import add_all
from flask_w4r.services.tally.few import FEW
from flask_w4r.services.tally.keys import Key
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, make_signatures, run_jobs
from tests.conftest import Host, MakeHost, every_database

from .world import Clock, Sender, add, call, total

PAIR = signing.new_pair()


@pytest.fixture
def section(make_host: MakeHost, clock: Clock) -> Host:
    """A section with a key, 12 signatures and a few letters."""
    host = make_host(signing_key=PAIR.private, w4r=W4R(mailer=RecordingMailer(), clock=clock))
    ids = make_campaign(host.app, ("ann-example", "ben-example"))
    make_signatures(host.app, "ann-example", 12, state="confirmed")
    place = get_state(host.app).sections["AU"]
    (edition,) = host.rows("SELECT id FROM w4r_edition")

    def letters(work: UnitOfWork) -> None:
        letters = {Key(ids["AU/ann-example"], "letter"): 3, Key(ids["AU/ben-example"], "letter"): 25}
        add_all(work.session, place, edition.id, letters)

    run(host.app, letters)
    return host


def signed(host: Host, folder: Path, *options: str) -> dict[str, Any]:
    path = folder / "signed.json"
    result = call(host, "tally", "sign", "--out", path, *options)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_a_pair_is_printed(make_host: MakeHost) -> None:
    lines = dict(
        line.split("=", 1) for line in make_host(upgrade=False).run("w4r", "keygen", "--signing").output.split()
    )
    assert set(lines) == {"W4R_SIGNING_KEY", "PUBLIC_KEY", "KEY_ID"}
    assert signing.public_of(lines["W4R_SIGNING_KEY"]) == lines["PUBLIC_KEY"]
    assert signing.key_id(lines["PUBLIC_KEY"]) == lines["KEY_ID"]


@every_database
def test_any_program_can_check_what_a_section_signed(section: Host, clock: Clock, tmp_path: Path) -> None:
    document = signed(section, tmp_path)
    assert list(document) == ["section", "edition", "sequence", "as_of", "expires", "rows", "key_id", "signature"]
    assert (document["section"], document["edition"], document["as_of"]) == ("AU", "2026", "2026-12-01T12:00:00Z")
    # Three letters are too few to be told: they take the smallest other number along.
    assert document["rows"] == [
        {"case": WHOLE, "type": OTHER, "count": 15}, {"case": "ben-example", "type": "letter", "count": 25},
    ]  # fmt: skip
    key = Ed25519PublicKey.from_public_bytes(to_bytes(PAIR.public, 32) or b"")
    signature = to_bytes(document.pop("signature"), 64) or b""
    key.verify(signature, rfc8785.dumps(document))
    with pytest.raises(InvalidSignature):
        key.verify(signature, rfc8785.dumps({**document, "edition": "2025"}))

    # The next one is newer, after a restart and at the same moment.
    again = signed(section, tmp_path)
    assert again["sequence"] > document["sequence"]
    assert PAIR.private not in json.dumps(again)


def test_a_section_and_the_centre(section: Host, centre: Host, tmp_path: Path) -> None:
    """From a signature on a form to the sum of all sections."""
    signed(section, tmp_path)
    assert call(centre, "rollup", "trust", "AU", PAIR.public).exit_code == 0
    assert add(centre, tmp_path / "signed.json") == {"signed.json": ""}
    assert total(centre)["total"] == 12 + 3 + 25


@every_database
def test_the_worker_signs_what_is_served_and_only_when_it_changed(section: Host, clock: Clock) -> None:
    client = section.app.test_client()
    assert client.get("/au/api/v1/tally").status_code == 404
    run_jobs(section.app)
    answer = client.get("/au/api/v1/tally")
    assert answer.content_type == "application/json"
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    first = answer.json
    assert signing.is_signed_by(first, PAIR.public)
    run_jobs(section.app)
    assert served(section) == first
    make_signatures(section.app, "ben-example", 10, state="confirmed", email=lambda number: f"new{number}@example.org")
    run_jobs(section.app)
    second = served(section)
    assert second["sequence"] > first["sequence"]
    assert sum(row["count"] for row in second["rows"]) == sum(row["count"] for row in first["rows"]) + 10
    clock.pass_on(days=1)
    run_jobs(section.app)
    assert served(section)["as_of"] > second["as_of"]


def served(host: Host) -> dict[str, Any]:
    """What is served, read past what the pages keep for a moment."""
    return json.loads(host.rows("SELECT document FROM w4r_signed")[0].document)


def test_a_site_without_a_key_serves_nothing_and_says_how_to_have_one(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host()
    make_campaign(host.app)
    run_jobs(host.app)
    assert host.app.test_client().get("/au/api/v1/tally").status_code == 404
    told = call(host, "tally", "sign", "--out", tmp_path / "x.json")
    assert (told.exit_code, "keygen --signing" in told.output) == (1, True)


def test_another_edition_is_signed_and_not_served(section: Host, tmp_path: Path) -> None:
    make_campaign(section.app, ("cy-example",), year="2020")
    with section.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE w4r_edition SET starts_on='2020-11-01', ends_on='2020-12-31' WHERE year='2020'"
        )
    assert signed(section, tmp_path)["edition"] == "2026"
    assert signed(section, tmp_path, "--edition", "2020")["edition"] == "2020"
    assert served(section)["edition"] == "2026"
    assert call(section, "tally", "sign", "--edition", "1999", "--out", tmp_path / "x").exit_code == 1


def test_the_report_for_the_centre_says_what_is_meant(section: Host, clock: Clock, tmp_path: Path) -> None:
    told = json.loads(section.run("w4r", "tally", "report", "--json").output)
    assert {name: told[name] for name in ("section", "edition", "people", "digital_at_centre")} == {
        "section": "AU", "edition": "2026", "people": 12, "digital_at_centre": False,
    }  # fmt: skip
    assert [(row["case"], row["type"], row["count"]) for row in told["rows"]] == [
        ("ann-example", "letter", 3), ("ann-example", "petition_signature", 12), ("ben-example", "letter", 25),
    ]  # fmt: skip
    assert {row["status"] for row in told["rows"]} == {"interim"}
    assert "posted or handed in" in told["definitions"]["letter"]
    page = section.app.test_client().get("/au/tally.json").json
    assert page["total"] == sum(row["count"] for row in told["rows"])
    section.run("w4r", "tally", "report", "--final", "--out", str(tmp_path / "report.csv"))
    lines = (tmp_path / "report.csv").read_text().splitlines()
    assert lines[0] == "section,edition,as_of,case,type,source,status,count,definition"
    assert lines[1].startswith("AU,2026,2026-12-01T12:00:00Z,ann-example,letter,")
    assert all(",final," in line for line in lines[1:])
    clock.pass_on(days=60)
    over = json.loads(section.run("w4r", "tally", "report", "--json").output)
    assert {row["status"] for row in over["rows"]} == {"final"}
    section.run("w4r", "case", "status", "ann-example", "withdrawn")
    assert "ann-example" not in section.run("w4r", "tally", "report").output


CELLS = st.dictionaries(
    st.tuples(st.sampled_from(["ann", "ben", "cy"]), st.sampled_from(["letter", "card", "our_own_type", OTHER])),
    st.integers(0, 40),
)


@given(CELLS)
@settings(max_examples=200)
def test_small_groups_are_never_told_and_nothing_is_lost(cells: dict[tuple[str, str], int]) -> None:
    rows = coarse(cells)
    whole = sum(cells.values())
    assert sum(row["count"] for row in rows) == whole
    assert all(row["type"] in STANDARD for row in rows)
    assert len({(row["case"], row["type"]) for row in rows}) == len(rows)
    if whole >= FEW:
        assert all(row["count"] >= FEW for row in rows)
    else:
        assert [row["case"] for row in rows] == ([WHOLE] if whole else [])
    # What is large enough already is told as it is, but for the one that goes along with what is too small.
    told = {(row["case"], row["type"]): row["count"] for row in rows}
    large = {cell: number for cell, number in cells.items() if number >= FEW and cell[1] in ("letter", "card")}
    assert len([cell for cell in large if told.get(cell) != large[cell]]) <= 1


class World:
    """One file of one section, and what is known of its key."""

    clock = Clock()
    sender = Sender("AU", clock)
    data = json.dumps(
        sender.document({("ann-example", "letter"): 100, ("ben-example", "petition_signature"): 1871}),
        separators=(",", ":"),
    ).encode()
    keys = Trusted([RollupKey(sender="AU", key_id=signing.key_id(sender.pair.public), public_key=sender.pair.public)])


def is_taken(data: bytes) -> bool:
    from flask_w4r.capabilities import CAPABILITIES
    from flask_w4r.seam import Seam

    try:
        look_at(data, World.keys, known_types(Seam(CAPABILITIES), ()), now=World.clock())
    except Refused:
        return False
    return True


@given(place=st.integers(0, len(World.data) - 1), byte=st.integers(0, 255))
@settings(max_examples=400)
def test_not_one_byte_of_a_signed_file_can_change(place: int, byte: int) -> None:
    changed = World.data[:place] + bytes([byte]) + World.data[place + 1 :]
    assert is_taken(changed) == (changed == World.data)


def test_every_flipped_bit_is_seen() -> None:
    for place in range(len(World.data)):
        for bit in range(8):
            changed = bytearray(World.data)
            changed[place] ^= 1 << bit
            assert not is_taken(bytes(changed)), (place, bit)


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@settings(max_examples=100)
def test_nonsense_is_refused_in_words(data: bytes) -> None:
    assert not is_taken(data)


def test_a_name_that_stands_twice_is_refused() -> None:
    assert not is_taken(World.data.replace(b'"rows":', b'"edition":"2026","rows":'))
    assert not is_taken(b"[" * 100_000)
    assert not is_taken(b" " * 3_000_000)
