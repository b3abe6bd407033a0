"""``W4R_SIGNING_KEY``, ``W4R_ROLLUP_ROOT`` and ``W4R_STATUS_FEED``: every fault is told, and no secret in any."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.config import W4RConfig
from flask_w4r.errors import ConfigurationError
from flask_w4r.keyring import generate_key
from flask_w4r.services.rollup.signing import new_pair
from flask_w4r.testing import make_campaign
from tests.conftest import MakeHost

from .world import call

PAIR = new_pair()
FEED = {"url": "https://centre.example.org/feed", "public_key": PAIR.public}


def read(**given: Any) -> W4RConfig:
    relaxed = given.pop("relaxed", True)
    return W4RConfig.from_mapping({"W4R_SECTION": "AU", **given}, relaxed=relaxed)[0]


def faults(**given: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(**given)
    return "\n".join(caught.value.faults)


def test_a_key_stands_there_in_a_file_or_comes_from_a_program(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{PAIR.private}\n")
    lines = tmp_path / "lines"
    lines.write_text(f"W4R_SIGNING_KEY={PAIR.private}\n")
    program = [sys.executable, "-c", f"print(open({str(lines)!r}).read())"]
    for given in ({"W4R_SIGNING_KEY": PAIR.private}, {"W4R_SIGNING_KEY": f"file:{file}"}, {"W4R_KEY_COMMAND": program}):
        config = read(**given)
        assert config.signing_key == PAIR.private
        assert PAIR.private not in repr(config)


BAD: dict[str, Any] = {
    "text": "hush", "of another kind": generate_key(), "padded": PAIR.private + "=", "cut": PAIR.private[:-1] + "\n",
    "number": 7, "list": ["x"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_no_key(name: str) -> None:
    told = faults(W4R_SIGNING_KEY=BAD[name])
    assert "W4R_SIGNING_KEY: must be 32 bytes in base64url" in told
    assert "keygen --signing" in told
    assert PAIR.private not in told
    assert "hush" not in told
    assert "must be a public key" in faults(W4R_ROLLUP_ROOT=BAD[name])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("https://centre.example.org/feed", "must be a table with url"),
        ({"url": FEED["url"]}, "set public_key, or root"),
        ({**FEED, "root": PAIR.public}, "and not both"),
        ({**FEED, "url": "centre.example.org"}, "url must be a full"),
        ({**FEED, "url": "https://user:hunter2@centre.example.org/"}, "url must be a full"),
        ({**FEED, "public_key": "x"}, "public_key must be a public key"),
        ({**FEED, "sender": 3}, "sender must be the code"),
        ({**FEED, "allow_private": "yes"}, "allow_private must be True or False"),
        ({**FEED, "rot": 1}, "did you mean root?"),
    ],
    ids=range(9),
)
def test_what_is_no_feed(table: Any, words: str) -> None:
    told = faults(W4R_STATUS_FEED=table)
    assert told.startswith("W4R_STATUS_FEED: ")
    assert words in told
    assert "hunter2" not in told


def test_news_come_by_https_outside_testing() -> None:
    strict = {
        "relaxed": False, "W4R_ENCRYPTION_KEYS": generate_key(), "W4R_INDEX_KEY": generate_key(),
        "W4R_BASE_URL": "https://x.org", "W4R_MAIL_SENDER": "a@x.org",
    }  # fmt: skip
    plain = {**FEED, "url": "http://10.0.0.7/feed"}
    assert "url must begin with https" in faults(W4R_STATUS_FEED=plain, **strict)
    assert read(W4R_STATUS_FEED={**plain, "allow_private": True}, **strict).status_feed is not None


def test_no_key_is_logged(make_host: MakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    host = make_host(signing_key=PAIR.private)
    make_campaign(host.app)
    with caplog.at_level(logging.DEBUG):
        told = call(host, "tally", "sign", "--out", tmp_path / "x.json").output + call(host, "doctor").output
    assert PAIR.private not in told + caplog.text
    assert host.rows("SELECT * FROM w4r_signed WHERE document LIKE :key", key=f"%{PAIR.private}%") == []
