"""What stands on a letter sheet of a case, in one language: whom to write to, what to ask for, what to say and to leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ...i18n import gettext
from ..campaign.views import CaseView, Lens, who
from ..kits.way_texts import items
from . import stamps


@dataclass(frozen=True)
class Recipient:
    """Somebody who is written to.

    :param office: the title in the reader's language, where the kit has it so.
    :param block: their name, title and address, line by line, in the order of their country.
    :param has_address: there is more in it than name and title.
    :param salutation: how a letter to them begins.
    :param verified_on: when the address was last checked.
    """

    name: str
    title: str
    office: str
    office_lang: str
    block: Sequence[str]
    block_lang: str
    has_address: bool
    salutation: str
    verified_on: date | None

    @property
    def shown(self) -> str:
        """Who it is, in one line."""
        return who(self.name, self.office)


@dataclass(frozen=True)
class Embassy:
    """Where a copy goes: the embassy in the writer's country; without lines where the section does not say."""

    lines: Sequence[str]
    verified_on: date | None


@dataclass(frozen=True)
class Sheet:
    """A letter sheet."""

    case: CaseView
    recipients: Sequence[Recipient]
    #: ``None``: the case is in the writer's own country.
    embassy: Embassy | None
    points: Sequence[str]
    #: What this case asks its writers to heed, in the language of its texts.
    never: Sequence[str]
    #: What is left out whatever the case, in the reader's language.
    always: Sequence[str]
    #: The paragraphs of a model letter.
    model: Sequence[str]
    postage: str

    @property
    def demand(self) -> str:
        """What to ask for, word for word."""
        return self.case.demand or self.case.title

    @cached_property
    def stamp(self) -> str:
        """What of it a printed sheet must not get wrong; see :mod:`.stamps`."""
        return stamps.stamp(
            {
                "target": [[one.name, one.title, one.salutation] for one in self.recipients],
                "address": [
                    [list(one.block) for one in self.recipients],
                    list(self.embassy.lines if self.embassy else ()),
                ],
                "demand": self.demand,
                "rules": [list(self.points), list(self.never), list(self.model)],
            }
        )


def sheet_of(case: CaseView, lens: Lens) -> Sheet:
    """The sheet of a case."""
    words = case.words
    return Sheet(
        case=case,
        recipients=tuple(
            _recipient(target, words.get("letter.salutation", "") if first else "")
            for first, target in zip([True] + [False] * len(case.targets), case.targets, strict=False)
        ),
        embassy=_embassy(case, lens),
        points=tuple(items(words, "letter.points")) or _usual_points(),
        never=tuple(items(words, "letter.never")),
        always=_always_left_out(),
        model=_paragraphs(words.get("letter.model") or case.petition),
        postage=lens.section.text(lens.section.postage_hint, lens.locale) if lens.section.postage_hint else "",
    )


def _recipient(target: Mapping[str, Any], salutation: str) -> Recipient:
    verified = target["verified_on"]
    return Recipient(
        name=target["name"],
        title=target["title"],
        office=target["office"],
        office_lang=target["office_lang"],
        block=tuple(target["block"]),
        block_lang=target["block_lang"],
        has_address=bool(target["address"]),
        salutation=salutation or target["salutation"] or gettext("Dear Sir or Madam,"),
        verified_on=date.fromisoformat(verified) if verified else None,
    )


def _embassy(case: CaseView, lens: Lens) -> Embassy | None:
    if case.country == lens.section.country:
        return None
    found = lens.section.embassy_addresses.get(case.country)
    return Embassy(tuple(found["lines"]), found["verified_on"]) if found else Embassy((), None)


def _usual_points() -> tuple[str, ...]:
    return (
        gettext("Say who you are and where you live, and why this matters to you."),
        gettext("Ask for one thing, in the words above, and be polite."),
        gettext("Ask for an answer."),
    )


def _always_left_out() -> tuple[str, ...]:
    return (
        gettext("Leave out party politics, and what you think of the government as a whole."),
        gettext("Leave out insults and threats of any kind."),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip())


def why_no_letter(case: CaseView, section: Any) -> str | None:
    """Why nobody can write for a case that takes actions; see ``seam.Way``."""
    return None if case.targets else gettext("There is no one to write to for this case yet.")
