"""A root key off line: its list alone says whose keys are trusted, and an older list does not come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_w4r import W4R
from flask_w4r.services.rollup import keys
from flask_w4r.services.rollup.documents import Refused
from flask_w4r.services.rollup.signing import key_id, new_pair
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host, MakeHost, every_database

from .world import Clock, Sender, add, call, total

ROOT = new_pair()


@pytest.fixture
def centre(make_host: MakeHost, clock: Clock) -> Host:
    section = {"preset": "AU", "code": "INT", "url_prefix": "/int"}
    return make_host(section=section, rollup_root=ROOT.public, w4r=W4R(mailer=RecordingMailer(), clock=clock))


def listed(folder: Path, *senders: Sender, number: int, revoked: Any = (), root: Any = ROOT, **more: Any) -> Path:
    """A list that the root signed, made by the command that makes it off line."""
    toml, key, out = folder / "list.toml", folder / "root.key", folder / f"list-{number}.json"
    lines = [f"revoked = {json.dumps(list(revoked))}"]
    lines += [f'[[keys]]\nsection = "{one.code}"\npublic_key = "{one.pair.public}"' for one in senders]
    toml.write_text("\n".join(lines))
    key.write_text(f"W4R_SIGNING_KEY={root.private}\nPUBLIC_KEY={root.public}\n")
    document = keys.make_list(
        [{"section": one.code, "public_key": one.pair.public, "used_for": "tally"} for one in senders],
        list(revoked), root.private, sequence=number, now=more.pop("now"), **more,
    )  # fmt: skip
    out.write_text(json.dumps(document))
    return out


@every_database
def test_the_root_s_list_is_followed_whole(centre: Host, clock: Clock, au: Sender, nz: Sender, tmp_path: Path) -> None:
    told = call(centre, "rollup", "trust", "AU", au.pair.public)
    assert (told.exit_code, "rollup keys import" in told.output) == (1, True)
    first = listed(tmp_path, au, nz, number=5, now=clock())
    assert "2 keys are trusted, 0 are revoked" in call(centre, "rollup", "keys", "import", first).output
    add(centre, au.file(tmp_path), nz.file(tmp_path))
    assert total(centre)["total"] == 200

    # One key goes without harm: what it signed counts. The other was stolen.
    new = Sender("NZ", clock)
    second = listed(tmp_path, new, number=6, revoked=[key_id(au.pair.public)], now=clock())
    assert "1 keys are trusted, 1 are revoked" in call(centre, "rollup", "keys", "import", second).output
    assert total(centre)["total"] == 100
    path, stolen = nz.file(tmp_path), au.file(tmp_path)
    assert add(centre, path, stolen) == {path.name: "unknown_key", stolen.name: "revoked"}

    again = call(centre, "rollup", "keys", "import", first)
    assert (again.exit_code, "replayed" in again.output) == (1, True)
    assert call(centre, "rollup", "keys", "import", second).exit_code == 0
    other = listed(tmp_path, au, number=6, now=clock())
    assert "was used for something else" in call(centre, "rollup", "keys", "import", other).output
    # Nor does a later list bring back what was revoked.
    third = listed(tmp_path, au, new, number=7, now=clock())
    assert "1 keys are trusted, 1 are revoked" in call(centre, "rollup", "keys", "import", third).output
    assert add(centre, stolen) == {stolen.name: "revoked"}


def test_a_list_of_another_root_or_over_its_time_is_refused(
    centre: Host, clock: Clock, au: Sender, tmp_path: Path
) -> None:
    pretender = listed(tmp_path, au, number=1, root=new_pair(), now=clock())
    assert "tampered" in call(centre, "rollup", "keys", "import", pretender).output
    path = listed(tmp_path, au, number=1, now=clock(), days=10)
    clock.pass_on(days=11)
    assert "expired" in call(centre, "rollup", "keys", "import", path).output
    assert call(centre, "rollup", "keys", "list").output.strip() == "No key is known here."


def test_a_list_is_signed_without_a_database(make_host: MakeHost, clock: Clock, au: Sender, tmp_path: Path) -> None:
    listed(tmp_path, au, number=1, now=clock())
    app = make_host(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite3'}", upgrade=False)
    out = tmp_path / "signed.json"
    arguments = ("rollup", "keys", "sign", tmp_path / "list.toml", "--key", tmp_path / "root.key", "--out", out)
    assert call(app, *arguments).exit_code == 0
    document = json.loads(out.read_text())
    assert document["keys"] == [{"used_for": "tally", "section": "AU", "public_key": au.pair.public}]
    assert ROOT.private not in out.read_text()
    for text in ("keys = 3", '[[keys]]\nsection = "AU"', "revoked = [3]", "[["):
        (tmp_path / "list.toml").write_text(text)
        assert call(app, *arguments).exit_code == 1
    (tmp_path / "root.key").write_text("nonsense")
    assert call(app, *arguments).exit_code == 1


class World:
    """A list of keys as text."""

    clock = Clock()
    sender = Sender("AU", clock)
    data = json.dumps(
        keys.make_list(
            [{"section": "AU", "public_key": sender.pair.public, "used_for": "tally"}], ["0" * 32], ROOT.private,
            sequence=4, now=clock(),
        ),
        separators=(",", ":"),
    ).encode()  # fmt: skip


@given(place=st.integers(0, len(World.data) - 1), byte=st.integers(0, 255))
@settings(max_examples=300)
def test_not_one_byte_of_a_list_can_change(place: int, byte: int) -> None:
    changed = World.data[:place] + bytes([byte]) + World.data[place + 1 :]
    try:
        keys.check_list(keys.parse(changed), ROOT.public, None, now=World.clock())
    except Refused:
        assert changed != World.data
    else:
        assert changed == World.data
