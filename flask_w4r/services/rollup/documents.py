"""What may stand in a signed file. Strict: what is not known is refused, since nobody can say what it would mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...errors import W4RError
from ..kits.fields import EDITION, MAX_SLUG, SLUG

#: Bytes of a file: 170 cases of 20 types take a fifth of it.
MOST_BYTES = 2_000_000
#: No section has done more of one thing in a year than there are people.
MOST_ACTIONS = 10**10
MOST_ROWS = 20_000
#: No number in a file is larger: canonical JSON knows whole numbers up to there (RFC 8785, section 3.2.2.3).
LARGEST = 2**53 - 1
#: The case of what is not broken down by case, and the type of what is not by type.
WHOLE, OTHER = "*", "other"
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY_ID = re.compile(r"[0-9a-f]{32}")
Check = Callable[[Any], bool]


class Refused(W4RError):
    """A signed file cannot be taken.

    :ivar why: in one word, for programs: ``unreadable``, ``tampered``, ``unknown_key``, ``revoked``, ``expired``, ``future``,
        ``stale``, ``replayed``, ``doubled``, ``unknown_type``, ``pinned``.
    """

    def __init__(self, why: str, text: str) -> None:
        self.why = why
        super().__init__(text)


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in a file.

    :raises Refused: there is none, a name stands in it twice, or a number is none that can be signed.
    """
    if len(data) > MOST_BYTES:
        raise Refused("unreadable", f"is larger than {MOST_BYTES} bytes")
    try:
        found = json.loads(
            data.decode("utf-8"), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise Refused("unreadable", "is not JSON as a signed file has it") from None
    if not isinstance(found, dict):
        raise Refused("unreadable", "is not a JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError("only whole numbers are signed")


def is_whole(low: int, high: int) -> Check:
    """Whether a value is a whole number within bounds."""
    return lambda value: type(value) is int and low <= value <= high


def is_like(pattern: re.Pattern[str], longest: int = 64) -> Check:
    """Whether a value is a text of some form."""
    return lambda value: isinstance(value, str) and len(value) <= longest and bool(pattern.fullmatch(value))


def is_moment(value: Any) -> bool:
    """Whether a value is a moment with its time zone."""
    return read_moment(value) is not None


def read_moment(value: Any) -> datetime | None:
    """A moment, in UTC; ``None`` where it is none."""
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        return None


def write_moment(value: datetime) -> str:
    """A moment as signed files have it: to the second, in UTC."""
    return value.astimezone(UTC).isoformat()[:19] + "Z"


def insist_on(document: Mapping[str, Any], shape: Mapping[str, Check], where: str = "") -> None:
    """See that exactly some members are there, each as it must be.

    :param where: which part of the file it is, for the words.
    :raises Refused: naming the first that is not.
    """
    place = f"{where}: " if where else ""
    for name in shape:
        if name not in document:
            raise Refused("unreadable", f"{place}{name} is missing")
    for name, value in document.items():
        if name not in shape:
            raise Refused("unreadable", f"{place}{name[:40]!r} is not known")
        if not shape[name](value):
            raise Refused("unreadable", f"{place}{name} is not as it must be")


def rows_of(document: Mapping[str, Any], name: str, shape: Mapping[str, Check]) -> Sequence[Mapping[str, Any]]:
    """A list of objects of one shape.

    :raises Refused: one is not.
    """
    for number, row in enumerate(document[name], 1):
        if not isinstance(row, Mapping):
            raise Refused("unreadable", f"{name}[{number}] is not an object")
        insist_on(row, shape, f"{name}[{number}]")
    return document[name]  # type: ignore[no-any-return]


def is_list(most: int) -> Check:
    """Whether a value is a list that is not too long."""
    return lambda value: isinstance(value, list) and len(value) <= most


is_code, is_name, is_key_id = is_like(_CODE, 32), is_like(_NAME, 64), is_like(_KEY_ID, 32)
is_edition, is_slug, is_type = is_like(EDITION, 16), is_like(SLUG, MAX_SLUG), is_like(_TYPE, 32)
is_sequence = is_whole(1, LARGEST)

#: What is around every signed document.
SIGNED: Mapping[str, Check] = {
    "section": is_code, "sequence": is_sequence, "expires": is_moment, "key_id": is_key_id,
    "signature": lambda value: isinstance(value, str) and len(value) == 86,
}  # fmt: skip
TALLY: Mapping[str, Check] = {**SIGNED, "edition": is_edition, "as_of": is_moment, "rows": is_list(MOST_ROWS)}
ROW: Mapping[str, Check] = {
    "case": lambda value: value == WHOLE or is_slug(value), "type": is_type, "count": is_whole(0, MOST_ACTIONS),
}  # fmt: skip
