"""What the desk shows and changes of cases. Every change asks for the permission again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...errors import NotFound, insist
from ...i18n import country_name
from ...keyring import Keyring
from ...models import Case, Edition, Picture, Signature
from ...models.campaign import CASE_STATUSES
from ...seam import Urls
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.permissions import require
from ..tally import totals
from .views import Lens


@dataclass(frozen=True)
class DeskCase:
    """A case as staff see it: withdrawn ones too."""

    slug: str
    name: str
    country: str
    status: str
    status_changed_at: datetime | None
    edition: str
    signatures: int
    held: int
    pending: int


def overview(session: Session, hooks: Hooks, actor: Actor | None, lens: Lens) -> list[DeskCase]:
    """Every case of the section, newest edition first.

    :raises PermissionDenied: the actor may not edit cases here.
    """
    require(hooks, actor, Permission.EDIT_CASES, lens.section)
    rows = session.execute(
        select(Case, Edition)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == lens.section.code)
        .order_by(Edition.starts_on.desc(), Case.position)
    ).all()
    held = _by_case(session, lens.section, Signature.held_at.is_not(None), Signature.state == "confirmed")
    pending = _by_case(session, lens.section, Signature.state == "pending")
    counted = {
        edition.id: totals.counts(session, lens.section, edition.id, lens.now) for edition in {row[1] for row in rows}
    }
    return [
        DeskCase(
            slug=case.slug,
            name=case.name,
            country=country_name(case.country),
            status=case.status,
            status_changed_at=case.status_changed_at,
            edition=edition.year,
            signatures=counted[edition.id].of_case(case.id, case.goal).signatures,
            held=held.get(case.id, 0),
            pending=pending.get(case.id, 0),
        )
        for case, edition in rows
    ]


def _by_case(session: Session, section: Section, *conditions: Any) -> dict[int, int]:
    rows = session.execute(
        select(Signature.case_id, func.count())
        .where(Signature.section == section.code, *conditions)
        .group_by(Signature.case_id)
    )
    return dict(rows.all())


def set_case_status(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    keyring: Keyring,
    section: Section,
    slug: str,
    status: str,
    *,
    now: datetime,
) -> list[int]:
    """Change a case's status on behalf of a member of staff, and log it.

    :returns: the ids of the cases that changed, one an edition.
    :raises PermissionDenied: they may not edit cases here.
    :raises NotFound: there is no such case.
    """
    staff = require(hooks, actor, Permission.EDIT_CASES, section)
    query = select(Case.status).join(Edition, Edition.id == Case.edition_id).order_by(Edition.starts_on.desc()).limit(1)
    before = session.scalars(query.where(Case.section == section.code, Case.slug == slug)).first()
    changed = change_case_status(session, section, slug, status, now=now)
    if changed:
        audit.append(
            session, keyring, section, staff.id, "case_status", f"case:{slug}",
            changes={"status": [before, status]}, count=len(changed), now=now,
        )  # fmt: skip
    return changed


def case_urls(
    session: Session, section: Section, slug: str, absolute: Callable[..., str | None], more: Sequence[Urls] = ()
) -> Sequence[str]:
    """Every public URL whose content changes with a case: what a cache in front should purge.

    Its own pages and pictures first, then those that name it: campaign, archives, counts, and the pages of the cases
    beside it.

    :param absolute: makes a full URL, or ``None`` where this site has no such page.
    :param more: what other capabilities have of the case, ``Seam.urls``.
    """
    rows = session.execute(
        select(Case.id, Case.edition_id, Edition.year)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.slug == slug)
    ).all()
    beside = session.scalars(
        select(Case.slug).where(Case.edition_id.in_([row[1] for row in rows]), Case.slug != slug).distinct()
    ).all()
    widths = session.scalars(
        select(Picture.width).where(Picture.case_id.in_([row[0] for row in rows])).distinct()
    ).all()
    urls: list[str | None] = []
    for locale in section.locales:
        urls += [absolute(name, locale=locale, slug=slug) for name in ("case", "thanks", "case_tally", "sign")]
        urls += [absolute("photo", locale=locale, slug=slug, width=width) for width in sorted(widths)]
        urls += [absolute(name, locale=locale) for name in ("campaign", "impact", "tally")]
        urls += [absolute("edition", locale=locale, year=year) for year in sorted({row[2] for row in rows})]
        urls += [absolute(name, locale=locale, slug=other) for other in sorted(beside) for name in ("case", "thanks")]
    for others in more:
        urls += others(session, section, slug, absolute)
    return [url for url in urls if url is not None]


def statuses(session: Session, section: Section, slug: str) -> str:
    """What a case's status is, as the log names it: several, comma-separated, where its editions differ."""
    found = session.scalars(select(Case.status).where(Case.section == section.code, Case.slug == slug).distinct())
    return ",".join(sorted(found))


def change_case_status(session: Session, section: Section, slug: str, status: str, *, now: datetime) -> list[int]:
    """Set a case's status, in every edition of the section that has it.

    The change stays when a later kit says otherwise.

    :param status: ``active``, ``closed``, ``freed`` or ``withdrawn``.
    :returns: the ids of the cases that changed.
    :raises NotFound: the section has no such case.
    :raises BadValue: there is no such status.
    """
    insist(status in CASE_STATUSES, "status", f"be one of {', '.join(CASE_STATUSES)}")
    rows = session.scalars(select(Case).where(Case.section == section.code, Case.slug == slug).with_for_update()).all()
    if not rows:
        raise NotFound(slug)
    changed = []
    for row in rows:
        if row.status != status:
            row.status, row.status_changed_at, row.updated_at = status, now, now
            changed.append(row.id)
        row.status_is_local = True
    session.flush()
    return changed
