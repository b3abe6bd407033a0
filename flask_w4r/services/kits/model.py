"""What a kit says, as values. Made by the reader, taken by the importer, written by the exporter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

#: The texts that every case has in every locale it is written in.
CASE_TEXTS = ("title", "summary", "demand", "petition", "story")
UPDATE_PREFIX = "update:"
#: The locale of the plain ``title`` in ``campaign.toml``.
TITLE_LOCALE = "en"
#: Filed among a case's sensitive labels; a kit says it as ``minor = true``.
MINOR = "minor"


@dataclass(frozen=True)
class Rendition:
    """One width of a portrait, re-encoded, without metadata."""

    width: int
    height: int
    mime: str
    digest: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class KitPhoto:
    """A portrait. Two photos are equal when their words are; ``source`` is the SHA-256 of the kit's file."""

    alt: str
    credit: str
    source: str = field(compare=False)
    renditions: tuple[Rendition, ...] = field(compare=False, repr=False)


@dataclass(frozen=True)
class KitCase:
    """A case: facts, and texts as ``{locale: {field: words}}``."""

    slug: str
    position: int
    name: str
    country: str
    kind: str
    topics: tuple[str, ...]
    status: str
    goal: int | None
    location: str | None
    facts_as_of: date
    signer_warning: bool
    sensitive: tuple[str, ...]
    sources: tuple[Mapping[str, str], ...]
    updates: tuple[Mapping[str, str], ...]
    target: Mapping[str, Any]
    solidarity: Mapping[str, Any]
    texts: Mapping[str, Mapping[str, str]]
    photo: KitPhoto | None = None
    targets: tuple[Mapping[str, Any], ...] = ()
    ways: tuple[str, ...] | None = None
    #: By type of action, without signatures: those are :attr:`goal`.
    goals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class KitStory:
    """An impact story: what changed, figures with their unit, texts by locale."""

    slug: str
    name: str
    country: str
    edition: str
    happened_on: str
    outcome: str
    figures: tuple[Mapping[str, Any], ...]
    quotes: tuple[Mapping[str, str], ...]
    source: str
    source_title: str
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class KitTotal:
    """The actions of one year, worldwide."""

    year: int
    total: int
    qualifier: str
    source: str


@dataclass(frozen=True)
class Kit:
    """A whole kit, valid."""

    edition: str
    titles: Mapping[str, str]
    starts_on: date
    ends_on: date
    cases: tuple[KitCase, ...]
    stories: tuple[KitStory, ...]
    totals: tuple[KitTotal, ...]
    path: Path = field(compare=False)
