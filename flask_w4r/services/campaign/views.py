"""What pages show of the campaign, as plain frozen values in one language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from ...i18n import SOURCE_LOCALE, gettext
from ...sections import Section


@dataclass(frozen=True)
class Lens:
    """Through what a page looks at the campaign: whose section, which language, when, and how links are made."""

    section: Section
    locale: str
    now: datetime
    link: Callable[..., str]

    def word(self, vocabulary: str, key: str) -> str:
        """What a word of a vocabulary is called here; see :meth:`~flask_w4r.sections.Section.word`."""
        return self.section.word(vocabulary, key, self.locale)


@dataclass(frozen=True)
class EditionView:
    """One edition. ``phase``: ``before``, ``running``, ``after`` (ended, still the current one) or ``archive``."""

    id: int
    year: str
    title: str
    starts_on: date
    ends_on: date
    is_demo: bool
    is_current: bool
    phase: str
    url: str
    #: Its last day is past.
    is_over: bool = False


@dataclass(frozen=True)
class PhotoView:
    """A portrait with what must stand beside it."""

    alt: str
    credit: str
    url: str
    srcset: str
    width: int
    height: int


def who(name: str, office: str) -> str:
    """Somebody who is written to, in one line; either may be empty."""
    return gettext("%(name)s, %(office)s", name=name, office=office) if name and office else name or office


@dataclass(frozen=True)
class CaseView:
    """One case, with its texts in the page's language or, failing that, in the first of the fallbacks."""

    id: int
    slug: str
    position: int
    name: str
    country: str
    country_name: str
    kind: str
    topics: Sequence[tuple[str, str]]
    status: str
    status_changed_at: datetime | None
    goal: int | None
    location: str | None
    facts_as_of: date
    sources: Sequence[dict[str, Any]]
    updates: Sequence[dict[str, Any]]
    target: dict[str, Any]
    sensitive: Sequence[str]
    signer_warning: bool
    photo: PhotoView | None
    title: str
    summary: str
    demand: str
    petition: str
    story: Markup
    text_locale: str
    text_lang: str
    text_dir: str
    is_fallback: bool
    edition: EditionView
    url: str
    #: The language of what the kit says but once, such as the titles of sources.
    base_lang: str = SOURCE_LOCALE
    #: Everyone who is written to: :attr:`target` first.
    targets: Sequence[dict[str, Any]] = ()
    solidarity: Mapping[str, Any] = field(default_factory=dict)
    #: What else is to be reached, by type of action; :attr:`goal` is of signatures.
    goals: Mapping[str, int] = field(default_factory=dict)
    #: The ways to act that the kit leaves open; ``None``: all.
    ways: Collection[str] | None = None
    #: The texts that belong to ways to act, by the names of ``kits.way_texts``.
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def takes_actions(self) -> bool:
        """Whether the case can be signed now, as far as this view knows; the database has the last word."""
        return self.status == "active" and self.edition.phase == "running"

    @property
    def initials(self) -> str:
        """Up to two initials for the drawn placeholder."""
        words = [word for word in self.name.replace("(", " ").replace("'", "").split() if word[:1].isalpha()]
        return "".join(word[0].upper() for word in (words[:1] + words[-1:] if len(words) > 1 else words))

    @property
    def pattern(self) -> int:
        """Which of six quiet patterns stands behind the initials; the same name always gets the same."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 6


@dataclass(frozen=True)
class ImpactView:
    """What changed."""

    slug: str
    name: str
    country_name: str
    edition: str
    happened_on: str
    outcome: str
    outcome_label: str
    title: str
    summary: str
    story: Markup
    figures: Sequence[dict[str, Any]]
    quotes: Sequence[dict[str, Any]]
    source: str
    source_title: str
    text_lang: str
    text_dir: str
    #: Of the source's title.
    base_lang: str


@dataclass(frozen=True)
class TotalView:
    """The actions of one year, worldwide."""

    year: int
    total: int
    qualifier: str
    source: str
