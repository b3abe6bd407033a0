"""What a case is to reach beside signatures: checked in its kit, brought in, shown with how far it is, and taken along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError
from flask_w4r.models import Case
from flask_w4r.services.kits.importer import import_kit
from flask_w4r.services.kits.reader import read_kit
from tests.conftest import Host, MakeHost, every_database

from .conftest import ADA, AU, MA, NOW, faults, swap

OWN = {"vigil": {"en": "Vigils"}}
WINDOW = ("--starts-on", "2020-01-01", "--ends-on", "2090-01-01")
SECTION = {"preset": "AU", "url_prefix": "/au", "edition": "2024", "action_types": OWN}


def goals(kit_path: Path, *lines: str) -> Path:
    swap(kit_path, ADA, "[target]", "\n".join(("[goals]", *lines, "", "[target]")))
    return kit_path


def see(host: Host, path: str) -> Any:
    host.app.extensions["w4r"].lazy.pop("pages", None)
    return host.app.test_client().get(f"/au/cases/ada-example{path}")


def page(host: Host) -> str:
    return " ".join(see(host, "").text.split())


@every_database
def test_from_the_kit_to_the_page_and_out_again(make_host: MakeHost, kit_path: Path, tmp_path: Path) -> None:
    goals(kit_path, "vigil = 4", "letter = 40")
    host = make_host(section=SECTION)
    host.run("w4r", "kit", "validate", str(kit_path))
    host.run("w4r", "kit", "import", str(kit_path), *WINDOW)
    assert "0 of 40</strong> <span>Letters</span>" in page(host)
    file = tmp_path / "counts.csv"
    file.write_text("case,type,count\nada-example,letter,35\nada-example,vigil,4\n")
    host.run("w4r", "reports", "import", str(file))
    shown = page(host)
    letters, _, vigils = shown.partition("35 of 40</strong> <span>Letters</span>")[2].partition("</li>")
    assert '<progress value="35" max="40"' in letters
    assert "Next: 40" in letters
    assert "4 of 4</strong> <span>Vigils</span>" in vigils
    assert "The goal has been reached." in vigils
    assert "signatures of 2,000" in shown, "the goal of signatures stands where it stood"
    told = see(host, "/tally.json").get_json()
    assert (told["goal"], told["goals"]) == (2000, {"letter": 40, "vigil": 4})
    host.run("w4r", "kit", "export", "--edition", "2024", str(tmp_path / "out"))
    assert "[goals]\nletter = 40\nvigil = 4\n" in (tmp_path / "out" / ADA).read_text("utf-8")
    again = host.run("w4r", "kit", "import", str(tmp_path / "out"), "--json")
    assert '"changed": false' in again.output
    swap(kit_path, ADA, "letter = 40", "letter = 400")
    host.run("w4r", "kit", "import", str(kit_path), *WINDOW)
    assert "35 of 400</strong>" in page(host)
    swap(kit_path, ADA, "[goals]\nvigil = 4\nletter = 400\n", "")
    host.run("w4r", "kit", "import", str(kit_path), *WINDOW)
    assert "</strong> <span>Letters</span>" not in page(host)
    assert "goals" not in see(host, "/tally.json").get_json(), "a kit without them stays as it was"


def test_once_a_case_is_closed_only_what_was_done_is_shown(make_host: MakeHost, kit_path: Path, tmp_path: Path) -> None:
    goals(kit_path, "letter = 40", "card = 50")
    host = make_host(section=SECTION)
    host.run("w4r", "kit", "import", str(kit_path), *WINDOW)
    file = tmp_path / "counts.csv"
    file.write_text("case,type,count\nada-example,letter,35\n")
    host.run("w4r", "reports", "import", str(file))
    host.run("w4r", "case", "status", "ada-example", "closed")
    assert "35 of 40" in page(host)
    assert "of 50" not in page(host)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("leter = 40", "leter: is no type of action; did you mean 'letter'?; name one of your own in the section key"),
        ("petition_signature = 40", "petition_signature: is the plain 'goal' above the tables; write the number there"),
        ("vigil = 4", "vigil: is no type of action; "),
        ("letter = 0", "letter: must be between 1 and 1000000000"),
        ('letter = "40"', "letter: must be a whole number, without quotes"),
        ("letter = 4.5", "letter: must be a whole number, without quotes"),
    ],
)
def test_a_fault_names_its_line_and_the_mend(kit_path: Path, line: str, expected: str) -> None:
    (found,) = faults(goals(kit_path, line))
    number = (kit_path / ADA).read_text("utf-8").splitlines().index(line) + 1
    assert found.startswith(f"{ADA}:{number}: {expected}")


def test_goals_are_a_table(kit_path: Path) -> None:
    swap(kit_path, ADA, "goal = 2000", "goal = 2000\ngoals = 40")
    assert faults(kit_path) == [f"{ADA}:8: goals: must be a table"]


def test_a_type_of_its_own_is_known_where_every_section_has_it(kit_path: Path) -> None:
    goals(kit_path, "vigil = 4")
    own = replace(AU, action_types=OWN)
    assert {case.slug: case.goals for case in read_kit(kit_path, [own]).cases}["ada-example"] == {"vigil": 4}
    with pytest.raises(KitError, match="vigil: is no type of action"):
        read_kit(kit_path, [own, MA])


def test_a_kit_from_before_has_none(session: Session, kit_path: Path) -> None:
    import_kit(session, AU, read_kit(kit_path), now=NOW)
    assert set(session.scalars(select(Case.goals))) == {None}
