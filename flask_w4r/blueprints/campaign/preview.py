"""An edition and its cases as readers will see them, before they are published. For staff only, never kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, current_app
from sqlalchemy.orm import Session

from ...services.campaign import catalogue, results
from ...services.campaign.preview import preview_cases, preview_edition
from ...services.campaign.views import EditionView
from ...services.storage.unit_of_work import read
from ...services.tally import totals
from ...state import Permission
from ...web import here
from ...web.desk import allowed
from ...web.pages import case_values
from ...web.responses import private
from ...web.templating import page
from ...web.ways import ways_of
from .pages import STORIES, case_goals


def preview(year: str) -> Response:
    """The campaign page of an edition."""
    actor = allowed(Permission.EDIT_CASES)

    def render(session: Session) -> str:
        lens = replace(here().lens, link=_links(year))
        edition = preview_edition(session, here().state.hooks, actor, lens, year)
        cases = catalogue.cases_of(session, lens, edition)
        counts = totals.counts(session, lens.section, edition.id, lens.now, is_over=edition.is_over)
        archived = edition.phase == "archive"
        return _page(
            "preview_edition.html" if archived else "preview_campaign.html", year, edition,
            endpoint="moderation_preview", page_class="campaign-edition" if archived else "campaign-index",
            cases=[(case, counts.of_case(case.id, case.goal)) for case in cases],
            counts=counts.of_edition([case.id for case in cases]),
            stories=results.impact_stories(session, lens)[:STORIES],
            totals=results.year_totals(session, lens),
            goals=(),
        )  # fmt: skip

    return private(Response(read(current_app, render)))


def preview_case(year: str, slug: str) -> Response:
    """The page of a case of that edition."""
    actor = allowed(Permission.EDIT_CASES)

    def render(session: Session) -> str:
        lens = replace(here().lens, link=_links(year))
        case, others = preview_cases(session, here().state.hooks, actor, lens, year, slug)
        counts = totals.counts(session, lens.section, case.edition.id, lens.now, is_over=case.edition.is_over)
        count = counts.of_case(case.id, case.goal)
        return _page(
            "preview_case.html", year, case.edition,
            endpoint="moderation_preview_case", values={"slug": slug}, page_class="cases-case",
            case=case,
            count=count,
            goals=case_goals(case, count),
            # To pass on the address of a page that is not there yet would help nobody.
            **{**case_values(here().state, session, case), "share": None},
            ways=ways_of(case, on_page=True),
            other_cases=[other for other in others if other.takes_actions or not case.takes_actions][:3],
        )  # fmt: skip

    return private(Response(read(current_app, render)))


def _page(
    template: str, year: str, edition: EditionView, *, values: dict[str, Any] | None = None, **context: Any
) -> str:
    # Counts are not kept current: the script would ask for those of a page that is not there.
    features = [name for name in here().state.config.features if name != "tally"]
    return page(
        f"moderation/{template}", values={"year": year, **(values or {})}, edition=edition, public=True,
        features=features, w4r_url=_links(year), preview_year=year, paused=False, paused_cases=(), next_events=None,
        other_editions=(), **context,
    )  # fmt: skip


def _links(year: str) -> Callable[..., str]:
    """Links that stay within the preview where they would lead to a page that is not published."""
    place = here()

    def link(endpoint: str, **values: Any) -> str:
        if endpoint == "case":
            return place.url("moderation_preview_case", year=year, **values)
        if endpoint in ("campaign", "edition", "sign_all"):
            # To sign from here would be to sign for what readers see now.
            return place.url("moderation_preview", year=values.get("year", year))
        return place.url(endpoint, **values)

    return link


ROUTES = (
    ("/moderation/preview/<year>/", "moderation_preview", preview, ("GET",), "moderation"),
    ("/moderation/preview/<year>/cases/<slug>", "moderation_preview_case", preview_case, ("GET",), "moderation"),
)
