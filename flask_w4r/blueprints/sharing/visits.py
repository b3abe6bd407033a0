"""Counting that somebody came by a link which names its source. A script of ours says so; it sends no cookie, and nothing that
tells this visitor from another is kept."""

from __future__ import annotations

from flask import Response, abort, current_app, request

from ...sections.sources import source_of
from ...services.campaign import catalogue
from ...services.sharing import counting
from ...services.storage.unit_of_work import read
from ...web import form_flow, guard, here, moment
from ...web.responses import private
from ...web.templating import app_of_request


def visit(slug: str) -> Response:
    """Count one visit, at most so many of a network: see ``share_host`` of ``W4R_RATE_LIMITS``."""
    if not form_flow.same_origin():
        abort(403)
    place = here()
    via = source_of(place.section, request.form.get("via", ""))
    if via is None:
        return private(Response(status=422))
    breach = form_flow.limits(place).hit("share_host", place.section.code, guard.client_tiers().host)
    if breach is not None:
        response = private(Response(status=429))
        response.headers["Retry-After"] = str(breach.retry_after)
        return response

    def load() -> int:
        return read(current_app, lambda session: catalogue.insist_on_case(session, place.section, slug))

    number = moment.kept(place, "shared_cases", (place.section.code, slug), load)
    app = app_of_request()
    counting.visits(app).note(app, place.section, number, via)
    return private(Response(status=204))


ROUTES = (("/cases/<slug>/share/visit", "share_visit", visit, ("POST",), "sharing"),)
