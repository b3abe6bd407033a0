"""Where copies of letters go: embassies in the section's country, by the country that they are of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any


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
        elif not all(isinstance(line, str) and line.strip() and len(line) <= 100 for line in lines) or len(lines) > 8:
            yield f"{code}: lines must be 8 texts at most, of 100 characters at most"
        elif not isinstance(item.get("verified_on"), date) or isinstance(item["verified_on"], datetime):
            yield f"{code}: verified_on must be the date when the address was last checked"
