"""Cards to print: messages to the person, one or four on a page, in any script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
#: Called in the transaction that takes messages, with how many.
Also = Callable[[UnitOfWork, int], None]


@dataclass(frozen=True)
class Made:
    """A file of cards.

    :ivar left: how many wait for the next file.
    """

    pdf: bytes
    count: int
    left: int


def print_new(app: Any, section: Section, slug: str, *, per_page: int, size: str, also: Also) -> Made:
    """Cards of all messages of a case that were not passed on yet; they are marked as passed on.

    :raises NothingToTake: there are none.
    :raises NotFound: there is no such case.
    :raises CaseWithdrawn: it was withdrawn.
    :raises WayClosed: messages cannot reach the person any more.
    :raises PDFUnavailable: they cannot be printed here; nothing is marked then.
    """
    insist_on_typst()
    now = get_state(app).clock()
    ids = run(app, lambda work: _take(work, section, slug, now, also))
    if not ids:
        raise NothingToTake(slug)
    try:
        made = _made(app, section, slug, ids, per_page, size)
    except BaseException:
        run(app, lambda work: taking.give_back(work.session, section, ids, now))
        raise
    return Made(made, len(ids), read(app, lambda session: taking.waiting(session, section, slug)))


def _take(work: UnitOfWork, section: Section, slug: str, now: datetime, also: Also) -> list[int]:
    ids = taking.take(work.session, section, slug, now=now)
    if ids:
        also(work, len(ids))
    return ids


def pass_on(app: Any, section: Section, slug: str, *, also: Also) -> int:
    """Mark what was not passed on yet, without cards: it was read aloud, or sent from an export.

    :returns: how many.
    """
    now = get_state(app).clock()
    return len(run(app, lambda work: _take(work, section, slug, now, also)))


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
    made = _made(app, section, slug, ids, per_page, size)
    run(app, lambda work: also(work, len(ids)))
    return Made(made, len(ids), read(app, lambda session: taking.waiting(session, section, slug)))


def _made(app: Any, section: Section, slug: str, ids: Sequence[int], per_page: int, size: str) -> bytes:
    state = get_state(app)
    case = read(app, lambda session: taking.find_case(session, section, slug))
    found = read(app, lambda session: taking.cards(session, state.keyring, section, ids))
    missing = fonts.missing({char for card in found for char in card.text + card.name}, state.config.font_path)
    if missing:
        listed = ", ".join(f"{name} ({len(chars)})" for name, chars in missing.items())
        raise PDFUnavailable(
            f"no font here has some letters of these scripts: {listed}; install fonts that do, such as Noto, or name"
            " their folder in W4R_FONT_PATH"
        )
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
    # A country is named in the language that the message was written in.
    with i18n.use_locale(card.locale, directories):
        country = i18n.country_name(card.country) if card.country else ""
        from_whom = i18n.listing([part for part in (card.name, country) if part])
    return {
        "text": card.text.split("\n"), "dir": direction(card.text), "from": from_whom, "from_dir": direction(from_whom or card.text),
        "lang": card.locale.split("-")[0],
    }  # fmt: skip
