"""Cards to print: messages to the person, one or four on a page, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ... import i18n
from ...errors import NothingToTake, PDFUnavailable
from ...i18n import gettext
from ...sections import Section
from ...state import get_state
from ..campaign.catalogue import local_date
from ..printing import fonts
from ..printing.typeset import insist_on_typst, typeset
from ..storage.unit_of_work import UnitOfWork, read, run
from . import taking
from .directions import direction
from .taking import Card

PER_PAGE = (1, 4)
SIZES = ("a4", "letter")
#: What is no letter: pictures, modifiers of them, and what Unicode may make of them later.
_SIGNS = frozenset({"So", "Sk", "Sm", "Sc", "Cn", "Co"})
#: A word that no card is wide enough for.
_ENDLESS = re.compile(r"[!-~\u00a1-\u024f]{25,}")
#: Called in the transaction that takes messages, with how many.
Also = Callable[[UnitOfWork, int], None]


@dataclass(frozen=True)
class Made:
    """A file of cards.

    :ivar left: how many wait for the next file, those included that no font here can print.
    :ivar scripts: of those the scripts, by name.
    """

    pdf: bytes
    count: int
    left: int
    scripts: Sequence[str] = ()


@dataclass(frozen=True)
class _Printable:
    """What can be printed of some messages, by their ids; of the others the scripts that no font has."""

    cards: Mapping[int, Card]
    scripts: Sequence[str]


def print_new(app: Any, section: Section, slug: str, *, per_page: int, size: str, also: Also) -> Made:
    """Cards of all messages of a case that were not passed on yet; they are marked as passed on.

    One that no font here can print waits on. Signs that are no letters, such as pictures of faces, are left out where no font
    has them.

    :raises NothingToTake: there are none.
    :raises NotFound: there is no such case.
    :raises CaseWithdrawn: it was withdrawn.
    :raises WayClosed: messages cannot reach the person any more.
    :raises PDFUnavailable: none can be printed here, and the message says why; nothing is marked then.
    """
    insist_on_typst()
    now = get_state(app).clock()
    ids = run(app, lambda work: taking.take(work.session, section, slug, now=now))
    if not ids:
        raise NothingToTake(slug)
    try:
        found = _printable(app, section, ids)
        made = _made(app, section, slug, list(found.cards.values()), per_page, size)
    except BaseException:
        run(app, lambda work: taking.give_back(work.session, section, ids, now))
        raise

    def settle(work: UnitOfWork) -> None:
        others = [number for number in ids if number not in found.cards]
        taking.give_back(work.session, section, others, now)
        also(work, len(found.cards))

    run(app, settle)
    left = read(app, lambda session: taking.waiting(session, section, slug))
    return Made(made, len(found.cards), left, found.scripts)


def pass_on(app: Any, section: Section, slug: str, *, also: Also) -> int:
    """Mark what was not passed on yet, without cards: it was read aloud, or sent from an export.

    :returns: how many.
    """
    now = get_state(app).clock()

    def work(uow: UnitOfWork) -> int:
        count = len(taking.take(uow.session, section, slug, now=now))
        if count:
            also(uow, count)
        return count

    return run(app, work)


def print_again(
    app: Any, section: Section, slug: str, at: datetime | None, *, per_page: int, size: str, also: Also
) -> Made:
    """Cards of what was passed on before.

    :param at: of one run; ``None``: of all.
    :raises NothingToTake: nothing of it is here any more.
    :raises PDFUnavailable: they cannot be printed here.
    """
    ids = read(app, lambda session: taking.taken_at(session, section, slug, at))
    if not ids:
        raise NothingToTake(slug)
    found = _printable(app, section, ids)
    made = _made(app, section, slug, list(found.cards.values()), per_page, size)
    run(app, lambda work: also(work, len(found.cards)))
    left = read(app, lambda session: taking.waiting(session, section, slug))
    return Made(made, len(found.cards), left, found.scripts)


def _printable(app: Any, section: Section, ids: Sequence[int]) -> _Printable:
    """See which letters the fonts have before anything is set.

    :raises PDFUnavailable: there is nothing that can be printed; the message names the scripts.
    """
    state = get_state(app)
    cards = read(app, lambda session: taking.cards(session, state.keyring, section, ids))
    every = {char for card in cards.values() for char in _letters(app, card)}
    missing = fonts.missing(every, state.config.font_path)
    signs = {char for chars in missing.values() for char in chars if unicodedata.category(char) in _SIGNS}
    letters = {char: name for name, chars in missing.items() for char in chars if char not in signs}
    good = {
        number: _without(card, signs)
        for number, card in cards.items()
        if letters.keys().isdisjoint(card.text + card.name)
    }
    scripts = sorted(set(letters.values()))
    if cards and not good:
        raise PDFUnavailable(
            f"no font here has some letters of these scripts: {', '.join(scripts)}; install fonts that do, such as Noto, or"
            " name their folder in W4R_FONT_PATH"
        )
    return _Printable(good, scripts)


def _letters(app: Any, card: Card) -> str:
    return "".join([card.text, *_from(card, get_state(app).translation_directories)])


def _without(card: Card, signs: Collection[str]) -> Card:
    if not signs:
        return card
    text, name = ("".join(char for char in part if char not in signs).strip() for part in (card.text, card.name))
    return replace(card, text=text, name=name)


def _made(app: Any, section: Section, slug: str, found: Sequence[Card], per_page: int, size: str) -> bytes:
    state = get_state(app)
    case = read(app, lambda session: taking.find_case(session, section, slug))
    data = paper(section, case.name, found, per_page, size, state.translation_directories, state.clock())
    return typeset(Path(__file__).parent / "cards.typ", data, font_paths=state.config.font_path)


def paper(
    section: Section,
    name: str,
    cards: Sequence[Card],
    per_page: int,
    size: str,
    directories: Sequence[str],
    now: datetime,
) -> dict[str, Any]:
    """What ``cards.typ`` sets. Neither the movement nor the campaign is named: whoever opens the envelope may mind."""
    with i18n.use_locale(section.lang_tag(section.default_locale), directories):
        title = gettext("Messages for %(name)s, %(date)s", name=name, date=i18n.long_date(local_date(section, now)))
    return {
        "title": title, "lang": section.default_locale.split("-")[0], "size": size, "per_page": per_page,
        "cards": [_said(card, directories) for card in cards],
    }  # fmt: skip


def _said(card: Card, directories: Sequence[str]) -> dict[str, Any]:
    return {
        "text": _breakable(card.text).split("\n"), "dir": direction(card.text), "lang": card.locale.split("-")[0],
        "from": _from(card, directories),
    }  # fmt: skip


def _breakable(text: str) -> str:
    """A text whose endless words can be broken; scripts that do without spaces have places of their own."""
    return _ENDLESS.sub(lambda found: "\u200b".join(found.group()), text)


def _from(card: Card, directories: Sequence[str]) -> list[str]:
    """Who it is from, as far as they said; a country is named in the language that the message was written in."""
    with i18n.use_locale(card.locale, directories):
        country = i18n.country_name(card.country) if card.country else ""
    return [part for part in (_breakable(card.name), country) if part]
