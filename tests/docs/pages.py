"""The documentation as text: its pages, its commands, and the snippets it shows."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SNIPPETS = DOCS / "snippets"
PAGES = sorted(DOCS.glob("*.rst"))
MARKDOWN = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGES.md")]

F = TypeVar("F", bound=Callable[..., Any])
#: Snippets that a test of ``test_snippets`` says it runs.
covered: set[str] = set()


def covers(*names: str) -> Callable[[F], F]:
    """Mark a test as the one that runs these snippets."""

    def mark(function: F) -> F:
        covered.update(names)
        return function

    return mark


def load(name: str) -> ModuleType:
    """Import a snippet as a fresh module."""
    spec = importlib.util.spec_from_file_location(f"snippet_{Path(name).stem.replace('.', '_')}", SNIPPETS / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings_of(name: str) -> dict[str, Any]:
    """What a file of settings sets."""
    return {key: value for key, value in vars(load(name)).items() if key.isupper()}


def blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Every piece of code that stands in a page itself, as (language, text)."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield language, body
        return
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if found := re.match(r"( *)\.\. code-block:: *(.*)", line):
            depth = len(found[1]) + 3
            body = takewhile(lambda below: not below.strip() or below.startswith(" " * depth), lines[number + 1 :])
            yield found[2], "\n".join(below[depth:] for below in body)
    if re.search(r"^(?!\.\.).*\S::$", text, re.MULTILINE):
        yield "unmarked", path.name


def commands(path: Path) -> list[str]:
    """The shell commands of a page, in order."""
    found = []
    for language, body in blocks(path):
        if language in ("console", "sh"):
            for line in body.strip().splitlines():
                if language == "sh" and line.strip() and not line.startswith("#"):
                    found.append(line.strip())
                elif line.startswith("$ "):
                    found.append(line[2:])
    return found


def included(path: Path) -> list[str]:
    """The snippets that a page shows."""
    return re.findall(r"literalinclude:: snippets/(\S+)", path.read_text("utf-8"))
