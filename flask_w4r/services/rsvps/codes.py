"""The code on a party's own page, with which its host checks it in at the door."""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from collections.abc import Iterator

from ...keyring import Keyring


def check_in_code(keyring: Keyring, rsvp_id: int) -> str:
    """What a party's QR code holds: it says which party to nobody but the site, and cannot be made up."""
    return _code(rsvp_id, *next(iter(_keys(keyring))))


def rsvp_of_code(keyring: Keyring, code: str) -> int | None:
    """The RSVP behind a QR code, or ``None`` where we did not make it."""
    code = "".join(code.split()).upper()
    if len(code) != 26 or not code.isascii():
        return None
    try:
        raw = b32decode(code + "======")
    except NotBase32:
        return None
    mark = raw[:8]
    for key, mask in _keys(keyring):
        rsvp_id = int.from_bytes(_masked(mask, mark, raw[8:]), "big")
        # The last letter has bits to spare: only the one that we wrote is ours.
        if hmac.compare_digest(_code(rsvp_id, key, mask), code.lower()):
            return rsvp_id
    return None


def _keys(keyring: Keyring) -> Iterator[tuple[bytes, bytes]]:
    """The newest first: codes that guests have may be of an earlier one."""
    return zip(keyring.sub_keys("checkin"), keyring.sub_keys("checkin-mask"), strict=True)


def _code(rsvp_id: int, key: bytes, mask: bytes) -> str:
    number = rsvp_id.to_bytes(8, "big")
    mark = hmac.digest(key, number, "sha256")[:8]
    return b32encode(mark + _masked(mask, mark, number)).decode().rstrip("=").lower()


def _masked(mask: bytes, mark: bytes, number: bytes) -> bytes:
    stream = hmac.digest(mask, mark, "sha256")
    return bytes(one ^ other for one, other in zip(number, stream, strict=False))
