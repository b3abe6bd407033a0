"""Writes a kit into a section: idempotent, all or nothing, and careful with the section's own edits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...errors import KitError
from ...models.campaign import Case, CaseText, Edition
from ...sections import Section
from ..storage.upsert import insert_new
from .merge import KitReport, assign, merge_photo, merge_stories, merge_texts, merge_totals
from .model import Kit, KitCase

#: A section's window is for the edition it runs: one that starts further away than this is another year's.
_SAME_CAMPAIGN_DAYS = 183


def import_kit(
    session: Session,
    section: Section,
    kit: Kit,
    *,
    now: datetime,
    demo: bool | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> KitReport:
    """Bring a section up to a kit. Importing the same kit again changes nothing and writes nothing.

    The centre's words replace the centre's former words; where the section has its own, those stay and are shown, and
    the report names what the centre changed beneath them. A status that the section set stays. Cases that the kit no
    longer has are left and reported. The window is, in this order: the arguments, the section's ``window``, what the
    edition already has, the kit's.

    :param demo: mark the edition as a demonstration or as real; ``None`` leaves it (real when new).
    :param starts_on: first day, instead of the kit's.
    :param ends_on: last day, instead of the kit's.
    :raises KitError: when the window that results ends before it starts.
    """
    report = KitReport(kit.edition)
    edition = _edition(session, section, kit, report, now=now, demo=demo, window=(starts_on, ends_on))
    cases = {
        case.slug: case
        for case in session.scalars(select(Case).where(Case.section == section.code, Case.edition_id == edition.id))
    }
    texts: dict[int, dict[tuple[str, str], CaseText]] = {case.id: {} for case in cases.values()}
    for text in session.scalars(select(CaseText).where(CaseText.case_id.in_(list(texts)))):
        texts[text.case_id][text.locale, text.field] = text
    touched: set[int] = set()
    for kit_case in kit.cases:
        case = cases.get(kit_case.slug)
        added = case is None
        if case is None:
            case = _new_case(session, section, edition, kit_case, now)
        changed = not added and _update_facts(session, case, kit_case, report, now)
        changed |= merge_texts(session, case, kit_case, texts.get(case.id), report)
        changed |= merge_photo(session, case, kit_case.photo, report)
        if added:
            report.cases_added.append(case.slug)
        elif changed:
            case.updated_at = now
            report.cases_changed.append(case.slug)
        else:
            report.cases_unchanged.append(case.slug)
        if added or changed:
            touched.add(case.id)
    report.cases_missing = sorted(cases.keys() - {item.slug for item in kit.cases})
    if report.edition_changed:
        # The window and the banner stand on every page of the edition.
        touched |= {case.id for case in cases.values()}
    report.case_ids_changed = sorted(touched)
    merge_stories(session, section, kit, report)
    merge_totals(session, section, kit, report)
    session.flush()
    return report


def _edition(
    session: Session,
    section: Section,
    kit: Kit,
    report: KitReport,
    *,
    now: datetime,
    demo: bool | None,
    window: tuple[date | None, date | None],
) -> Edition:
    # Locked, so that two imports of an edition follow each other; with a lock that foreign keys do not wait for.
    query = (
        select(Edition)
        .where(Edition.section == section.code, Edition.year == kit.edition)
        .with_for_update(key_share=True)
    )
    edition = session.scalars(query).one_or_none()
    if edition is None:
        first, last = _window(section, kit, None, window)
        values = {
            "section": section.code, "year": kit.edition, "titles": dict(kit.titles), "starts_on": first,
            "ends_on": last, "is_demo": bool(demo), "updated_at": now,
        }  # fmt: skip
        report.edition_added = insert_new(session, Edition.__table__, values) is not None
        edition = session.scalars(query).one()
        if report.edition_added:
            return edition
    first, last = _window(section, kit, edition, window)
    report.window_kept = (first, last) != (kit.starts_on, kit.ends_on)
    wanted = {"titles": dict(kit.titles), "starts_on": first, "ends_on": last}
    if demo is not None:
        wanted["is_demo"] = demo
    if assign(edition, wanted):
        edition.updated_at = now
        report.edition_changed = True
    return edition


def _window(
    section: Section, kit: Kit, edition: Edition | None, given: tuple[date | None, date | None]
) -> tuple[date, date]:
    own = section.window if _is_for(section, kit) else {}
    kept = (edition.starts_on, edition.ends_on) if edition else (None, None)
    first = given[0] or own.get("starts_on") or kept[0] or kit.starts_on
    last = given[1] or own.get("ends_on") or kept[1] or kit.ends_on
    if last < first:
        raise KitError(
            [f"campaign.toml: the edition would end on {last}, before it starts on {first}; give both dates"]
        )
    return first, last


def _is_for(section: Section, kit: Kit) -> bool:
    if section.edition is not None:
        return section.edition == kit.edition
    start = section.window.get("starts_on") or section.window.get("ends_on")
    return start is not None and abs((start - kit.starts_on).days) < _SAME_CAMPAIGN_DAYS


def _facts(item: KitCase) -> dict[str, Any]:
    return {
        "position": item.position,
        "name": item.name,
        "country": item.country,
        "kind": item.kind,
        "topics": list(item.topics),
        "goal": item.goal,
        "goals": dict(item.goals) or None,
        "location": item.location,
        "facts_as_of": item.facts_as_of,
        "sources": [dict(source) for source in item.sources],
        "updates": [dict(entry) for entry in item.updates],
        "target": dict(item.target),
        "targets": [dict(target) for target in item.targets] or None,
        "ways": None if item.ways is None else list(item.ways),
        "solidarity": dict(item.solidarity),
        "sensitive": list(item.sensitive),
        "signer_warning": item.signer_warning,
    }


def _new_case(session: Session, section: Section, edition: Edition, item: KitCase, now: datetime) -> Case:
    case = Case(
        section=section.code, edition_id=edition.id, slug=item.slug, status=item.status, updated_at=now, **_facts(item)
    )
    session.add(case)
    session.flush()
    return case


def _update_facts(session: Session, case: Case, item: KitCase, report: KitReport, now: datetime) -> bool:
    changed = assign(case, _facts(item))
    if case.status == item.status:
        return changed
    # Guarded: the desk may be changing the status at this moment, and its word wins.
    moved = session.execute(
        update(Case)
        .where(Case.id == case.id, Case.status == case.status, Case.status_is_local.is_(False))
        .values(status=item.status, status_changed_at=now)
    )
    if getattr(moved, "rowcount", 0) == 1:
        return True
    report.statuses_kept.append(case.slug)
    return changed
