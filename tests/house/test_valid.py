"""The look at every page, and the tool that has a validator read them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import markup, valid


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ('<p id="a"></p><p id="b">', []),
        ('<p id="a"></p><input\n value="x > y"\n id="a">', ["a"]),
        ('<!-- <p id="a"> --><p id="a">', []),
        ('<p data-id="a"><p id="a">', []),
    ],
)
def test_an_id_that_stands_twice_is_found(text: str, ids: list[str]) -> None:
    assert markup.repeated_ids(text) == ids


@pytest.mark.parametrize(("java", "words"), [(False, "Java 17 or newer is needed"), (True, "npm is needed")])
def test_what_is_missing_is_said(java: bool, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(valid, "JAR", tmp_path / "vnu.jar")
    if java:
        (tmp_path / "java").write_text(f"#!{sys.executable}\n")
        os.chmod(tmp_path / "java", 0o755)
    with pytest.raises(SystemExit, match=words):
        valid.need_tools()


def test_what_counts_of_what_the_checker_says() -> None:
    def said(name: str, message: str) -> dict[str, str]:
        return {"url": f"file:/tmp/x/w4r/{name}/1.html", "message": message, "extract": "<p>\n  x"}

    obsolete = "The “width” attribute on the “table” element is obsolete. Use CSS instead."
    found = valid.told([
        said("mail/confirm", obsolete), said("cases/case", obsolete), said("cases/case", "Bad value “1” for attribute"),
        said("cases/case", "Bad value “2” for attribute"), said("cases/case", "Document uses the Unicode Private Use Area(s)"),
    ])  # fmt: skip
    assert {key: len(where) for key, where in found.items()} == {
        ("cases/case", obsolete): 1,
        ("cases/case", "Bad value “…” for attribute"): 2,
    }


def test_a_page_is_a_template_and_a_part_is_none() -> None:
    assert {"w4r/cases/case", "w4r/errors/404", "w4r/mail/confirm", "w4r/moderation/queue"} <= valid.templates()
    assert not any("/_" in name for name in valid.templates())
