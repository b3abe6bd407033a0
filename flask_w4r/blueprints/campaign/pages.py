"""The pages that many people read: campaign, archive, case, impact, portraits, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, current_app, jsonify, request
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...models import Picture
from ...services.campaign import catalogue, results
from ...services.campaign.views import CaseView, EditionView, Lens
from ...services.storage.unit_of_work import read
from ...services.tally import totals
from ...services.tally.views import CountView, EditionCount, GoalView, Line
from ...web import guard, here
from ...web.pages import campaign_values, case_values
from ...web.responses import for_all, public_page
from ...web.templating import campaign_metadata, case_metadata, page
from ...web.ways import ways_of

#: The newest stories on the campaign page.
STORIES = 3


def campaign() -> Response:
    """The edition: its cases, totals, next steps and good news."""
    return public_page(("campaign", *guard.page_key(here())), lambda: read(current_app, _campaign))


#: What the campaign page shows beside an edition, of which there is none.
_NOTHING_YET: Mapping[str, Any] = {"next_events": None, "stories": (), "totals": (), "other_editions": ()}


def _campaign(session: Session) -> str:
    lens = here().lens
    edition = catalogue.current_edition(session, lens)
    if edition is None:
        # Each name that the template looks at is given, so that none is taken for the host's.
        return page("campaign/index.html", endpoint="campaign", public=True, **_NOTHING_YET)
    return page(
        "campaign/index.html",
        endpoint="campaign",
        stories=results.impact_stories(session, lens)[:STORIES],
        **{"next_events": None, **campaign_values(here().state, session)},
        **_edition_context(session, edition),
    )


def _edition_context(session: Session, edition: EditionView) -> dict[str, Any]:
    lens = here().lens
    cases = catalogue.cases_of(session, lens, edition)
    counts = totals.counts(session, lens.section, edition.id, lens.now, is_over=edition.is_over)
    whole = counts.of_edition([case.id for case in cases])
    og, jsonld = campaign_metadata(edition, cases)
    others = [item for item in catalogue.editions(session, lens) if item.id != edition.id and item.phase != "before"]
    return {
        "public": True,
        "edition": edition,
        "cases": [(case, counts.of_case(case.id, case.goal)) for case in cases],
        "paused": guard.is_paused(here()),
        "paused_cases": guard.page_key(here()),
        "counts": whole,
        "goals": _goals(session, lens, edition, whole),
        "totals": results.year_totals(session, lens),
        "other_editions": others,
        "og": og,
        "jsonld": jsonld,
    }


def _goals(session: Session, lens: Lens, edition: EditionView, whole: EditionCount) -> list[GoalView]:
    seam = here().state.seam
    more = {
        name: (goal.words, goal.count(session, lens.section, edition.id))
        for name, goal in seam.goals.items()
        if name in lens.section.goals
    }
    return totals.goals(lens.section, whole, seam.actions, more)


def edition(year: str) -> Response:
    """A past edition, read only."""

    def render(session: Session) -> str:
        lens = here().lens
        found = next((item for item in catalogue.editions(session, lens) if item.year == year), None)
        if found is None or found.phase == "before":
            raise NotFound(year)
        context = _edition_context(session, found)
        return page("campaign/edition.html", endpoint="edition", values={"year": year}, **context)

    return public_page(("edition", year), lambda: read(current_app, render))


def case(slug: str) -> Response:
    """A case: the story, the demand, and the form's fields without any token."""
    return public_page(
        ("case", slug, *guard.page_key(here())), lambda: read(current_app, lambda session: _case(session, slug))
    )


def _case(session: Session, slug: str) -> str:
    lens = here().lens
    found = catalogue.find_case(session, lens, slug)
    counts = totals.counts(session, lens.section, found.edition.id, lens.now, is_over=found.edition.is_over)
    others = [
        other
        for other in catalogue.cases_of(session, lens, found.edition)
        if other.slug != slug and (other.takes_actions or not found.takes_actions)
    ]
    more = case_values(here().state, session, found)
    count = counts.of_case(found.id, found.goal)
    og, jsonld = case_metadata(found, more.get("og_picture"))
    return page(
        "cases/case.html",
        endpoint="case",
        values={"slug": slug},
        public=True,
        edition=found.edition,
        case=found,
        count=count,
        goals=case_goals(found, count),
        paused=guard.is_paused(here(), found.id),
        **{"share": None, **more},
        ways=ways_of(found, on_page=True),
        other_cases=others[:3],
        og=og,
        jsonld=jsonld,
    )


