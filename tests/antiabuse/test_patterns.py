from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_w4r.antiabuse.patterns import Numbered, looks_random, name_key, numbered, text_key


@pytest.mark.parametrize(
    ("local", "found"),
    [
        ("john7", Numbered("john#", 0)),
        ("john2500", Numbered("john#", 25)),
        ("7b-07", Numbered("7b-#", 0)),
        ("john12smith", Numbered("john#smith", 0)),
        ("john.smith", None),
    ],
)
def test_numbers(local: str, found: Numbered | None) -> None:
    assert numbered(local) == found


@pytest.mark.parametrize(
    "local",
    [
        "john.smith", "annasmith1990", "s4512345", "khadija.elamrani", "krzysztof.wojciechowski", "nguyenthanhthuy",
        "xiaoqingzhang", "abdulrahmanalqahtani", "mohammed.bouazizi87", "thomas2k15", "aminatoucoulibaly", "7b-07",
        "sschmidtke", "wolfgangschmidt", "tchaikovsky", "lwazimkhize", "sbongilemthembu", "ann+w4r2024xk9q1",
    ],
)  # fmt: skip
def test_addresses_of_people_do_not_look_random(local: str) -> None:
    assert not looks_random(local, "gmail.com")


def test_most_addresses_by_lot_look_random() -> None:
    rng = random.Random(1)
    letters = string.ascii_lowercase + string.digits
    made = ["".join(rng.choice(letters) for _ in range(11)) for _ in range(1000)]
    assert sum(looks_random(local, "gmail.com") for local in made) > 700
    assert not any(looks_random(local, "privaterelay.appleid.com") for local in made)


def test_nearly_equal_names_are_one() -> None:
    names = [("John", "Smith"), ("JOHN", "smith2"), ("Smith", "John"), ("Jöhn", "Smitth"), ("John", "S-m_i.t(h")]
    assert [name_key(*name) for name in names[:4]] == ["john smith"] * 4
    assert name_key("John", "Smit") != name_key("John", "Smith")
    assert name_key("فاطمة", "علي") == name_key("علي", "فاطمة")
    assert name_key("7", "9") == "7 9"


def test_texts_are_compared_by_their_words() -> None:
    text = "Please free her now, she did nothing wrong!"
    assert text_key(text) == text_key("PLEASE free her now... she did nothing wrong 123")
    assert text_key("Free her!") is None


@given(st.text(max_size=100), st.text(max_size=100))
def test_no_text_is_too_odd(one: str, two: str) -> None:
    numbered(one)
    looks_random(one, two)
    name_key(one, two)
    text_key(one)
