"""How people's names are put together and compared."""

from __future__ import annotations

import pytest

from flask_w4r.services.people.names import first_of, fold_name, full_name


@pytest.mark.parametrize(
    ("person", "name"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"first_name": "Sukarno"}, "Sukarno"),
        ({"first_name": "Sukarno", "last_name": ""}, "Sukarno"),
        ({"last_name": "Lee"}, "Lee"),
        ({}, ""),
    ],
)
def test_a_name_has_no_loose_ends(person: dict[str, str], name: str) -> None:
    assert full_name(person) == name
    assert fold_name(name, "") == fold_name(person.get("first_name", ""), person.get("last_name", ""))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Sukarno", "Sukarno"), ("Ann Lee", "Ann"), ("عبد الله محمد", "عبد الله"), ("أبو بكر", "أبو بكر"), ("علي حسن", "علي"),
        ("Abdul Rahman Khan", "Abdul Rahman"), ("Abu", "Abu"), ("李小龍", "李小龍"), ("", ""), ("\u00a0Ann\u3000Lee ", "Ann"),
    ],
)  # fmt: skip
def test_what_a_host_sees(name: str, first: str) -> None:
    assert first_of(name) == first
