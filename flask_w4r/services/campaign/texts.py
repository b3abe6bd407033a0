"""A section's own words of a case beside the centre's, edited field by field without losing anybody's work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...keyring import Keyring
from ...models import Case, CaseText, Edition
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..kits.fields import text_fault
from ..kits.model import UPDATE_PREFIX
from ..kits.texts import LENGTHS, MAX_STORY, story_faults, tidy
from ..kits.way_texts import WayText, offered, way_text
from ..people.permissions import require

#: The texts of a case, in the order of its page.
FIELDS = ("title", "summary", "demand", "petition", "story")
#: Those that may have several lines.
LONG = frozenset({"petition", "story"})


@dataclass(frozen=True)
class TextPair:
    """One text: the centre's words and the section's own."""

    name: str
    centre: str | None
    own: str | None
    #: The centre's words when the section wrote its own, where they are others now.
    overtaken: bool
    seen: str | None

    @property
    def stamp(self) -> str:
        """What both were, to carry in a form: tells whether somebody else wrote meanwhile, and what."""
        return f"{_mark(self.own)}.{_mark(self.centre)}"

    @property
    def kind(self) -> str:
        """What :data:`~flask_w4r.services.kits.texts.LENGTHS` and the page call it."""
        return "update" if self.name.startswith(UPDATE_PREFIX) else self.name

    @property
    def longest(self) -> int:
        """The most characters it may have."""
        if self.way_text:
            return self.way_text.longest
        return MAX_STORY if self.name == "story" else LENGTHS[self.kind]

    @property
    def way_text(self) -> WayText | None:
        """What it may be, where it belongs to a way to act."""
        return way_text(self.name)

    @property
    def has_lines(self) -> bool:
        """Whether it may have several lines."""
        spec = self.way_text
        return spec.lines or spec.items if spec else self.name in LONG


@dataclass(frozen=True)
class CaseTexts:
    """All texts of one case in one locale."""

    case_id: int
    slug: str
    name: str
    edition: str
    locale: str
    pairs: Sequence[TextPair]
    #: Locales that have any text of this case.
    written: frozenset[str]


@dataclass(frozen=True)
class Edit:
    """What came back from the form for one text."""

    own: str
    #: The :attr:`TextPair.stamp` it was written over.
    stamp: str
    #: The centre's new words were read, and the section's own stay.
    keep: bool = False

    @property
    def is_untouched(self) -> bool:
        """Whether it came back as it went out."""
        return _mark(clean(self.own) or None) == self.stamp.partition(".")[0]


@dataclass(frozen=True)
class Saved:
    """What saving did. With conflicts or faults nothing was written."""

    changed: Sequence[str] = ()
    #: Texts that somebody else wrote meanwhile, and that this edit would change.
    conflicts: Sequence[str] = ()
    #: ``(field, fault, number)``: ``plain``, ``one_line``, ``long`` (with the most), ``story`` (with the line),
    #: ``missing``.
    faults: Sequence[tuple[str, str, int]] = ()
    #: Who reads the pages learns of it: something shown differs.
    shown_differs: bool = False
    case_id: int = 0
    #: The case's status, for the signal.
    status: str = ""


def _mark(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _case(session: Session, section: Section, slug: str, year: str | None, *, lock: bool = False) -> tuple[Case, str]:
    query = (
        select(Case, Edition.year)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.slug == slug)
        .order_by(Edition.starts_on.desc())
        .limit(1)
    )
    if year is not None:
        query = query.where(Edition.year == year)
    row = session.execute(query).first()
    if row is None:
        raise NotFound(slug)
    if lock:
        # What a kit import of this edition locks too: the two follow each other.
        session.execute(select(Edition.id).where(Edition.id == row[0].edition_id).with_for_update(key_share=True))
    return row[0], row[1]


def _pairs(case: Case, rows: Mapping[str, CaseText]) -> list[TextPair]:
    names = [*FIELDS, *(UPDATE_PREFIX + str(item["on"]) for item in case.updates), *offered(rows)]
    pairs = []
    for name in names:
        row = rows.get(name)
        if row is None:
            pairs.append(TextPair(name, None, None, False, None))
        else:
            pairs.append(TextPair(name, row.centre_base, row.local, row.is_overtaken, row.seen_base))
    return pairs


def texts_of(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    slug: str,
    locale: str,
    *,
    year: str | None = None,
) -> CaseTexts:
    """A case's texts in one locale.

    :param year: the edition; default: the newest that has the case.
    :raises PermissionDenied: the actor may not edit cases here.
    :raises NotFound: there is no such case.
    """
    require(hooks, actor, Permission.EDIT_CASES, section)
    case, edition = _case(session, section, slug, year)
    everything = session.scalars(select(CaseText).where(CaseText.case_id == case.id)).all()
    rows = {row.field: row for row in everything if row.locale == locale}
    written = frozenset(row.locale for row in everything if row.shown)
    return CaseTexts(case.id, slug, case.name, edition, locale, _pairs(case, rows), written)


def own_texts(session: Session, section: Section) -> dict[int, tuple[int, int]]:
    """For each case of the section that has own texts: how many, and how many of them the centre has overtaken."""
    rows = session.scalars(
        select(CaseText)
        .join(Case, Case.id == CaseText.case_id)
        .where(Case.section == section.code, CaseText.local.is_not(None))
    )
    counted: dict[int, tuple[int, int]] = {}
    for row in rows:
        own, overtaken = counted.get(row.case_id, (0, 0))
        counted[row.case_id] = (own + 1, overtaken + row.is_overtaken)
    return counted


def save(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    keyring: Keyring,
    section: Section,
    slug: str,
    locale: str,
    edits: Mapping[str, Edit],
    *,
    year: str | None = None,
    now: datetime,
) -> Saved:
    """Write the section's own texts of a case in one locale, all of them or, with a conflict or a fault, none.

    An empty text goes back to the centre's; so does one that says the same as the centre's. Texts that are not in
    ``edits`` stay. A text that this edit leaves as it was is left alone even when somebody else changed it meanwhile.

    :param edits: by field; one that the case does not have is passed over.
    :returns: what was changed, or why nothing was.
    :raises PermissionDenied: they may not edit cases here.
    :raises NotFound: there is no such case.
    """
    staff = require(hooks, actor, Permission.EDIT_CASES, section)
    case, _ = _case(session, section, slug, year, lock=True)
    query = select(CaseText).where(CaseText.case_id == case.id, CaseText.locale == locale).with_for_update()
    rows = {row.field: row for row in session.scalars(query)}
    pairs = {pair.name: pair for pair in _pairs(case, rows)}
    wanted: dict[str, str | None] = {}
    conflicts = []
    for name, pair in pairs.items():
        edit = edits.get(name)
        if edit is None:
            continue
        text = clean(edit.own)
        own = None if not text or text == pair.centre else text
        if own == pair.own or edit.is_untouched:
            continue
        if edit.stamp != pair.stamp:
            conflicts.append(name)
        wanted[name] = own
    kept = [
        name
        for name, pair in pairs.items()
        if pair.overtaken and name in edits and edits[name].keep and name not in wanted
        and edits[name].stamp.partition(".")[2] == _mark(pair.centre)
    ]  # fmt: skip
    faults = [fault for name, own in wanted.items() if own is not None for fault in faults_of(pairs[name], own)]
    faults += _gaps(pairs, wanted)
    if conflicts or faults:
        return Saved(conflicts=conflicts, faults=faults, case_id=case.id)
    return _write(session, keyring, section, staff, case, locale, rows, wanted, kept, now)


def clean(text: str) -> str:
    """What is kept of something typed: plain line ends, no space around."""
    return tidy(text.replace("\r\n", "\n").replace("\r", "\n"))


def faults_of(pair: TextPair, own: str) -> list[tuple[str, str, int]]:
    """What is wrong with a text, as :class:`Saved` names it; at most one thing."""
    if len(own) > pair.longest:
        return [(pair.name, "long", pair.longest)]
    if pair.name == "story":
        return [(pair.name, "story", line + 1) for line, _ in list(story_faults(own))[:1]]
    if text_fault(own):
        return [(pair.name, "plain", 0)]
    if not pair.has_lines and ("\n" in own or "\t" in own):
        return [(pair.name, "one_line", 0)]
    return []


def _gaps(pairs: Mapping[str, TextPair], wanted: Mapping[str, str | None]) -> list[tuple[str, str, int]]:
    """A language is shown as soon as it has a demand, so the other texts must be there by then."""
    if not wanted:
        return []
    after = {name: wanted.get(name, pairs[name].own) or pairs[name].centre for name in FIELDS}
    if not after["demand"]:
        return []
    return [(name, "missing", 0) for name in FIELDS if not after[name]]


def _write(
    session: Session,
    keyring: Keyring,
    section: Section,
    staff: Actor,
    case: Case,
    locale: str,
    rows: Mapping[str, CaseText],
    wanted: Mapping[str, str | None],
    kept: Sequence[str],
    now: datetime,
) -> Saved:
    changes: dict[str, list[str | None]] = {}
    shown_differs = False
    for name, own in wanted.items():
        row = rows.get(name)
        if row is None:
            row = CaseText(case_id=case.id, locale=locale, field=name)
            session.add(row)
        before, shown = row.local, row.shown
        row.local, row.seen_base = own, row.centre_base if own is not None else None
        shown_differs |= row.shown != shown
        changes[f"{locale}/{name}"] = [audit.typed(keyring, section, before), audit.typed(keyring, section, own)]
        if own is None and row.centre_base is None:
            session.delete(row)
    for name in kept:
        row = rows[name]
        before, row.seen_base = row.seen_base, row.centre_base
        changes[f"{locale}/{name}/read"] = [
            audit.typed(keyring, section, before), audit.typed(keyring, section, row.centre_base),
        ]  # fmt: skip
    if changes:
        if shown_differs:
            case.updated_at = now
        session.flush()
        audit.append(
            session, keyring, section, staff.id, "case_texts", f"case:{case.slug}",
            changes=changes, count=len(changes), now=now,
        )  # fmt: skip
    return Saved([*wanted, *kept], shown_differs=shown_differs, case_id=case.id, status=case.status)
