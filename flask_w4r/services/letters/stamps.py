"""The stamp of a sheet: what it said when it was printed, so that its QR code can tell later what has changed.

A stamp has a piece for each part of a sheet. Nothing is stored: the sheet as it would be now gives the other stamp.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b32encode
from collections.abc import Mapping
from typing import Any

#: The parts, in the order of their pieces.
PARTS = ("target", "address", "demand", "rules")
_PIECE = 4
_SHAPE = re.compile(f"[a-z2-7]{{{_PIECE * len(PARTS)}}}")


def stamp(said: Mapping[str, Any]) -> str:
    """The stamp of a sheet.

    :param said: what each of :data:`PARTS` says, as JSON values.
    """
    return "".join(_piece(said[part]) for part in PARTS)


def _piece(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:_PIECE]


def changed(before: str, now: str) -> list[str] | None:
    """Which parts of a sheet are not as they were.

    :param before: the stamp on a sheet, as somebody asks for it.
    :returns: names of :data:`PARTS`; ``None`` where it is no stamp.
    """
    if not _SHAPE.fullmatch(before):
        return None
    pieces = range(0, _PIECE * len(PARTS), _PIECE)
    return [part for part, at in zip(PARTS, pieces, strict=True) if before[at : at + _PIECE] != now[at : at + _PIECE]]
