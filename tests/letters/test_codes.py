"""The code of a sheet: what it says to the site, what it says to nobody else, and every mistake in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.services.campaign import codes

KEYS = Keyring([generate_key()], generate_key())
NUMBERS = st.one_of(st.none(), st.integers(1, 2**27 - 1))


@given(NUMBERS, st.one_of(st.none(), st.integers(1, 2**33 - 1)))
def test_what_is_written_is_read(case: int | None, event: int | None) -> None:
    code = codes.write(KEYS, case, event)
    assert codes.read(KEYS, code) == codes.Sheet(case, event)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert codes.read(KEYS, typed) == codes.Sheet(case, event)


@given(st.integers(1, 10**5), st.integers(1, 10**7))
def test_one_wrong_character_and_two_that_were_swapped_are_found(case: int, event: int) -> None:
    code = codes.write(KEYS, case, event).replace("-", "")
    for place, char in enumerate(code):
        wrong = codes.ALPHABET[(codes.ALPHABET.index(char) + 1 + event % 31) % 32]
        assert codes.read(KEYS, code[:place] + wrong + code[place + 1 :]) is None or wrong == char
        swapped = code[:place] + code[place + 1 : place + 2] + char + code[place + 2 :]
        assert swapped == code or codes.read(KEYS, swapped) is None


def test_it_tells_a_stranger_nothing_and_outlives_a_new_key() -> None:
    key, later = generate_key(), generate_key()
    before = Keyring([generate_key()], key)
    seen = [codes.write(before, number) for number in range(1, 30)]
    assert len({code[:4] for code in seen}) > 20
    assert codes.read(Keyring([generate_key()], later, [key]), seen[0]) == codes.Sheet(1, None)
    strangers = [codes.read(Keyring([generate_key()], generate_key()), code) for code in seen]
    assert strangers.count(None) > 25


@pytest.mark.parametrize("code", ["", "-", "U" * 12, "AAAA-AAAA-AAAA", "Ä" * 12, "1" * 11, "x" * 5000])
def test_what_is_no_code(code: str) -> None:
    assert codes.read(KEYS, code) is None


def test_numbers_beyond_all_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="no code is long enough"):
        codes.write(KEYS, 2**40)
