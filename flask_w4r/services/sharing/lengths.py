"""How long a text is, as each network counts it, and how it is shortened until it fits.

The rules: https://docs.x.com/fundamentals/counting-characters with the ranges of twitter-text's ``config/v3.json``; Mastodon's
``StatusLengthValidator``; the schema of ``app.bsky.feed.post``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

#: What the end of a text that was cut says.
CUT = "…"
#: Every address counts as so many, however long it is.
ADDRESS = 23
#: Code points that weigh one; all others weigh two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_ADDRESS = re.compile(r"https?://\S+")
#: What may be taken for an address, since it has a dot within: ``example.org``.
_LIKE_ADDRESS = re.compile(r"(?<!\S)[^\s@/]+\.[^\s@/.]{2,}\S*")
_CLUSTERS: list[Callable[[str], list[str]]] = []


def clusters(text: str) -> list[str]:
    """What a reader takes for one character each: extended grapheme clusters (UAX 29)."""
    if not _CLUSTERS:
        # Its patterns take time to make, and most processes never count.
        import regex

        _CLUSTERS.append(regex.compile(r"\X").findall)
    return _CLUSTERS[0](text)


def plain(text: str) -> int:
    """The length in code points, for networks that name no rule."""
    return len(text)


def graphemes(text: str) -> int:
    """As Bluesky counts: grapheme clusters, addresses in full."""
    return len(clusters(text))


def graphemes_short_addresses(text: str) -> int:
    """As Mastodon counts: grapheme clusters, each address as 23."""
    return len(clusters(_ADDRESS.sub("x" * ADDRESS, text)))


def weighted(text: str) -> int:
    """As X counts: composed (NFC), each address as 23, an emoji as two, and what is not near to Latin as two.

    What may be taken for an address and is none counts as whatever is more.
    """
    text, found = unicodedata.normalize("NFC", text), 0
    for pattern, least in ((_ADDRESS, False), (_LIKE_ADDRESS, True)):
        for one in pattern.findall(text):
            found += max(ADDRESS, _weight(one)) if least else ADDRESS
        text = pattern.sub("", text)
    return found + _weight(text)


def _weight(text: str) -> int:
    # A cluster with an emoji in it is one emoji, of however many code points; other clusters weigh what their parts do.
    return sum(2 if _is_emoji(one) else sum(map(_of_point, one)) for one in clusters(text))


def _of_point(char: str) -> int:
    return 1 if any(first <= ord(char) <= last for first, last in _LIGHT) else 2


def _is_emoji(cluster: str) -> bool:
    return len(cluster) > 1 and any(ord(char) >= 0x1F000 or char in "\ufe0f\u20e3" for char in cluster)


def fitted(text: str, longest: int, count: Callable[[str], int], frame: Callable[[str], str]) -> str:
    """A text that, in its frame, is no longer than allowed: cut after a word, with ``…``, where it must be.

    :param frame: what is sent, made of the text: with the address below it.
    :returns: the text, without its frame.
    """
    text = " ".join(text.split())
    if count(frame(text)) <= longest:
        return text
    parts = clusters(text)
    low, high = 0, len(parts)
    while low < high:
        middle = (low + high + 1) // 2
        if count(frame("".join(parts[:middle]).rstrip() + CUT)) <= longest:
            low = middle
        else:
            high = middle - 1
    kept = "".join(parts[:low]).rstrip()
    head, space, _ = kept.rpartition(" ")
    # A script without spaces, or one very long word, is cut where it stands.
    if space and low < len(parts) and not parts[low].isspace() and len(head) > len(kept) * 0.6:
        kept = head
    kept = kept.rstrip(" ,;:-–—")
    return kept + CUT if kept else ""
