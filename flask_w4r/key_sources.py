"""Where keys come from, when they do not stand in the configuration: files, or a program that prints them.

Nothing that they hold or print is ever repeated in a message.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: So long a program may take, in seconds.
TIMEOUT = 20
#: Settings whose value may be ``file:`` and a path, and that a program may print.
NAMES = ("W4R_ENCRYPTION_KEYS", "W4R_INDEX_KEY", "W4R_INDEX_KEYS_OLD", "W4R_SIGNING_KEY")
#: Those that are one key.
_SINGLE = ("W4R_INDEX_KEY", "W4R_SIGNING_KEY")
_COMMAND = "W4R_KEY_COMMAND"


def with_keys(mapping: Mapping[str, Any], faults: list[str]) -> Mapping[str, Any]:
    """The configuration with its keys, wherever they stand.

    :param mapping: the host's ``app.config``; it is left as it is.
    :param faults: what is wrong is added.
    """
    found = dict(mapping)
    for name in NAMES:
        value = mapping.get(name)
        if isinstance(value, str) and "file:" in value:
            found[name] = _read(name, value.replace(",", " ").split(), faults)
        elif isinstance(value, list | tuple) and any(str(part).startswith("file:") for part in value):
            found[name] = _read(name, [str(part) for part in value], faults)
        if name in _SINGLE and found.get(name) is not value:
            found[name] = " ".join(found[name])
    # What is no command at all is told by the setting's own check.
    if words := _words(mapping.get(_COMMAND)):
        said = _ask(words, faults)
        for name in sorted(said):
            if mapping.get(name):
                faults.append(f"{name}: {_COMMAND} prints it too; set one of them")
        found |= said
    return found


def _read(name: str, parts: list[str], faults: list[str]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if not part.startswith("file:"):
            found.append(part)
            continue
        try:
            keys = Path(part.removeprefix("file:")).read_text("ascii").replace(",", " ").split()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            faults.append(f"{name}: {part} cannot be read: {reason}")
            continue
        if not keys:
            faults.append(f"{name}: {part} is empty")
        found += keys
    return found


def _words(command: Any) -> list[str]:
    if isinstance(command, str):
        try:
            return shlex.split(command)
        except ValueError:
            return [command]
    is_list = isinstance(command, list | tuple) and all(isinstance(part, str) for part in command)
    return list(command) if is_list else []


def _ask(words: list[str], faults: list[str]) -> dict[str, Any]:
    """What a program prints: one JSON object, or lines as ``flask w4r keygen`` prints them."""
    try:
        # The host's own setting, as trusted as its code; no shell reads it.
        done = subprocess.run(  # noqa: S603
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        faults.append(f"{_COMMAND}: did not end within {TIMEOUT} seconds")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is no command"
        faults.append(f"{_COMMAND}: cannot be run: {reason}")
    else:
        if done.returncode:
            faults.append(f"{_COMMAND}: ended with status {done.returncode}; run it by hand to see why")
        else:
            return _parsed(done.stdout, faults)
    return {}


def _parsed(output: bytes, faults: list[str]) -> dict[str, Any]:
    try:
        text = output.decode("ascii").strip()
        found = json.loads(text) if text.startswith("{") else _lines(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found or not set(found) <= set(NAMES):
        faults.append(
            f"{_COMMAND}: must print one JSON object, or lines such as W4R_INDEX_KEY=..., with some of {', '.join(NAMES)}"
            " and nothing else"
        )
        return {}
    return found


def _lines(text: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    if not all(mark for _, mark, _ in pairs):
        raise ValueError
    return {name.strip(): value.strip() for name, _, value in pairs}
