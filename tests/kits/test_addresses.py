"""Addresses as parts: read, put in the order of their country, and written out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_w4r.errors import KitError
from flask_w4r.sections import Section, load_section
from flask_w4r.services.kits.addresses import address_block
from flask_w4r.services.kits.reader import read_kit

WHO = {"name": "Kim Example", "title": "Minister of Justice"}


def section(code: str = "FR") -> Section:
    made, faults = load_section(code, default_prefix="/w4r", default_confirmation="email")
    assert made is not None and not faults
    return made


@pytest.mark.parametrize(
    ("country", "parts", "lines"),
    [
        ("US", {"street": "950 Pennsylvania Ave", "city": "Washington", "region": "DC", "postal_code": "20530"},
         ["Kim Example", "Minister of Justice", "950 Pennsylvania Ave", "WASHINGTON, DC 20530", "ÉTATS-UNIS"]),
        ("FR", {"organisation": "Ministère", "street": "13 place Vendôme", "city": "Paris", "postal_code": "75001"},
         ["Ministère", "Kim Example", "Minister of Justice", "13 place Vendôme", "75001 PARIS"]),
        ("JP", {"street": "1-1-1 Kasumigaseki", "district": "Chiyoda-ku", "region": "Tokyo", "postal_code": "100-8977"},
         ["Kim Example", "Minister of Justice", "1-1-1 Kasumigaseki, Chiyoda-ku, TOKYO", "100-8977", "JAPON"]),
        ("IR", {"street": "Azadi Avenue", "city": "Tehran"},
         ["Kim Example", "Minister of Justice", "TEHRAN", "Azadi Avenue", "IRAN"]),
        ("ER", {"city": "Asmara"}, ["Kim Example", "Minister of Justice", "ASMARA", "ÉRYTHRÉE"]),
        ("CN", {"street": "1 Example Rd\nBuilding 2", "city": "Beijing", "country": "US"},
         ["Kim Example", "Minister of Justice", "1 Example Rd", "Building 2", "BEIJING", "ÉTATS-UNIS"]),
    ],
)  # fmt: skip
def test_each_country_has_its_own_order(country: str, parts: dict[str, str], lines: list[str]) -> None:
    assert address_block({**WHO, "address": parts}, country, section()) == lines


def test_where_the_largest_comes_first_the_person_comes_last() -> None:
    parts = {"street": "霞が関1-1-1", "city": "千代田区", "region": "東京都", "postal_code": "100-8977"}
    target = {"name": "山田太郎", "title": "法務大臣", "address": parts}
    assert address_block(target, "JP", section()) == [
        "〒100-8977", "東京都", "千代田区霞が関1-1-1", "法務大臣", "山田太郎", "JAPON",
    ]  # fmt: skip


def test_lines_stay_as_they_are() -> None:
    target = {**WHO, "address": "Ministry of Justice\nWellington\nNOUVELLE-ZÉLANDE"}
    assert address_block(target, "NZ", section()) == [
        *WHO.values(),
        "Ministry of Justice",
        "Wellington",
        "NOUVELLE-ZÉLANDE",
    ]
    assert address_block({**WHO, "address": ""}, "NZ", section()) == list(WHO.values())


def kit(folder: Path, address: str) -> Path:
    case = folder / "cases" / "ann-example"
    case.mkdir(parents=True)
    (folder / "campaign.toml").write_text(
        'edition = "2026"\ntitle = "W4R"\nstarts_on = 2026-11-01\nends_on = 2026-12-31\n'
    )
    (case / "case.toml").write_text(
        'name = "Ann"\ncountry = "NZ"\nfacts_as_of = 2026-11-01\nsources = []\n[target]\ntitle = "Minister"\n'
        f"verified_on = 2026-11-01\n{address}\n"
    )
    (case / "en.md").write_text("---\ntitle: A\nsummary: B\ndemand: C\npetition: D\n---\n\nStory.\n")
    return folder


def test_a_table_of_parts_is_read(tmp_path: Path) -> None:
    found = read_kit(
        kit(tmp_path, 'address = { street = "19 Aitken Street", city = "Wellington", postal_code = "6011" }')
    )
    assert found.cases[0].target["address"] == {
        "street": "19 Aitken Street",
        "city": "Wellington",
        "postal_code": "6011",
    }


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ('address = { town = "Wellington" }', "town: is not a key here"),
        ('address = { postal_code = "6011" }', "needs a street or a city at least"),
        ('address = { city = "Wellington", country = "Neverland" }', "'Neverland' is not a country"),
        ('address = { city = "A\\nB" }', "must be on one line"),
        ("address = 5", "must be text"),
    ],
)
def test_faults_are_named(tmp_path: Path, address: str, fault: str) -> None:
    with pytest.raises(KitError) as raised:
        read_kit(kit(tmp_path, address))
    assert any(fault in line and "case.toml" in line for line in raised.value.faults), raised.value.faults


def test_it_comes_out_as_it_went_in(session: Any, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from flask_w4r.services.kits.exporter import export_kit
    from flask_w4r.services.kits.importer import import_kit

    source = read_kit(kit(tmp_path / "in", 'address = { street = "19 Aitken Street\\nLevel 3", city = "Wellington" }'))
    import_kit(session, section(), source, now=datetime(2026, 11, 2, tzinfo=UTC))
    again = read_kit(export_kit(session, section(), "2026", tmp_path / "out"))
    assert again.cases[0].target == source.cases[0].target
