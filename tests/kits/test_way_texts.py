"""What a kit says for a way to act: which are open, who else is written to, and the texts of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError
from flask_w4r.services.kits.exporter import export_kit
from flask_w4r.services.kits.importer import import_kit
from flask_w4r.services.kits.reader import read_kit

from .conftest import ADA, ADA_EN, AU, NOW, faults, swap

TEXTS = """\
letter:
  salutation: "Your Excellency,"
  points:
    - "She has been in prison since 2021."
    - "You can order a new trial."
  model: |
    I write to you about Ada.

    Yours faithfully
email:
  - subject: "Ada Example"
    text: "Please order a new trial."
  - subject: "A new trial"
    text: "I ask you for a new trial."
share:
  - "Ada needs you."
closed:
  solidarity: "Letters do not reach her now."
demand:"""


@pytest.fixture
def kit(kit_path: Path) -> Path:
    swap(kit_path, ADA_EN, "demand:", TEXTS)
    swap(
        kit_path,
        ADA,
        'topics = ["torture", "health"]',
        'topics = ["torture", "health"]\nways = ["petition", "letter", "email"]',
    )
    with (kit_path / ADA).open("a") as file:
        file.write('\n[[targets]]\nname = "The Judge"\nsalutation = "Your Honour"\n')
    return kit_path


def test_they_are_read_by_name(kit: Path) -> None:
    ada = next(case for case in read_kit(kit).cases if case.slug == "ada-example")
    assert ada.ways == ("petition", "letter", "email")
    assert ada.targets == ({"name": "The Judge", "salutation": "Your Honour"},)
    words = ada.texts["en"]
    assert words["letter.points"] == "She has been in prison since 2021.\nYou can order a new trial."
    assert words["letter.model"].startswith("I write to you about Ada.\n\nYours")
    assert (words["email.2.subject"], words["share.1"]) == ("A new trial", "Ada needs you.")
    assert words["closed.solidarity"] == "Letters do not reach her now."


def test_they_come_back_from_a_section_as_they_went_in(kit: Path, session: Session, tmp_path: Path) -> None:
    import_kit(session, AU, read_kit(kit), now=NOW)
    assert read_kit(export_kit(session, AU, "2024", tmp_path / "out")) == read_kit(kit)
    assert not import_kit(session, AU, read_kit(kit), now=NOW).changed


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("points:", "point:", "letter.point: is not a text here"),
        ('share:\n  - "Ada needs you."', 'share:\n  - one: "Ada"', "share.1: must be text"),
        ('subject: "Ada Example"', f'subject: "{"x" * 151}"', "the limit is 150"),
        ("  solidarity:", "  prayer:", "closed.prayer: is not a text here"),
        ('    - "You can', '    - "<b>You can', "HTML is not allowed"),
        ("letter:\n", "letter: []\nshare:\n", "letter: is not a text here"),
        ("  model: |", '  salutation: "Sir"\n  model: |', "letter.salutation: appears here twice"),
        ("share:\n", "share:\n" + '  - "a"\n' * 5, "share.6: is not a text here"),
    ],
)
def test_a_fault_names_the_text(kit: Path, old: str, new: str, words: str) -> None:
    swap(kit, ADA_EN, old, new)
    assert any(words in fault and ADA_EN in fault for fault in faults(kit))


def test_an_unknown_way_is_named(kit: Path) -> None:
    swap(kit, ADA, '"letter", "email"', '"letters", "email"')
    with pytest.raises(KitError, match="did you mean 'letter'"):
        read_kit(kit)
