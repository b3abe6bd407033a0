"""What a case lacks for each of its ways to act, before an edition opens: things to do, not faults.

One function over the facts and texts of a case, whether they come from a kit or from a section's desk.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ...i18n import lazy_gettext, long_date
from ...topics import WAYS
from .model import CASE_TEXTS, KitCase
from .way_texts import variants

#: An address that was last checked longer ago than this is to be checked again.
VERIFIED_DAYS = 180


@dataclass(frozen=True)
class CaseFacts:
    """What is asked of a case that is not in a kit; ``texts`` are ``{locale: {name: words}}``."""

    slug: str
    country: str
    status: str
    target: Mapping[str, Any]
    targets: Sequence[Mapping[str, Any]]
    solidarity: Mapping[str, Any]
    ways: Collection[str] | None
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Lack:
    """One thing to do.

    :param way: for which way to act, of :data:`~flask_w4r.topics.WAYS`.
    :param what: a key of :data:`WORDS`.
    :param locale: in which language; ``None``: in all of them.
    :param name: the text that is to be written, where it is one: ``letter.model``.
    :param who: the target that it is about.
    :param checked: the day on which an address was last checked.
    """

    way: str
    what: str
    locale: str | None = None
    name: str | None = None
    who: str | None = None
    checked: str | None = None

    @property
    def words(self) -> str:
        """What is missing, in the reader's language."""
        return str(WORDS[self.what]) % {"who": self.who or "", "day": long_date(self.checked) if self.checked else ""}

    @property
    def mend(self) -> str:
        """Where it is mended: ``texts``, ``kit`` or ``section``."""
        return "texts" if self.name else "section" if self.what.startswith("embassy") else "kit"


#: By :attr:`Lack.what`.
WORDS: Mapping[str, Any] = {
    "all": lazy_gettext("No texts in this language."),
    "title": lazy_gettext("No title."),
    "summary": lazy_gettext("No summary."),
    "demand": lazy_gettext("No demand."),
    "petition": lazy_gettext("No words to sign."),
    "story": lazy_gettext("No story."),
    "target": lazy_gettext("Nobody is named as the one to write to."),
    "address": lazy_gettext("No postal address of %(who)s: the sheet refers to the section."),
    "email_address": lazy_gettext("No email address of %(who)s."),
    "unverified": lazy_gettext("Nobody has noted when the address of %(who)s was checked."),
    "verified": lazy_gettext("The address of %(who)s was last checked on %(day)s."),
    "embassy": lazy_gettext("No address of the embassy of the case’s country."),
    "embassy_verified": lazy_gettext("The address of the embassy was last checked on %(day)s."),
    "letter.salutation": lazy_gettext("No salutation for the letter."),
    "letter.points": lazy_gettext("Nothing that is worth saying in a letter."),
    "letter.model": lazy_gettext("No model of a letter."),
    "email.#.subject": lazy_gettext("No subject of an email."),
    "email.#.text": lazy_gettext("No text of an email."),
    "share.#": lazy_gettext("No text to share."),
    "solidarity.hint": lazy_gettext("No advice for words of support."),
    "closed": lazy_gettext("Closed, and no words say why."),
}
#: The texts that each way needs in each language; what a kit's file must have anyway stands in ``CASE_TEXTS``.
_NEEDS: Mapping[str, Sequence[str]] = {
    "petition": CASE_TEXTS,
    "letter": ("letter.salutation", "letter.points", "letter.model"),
    "email": ("email.#.subject", "email.#.text"),
    "solidarity": ("solidarity.hint",),
    "share": ("share.#",),
}


def lacking(
    case: CaseFacts | KitCase,
    locales: Iterable[str],
    *,
    today: date,
    days: int = VERIFIED_DAYS,
    embassies: Mapping[str, date | None] | None = None,
    ways: Collection[str] = tuple(WAYS),
) -> list[Lack]:
    """What a case lacks.

    :param locales: the languages it is to be read in.
    :param days: an address must have been checked within so many days.
    :param embassies: by country whose embassy's address is known, when it was last checked (``None``: that does not
        matter); ``None`` instead of a mapping: embassies do not matter here.
    :param ways: those that there are at all.
    :returns: nothing for a case that takes no actions. A language without any text is named once.
    """
    if case.status != "active":
        return []
    there = [way for way in WAYS if way in ways and _is_there(case, way)]
    found = [lack for way in there if _is_open(case, way) for lack in _facts(case, way, today, days, embassies)]
    for locale in locales:
        words = {name: text for name, text in case.texts.get(locale, {}).items() if text}
        if not words:
            found.append(Lack("petition", "all", locale, "title"))
        else:
            found += [lack for way in there for lack in _texts(way, locale, words, closed=not _is_open(case, way))]
    order = {way: place for place, way in enumerate(WAYS)}
    return sorted(found, key=lambda lack: order[lack.way])


def _is_there(case: CaseFacts | KitCase, way: str) -> bool:
    """Where nobody takes words of support, that says by itself why there are none."""
    return way != "solidarity" or case.solidarity.get("route", "none") != "none"


def _is_open(case: CaseFacts | KitCase, way: str) -> bool:
    return case.ways is None or way in case.ways


def _facts(
    case: CaseFacts | KitCase, way: str, today: date, days: int, embassies: Mapping[str, date | None] | None
) -> Iterator[Lack]:
    key = {"letter": "address", "email": "email"}.get(way)
    if key is None:
        return
    targets = [target for target in (case.target, *case.targets) if target]
    if not targets:
        yield Lack(way, "target")
    for target in targets:
        who = target.get("name") or target.get("title") or "?"
        if not target.get(key):
            yield Lack(way, "address" if key == "address" else "email_address", who=who)
        elif not (checked := target.get("verified_on")):
            yield Lack(way, "unverified", who=who)
        elif (today - date.fromisoformat(checked)).days > days:
            yield Lack(way, "verified", who=who, checked=checked)
    if way == "letter" and embassies is not None:
        checked = embassies.get(case.country)
        if case.country not in embassies:
            yield Lack(way, "embassy")
        elif checked is not None and (today - checked).days > days:
            yield Lack(way, "embassy_verified", checked=checked.isoformat())


def _texts(way: str, locale: str, words: Mapping[str, str], *, closed: bool) -> Iterator[Lack]:
    if closed:
        if f"closed.{way}" not in words:
            yield Lack(way, "closed", locale, f"closed.{way}")
        return
    for name in _NEEDS[way]:
        if not variants(words, name) if "#" in name else name not in words:
            yield Lack(way, name, locale, re.sub("#", "1", name))
