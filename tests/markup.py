"""Every page that a test of this process is answered with, and every mail: no id stands twice in one.

``W4R_KEEP_MARKUP`` names a folder in which one page of each shape is kept, for a validator to read (``make audit``).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, has_request_context, request, request_finished
from jinja2 import Template

FOLDER = os.environ.get("W4R_KEEP_MARKUP")
_TAG = re.compile(r"<(?:!--.*?--|(/?[a-zA-Z][\w:-]*)((?:[^<>\"]|\"[^\"]*\")*))>", re.DOTALL)
_ATTRIBUTE = re.compile(r"\s([\w:-]+)(?:=\"([^\"]*)\")?")
#: Their values decide whether a page is valid; of others only that they are there.
_TELLING = frozenset({"type", "role", "autocomplete", "rel", "lang", "dir", "scope", "inputmode"})

#: What was found since the last test.
_faults: list[str] = []


def tags(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The tags of a page, each with its attributes. Text of ours never holds a bare ``<``."""
    for tag in _TAG.finditer(text):
        if tag[1]:
            yield tag[1].lower(), _ATTRIBUTE.findall(tag[2])


def repeated_ids(text: str) -> list[str]:
    """The ids that stand more than once in a page."""
    found = Counter(value for _, attributes in tags(text) for name, value in attributes if name == "id")
    return [name for name, times in found.items() if times > 1]


def look(name: str, text: str, *, keep: bool = True) -> None:
    """Look at a page or a mail, and keep it where that is asked for.

    :param name: the template's, or the endpoint's.
    """
    if again := repeated_ids(text):
        _faults.append(f"{name}: these ids stand twice: {', '.join(again)}")
    if FOLDER and keep:
        shape = "".join(
            tag + "".join(sorted(key + (value if key in _TELLING or not value else "") for key, value in attributes))
            for tag, attributes in tags(text)
        )
        digest = hashlib.sha256(shape.encode()).hexdigest()[:16]
        folder = Path(FOLDER, name.removesuffix(".html"))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{digest}.html").write_text(text, "utf-8")


def _look_at_answer(sender: Flask, response: Response, **_: Any) -> None:
    if response.mimetype == "text/html" and not response.is_streamed and (request.endpoint or "").startswith("w4r"):
        template = request.environ.get("tests.template")
        # A host's own layout is the host's to mend. A page that was kept in a cache has been looked at.
        keep = template and not (sender.config.get("W4R_LAYOUT") or sender.config.get("W4R_PUBLIC_LAYOUT"))
        look(template or request.endpoint or "", response.get_data(as_text=True), keep=bool(keep))


_render = Template.render


def _render_and_look(self: Template, *args: Any, **kwargs: Any) -> str:
    text, name = _render(self, *args, **kwargs), self.name or ""
    if name.startswith("w4r/mail/") and name.endswith(".html"):
        look(name, text)
    elif name.startswith("w4r/") and has_request_context():
        request.environ["tests.template"] = name
    return text


def pytest_configure() -> None:
    """Begin to look."""
    request_finished.connect(_look_at_answer)
    Template.render = _render_and_look


@pytest.fixture(autouse=True)
def valid_markup() -> Iterator[None]:
    """A test fails where a page that it met has an id twice."""
    _faults.clear()
    yield
    assert not _faults, _faults
