"""The centre's page with the sum of all sections: an example of what can be made of it, and the same for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask import Response
from sqlalchemy.orm import Session

from ...action_types import type_words
from ...errors import NotFound
from ...i18n import gettext
from ...services.campaign import catalogue
from ...services.rollup import sums
from ...services.rollup.documents import WHOLE
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.responses import public_page
from ...web.templating import app_of_request, page
from .bars import bars_of


def _sum(session: Session, year: str | None) -> tuple[sums.Sum, Sequence[str]]:
    """The sum of an edition, the newest where none is named, and all editions there are."""
    years = sums.editions(session)
    if year is not None and year not in years:
        raise NotFound(year)
    chosen = year or (years[0] if years else "")
    return sums.add_up(session, chosen), years


def world(year: str | None = None) -> Response:
    """All sections' numbers of one edition."""

    def render(session: Session) -> str:
        place = here()
        found, years = _sum(session, year)
        names = _case_names(session, found)
        types = {name: _type_words(name) for name in found.by_type}
        rtl = place.dir == "rtl"
        return page(
            "rollup/world.html", endpoint="world" if year is None else "world_edition",
            values={} if year is None else {"year": year}, public=True, sum=found, years=years, names=names, types=types,
            cells=found.cells, chart=bars_of({names[slug]: number for slug, number in found.by_case.items()}, rtl=rtl),
        )  # fmt: skip

    return public_page(("world", year), lambda: read(app_of_request(), render))


def _case_names(session: Session, found: sums.Sum) -> dict[str, str]:
    """What cases are called: as on this site where it has them, else by their slug."""
    known: dict[str, str] = {}
    lens = here().lens
    for edition in catalogue.editions(session, lens):
        if edition.year == found.edition:
            known = {case.slug: case.name for case in catalogue.cases_of(session, lens, edition)}
    other = gettext("Not by case")
    return {slug: other if slug == WHOLE else known.get(slug, slug.replace("-", " ").title()) for slug in found.by_case}


def _type_words(name: str) -> str:
    place = here()
    return type_words(place.section, name, place.state.seam.actions)


def world_json(year: str) -> Response:
    """The sum for programs."""

    def render(session: Session) -> str:
        return json.dumps(_sum(session, year)[0].as_dict()) + "\n"

    return public_page(("world", year, "json"), lambda: read(app_of_request(), render), mimetype="application/json")


def world_csv(year: str) -> Response:
    """The sum as a table: edition, case, type, count."""

    def render(session: Session) -> str:
        return _sum(session, year)[0].as_csv()

    return public_page(("world", year, "csv"), lambda: read(app_of_request(), render), mimetype="text/csv")


ROUTES = (
    ("/world", "world", world, ("GET",), "rollup"),
    ("/world/<year>", "world_edition", world, ("GET",), "rollup"),
    ("/world/<year>.json", "world_json", world_json, ("GET",), "rollup"),
    ("/world/<year>.csv", "world_csv", world_csv, ("GET",), "rollup"),
)
