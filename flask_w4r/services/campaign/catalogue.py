"""Reading the campaign: editions and cases, as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, NotFound
from ...i18n import SOURCE_LOCALE, country_name
from ...models import Case, CaseText, Edition, Picture
from ...sections import Section, text_direction
from ..kits.addresses import address_block, address_lines
from .views import CaseView, EditionView, Lens, PhotoView

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


def local_date(section: Section, now: datetime) -> date:
    """Today, where the section is."""
    return section.local_date(now)


def window(section: Section, edition: Edition, *, current: bool) -> tuple[date, date]:
    """First and last day of an edition: the section's own window where it has one and the edition is the current."""
    own = section.window if current else {}
    return own.get("starts_on", edition.starts_on), own.get("ends_on", edition.ends_on)


def find_current(editions: Sequence[Edition], section: Section, now: datetime) -> Edition | None:
    """The section's edition: the one it names, else the newest started, else the next to start."""
    if section.edition:
        return next((edition for edition in editions if edition.year == section.edition), None)
    today = local_date(section, now)
    started = [edition for edition in editions if edition.starts_on <= today]
    if started:
        return max(started, key=lambda edition: edition.starts_on)
    return min(editions, key=lambda edition: edition.starts_on, default=None)


def editions(session: Session, lens: Lens) -> list[EditionView]:
    """Every edition of the section, newest first."""
    rows = session.scalars(
        select(Edition).where(Edition.section == lens.section.code).order_by(Edition.starts_on.desc())
    ).all()
    current = find_current(rows, lens.section, lens.now)
    return [_edition_view(row, lens, row is current) for row in rows]


def current_edition(session: Session, lens: Lens) -> EditionView | None:
    """The current edition, or ``None`` where no kit was imported yet."""
    return next((edition for edition in editions(session, lens) if edition.is_current), None)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    # The first story asks for it; commands and workers never do.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False})


#: What may be known; a kit leaves out what is not, and a template asks for any of it.
_SOURCE = dict.fromkeys(("url", "title", "seen_on"), "")
_TARGET = dict.fromkeys(("name", "title", "salutation", "email", "verified_on"), "")


def render_story(text: str, below: int = 1) -> Markup:
    """A story's Markdown as HTML; HTML in the source is escaped.

    :param below: the level of the heading that it stands under. Its own highest headings get the next one, whatever
        number of ``#`` they were written with, and those beneath them follow without a gap (WCAG 2.2, technique H42).
    """
    markdown = _markdown()
    tokens = markdown.parse(text)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    written = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(below + 1 + written.index(token.tag), 6)}"
    # HTML in the source is escaped.
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704


def _edition_view(row: Edition, lens: Lens, current: bool) -> EditionView:
    starts_on, ends_on = window(lens.section, row, current=current)
    today = local_date(lens.section, lens.now)
    phase = "archive"
    if current:
        phase = "before" if today < starts_on else "running" if today <= ends_on else "after"
    elif today < starts_on:
        phase = "before"
    return EditionView(
        id=row.id,
        year=row.year,
        title=lens.section.text(row.titles, lens.locale),
        starts_on=starts_on,
        ends_on=ends_on,
        is_demo=row.is_demo,
        is_current=current,
        phase=phase,
        url=lens.link("campaign") if current else lens.link("edition", year=row.year),
        is_over=today > ends_on,
    )


