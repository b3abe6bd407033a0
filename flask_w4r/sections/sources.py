"""What may be said of where a visitor comes from: names of places, never of people."""

from __future__ import annotations

from typing import Any

#: The networks of the share page, by the keys of ``services.sharing.networks``; then other places of a case's address.
USUAL_SOURCES = (
    "whatsapp", "signal", "telegram", "mastodon", "bluesky", "x", "facebook", "linkedin", "email",
    "copy", "device", "qr", "poster", "print", "newsletter",
)  # fmt: skip


def source_of(section: Any, said: str) -> tuple[str, int] | None:
    """What a link says that it came with, where the section counts it.

    :param said: a source, or ``source:number`` with the number of a text.
    :returns: both, the number 0 where none is said; ``None``: it is not counted.
    """
    source, _, number = said.partition(":")
    if source not in section.share_sources:
        return None
    return source, int(number) if number.isascii() and number.isdigit() and len(number) == 1 else 0
