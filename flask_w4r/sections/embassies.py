"""Addresses on envelopes: of embassies in the section's country, by the country that they are of, and the section's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any


def _are_lines(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and 1 <= len(value) <= 8
        and all(isinstance(line, str) and line.strip() and len(line) <= 100 for line in value)
    )


def check_postal_address(value: Any) -> Iterator[str]:
    """Say what is wrong with a section's ``postal_address``, with the mend."""
    if not _are_lines(value):
        yield (
            "must be a list of 8 lines at most, of 100 characters at most, as they stand on an envelope:"
            " ['Amnesty ...', 'Street 1', 'Town']"
        )


def check_embassies(value: Any) -> Iterator[str]:
    """Say what is wrong with a section's ``embassy_addresses``, with the mend."""
    if not isinstance(value, Mapping):
        yield "must be a table by country code"
        return
    for code, entry in value.items():
        item = entry if isinstance(entry, Mapping) else {}
        lines = item.get("lines")
        if not re.fullmatch("[A-Z]{2}", str(code)):
            yield f"{code!r} is not a two-letter ISO 3166-1 code in capitals"
        elif not set(item) <= {"lines", "verified_on"} or not isinstance(lines, list | tuple) or not lines:
            yield f"{code} takes lines, a list such as ['Embassy of ...', 'Street 1', 'Town'], and verified_on"
        elif not _are_lines(lines):
            yield f"{code}: lines must be 8 texts at most, of 100 characters at most"
        elif not isinstance(item.get("verified_on"), date) or isinstance(item["verified_on"], datetime):
            yield f"{code}: verified_on must be the date when the address was last checked"
