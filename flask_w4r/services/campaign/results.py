"""What came of it: stories of change, and actions by year."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import SOURCE_LOCALE, country_name, gettext
from ...models import Case, ImpactStory, YearTotal
from ...sections import text_direction
from .catalogue import choose_locale, render_story
from .views import ImpactView, Lens, TotalView


def impact_stories(session: Session, lens: Lens) -> list[ImpactView]:
    """What changed, newest first. A story about a withdrawn case is left out with it."""
    withdrawn = [Case.section == lens.section.code, Case.status == "withdrawn"]
    rows = session.scalars(
        select(ImpactStory)
        .where(
            ImpactStory.section == lens.section.code,
            ImpactStory.name.not_in(select(Case.name).where(*withdrawn)),
            ImpactStory.slug.not_in(select(Case.slug).where(*withdrawn)),
        )
        .order_by(ImpactStory.happened_on.desc(), ImpactStory.name)
    ).all()
    views = []
    for row in rows:
        locale = choose_locale(row.texts, lens)
        words = row.texts.get(locale, {})
        scope_names = {"global": gettext("worldwide")}
        views.append(
            ImpactView(
                slug=row.slug,
                name=row.name,
                country_name=country_name(row.country),
                edition=row.edition,
                happened_on=row.happened_on,
                outcome=row.outcome,
                outcome_label=lens.word("outcomes", row.outcome),
                title=words.get("title", row.name),
                summary=words.get("summary", ""),
                story=render_story(words.get("story", ""), below=2),
                figures=[
                    {
                        **item,
                        "label": lens.word("units", str(item.get("unit"))),
                        "scope_name": scope_names.get(str(item.get("scope")), country_name(str(item.get("scope")))),
                    }
                    for item in row.figures
                ],
                quotes=row.quotes,
                source=row.source,
                source_title=row.source_title,
                text_lang=locale,
                text_dir=text_direction(locale),
                base_lang=SOURCE_LOCALE if SOURCE_LOCALE in row.texts else locale,
            )
        )
    return views


def year_totals(session: Session, lens: Lens) -> list[TotalView]:
    """Actions by year worldwide, oldest first; years without a figure are missing, not guessed."""
    rows = session.scalars(
        select(YearTotal).where(YearTotal.section == lens.section.code).order_by(YearTotal.year)
    ).all()
    return [TotalView(row.year, row.total, row.qualifier, row.source) for row in rows]
