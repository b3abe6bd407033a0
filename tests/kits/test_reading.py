"""Validation: every fault at once, each with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_w4r import topics
from flask_w4r.errors import KitError
from flask_w4r.services.kits.reader import read_kit
from flask_w4r.services.kits.shipped import resolve_kit, shipped_kits

from .conftest import ADA, ADA_EN, BOB, TEXT, faults, put, swap


@pytest.mark.parametrize("year", ["2021", "2023", "2024", "2025"])
def test_the_shipped_kits_are_valid(year: str) -> None:
    kit = read_kit(resolve_kit(year))
    assert kit.edition == year and year in shipped_kits()
    for case in kit.cases:
        assert "en" in case.texts and case.sources


def test_a_kit_is_found_by_name_or_folder(kit_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_kit(kit_path) == kit_path
    assert resolve_kit(str(kit_path)) == kit_path
    monkeypatch.chdir(kit_path.parent)
    Path("2024").mkdir()
    assert resolve_kit("./2024") == Path("2024") and resolve_kit("2024").is_absolute()
    for name in ("1066", "no/such", "../2024/../nothing", "a\0b"):
        with pytest.raises(KitError, match="there is no such folder"):
            resolve_kit(name)


def test_the_order_is_by_position_then_slug(kit_path: Path) -> None:
    assert [case.slug for case in read_kit(kit_path).cases] == ["river-people", "ada-example"]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("campaign.toml", "starts_on =", "starts_no =", "campaign.toml:3: starts_no: is not a key here; did you"),
        ("campaign.toml", "2025-01-31", "2023-01-31", "campaign.toml:4: ends_on: is before starts_on; swap"),
        ("campaign.toml", 'edition = "2024"', "edition = 2024", "campaign.toml:1: edition: must be text, in quotes"),
        ("campaign.toml", '"2024"', '"next"', "campaign.toml:1: edition: 'next' is not an edition"),
        ("campaign.toml", "2025-01-31", "2025-01-31T10:00:00", "campaign.toml:4: ends_on: must be a date without"),
        ("campaign.toml", "fr =", "fr_FR =", "campaign.toml:7: fr_FR: 'fr_FR' is not a locale"),
        ("campaign.toml", "fr =", "FR =", "campaign.toml:7: FR: 'FR' is not the usual form of the locale; name"),
        ("campaign.toml", "ends_on = ", "ends_on == ", "campaign.toml:4: is not TOML (Invalid value); correct the line"),
        (ADA, 'country = "AR"', 'country = "AA"', f"{ADA}:2: country: 'AA' is not a country"),
        (ADA, 'country = "AR"', 'country = "EU"', f"{ADA}:2: country: 'EU' is not a country"),
        (ADA, '"torture", "health"', '"tortur"', f"{ADA}:5: topics: 'tortur' is not known; did you mean 'torture'?"),
        (ADA, "goal = 2000", "goal = -1", f"{ADA}:7: goal: must be between 1 and 1000000000"),
        (ADA, "goal = 2000", "goal = true", f"{ADA}:7: goal: must be a whole number, without quotes"),
        (ADA, "goal = 2000", "gaol = 2000", f"{ADA}:7: gaol: is not a key here; did you mean 'goal'?"),
        (ADA, 'status = "active"', 'status = "free"', f"{ADA}:6: status: 'free' is not known; did you mean 'freed'?"),
        (ADA, '["torture"]\nminor', '["minor"]\nminor', f"{ADA}:11: sensitive: 'minor' is not known"),
        (ADA, "facts_as_of = 2024-10-01\n", "", f"{ADA}:1: facts_as_of is missing; add it"),
        (ADA, '"Ada Example"', '"<b>Ada</b>"', f"{ADA}:1: name: HTML is not allowed; write plain text"),
        (ADA, '"Ada Example"', '"Ada\\u0000"', f"{ADA}:1: name: contains the unsupported character U+0000; remove it"),
        (ADA, '"Ada Example"', '"  "', f"{ADA}:1: name: is empty; fill it in"),
        (ADA, "office@example.org", "office@example", f"{ADA}:18: email: 'office@example' is not an email address"),
        (ADA, "verified_on = 2024-10-01\n", "", f"{ADA}:14: verified_on is missing"),
        (ADA, "[target]\n", '[target]\ntitles = { FR = "Ministre" }\n', f"{ADA}:15: FR: 'FR' is not the usual form of"),
        (ADA, "[target]\n", '[target]\ntitles = { fr = 3 }\n', f"{ADA}:15: fr: must be text, in quotes"),
        (ADA, 'title =', 'titles = { fr = "Ministre" } #', f"{ADA}:15: titles: needs a title to fall back to"),
        (ADA, 'route = "section"', 'route = "post"', f"{ADA}:22: route: 'post' is not known"),
        (ADA, 'route = "section"', 'route = "direct"', f"{ADA}:22: route: 'direct' needs the address"),
        (ADA, 'route = "section"', 'route = "none"\naddress = "x"', f"{ADA}:23: address: is given although route"),
        (ADA, '"no-religion"', '"no-religious"', f"{ADA}:24: rules: 'no-religious' is not known; did you mean 'no-rel"),
        (ADA, '["es", "en"]', '["Spanish"]', f"{ADA}:23: languages: 'Spanish' is not"),
        (ADA, "https://example.org/ada", "javascript:alert(1)", f"{ADA}:27: url: 'javascript:alert(1)' is not a link"),
        (ADA, "https://example.org/news", "//example.org", f"{ADA}:33: source: '//example.org' is not a link"),
        (ADA, 'on = "2024-09"', 'on = "2024-13"', f"{ADA}:36: on: '2024-13' is not a real date; correct it"),
        (ADA, 'on = "2024-09"', 'on = "last year"', f"{ADA}:36: on: must be a date, or as much of it as is known"),
        (ADA, 'on = "2024-09"', 'on = "2024-10-05"', f"{ADA}:36: on: '2024-10-05' appears twice"),
        (ADA, 'on = "2024-09"', 'on = "2024-08"', f"{ADA}:36: on: no text describes this update"),
        (ADA, "[target]", "target = 3\n[targte]", f"{ADA}:15: targte: is not a key here; did you mean 'target'?"),
        (ADA_EN, "demand:", "demnd:", f"{ADA_EN}:4: demnd: is not a key here; did you mean 'demand'?"),
        (ADA_EN, "demand: 'Release Ada.'\n", "", f"{ADA_EN}:1: demand is missing; add it to the front matter"),
        (ADA_EN, '"She sang."', '"She" sang.', f"{ADA_EN}:3: the front matter is not YAML"),
        (ADA_EN, '"She sang."', '"<i>She</i> sang."', f"{ADA_EN}:3: summary: HTML is not allowed; write plain text"),
        (ADA_EN, '"She sang."', '"\\ud800"', f"{ADA_EN}:3: summary: contains the unsupported character U+D800; remove it"),
        (ADA_EN, '"She sang."', "[She, sang]", f"{ADA_EN}:3: summary: must be text"),
        (ADA_EN, "She sang.", "x" * 601, f"{ADA_EN}:3: summary: has 601 characters; the limit is 600"),
        (ADA_EN, "title:", "summary: again\ntitle:", f"{ADA_EN}:4: summary: appears here twice; keep one"),
        (ADA_EN, '"2024-09":', '"2024-07":', f"{ADA_EN}: updates: '2024-07' is not in [[updates]]"),
        (ADA_EN, "\n---\n", "\n", f"{ADA_EN}:1: the front matter does not end"),
        (ADA_EN, "---\ntitle", "title", f"{ADA_EN}:1: must start with a line '---'"),
        (ADA_EN, "- one", "<script>alert(1)</script>", f"{ADA_EN}:19: HTML is not allowed; write Markdown"),
        (ADA_EN, "two, see", "two\n  <img src=x>, see", f"{ADA_EN}:21: HTML is not allowed; write Markdown"),
        (ADA_EN, "[the report]", "![the report]", f"{ADA_EN}:20: a picture in the story is not allowed"),
        (ADA_EN, "https://example.org/ada", "/local", f"{ADA_EN}:20: '/local' is not a link"),
        (ADA_EN, "- one", "- one \u202e", f"{ADA_EN}:19: contains the unsupported character U+202E; remove it"),
        (BOB, 'unit = "people"', 'unit = "persons"', f"{BOB}:7: unit: 'persons' is not known"),
        (BOB, 'scope = "AU"', 'scope = "world"', f"{BOB}:8: scope: 'world' is not a scope"),
        (BOB, "value = 18000, ", "", f"{BOB}:8: value is missing; add it"),
        (BOB, '"2022-03"', "2022", f"{BOB}:4: when: must be a date, or as much of it as is known"),
        (BOB, '"freed"', '"free"', f"{BOB}:5: outcome: 'free' is not known; did you mean 'freed'?"),
        ("impact/bob-example.en.md", "summary:", "demand: x\nsummary:", "impact/bob-example.en.md:3: demand: is not a"),
        ("totals.csv", "2020,4500000", "2020,4.5e6", "totals.csv:3: total: '4.5e6' is not a whole number"),
        ("totals.csv", "2020,", "2001,", "totals.csv:3: year: 2001 appears here twice; keep one"),
        ("totals.csv", "nearly", "nearby", "totals.csv:3: qualifier: 'nearby' is not known; did you mean 'nearly'?"),
        ("totals.csv", "year,", "Year,", "totals.csv:1: must start with the line year,total,qualifier,source"),
        ("totals.csv", "2326,,", "2326,", "totals.csv:2: has 3 columns; it must have 4"),
        ("totals.csv", '"A page, printed"', '"A page" printed', "totals.csv:3: is not CSV"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(kit_path: Path, file: str, old: str, new: str, expected: str) -> None:
    swap(kit_path, file, old, new)
    assert any(fault.startswith(expected) for fault in faults(kit_path)), faults(kit_path)


def test_all_faults_are_told_at_once_in_order(kit_path: Path) -> None:
    swap(kit_path, "campaign.toml", "starts_on", "starts_no")
    swap(kit_path, ADA, "goal = 2000", "goal = 0")
    swap(kit_path, ADA, 'kind = "person"', 'kind = "dog"')
    swap(kit_path, ADA_EN, "- one", "<b>one</b>")
    swap(kit_path, "totals.csv", "2326", "many")
    found = faults(kit_path)
    assert [fault.split(": ")[0] for fault in found] == [
        "campaign.toml:1", "campaign.toml:3", f"{ADA}:3", f"{ADA}:7", f"{ADA_EN}:19", "totals.csv:2",
    ]  # fmt: skip


def test_what_is_missing_and_what_is_too_much(kit_path: Path) -> None:
    (kit_path / "campaign.toml").unlink()
    (kit_path / "cases/river-people/en.md").unlink()
    (kit_path / BOB).unlink()
    put(kit_path, "cases/Ada_Example/case.toml", "")
    put(kit_path, "cases/RIVER-people/note.txt", "")
    put(kit_path, "cases/loose.md", "")
    put(kit_path, "cases/ada-example/portrait.jpg", "")
    put(kit_path, "cases/ada-example/fr_FR.md", TEXT)
    put(kit_path, "case/x", "")
    put(kit_path, ".hidden", "")
    put(kit_path, "README.md", "")
    found = "\n".join(faults(kit_path))
    for expected in (
        "campaign.toml: cannot be read",
        "case: is not part of a kit; did you mean 'cases'?",
        "cases/Ada_Example: 'Ada_Example' cannot be used in a URL",
        "cases/river-people: is the same slug as 'RIVER-people'; rename one",
        "cases/river-people: has no text; add one for a locale, such as en.md",
        "cases/loose.md: is not part of a kit; each case is a folder",
        "cases/ada-example/portrait.jpg: is not part of a case",
        "cases/ada-example/fr_FR.md: 'fr_FR' is not a locale",
        "impact/bob-example.toml: is missing beside its texts; add it",
    ):
        assert expected in found
    assert "hidden" not in found and "README" not in found


def test_stories_may_have_a_folder_for_their_texts(kit_path: Path) -> None:
    kit = read_kit(kit_path)
    text = (kit_path / "impact/bob-example.en.md").read_text()
    put(kit_path, "impact/bob-example/en.md", text)
    assert any("is a duplicate of" in fault for fault in faults(kit_path))
    (kit_path / "impact/bob-example.en.md").unlink()
    assert read_kit(kit_path) == kit


def test_every_key_has_a_label() -> None:
    for table in (topics.TOPICS, topics.SENSITIVE, topics.OUTCOMES, topics.UNITS, topics.SOLIDARITY_ROUTES):
        assert all(str(label) for label in table.values())
