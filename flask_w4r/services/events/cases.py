"""The cases that events write for, as everybody may see them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Case, EventCase
from ..campaign.views import Lens
from .views import EventCaseView


def cases_of(session: Session, lens: Lens, event_ids: Iterable[int]) -> dict[int, list[EventCaseView]]:
    """Return the cases of these events, by event, in the campaign's order; a withdrawn case is in none."""
    found: dict[int, list[EventCaseView]] = {}
    rows = session.execute(
        select(EventCase.event_id, Case.id, Case.slug, Case.name)
        .join(Case, Case.id == EventCase.case_id)
        .where(EventCase.event_id.in_(list(event_ids)), Case.section == lens.section.code, Case.status != "withdrawn")
        .order_by(Case.position, Case.name)
    )
    for event_id, number, slug, name in rows:
        found.setdefault(event_id, []).append(EventCaseView(number, slug, name, lens.link("case", slug=slug)))
    return found
