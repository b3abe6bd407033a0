"""Whoever looks at their own data: half an hour in the visitor's session after the link's button was pressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app, session

from ...keyring import SealBroken, hash_token
from ...services.people.addresses import Address, parse_address
from ...services.privacy import links
from ...services.storage.unit_of_work import read
from ...web import Here

KEY = "w4r_my_data"
HOLDS = timedelta(minutes=30)


@dataclass(frozen=True)
class Owner:
    """Whoever came by a link.

    :ivar link: the hash of the link's token, in hex.
    """

    address: Address
    token_id: int
    link: str


def enter(place: Here, address: Address, token_id: int, token: str) -> None:
    """Let this visitor see what is held of an address. The session holds the address sealed."""
    until = (place.state.clock() + HOLDS).timestamp()
    sealed = place.state.keyring.seal_json(
        [place.section.code, address.typed, token_id, hash_token(token).hex(), until]
    )
    session[KEY] = str(sealed)


def leave() -> None:
    """End it."""
    session.pop(KEY, None)


def owner_here(place: Here) -> Owner | None:
    """Whose data this visitor may see; ``None`` for whoever did not come by a link that still holds."""
    kept: Any = session.get(KEY)
    if not isinstance(kept, str):
        return None
    try:
        code, typed, token_id, link, until = place.state.keyring.open_json(kept)
    except (SealBroken, ValueError, TypeError):
        return None
    if code != place.section.code or until <= place.state.clock().timestamp():
        return None
    if not read(current_app, lambda db: links.still(db, place.section, token_id)):
        return None
    return Owner(parse_address(typed, test_environment=True), token_id, link)
