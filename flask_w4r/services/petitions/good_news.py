"""A freed person's story is mailed once to those who signed for them and agreed to hear from the section.

Staff ask for it; the worker writes the mails into the outbox in pieces. Each piece and how far it came are one transaction, so
that a worker that is killed has written the whole piece or nothing of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Edition, GoodNews, Signature
from ...seam import Ask, MailKind, Tools
from ...sections import Section
from ...state import Permission, get_state
from ..audit import record as audit
from ..campaign.catalogue import cases_by_id
from ..campaign.results import impact_stories
from ..campaign.views import CaseView, Lens
from ..mail import outbox
from ..people.addresses import parse_address
from ..people.permissions import Staff
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from ..storage.upsert import insert_ignore
from ..tally.counts import counted

KIND = "good_news"
PIECE = 500


@dataclass(frozen=True)
class Standing:
    """How it stands with a case's good news.

    :ivar people: how many would get it now.
    :ivar sent: when it was asked for; ``None``: it was not.
    :ivar story: title and text of what is mailed beside the case's own words; empty where no kit tells it.
    """

    case: CaseView
    people: int
    asked_at: datetime | None
    queued: int
    finished_at: datetime | None
    story: tuple[str, str]

    @property
    def can_be_asked(self) -> bool:
        """Whether it may be mailed now."""
        return self.case.status == "freed" and self.asked_at is None and self.people > 0


def _wanted(case_id: int) -> tuple[Any, ...]:
    """Who gets it: signatures that count, whose mailbox was proved, and whose owner agreed and still does."""
    return (
        Signature.case_id == case_id, *counted(), Signature.newsletter.is_(True), Signature.confirmed_at.is_not(None),
        Signature.person.is_not(None),
    )  # fmt: skip


def _case(session: Session, section: Section, slug: str) -> Case:
    found = session.scalars(
        select(Case)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.slug == slug, Case.status != "withdrawn")
        .order_by(Edition.starts_on.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound(slug)
    return found


def standing(session: Session, staff: Staff, lens: Lens, slug: str) -> Standing:
    """How it stands with the good news of a case, in its newest edition.

    :raises PermissionDenied: the actor may not edit cases here.
    :raises NotFound: there is no such case, or it was withdrawn.
    """
    staff.allowed(Permission.EDIT_CASES)
    row = _case(session, staff.section, slug)
    asked = session.get(GoodNews, row.id)
    people = session.scalar(select(func.count()).where(*_wanted(row.id))) or 0
    (view,) = cases_by_id(session, lens, [row.id])
    return Standing(
        view, people, asked.asked_at if asked else None, asked.queued if asked else 0,
        asked.finished_at if asked else None, _story(session, lens, view),
    )  # fmt: skip


def _story(session: Session, lens: Lens, case: CaseView) -> tuple[str, str]:
    """What a kit tells of the person: the newest story of that name, else nothing."""
    for one in impact_stories(session, lens):
        if one.slug == case.slug or one.name == case.name:
            return one.title, one.summary
    return "", ""


def ask(work: UnitOfWork, staff: Staff, slug: str) -> bool:
    """Have it mailed. Returns whether it is this press that brought it about: once a case.

    :raises PermissionDenied: the actor may not edit cases here.
    :raises NotFound: there is no such case, or it was withdrawn.
    """
    actor = staff.allowed(Permission.EDIT_CASES)
    session, section = work.session, staff.section
    row = _case(session, section, slug)
    if row.status != "freed":
        return False
    people, last = session.execute(select(func.count(), func.max(Signature.id)).where(*_wanted(row.id))).one()
    values = {
        "section": section.code, "case_id": row.id, "asked_by": actor.id, "asked_at": staff.now, "expected": people,
        "queued": 0, "cursor": 0, "last_id": last or 0, "finished_at": None,
    }  # fmt: skip
    if not people or not insert_ignore(session, GoodNews.__table__, values):
        return False
    audit.append(
        session, staff.keyring, section, actor.id, "good_news_mailed", f"case:{slug}", count=people, now=staff.now
    )
    return True


def is_due(session: Session, now: datetime) -> bool:
    """Whether any good news waits to be written."""
    return session.execute(select(GoodNews.case_id).where(GoodNews.finished_at.is_(None)).limit(1)).first() is not None


def _open(session: Session, codes: Sequence[str]) -> list[tuple[str, int]]:
    rows = select(GoodNews.section, GoodNews.case_id).where(GoodNews.finished_at.is_(None), GoodNews.section.in_(codes))
    return [(row.section, row.case_id) for row in session.execute(rows.order_by(GoodNews.case_id))]


def job(app: Any, tools: Tools) -> dict[str, Any]:
    """Write good news into the outbox: what the worker runs. Returns how many mails."""
    state, written = get_state(app), 0
    ends = time.monotonic() + tools.turn_seconds
    for code, case_id in read(app, partial(_open, codes=sorted(state.sections))):
        over = False
        while not over and not tools.stop.is_set() and time.monotonic() < ends:
            many, over = run(app, partial(_piece, section=state.sections[code], case_id=case_id))
            written += many
    return {"good_news": written}


def _piece(work: UnitOfWork, *, section: Section, case_id: int) -> tuple[int, bool]:
    """Write some: the rows, and how far it came, together or not at all. Returns how many, and whether it was the last."""
    session, keyring, now = work.session, work.state.keyring, work.state.clock()
    row = session.scalars(select(GoodNews).where(GoodNews.case_id == case_id).with_for_update()).one_or_none()
    if row is None or row.finished_at is not None:
        return 0, True
    freed = session.scalar(select(Case.status).where(Case.id == case_id)) == "freed"
    found = session.execute(
        select(Signature.id, Signature.person, Signature.locale, Signature.slot)
        .where(*_wanted(case_id), Signature.id > row.cursor, Signature.id <= row.last_id)
        .order_by(Signature.id)
        .limit(PIECE)
    ).all() if freed else []  # fmt: skip
    mails = [mail for one in found if (mail := _mail(keyring, section, case_id, one, now)) is not None]
    outbox.enqueue_all(session, mails, replace=False)
    over = len(found) < PIECE
    values = {"cursor": found[-1].id if found else row.last_id, "queued": row.queued + len(mails)}
    if over:
        values["finished_at"] = now
    execute(session, update(GoodNews).where(GoodNews.case_id == case_id).values(**values))
    return len(mails), over


def _mail(keyring: Keyring, section: Section, case_id: int, one: Any, now: datetime) -> dict[str, Any] | None:
    email = keyring.open_json(one.person).get("email")
    if not email:
        return None
    canonical = parse_address(email, test_environment=True).canonical
    locale = one.locale if one.locale in section.locales else section.default_locale
    return outbox.outbox_values(
        keyring, section, KIND, locale, email, {"signature": one.id, "cases": [case_id]}, now=now, cap_index=None,
        cap_day=None, dedupe=keyring.blind(f"dedupe|{KIND}|{section.code}", f"{case_id}|{canonical}|{one.slot}"),
    )  # fmt: skip


def prepare(
    session: Session, keyring: Keyring, asks: Sequence[Ask], *, now: datetime, token_days: int
) -> list[Mapping[str, Any] | None]:
    """Drop those whose signer left, wants no news any more or does not count, or whose case is not freed after all; see
    ``seam.MailKind``."""
    ids = {ask.params["signature"] for ask in asks}
    there = set(
        session.scalars(
            select(Signature.id)
            .join(Case, Case.id == Signature.case_id)
            .where(Signature.id.in_(ids), *counted(), Signature.newsletter.is_(True), Case.status == "freed")
        )
    )
    return [{"cases": ask.params["cases"]} if ask.params["signature"] in there else None for ask in asks]


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """What the mail says, in its reader's language; see ``seam.MailKind``."""
    cases = cases_by_id(session, lens, context["cases"])
    title, text = _story(session, lens, cases[0]) if cases else ("", "")
    return {"cases": cases, "story_title": title, "story_text": text}, ()


MAIL = MailKind(
    KIND, prepare, look_up, unasked=True, about_cases=True, words=lazy_gettext("Good news of cases that you signed for"),
    shares=lambda context: tuple(context["cases"]),
)  # fmt: skip
