"""The short code of a sheet: which case it was printed for, and for which event. A report names it later.

Nothing is stored. A code holds both numbers, scrambled with a key of the site's, so that it tells a stranger nothing and cannot be
counted through; two characters at its end find every single wrong character and every two that were swapped.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from ...keyring import Keyring

#: Crockford's base 32: no I, L, O or U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ = {char: value for value, char in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
#: By the characters of a code: bits for the case, for the event, and bits that must be nought again once it is read.
_SIZES = {12: (17, 25, 8), 16: (27, 33, 10)}
#: The greatest prime below 32 * 32 (ISO 7064, a pure system of two check characters).
_PRIME = 1021
_GROUP = 4
_ROUNDS = 6


@dataclass(frozen=True)
class Sheet:
    """What a code says.

    :param case_id: ``None``: a paper about several cases.
    :param event_id: ``None``: printed for no event.
    """

    case_id: int | None
    event_id: int | None


def write(keyring: Keyring, case_id: int | None, event_id: int | None = None) -> str:
    """The code of a sheet, in groups of four: ``7K3M-Q2XD-90FA``."""
    number_of_case, number_of_event = case_id or 0, event_id or 0
    length = next(
        (size for size, (case, event, _) in _SIZES.items() if number_of_case >> case == 0 == number_of_event >> event),
        None,
    )
    if length is None:
        raise ValueError("no code is long enough for this number")
    _, event_bits, zeros = _SIZES[length]
    payload = ((number_of_case << event_bits) | number_of_event) << zeros
    mixed = _mix(payload, _bits(length), keyring.sub_keys("sheet")[0])
    whole = (mixed << 10) | (_PRIME + 1 - (mixed << 10) % _PRIME) % _PRIME
    text = "".join(ALPHABET[(whole >> 5 * place) & 31] for place in reversed(range(length)))
    return "-".join(text[start : start + _GROUP] for start in range(0, length, _GROUP))


def read(keyring: Keyring, code: str) -> Sheet | None:
    """What a code says, however it was typed: capitals or not, with or without hyphens, O for 0.

    :returns: ``None`` where it has a typing error, or was not made here. Whether there is such a case is for the caller to see.
    """
    plain = "".join(char for char in code.upper() if char.isalnum())
    if len(plain) not in _SIZES or any(char not in _READ for char in plain):
        return None
    whole = 0
    for char in plain:
        whole = (whole << 5) | _READ[char]
    if whole % _PRIME != 1:
        return None
    _, event_bits, zeros = _SIZES[len(plain)]
    for key in keyring.sub_keys("sheet"):
        payload = _unmix(whole >> 10, _bits(len(plain)), key)
        numbers, left = divmod(payload, 1 << zeros)
        if left == 0:
            case_id, event_id = divmod(numbers, 1 << event_bits)
            return Sheet(case_id or None, event_id or None)
    return None


def _bits(length: int) -> int:
    return 5 * (length - 2)


def _turn(half: int, number: int, bits: int, key: bytes) -> int:
    message = bytes((number, bits)) + half.to_bytes(8, "big")
    return int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big") & ((1 << bits) - 1)


def _mix(value: int, bits: int, key: bytes) -> int:
    """A Feistel network over an even number of bits: a number of the same size, and back."""
    half = bits // 2
    left, right = value >> half, value & ((1 << half) - 1)
    for number in range(_ROUNDS):
        left, right = right, left ^ _turn(right, number, half, key)
    return (left << half) | right


def _unmix(value: int, bits: int, key: bytes) -> int:
    half = bits // 2
    left, right = value >> half, value & ((1 << half) - 1)
    for number in reversed(range(_ROUNDS)):
        left, right = right ^ _turn(left, number, half, key), left
    return (left << half) | right
