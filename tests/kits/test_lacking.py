"""What ``kit validate`` says of a valid kit: what its cases lack for each way to act."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from .conftest import ADA, ADA_EN, swap
from .test_cli import call, make_app
from .test_way_texts import TEXTS


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(tmp_path, "AU", "MA")


def lacks(app: Flask, kit: Path, *args: str) -> list[dict[str, Any]]:
    """What Ada's case lacks."""
    found = json.loads(call(app, "validate", kit, "--json", *args).stdout)
    assert found["ok"] is True
    return [item for item in found["lacking"] if item["case"] == "ada-example"]


def told(items: list[dict[str, Any]]) -> set[tuple[str, str, str | None]]:
    return {(item["way"], item["what"], item["locale"]) for item in items}


def test_each_way_names_what_it_lacks_in_each_language(app: Flask, kit_path: Path) -> None:
    found = told(lacks(app, kit_path))
    for locale in ("en", "fr"):
        assert {
            ("letter", "letter.salutation", locale), ("letter", "letter.points", locale), ("letter", "letter.model", locale),
            ("email", "email.#.subject", locale), ("email", "email.#.text", locale), ("share", "share.#", locale),
            ("solidarity", "solidarity.hint", locale),
        } <= found  # fmt: skip
    assert ("letter", "verified", None) in found and ("email", "verified", None) in found
    said = call(app, "validate", kit_path).stdout
    assert said.startswith("valid: ")
    assert re.search(r"missing for ways to act, no faults \(\d+\):", said)
    assert "ada-example, letter, fr: No model of a letter." in said
    assert "The address of Attorney General was last checked on October 1, 2024." in said
    assert "river-people, email: Nobody is named as the one to write to." in said


def test_what_is_written_is_not_asked_for(app: Flask, kit_path: Path) -> None:
    swap(kit_path, ADA_EN, "demand:", TEXTS)
    found = told(lacks(app, kit_path, "--days", "36500"))
    assert {item for item in found if item[2] != "fr"} == {("solidarity", "solidarity.hint", "en")}


def test_a_target_without_an_address_is_named(app: Flask, kit_path: Path) -> None:
    swap(kit_path, ADA, 'email = "office@example.org"\n', "")
    with (kit_path / ADA).open("a") as file:
        file.write('\n[[targets]]\nname = "The Judge"\n')
    words = {(item["way"], item["words"]) for item in lacks(app, kit_path, "--days", "36500") if not item["locale"]}
    assert words == {
        ("email", "No email address of Attorney General."),
        ("email", "No email address of The Judge."),
        ("letter", "No postal address of The Judge: the sheet refers to the section."),
    }


def test_a_closed_way_needs_its_reason_alone(app: Flask, kit_path: Path) -> None:
    swap(kit_path, ADA, "goal = 2000", 'goal = 2000\nways = ["petition", "share"]')
    found = told(lacks(app, kit_path))
    assert {item for item in found if item[0] in ("letter", "email")} == {
        (way, "closed", locale) for way in ("letter", "email") for locale in ("en", "fr")
    }
    swap(kit_path, ADA_EN, "demand:", "closed:\n  letter: 'No post arrives.'\ndemand:")
    assert ("letter", "closed", "en") not in told(lacks(app, kit_path))


def test_a_case_that_takes_no_actions_lacks_nothing(app: Flask, kit_path: Path) -> None:
    swap(kit_path, ADA, 'status = "active"', 'status = "freed"')
    assert lacks(app, kit_path) == []


def test_a_section_asks_for_its_own_languages(app: Flask, kit_path: Path) -> None:
    found = lacks(app, kit_path, "--section", "MA")
    assert {item["locale"] for item in found} == {"ar", "fr", None}
    assert [item["what"] for item in found if item["locale"] == "ar"] == ["all"], "a whole language is named once"