def find_case(session: Session, lens: Lens, slug: str) -> CaseView:
    """The case of that name, in the newest edition that has it.

    :raises NotFound: there is none.
    :raises CaseWithdrawn: it was withdrawn; nothing of it is said.
    """
    row = session.scalars(
        select(Case)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == lens.section.code, Case.slug == slug)
        .order_by(Edition.starts_on.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound(slug)
    if row.status == "withdrawn":
        raise CaseWithdrawn(slug)
    edition = next(item for item in editions(session, lens) if item.id == row.edition_id)
    if edition.phase == "before" and not edition.is_current:
        raise NotFound(slug)
    return _case_views(session, lens, [row], {edition.id: edition})[0]


def insist_on_case(session: Session, section: Section, slug: str) -> int:
    """See that a case is there to be acted on, in one statement.

    :returns: its id, in the newest edition that has it.
    :raises NotFound: there is none.
    :raises CaseWithdrawn: it was withdrawn.
    """
    found = session.execute(select(Case.id, Case.status).where(Case.section == section.code, Case.slug == slug)).all()
    if not found:
        raise NotFound(slug)
    if any(row.status == "withdrawn" for row in found):
        raise CaseWithdrawn(slug)
    return int(max(row.id for row in found))


def cases_of(session: Session, lens: Lens, edition: EditionView) -> list[CaseView]:
    """The edition's cases in its order, without the withdrawn ones."""
    rows = session.scalars(
        select(Case)
        .where(Case.section == lens.section.code, Case.edition_id == edition.id, Case.status != "withdrawn")
        .order_by(Case.position, Case.name)
    ).all()
    return _case_views(session, lens, rows, {edition.id: edition})


def cases_by_id(session: Session, lens: Lens, ids: Iterable[int]) -> list[CaseView]:
    """The cases with these ids, of any edition of the section, without the withdrawn ones."""
    rows = session.scalars(
        select(Case)
        .where(Case.section == lens.section.code, Case.id.in_(list(ids)), Case.status != "withdrawn")
        .order_by(Case.position, Case.name)
    ).all()
    return _case_views(session, lens, rows, {edition.id: edition for edition in editions(session, lens)})


def _case_views(session: Session, lens: Lens, rows: Sequence[Case], by_id: dict[int, EditionView]) -> list[CaseView]:
    ids = [row.id for row in rows]
    texts: dict[int, dict[str, dict[str, str]]] = {}
    for text in session.scalars(select(CaseText).where(CaseText.case_id.in_(ids))):
        texts.setdefault(text.case_id, {}).setdefault(text.locale, {})[text.field] = text.shown
    pictures: dict[int, list[tuple[int, int, str]]] = {}
    columns = (Picture.case_id, Picture.width, Picture.height, Picture.digest)
    for case_id, width, height, digest in session.execute(
        select(*columns).where(Picture.case_id.in_(ids)).order_by(Picture.width)
    ):
        pictures.setdefault(case_id, []).append((width, height, digest))
    return [
        _case_view(row, lens, by_id[row.edition_id], texts.get(row.id, {}), pictures.get(row.id, [])) for row in rows
    ]


def choose_locale(available: Iterable[str], lens: Lens) -> str:
    """Which of the languages that a text has is shown on this page."""
    have = list(available)
    for choice in (lens.locale, lens.locale.split("-")[0], lens.section.default_locale, "en"):
        if choice in have:
            return choice
    return have[0] if have else lens.locale


def _case_view(
    row: Case,
    lens: Lens,
    edition: EditionView,
    texts: dict[str, dict[str, str]],
    pictures: list[tuple[int, int, str]],
) -> CaseView:
    locale = choose_locale((key for key, fields in texts.items() if fields.get("demand")), lens)
    shown = texts.get(locale, {})
    is_fallback = locale.split("-")[0] != lens.locale.split("-")[0]
    # What a kit says but once, it says in English where it has English texts.
    base = SOURCE_LOCALE if SOURCE_LOCALE in texts else locale
    updates = []
    for update in row.updates:
        text = shown.get(f"update:{update['on']}")
        if text:
            updates.append({"on": update["on"], "text": text, "source": update.get("source")})
    return CaseView(
        id=row.id,
        slug=row.slug,
        position=row.position,
        name=row.name,
        country=row.country,
        country_name=country_name(row.country),
        kind=row.kind,
        topics=[(key, lens.word("topics", key)) for key in row.topics],
        status=row.status,
        status_changed_at=row.status_changed_at,
        goal=row.goal,
        goals=row.goals or {},
        location=row.location,
        facts_as_of=row.facts_as_of,
        sources=[{**_SOURCE, **item} for item in row.sources],
        updates=updates,
        target=_target(row.target, row, lens, base),
        sensitive=[lens.word("sensitive", key) for key in row.sensitive],
        signer_warning=row.signer_warning,
        photo=_photo(row, lens, pictures),
        title=shown.get("title", row.name),
        summary=shown.get("summary", ""),
        demand=shown.get("demand", ""),
        petition=shown.get("petition", "").strip(),
        story=render_story(shown.get("story", "")),
        text_locale=locale,
        text_lang=locale if is_fallback else lens.section.lang_tag(locale),
        text_dir=text_direction(locale),
        is_fallback=is_fallback,
        edition=edition,
        url=lens.link("case", slug=row.slug),
        base_lang=base,
        targets=[_target(target, row, lens, base) for target in (row.target, *(row.targets or ())) if target],
        solidarity=row.solidarity,
        ways=row.ways,
        words={name: text for name, text in shown.items() if "." in name},
    )


def _target(target: Mapping[str, Any], row: Case, lens: Lens, base: str) -> dict[str, Any]:
    """Whoever is written to, with the ``address`` and, below their name and title, the ``block`` as lines of text.

    ``office`` is the title in the language of ``office_lang``: the page's, else the one the kit gives it in. Before an address,
    which the post reads, it stays as the kit has it.

    :param base: the locale of what the kit says but once.
    """
    if not target:
        return {}
    titles = {base: target.get("title", ""), **target.get("titles", {})}
    locale = next((key for key in (lens.locale, lens.locale.split("-")[0]) if titles.get(key)), base)
    on_envelope = base if target.get("address") else locale
    lines = {
        "address": "\n".join(address_lines(target.get("address"), row.country, lens.section)),
        "block": address_block({**target, "title": titles[on_envelope]}, row.country, lens.section),
        "block_lang": on_envelope,
        "office": titles[locale],
        "office_lang": locale,
        "office_dir": text_direction(locale),
    }
    return {**_TARGET, **target, **lines}


def _photo(row: Case, lens: Lens, pictures: list[tuple[int, int, str]]) -> PhotoView | None:
    if not row.photo or not pictures:
        return None

    def url(width: int, digest: str) -> str:
        return lens.link("photo", slug=row.slug, width=width, v=digest[:12])

    width, height, digest = pictures[-1]
    return PhotoView(
        alt=str(row.photo.get("alt", "")),
        credit=str(row.photo.get("credit", "")),
        url=url(width, digest),
        srcset=", ".join(f"{url(item[0], item[2])} {item[0]}w" for item in pictures),
        width=width,
        height=height,
    )


def picture(session: Session, section: Section, slug: str, width: int) -> Picture:
    """One width of a case's portrait.

    :raises NotFound: there is none.
    :raises CaseWithdrawn: the case was withdrawn.
    """
    row = session.execute(
        select(Picture, Case.status)
        .join(Case, Case.id == Picture.case_id)
        .where(Case.section == section.code, Case.slug == slug, Picture.width == width)
        .order_by(Case.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound(slug)
    if row[1] == "withdrawn":
        raise CaseWithdrawn(slug)
    found: Picture = row[0]
    return found
