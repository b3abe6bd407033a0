"""Keys from files, or from a program: what it prints is taken, and never repeated."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from flask_w4r import ConfigurationError, key_sources
from flask_w4r.config import W4RConfig
from flask_w4r.keyring import generate_key

NEW, OLD, INDEX, EARLIER = (generate_key() for _ in range(4))
REST = {
    "W4R_SECTION": "AU", "W4R_BASE_URL": "https://www.example.org",
    "W4R_MAIL_SENDER": "Write for Rights <w4r@example.org>",
}  # fmt: skip


def read(**config: Any) -> W4RConfig:
    return W4RConfig.from_mapping({**REST, **config}, relaxed=False)[0]


def faults(**config: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(**config)
    return list(caught.value.faults)


def kept(config: W4RConfig) -> tuple[Any, ...]:
    return config.encryption_keys, config.index_key, config.index_keys_old


EVERY = ((NEW, OLD), INDEX, (EARLIER,))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    written = {}
    for name, text in {"keys": f"{NEW}\n{OLD}\n", "old": OLD, "index": f" {INDEX}\n", "earlier": f"{EARLIER},"}.items():
        (tmp_path / name).write_text(text, "ascii")
        written[name] = f"file:{tmp_path / name}"
    return written


def test_files(files: dict[str, str]) -> None:
    rest = {"W4R_INDEX_KEY": files["index"], "W4R_INDEX_KEYS_OLD": [files["earlier"]]}
    assert kept(read(W4R_ENCRYPTION_KEYS=files["keys"], **rest)) == EVERY
    assert kept(read(W4R_ENCRYPTION_KEYS=f"{NEW}, {files['old']}", **rest)) == EVERY
    assert kept(read(W4R_ENCRYPTION_KEYS=[NEW, files["old"]], **rest)) == EVERY


def program(tmp_path: Path, body: str) -> list[str]:
    path = tmp_path / "keys.py"
    path.write_text(body, "utf-8")
    return [sys.executable, str(path)]


PRINTED = {"W4R_ENCRYPTION_KEYS": [NEW, OLD], "W4R_INDEX_KEY": INDEX, "W4R_INDEX_KEYS_OLD": [EARLIER]}
LINES = f"W4R_ENCRYPTION_KEYS={NEW},{OLD}\n\nW4R_INDEX_KEY={INDEX}\nW4R_INDEX_KEYS_OLD={EARLIER}\n"


@pytest.mark.parametrize("printed", [json.dumps(PRINTED), LINES], ids=["json", "lines"])
def test_a_program(tmp_path: Path, printed: str) -> None:
    words = program(tmp_path, f"print({printed!r})")
    assert kept(read(W4R_KEY_COMMAND=words)) == EVERY
    assert kept(read(W4R_KEY_COMMAND=" ".join(words))) == EVERY


def test_a_program_s_faults(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(key_sources, "TIMEOUT", 0.2)
    secret = generate_key()

    def told(body: str) -> str:
        found = faults(W4R_KEY_COMMAND=program(tmp_path, body))
        assert secret not in " ".join(found)
        return found[0]

    assert told(f"import sys; print('{secret}', file=sys.stderr); sys.exit(3)") == (
        "W4R_KEY_COMMAND: ended with status 3; run it by hand to see why"
    )
    assert "did not end within" in told("import threading; threading.Event().wait()")
    for body in (f"print('{secret}')", f"print('W4R_SECRET={secret}')", "", "print('[1]')", "print('{')", "print('é')"):
        assert told(body).startswith(
            "W4R_KEY_COMMAND: must print one JSON object, or lines such as W4R_INDEX_KEY=..."
        ), body
    assert faults(W4R_KEY_COMMAND="/nowhere/keys")[0] == "W4R_KEY_COMMAND: cannot be run: No such file or directory"
    assert any("must be text such as" in fault for fault in faults(W4R_KEY_COMMAND=7))
    both = faults(W4R_KEY_COMMAND=program(tmp_path, f"print({LINES!r})"), W4R_INDEX_KEY=INDEX)
    assert both == ["W4R_INDEX_KEY: W4R_KEY_COMMAND prints it too; set one of them"]
    bad = faults(W4R_KEY_COMMAND=program(tmp_path, f"print('W4R_INDEX_KEY={secret[:-4]}')"))
    assert any(fault.startswith("W4R_INDEX_KEY: is not 32 bytes") for fault in bad)
    assert secret not in caplog.text


def test_the_faults_of_files(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "picture").write_bytes(b"\x89PNG\xff")
    found = faults(
        W4R_ENCRYPTION_KEYS=[f"file:{tmp_path}/away", f"file:{tmp_path}/picture"], W4R_INDEX_KEY=f"file:{tmp_path}/empty"
    )  # fmt: skip
    assert f"W4R_ENCRYPTION_KEYS: file:{tmp_path}/away cannot be read: No such file or directory" in found
    assert f"W4R_ENCRYPTION_KEYS: file:{tmp_path}/picture cannot be read: is not text" in found
    assert f"W4R_INDEX_KEY: file:{tmp_path}/empty is empty" in found


def test_earlier_index_keys_are_others() -> None:
    keys = {"W4R_ENCRYPTION_KEYS": NEW, "W4R_INDEX_KEY": INDEX}
    for wrong in (INDEX, NEW):
        assert any("must hold earlier index keys alone" in fault for fault in faults(**keys, W4R_INDEX_KEYS_OLD=wrong))
