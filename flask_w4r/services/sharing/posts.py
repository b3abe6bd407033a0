"""A case's texts, each fitted to every network as the case stands now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...i18n import gettext
from ..campaign.views import CaseView
from ..kits.way_texts import variants
from .lengths import fitted
from .networks import NETWORKS, Network, Sent, one_post

#: The number of the text that is made of name and demand.
OWN = 0
#: ``(source, variant) -> absolute URL`` of the case.
Address = Callable[[str, int], str]


@dataclass(frozen=True)
class Post:
    """One text on one network.

    :ivar whole: text and address, as posted.
    :ivar url: begins a post there; ``None``: there is no such link.
    :ivar count: how long it is, as that network counts; at most ``longest``.
    """

    network: Network
    text: str
    whole: str
    url: str | None
    count: int

    @property
    def longest(self) -> int:
        """How long it may be."""
        return self.network.longest


@dataclass(frozen=True)
class Text:
    """One text to share.

    :ivar variant: its number: of the kit's, from 1; :data:`OWN` is ours.
    :ivar copy: with the address, to be copied.
    """

    variant: int
    text: str
    copy: str
    address: str
    posts: Sequence[Post]

    def on(self, key: str) -> Post:
        """The post on a network."""
        return next(post for post in self.posts if post.network.key == key)


def wordings(case: CaseView) -> list[tuple[int, str]]:
    """The texts by number: the kit's while the case can be acted for, and one of ours that says how it stands."""
    if case.takes_actions:
        kits = list(enumerate(variants(case.words, "share.#"), 1))
        return [*kits, (OWN, f"{case.name}: {case.demand}" if case.demand else case.name)]
    if case.status == "freed":
        return [(OWN, gettext("Good news for %(name)s. Thank you to everyone who took action.", name=case.name))]
    return [(OWN, gettext("The story of %(name)s.", name=case.name))]


def texts_of(case: CaseView, address: Address) -> list[Text]:
    """Every text of a case on every network.

    :param address: ``(source, variant) -> URL`` of the case.
    """
    found = []
    for variant, text in wordings(case):
        posts = [_post(network, text, case.name, address(network.key, variant)) for network in NETWORKS]
        text, link = " ".join(text.split()), address("copy", variant)
        found.append(Text(variant, text, one_post(text, link), link, posts))
    return found


def _post(network: Network, text: str, subject: str, address: str) -> Post:
    short = fitted(text, network.longest, network.count, lambda some: one_post(some, address))
    sent = Sent(short, address, subject)
    url = network.link(sent) if network.link else None
    return Post(network, short, sent.whole, url, network.count(sent.whole))
