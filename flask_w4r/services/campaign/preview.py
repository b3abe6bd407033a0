"""An edition as readers will see it, before it is published."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from ...errors import NotFound
from ...state import Actor, Hooks, Permission
from ..people.permissions import require
from . import catalogue
from .views import CaseView, EditionView, Lens


def preview_edition(session: Session, hooks: Hooks, actor: Actor | None, lens: Lens, year: str) -> EditionView:
    """An edition as it will look: the current one, and running where it has not started yet.

    :param lens: its links must lead to other previews, since the pages may not be there yet.
    :raises PermissionDenied: the actor may not edit cases here.
    :raises NotFound: the section has no such edition.
    """
    require(hooks, actor, Permission.EDIT_CASES, lens.section)
    found = next((edition for edition in catalogue.editions(session, lens) if edition.year == year), None)
    if found is None:
        raise NotFound(year)
    if found.phase == "archive":
        return found
    phase = "running" if found.phase == "before" else found.phase
    return replace(found, is_current=True, phase=phase, url=lens.link("campaign"))


def preview_cases(
    session: Session, hooks: Hooks, actor: Actor | None, lens: Lens, year: str, slug: str
) -> tuple[CaseView, list[CaseView]]:
    """A case of that edition, and the others beside it.

    :raises PermissionDenied: the actor may not edit cases here.
    :raises NotFound: the edition has no such case, or it was withdrawn.
    """
    cases = catalogue.cases_of(session, lens, preview_edition(session, hooks, actor, lens, year))
    found = next((case for case in cases if case.slug == slug), None)
    if found is None:
        raise NotFound(slug)
    return found, [case for case in cases if case.slug != slug]
