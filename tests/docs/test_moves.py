"""The pages about keys and moves: what they tell you to do, done in their order."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.config import W4RConfig
from flask_w4r.keyring import generate_key
from flask_w4r.testing import make_campaign, make_signatures

from .conftest import MakeSite, run
from .pages import DOCS, commands, covers, settings_of


@covers("keys.py")
def test_keys_from_a_program(settings: dict[str, Any], tmp_path: Path) -> None:
    own = settings_of("keys.py")
    program = tmp_path / "our-vault"
    program.write_text(
        f"#!/bin/sh\ntest \"$*\" = 'read w4r' && echo W4R_ENCRYPTION_KEYS={generate_key()} && echo W4R_INDEX_KEY={generate_key()}\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    own["W4R_KEY_COMMAND"] = [str(program), *own["W4R_KEY_COMMAND"][1:]]
    rest = {key: value for key, value in settings.items() if not key.endswith(("_KEYS", "_KEY"))}
    config, _ = W4RConfig.from_mapping({**rest, **own}, relaxed=False)
    assert len(config.encryption_keys) == 1
    assert config.index_key


@pytest.mark.slow
def test_a_section_moves_as_the_page_says(make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command where the page says: at the old place, or with the new configuration."""
    monkeypatch.chdir(tmp_path)
    Path("passphrase").write_text("correct horse battery staple\n", "utf-8")
    old = make_site(campaign=False)
    make_campaign(old, ["ann"])
    make_signatures(old, "ann", 3, state="confirmed")
    new = make_site(campaign=False, upgrade=False, SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'new.sqlite3'}")
    places = {"db": new, "jobs": old, "section export": old, "section import": new, "section erase": old}
    done = []
    for line in commands(DOCS / "moves.rst"):
        words = shlex.split(line)[1:]
        place = places.get(words[1]) or places.get(" ".join(words[1:3]), new)
        # The test's site has no lasting mailer, which the doctor rightly says.
        run(place, *words, code=1 if words[1] == "doctor" else 0)
        done.append(words[1])
    assert done == ["db", "jobs", "section", "section", "tally", "audit", "doctor", "places", "section"]
    assert '"w4r_signature": 3' in run(new, "w4r", "section", "show", "--json")
    assert run(old, "w4r", "section", "show", "--json").strip() == '{"AU": {}}'
