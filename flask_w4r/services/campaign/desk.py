"""A section's cases as its desk lists them, and what a change of status would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import country_name
from ...keyring import Keyring
from ...models import Case, OutboxMail, Signature
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..people.permissions import require
from ..tally import totals
from . import catalogue
from .texts import own_texts
from .views import EditionView, Lens

#: So many waiting mails are opened to see whom they are about.
MAILS_LOOKED_AT = 2000


@dataclass(frozen=True)
class CaseRow:
    """A case in the desk's list: withdrawn ones too."""

    id: int
    slug: str
    name: str
    country_name: str
    status: str
    signatures: int
    held: int
    #: Texts of the section's own, and those that the centre has changed since.
    own_texts: int
    overtaken: int


@dataclass(frozen=True)
class Effect:
    """What leaving ``active``, or coming back to it, does to what is on its way."""

    #: What each capability says of it: a title and words.
    lines: Sequence[tuple[str, str]]
    #: Confirmation mails and reminders that wait in the outbox for this case.
    mails: int
    #: There are more mails than were looked at.
    mails_is_floor: bool


def case_list(
    session: Session, hooks: Hooks, actor: Actor | None, lens: Lens
) -> list[tuple[EditionView, list[CaseRow]]]:
    """Every edition of the section with its cases, newest first.

    :raises PermissionDenied: the actor may not edit cases here.
    """
    section = lens.section
    require(hooks, actor, Permission.EDIT_CASES, section)
    cases = session.scalars(select(Case).where(Case.section == section.code).order_by(Case.position, Case.name)).all()
    waiting = session.execute(
        select(Signature.case_id, func.count())
        .where(Signature.section == section.code, Signature.held_at.is_not(None))
        .group_by(Signature.case_id)
    )
    held: dict[int, int] = {row[0]: row[1] for row in waiting}
    own = own_texts(session, section)
    found = []
    for edition in catalogue.editions(session, lens):
        counts = totals.counts(session, section, edition.id, lens.now)
        rows = [
            CaseRow(
                id=case.id,
                slug=case.slug,
                name=case.name,
                country_name=country_name(case.country),
                status=case.status,
                signatures=counts.of_case(case.id, case.goal).signatures,
                held=held.get(case.id, 0),
                own_texts=own.get(case.id, (0, 0))[0],
                overtaken=own.get(case.id, (0, 0))[1],
            )
            for case in cases
            if case.edition_id == edition.id
        ]
        found.append((edition, rows))
    return found


def effect(session: Session, hooks: Hooks, keyring: Keyring, section: Section, slug: str) -> Effect:
    """Count what waits for a case, in all editions that have it: what a change of status stops.

    :raises NotFound: there is no such case.
    """
    ids = set(session.scalars(select(Case.id).where(Case.section == section.code, Case.slug == slug)))
    if not ids:
        raise NotFound(slug)
    lines = [
        line for one in hooks.seam.capabilities for look in one.touched for line in look(session, section, sorted(ids))
    ]
    about_cases = [name for name, kind in hooks.seam.mails.items() if kind.about_cases]
    waiting: Sequence[str | None] = session.scalars(
        select(OutboxMail.params)
        .where(OutboxMail.state == "queued", OutboxMail.section == section.code, OutboxMail.kind.in_(about_cases))
        .order_by(OutboxMail.not_before)
        .limit(MAILS_LOOKED_AT + 1)
    ).all()
    about = [sealed for sealed in waiting[:MAILS_LOOKED_AT] if sealed and _is_about(keyring, sealed, ids)]
    return Effect(lines, len(about), len(waiting) > MAILS_LOOKED_AT)


def _is_about(keyring: Keyring, sealed: str, ids: set[int]) -> bool:
    return not ids.isdisjoint(keyring.open_json(sealed).get("cases") or ())
