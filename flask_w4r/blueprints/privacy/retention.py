"""What falls due when: counts by rule and week, and nobody's data."""

from __future__ import annotations

from flask import Response, current_app

from ...services.privacy import retention as service
from ...services.storage.unit_of_work import read
from ...state import Permission
from ...web import here
from ...web.desk import allowed, desk_page


def retention() -> Response:
    """The section's rules, and how much falls due now and in the weeks to come."""
    actor = allowed(Permission.ERASE)
    place = here()
    sweep = service.sweep_of(place.state)
    rules = read(current_app, lambda session: service.ahead(session, place.state.hooks, actor, sweep, place.section))
    return desk_page(
        "retention.html", "moderation_retention", actor, rules=rules, weeks=service.WEEKS, most=service.MOST
    )


ROUTES = (("/moderation/retention", "moderation_retention", retention, ("GET",), "moderation"),)
