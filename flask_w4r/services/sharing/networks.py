"""The networks: how long a post may be there, and the plain link that begins one. Nothing of theirs is loaded, or asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ...i18n import lazy_gettext
from . import lengths


@dataclass(frozen=True)
class Sent:
    """What a link carries: the text that fits, the address with its source, and the case's name for a subject."""

    text: str
    address: str
    subject: str

    @property
    def whole(self) -> str:
        """Text and address, as one post."""
        return one_post(self.text, self.address)


def one_post(text: str, address: str) -> str:
    """A text with the address after it."""
    return f"{text} {address}" if text else address


@dataclass(frozen=True)
class Network:
    """Where a post may go.

    :param key: also its source in the counts.
    :param longest: of a whole post with its address, as ``count`` counts.
    :param link: ``(sent) -> URL`` that begins a post; ``None``: there is no such link.
    :param takes_text: its link carries the text, and not the address alone.
    """

    key: str
    words: Any
    longest: int
    count: Callable[[str], int] = lengths.plain
    link: Callable[[Sent], str] | None = None
    takes_text: bool = True


def _query(base: str, **values: str) -> str:
    # Spaces as %20: mail programs and some apps show a plus as it is.
    return f"{base}?{urlencode(values, quote_via=quote)}"


#: A mail's link may be some 2000 characters, and one of a text outside of ASCII is encoded in up to nine.
_OF_A_MAIL = 600

NETWORKS: tuple[Network, ...] = (
    Network("whatsapp", "WhatsApp", 700, link=lambda sent: _query("https://wa.me/", text=sent.whole)),
    Network("signal", "Signal", 700),
    Network(
        "telegram", "Telegram", 700,
        link=lambda sent: _query("https://t.me/share/url", url=sent.address, text=sent.text),
    ),
    Network("mastodon", "Mastodon", 500, lengths.graphemes_short_addresses),
    Network(
        "bluesky", "Bluesky", 300, lengths.graphemes,
        lambda sent: _query("https://bsky.app/intent/compose", text=sent.whole),
    ),
    Network(
        "x", "X", 280, lengths.weighted,
        lambda sent: _query("https://x.com/intent/post", text=sent.text, url=sent.address),
    ),
    Network(
        "facebook", "Facebook", 1000, takes_text=False,
        link=lambda sent: _query("https://www.facebook.com/sharer/sharer.php", u=sent.address),
    ),
    Network(
        "linkedin", "LinkedIn", 1000, takes_text=False,
        link=lambda sent: _query("https://www.linkedin.com/sharing/share-offsite/", url=sent.address),
    ),
    Network(
        "email", lazy_gettext("Email"), _OF_A_MAIL,
        link=lambda sent: _query("mailto:", subject=sent.subject, body=f"{sent.text}\n\n{sent.address}"),
    ),
)  # fmt: skip
BY_KEY = {network.key: network for network in NETWORKS}


def mastodon_link(server: str, sent: Sent) -> str:
    """The link that begins a post at a Mastodon server, whose name was checked."""
    return _query(f"https://{server}/share", text=sent.whole)
