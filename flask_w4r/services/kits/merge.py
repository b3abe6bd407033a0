"""How a kit's words, pictures, stories and totals meet what a section has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...models.campaign import Case, CaseText, ImpactStory, Picture, YearTotal
from ...sections import Section
from .model import Kit, KitCase, KitPhoto, KitStory


@dataclass(frozen=True)
class Conflict:
    """A text that the centre changed after the section had changed it. The section's own words are still shown."""

    slug: str
    locale: str
    field: str
    before: str | None
    now: str | None
    own: str


@dataclass
class KitReport:
    """What an import did. Cases and stories are named by slug, texts as ``slug/locale/field``."""

    edition: str
    edition_added: bool = False
    edition_changed: bool = False
    #: The kit names another window than the edition has; the edition's was kept.
    window_kept: bool = False
    cases_added: list[str] = field(default_factory=list)
    cases_changed: list[str] = field(default_factory=list)
    cases_unchanged: list[str] = field(default_factory=list)
    #: In the section, but not in this kit: left as they are.
    cases_missing: list[str] = field(default_factory=list)
    #: Cases whose status the section set itself, where the kit says another.
    statuses_kept: list[str] = field(default_factory=list)
    texts_changed: list[str] = field(default_factory=list)
    texts_kept_local: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    #: Whose pages differ now.
    case_ids_changed: list[int] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(
            self.edition_added or self.edition_changed or self.cases_added or self.cases_changed
            or self.texts_changed or self.conflicts or self.stories or self.totals or self.pictures
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {**asdict(self), "changed": self.changed}


def assign(row: Any, wanted: Mapping[str, Any]) -> bool:
    """Set what differs; say whether anything did."""
    differing = {key: value for key, value in wanted.items() if getattr(row, key) != value}
    for key, value in differing.items():
        setattr(row, key, value)
    return bool(differing)


def merge_texts(
    session: Session,
    case: Case,
    item: KitCase,
    rows: Mapping[tuple[str, str], CaseText] | None,
    report: KitReport,
) -> bool:
    """Renew the centre's words of a case. The section's own stay.

    :param rows: the texts the case has, by locale and field; ``None`` for a new case, whose texts are not reported.
    :returns: whether any text that is shown differs now.
    """
    wanted = {(locale, field): text for locale, texts in item.texts.items() for field, text in texts.items()}
    changed = False
    for key, text in wanted.items():
        row = rows.get(key) if rows else None
        if row is None:
            session.add(CaseText(case_id=case.id, locale=key[0], field=key[1], centre_base=text))
            if rows is not None:
                report.texts_changed.append("/".join((case.slug, *key)))
            changed = True
        # A text equal to the section's own is its own coming back, or the centre agreeing: nothing to settle.
        elif row.local != text:
            changed |= _renew(case, row, text, report)
    for key, row in (rows or {}).items():
        if key in wanted or row.centre_base is None:
            continue
        if row.local is None:
            session.delete(row)
            report.texts_changed.append("/".join((case.slug, *key)))
            changed = True
        else:
            _renew(case, row, None, report)
    return changed


def _renew(case: Case, row: CaseText, text: str | None, report: KitReport) -> bool:
    name = f"{case.slug}/{row.locale}/{row.field}"
    before, row.centre_base = row.centre_base, text
    if row.local is None:
        if before != text:
            report.texts_changed.append(name)
        return before != text
    report.texts_kept_local.append(name)
    if before != text:
        report.conflicts.append(Conflict(case.slug, row.locale, row.field, before, text, row.local))
    return False


def merge_photo(session: Session, case: Case, photo: KitPhoto | None, report: KitReport) -> bool:
    """Renew the portrait of a case; say whether it, or its words, differ now."""
    stored = case.photo or {}
    wanted: dict[str, Any] | None = None
    if photo is not None:
        largest = photo.renditions[-1]
        wanted = {
            "source": photo.source,
            "digest": largest.digest,
            "mime": largest.mime,
            "sizes": [[rendition.width, rendition.height] for rendition in photo.renditions],
        }
        # The file that an export of ours wrote is the largest rendition: known, so not encoded a second time.
        if photo.source in (stored.get("source"), stored.get("digest")):
            wanted = {key: stored[key] for key in wanted}
        wanted |= {"alt": photo.alt, "credit": photo.credit}
    if wanted == case.photo:
        return False
    if (wanted or {}).get("source") != stored.get("source"):
        session.execute(delete(Picture).where(Picture.case_id == case.id))
        for rendition in photo.renditions if photo else ():
            session.add(Picture(case_id=case.id, **vars(rendition)))
        report.pictures.append(case.slug)
    case.photo = wanted
    return True


def merge_stories(session: Session, section: Section, kit: Kit, report: KitReport) -> None:
    """Renew the section's impact stories. Those the kit does not have are left."""
    rows = {row.slug: row for row in session.scalars(select(ImpactStory).where(ImpactStory.section == section.code))}
    for story in kit.stories:
        row = rows.get(story.slug)
        if row is None:
            session.add(ImpactStory(section=section.code, slug=story.slug, **_story(story)))
        elif not assign(row, _story(story)):
            continue
        report.stories.append(story.slug)


def _story(story: KitStory) -> dict[str, Any]:
    return {
        "name": story.name,
        "country": story.country,
        "edition": story.edition,
        "happened_on": story.happened_on,
        "outcome": story.outcome,
        "figures": [dict(figure) for figure in story.figures],
        "quotes": [dict(quote) for quote in story.quotes],
        "source": story.source,
        "source_title": story.source_title,
        "texts": {locale: dict(texts) for locale, texts in story.texts.items()},
    }


def merge_totals(session: Session, section: Section, kit: Kit, report: KitReport) -> None:
    """Renew the totals by year. Years the kit does not have are left."""
    rows = {row.year: row for row in session.scalars(select(YearTotal).where(YearTotal.section == section.code))}
    for total in kit.totals:
        row = rows.get(total.year)
        if row is None:
            session.add(YearTotal(section=section.code, **vars(total)))
        elif not assign(row, {"total": total.total, "qualifier": total.qualifier, "source": total.source}):
            continue
        report.totals.append(total.year)
