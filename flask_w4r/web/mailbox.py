"""The proof of a mailbox in the visitor's browser: a cookie of ours, apart from the host's session.

It names nobody, holds for two hours, and is sent to the section's pages only.
"""

from __future__ import annotations

from flask import Response, request

from ..services.people import mailbox
from ..services.people.addresses import Address
from . import Here


def _name(place: Here) -> str:
    return f"w4r_mailbox_{place.section.code.lower()}"


def remember(response: Response, place: Here, canonical: str) -> Response:
    """Let the visitor keep the proof that they read the mail of an address."""
    proof = mailbox.prove(place.state.keyring, place.section, canonical, now=place.state.clock())
    response.set_cookie(
        _name(place), proof, max_age=int(mailbox.HOLDS.total_seconds()), path=place.section.url_prefix or "/",
        secure=request.is_secure, httponly=True, samesite="Lax",
    )  # fmt: skip
    return response


def forget(response: Response, place: Here) -> Response:
    """End it: somebody else sits here now, or the address was not theirs."""
    response.delete_cookie(
        _name(place), path=place.section.url_prefix or "/", secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return response


def is_proved(place: Here, address: Address | None) -> bool:
    """Whether this visitor proved in the last two hours that they read the mail of an address."""
    proof = request.cookies.get(_name(place), "")
    if address is None or not 0 < len(proof) < 2000:
        return False
    now = place.state.clock()
    return mailbox.is_proved(place.state.keyring, place.section, address.canonical, proof, now=now)
