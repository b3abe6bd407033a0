"""How names of people are compared."""

from __future__ import annotations

import unicodedata


def fold_name(first: str, last: str) -> str:
    """A name as compared with another: compatibility form, case folded, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFKC", f"{first} {last}").casefold().split())
