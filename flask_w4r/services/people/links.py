"""Links in what people type, and what passes for one to the eye."""

from __future__ import annotations

import re
import unicodedata

# Signs that pass for those of a link.
_SIGNS_OF_LINKS = str.maketrans("\u2044\u2215\u29f8\u3002\ua789\u2236\u051d\u051c", "///.::wW")
# A scheme, "www", a path behind a host, or an e-mail address. A dot alone is part of many names (Ma.Teresa, Smith.Me), as are
# a colon (Tiyá:xe) and a slash (Ravi a/l Kumar, J.Smith/A.Jones), so none of them says anything without the rest.
_LINK = re.compile(
    r":\s?/\s?/|:\\\\|\b(?i:https?|hxxps?|ftp|mailto|javascript|data|tel|tg)\s?:"
    r"|\b(?i:www)\d?\b"
    r"|\w\w\.[^\W\dA-Z_]{2,}(?::\d+)?[/?#]"
    r"|\w\.(?i:com|net|org|info|me|io|ly|ru|gg|cc)(?::\d+)?[/?#]"
    r"|\S@\S+\.\w"
)


def has_link(text: str) -> bool:
    """Whether a link, or what passes for one to the eye, stands in a text."""
    return _LINK.search(unicodedata.normalize("NFKC", text).translate(_SIGNS_OF_LINKS)) is not None