def case_goals(case: CaseView, count: CountView) -> list[GoalView]:
    """The goals of a case beside its signatures; once it takes no actions, those that something was done for."""
    found = totals.case_goals(here().section, case.goals, count, here().state.seam.actions)
    return [goal for goal in found if case.takes_actions or goal.number]


def impact() -> Response:
    """What changed, and totals by year."""

    def render(session: Session) -> str:
        lens = here().lens
        return page(
            "campaign/impact.html",
            endpoint="impact",
            public=True,
            edition=catalogue.current_edition(session, lens),
            stories=results.impact_stories(session, lens),
            totals=results.year_totals(session, lens),
        )

    return public_page(("impact",), lambda: read(current_app, render))


def photo(slug: str, width: int) -> Response:
    """A portrait in one width."""

    def load(session: Session) -> Picture:
        try:
            return catalogue.picture(session, here().section, slug, width)
        except NotFound:
            # A withdrawn case says of each of its URLs that it is gone.
            catalogue.find_case(session, here().lens, slug)
            raise

    found = read(current_app, load)
    # Within the page's own limit, so that a withdrawn case's picture goes when its pages go.
    response = for_all(Response(found.data, mimetype=found.mime), found.digest, here().state.config.cache_seconds)
    return response.make_conditional(request)  # type: ignore[return-value]


def edition_tally() -> Response:
    """``/tally.json``: counts of the current edition."""

    def render(session: Session) -> str:
        lens = here().lens
        edition = catalogue.current_edition(session, lens)
        if edition is None:
            raise NotFound("edition")
        counts = totals.counts(session, lens.section, edition.id, lens.now, is_over=edition.is_over)
        cases = catalogue.cases_of(session, lens, edition)
        whole = counts.of_edition([case.id for case in cases])
        body = {
            "edition": edition.year,
            "cases": [_case_tally(case, counts) for case in cases],
            "actions": whole.actions,
            "total": whole.total,
            "people": whole.people,
            "rows": _rows(whole.lines),
            "as_of": _stamp(counts),
        }
        return str(jsonify(body).get_data(as_text=True))

    return public_page(("tally",), lambda: read(current_app, render), mimetype="application/json")


def case_tally(slug: str) -> Response:
    """``/cases/<slug>/tally.json``: counts of one case."""

    def render(session: Session) -> str:
        lens = here().lens
        found = catalogue.find_case(session, lens, slug)
        counts = totals.counts(session, lens.section, found.edition.id, lens.now, is_over=found.edition.is_over)
        rows = _rows(counts.told.get(found.id, ()))
        return str(
            jsonify({**_case_tally(found, counts), "rows": rows, "as_of": _stamp(counts)}).get_data(as_text=True)
        )

    return public_page(("tally", slug), lambda: read(current_app, render), mimetype="application/json")


def _case_tally(case: CaseView, counts: totals.Counts) -> dict[str, Any]:
    view = counts.of_case(case.id, case.goal)
    total = sum(view.actions.values())
    # Most cases have no other goal.
    more = {"goals": dict(case.goals)} if case.goals else {}
    return {
        "case": case.slug, "actions": view.actions, "total": total, "people": view.signatures, "goal": case.goal, **more
    }  # fmt: skip


def _rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Actions by type, source and status, as ``tally report`` has them."""
    return [{"type": line.type, "source": line.source, "status": line.status, "count": line.number} for line in lines]


def _stamp(counts: totals.Counts) -> str:
    return counts.as_of.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def theme() -> Response:
    """The section's theme, as a stylesheet: its tokens over ours."""
    section = here().section
    tokens = "".join(f"  --w4r-{name}: {value};\n" for name, value in sorted(section.theme.items()))
    return public_page(("theme",), lambda: f".w4r {{\n{tokens}}}\n", mimetype="text/css")


ROUTES = (
    ("/", "campaign", campaign, ("GET",), None),
    ("/editions/<year>/", "edition", edition, ("GET",), None),
    ("/cases/<slug>", "case", case, ("GET",), None),
    ("/cases/<slug>/photo-<int:width>", "photo", photo, ("GET",), None),
    ("/impact", "impact", impact, ("GET",), "impact"),
    ("/tally.json", "tally", edition_tally, ("GET",), "tally"),
    ("/cases/<slug>/tally.json", "case_tally", case_tally, ("GET",), "tally"),
    ("/theme.css", "theme", theme, ("GET",), None),
)
