"""The code on a party's own page, with which its host checks it in at the door."""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from binascii import Error as NotBase32

from ...keyring import Keyring


def check_in_code(keyring: Keyring, rsvp_id: int) -> str:
    """What a party's QR code holds: it says which party to nobody but the site, and cannot be made up."""
    number = rsvp_id.to_bytes(8, "big")
    mark = hmac.digest(keyring.sub_key("checkin"), number, "sha256")[:8]
    return b32encode(mark + _masked(keyring, mark, number)).decode().rstrip("=").lower()


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
    rsvp_id = int.from_bytes(_masked(keyring, mark, raw[8:]), "big")
    # The last letter has bits to spare: only the one that we wrote is ours.
    return rsvp_id if hmac.compare_digest(check_in_code(keyring, rsvp_id), code.lower()) else None


def _masked(keyring: Keyring, mark: bytes, number: bytes) -> bytes:
    stream = hmac.digest(keyring.sub_key("checkin-mask"), mark, "sha256")
    return bytes(one ^ other for one, other in zip(number, stream, strict=False))
