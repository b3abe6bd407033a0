"""The centre's news at the desk: what was done by itself, and what waits for a person to accept or dismiss it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...keyring import Keyring
from ...models import Case, CaseText, Edition, FeedEntry
from ...sections import Section
from ...state import Permission
from ..audit import record as audit
from ..campaign.status import statuses
from ..campaign.views import Lens
from ..people.permissions import Staff
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from .follow import RESTRICTS, change_status, tell_changed

#: What was done by itself is told at the desk's first page for so long.
RECENT = timedelta(days=2)
#: So many that were decided are shown.
SHOWN = 50


@dataclass(frozen=True)
class Words:
    """A text as it is and as it would be."""

    locale: str
    field: str
    before: str
    after: str
    #: The section has words of its own, which stay.
    is_own: bool = False


@dataclass(frozen=True)
class Line:
    """An entry with the case that it is about, as staff see it."""

    entry: FeedEntry
    case: str
    words: Sequence[Words] = ()
    target: Sequence[tuple[str, str, str]] = field(default=())


def lines(session: Session, staff: Staff) -> tuple[list[Line], list[Line]]:
    """What waits, oldest first, and what was done or decided, newest first.

    :raises PermissionDenied: they may not edit cases here.
    """
    staff.allowed(Permission.EDIT_CASES)
    mine = FeedEntry.section == staff.section.code
    waiting = session.scalars(select(FeedEntry).where(mine, FeedEntry.state == "waiting").order_by(FeedEntry.id)).all()
    wanted = select(FeedEntry).where(mine, FeedEntry.state != "waiting").order_by(FeedEntry.id.desc()).limit(SHOWN)
    return [_line(session, one) for one in waiting], [_line(session, one) for one in session.scalars(wanted).all()]


def _line(session: Session, entry: FeedEntry) -> Line:
    case = _case(session, entry)
    if case is None or entry.state != "waiting":
        return Line(entry, case.name if case else entry.slug)
    rows = session.scalars(select(CaseText).where(CaseText.case_id == case.id)).all()
    texts = {(row.locale, row.field): row for row in rows}
    words = []
    for locale, named in entry.brings["texts"].items():
        for name, after in named.items():
            row = texts.get((locale, name))
            words.append(
                Words(locale, name, row.shown if row else "", after, row is not None and row.local is not None)
            )
    target = [(name, str(case.target.get(name, "")), value) for name, value in entry.brings["target"].items()]
    return Line(entry, case.name, words, target)


def _case(session: Session, entry: FeedEntry) -> Case | None:
    """The newest case of that name."""
    wanted = select(Case).join(Edition, Edition.id == Case.edition_id)
    mine = wanted.where(Case.section == entry.section, Case.slug == entry.slug)
    return session.scalars(mine.order_by(Edition.starts_on.desc()).limit(1)).first()


def counts(session: Session, section: Section, *, now: datetime) -> tuple[int, int]:
    """How many entries wait for a person, and how many were done by themselves not long ago."""
    recent = and_(FeedEntry.state == "applied", FeedEntry.taken_at > now - RECENT)
    mine = (FeedEntry.section == section.code, or_(FeedEntry.state == "waiting", recent))
    rows = session.execute(select(FeedEntry.state, func.count()).where(*mine).group_by(FeedEntry.state)).all()
    found: dict[str, int] = dict(rows)
    return found.get("waiting", 0), found.get("applied", 0)


def decide(work: UnitOfWork, staff: Staff, number: int, *, accept: bool, links: Any) -> None:
    """Accept or dismiss an entry that waits.

    :param links: ``(section) -> absolute``, see ``follow.follow``.
    :raises PermissionDenied: they may not edit cases here.
    :raises NotFound: it does not wait, or not any more.
    """
    actor = staff.allowed(Permission.EDIT_CASES)
    session, section = work.session, staff.section
    mine = (FeedEntry.id == number, FeedEntry.section == section.code, FeedEntry.state == "waiting")
    state = "accepted" if accept else "dismissed"
    decided = {"state": state, "decided_by": actor.id[:100], "decided_at": staff.now}
    if not execute(session, update(FeedEntry).where(*mine).values(**decided)):
        raise NotFound(str(number))
    entry = session.get(FeedEntry, number, populate_existing=True)
    assert entry is not None
    changes: dict[str, Any] = {"entry": [None, entry.name], "change": [None, entry.change]}
    if accept and entry.change in RESTRICTS:
        changes["status"] = [statuses(session, section, entry.slug), entry.change]
        change_status(work, section, entry.slug, entry.change, links)
    elif accept:
        _bring(work, staff, entry, links)
    action = f"feed_{state}"
    audit.append(
        session, staff.keyring, section, actor.id, action, f"case:{entry.slug}", changes=changes, now=staff.now
    )


def _bring(work: UnitOfWork, staff: Staff, entry: FeedEntry, links: Any) -> None:
    """The centre's words of a case become what the feed says, as if a kit had brought them. The section's own stay."""
    session = work.session
    cases = session.scalars(
        select(Case)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == entry.section, Case.slug == entry.slug, Edition.year == entry.edition)
    ).all()
    # The edition may have another name here.
    for case in cases or [one for one in (_case(session, entry),) if one is not None]:
        for locale, named in entry.brings["texts"].items():
            for name, words in named.items():
                row = session.get(CaseText, (case.id, locale, name))
                if row is None:
                    session.add(CaseText(case_id=case.id, locale=locale, field=name, centre_base=words))
                else:
                    row.centre_base = words
        if entry.brings["target"]:
            # A title in other languages is not that of a new office.
            stale = {"titles"} & set(case.target) if "title" in entry.brings["target"] else set()
            case.target = {
                **{name: value for name, value in case.target.items() if name not in stale}, **entry.brings["target"]
            }  # fmt: skip
        case.updated_at = staff.now
        session.flush()
        tell_changed(work, staff.section, case.slug, case.status, [case.id], links)


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """The entries that the desk's mail tells of; see ``seam.MailKind``. A withdrawn case is not named by mail."""
    mine = (FeedEntry.section == lens.section.code, FeedEntry.id.in_(context.get("entries", ())))
    told = []
    for entry in session.scalars(select(FeedEntry).where(*mine).order_by(FeedEntry.id)):
        case = _case(session, entry)
        named = case is not None and case.status != "withdrawn"
        told.append(
            {"case": case.name if case and named else "", "change": entry.change, "waits": entry.state == "waiting"}
        )
    return {"news": told}, ()
