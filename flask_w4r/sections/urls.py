"""What may be a web address, and a place in the URL map, in the configuration."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit


def is_web_url(value: Any) -> bool:
    """Whether a value is a full http or https URL."""
    if not isinstance(value, str) or re.search(r"[\x00-\x20\x7f<>\"]", value):
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def prefix_problem(value: Any) -> str | None:
    """What is wrong with a place in the URL map, or ``None``."""
    if isinstance(value, str) and re.fullmatch(r"/?([A-Za-z0-9._~-]+/?)*", value):
        return None
    return "must be a path such as '/write-for-rights', of letters, digits and . _ ~ -"
