"""The desk's list of what is to be done before an edition opens."""

from __future__ import annotations

from flask import Response, current_app

from ...i18n import language_name
from ...services.campaign import ready as desk
from ...services.storage.unit_of_work import read
from ...state import Permission
from ...topics import WAYS
from ...web import here
from ...web.desk import allowed, desk_page
from .texts import field_id


def ready() -> Response:
    """What each case lacks for each way to act, with where it is mended."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    ways = desk.ways_here(place.state.seam.ways.values(), place.state.config.features)
    editions = read(current_app, lambda session: desk.ready(session, place.state.hooks, actor, place.lens, ways=ways))
    return desk_page(
        "ready.html", "moderation_ready", actor, editions=editions, way_words=WAYS, language_name=language_name,
        field_id=field_id,
    )  # fmt: skip


ROUTES = (("/moderation/ready", "moderation_ready", ready, ("GET",), "moderation"),)
