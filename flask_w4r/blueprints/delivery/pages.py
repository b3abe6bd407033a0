"""The public pages: what was handed over where and when."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from sqlalchemy.orm import Session

from ...services.campaign.catalogue import current_edition
from ...services.delivery import views
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.responses import public_page
from ...web.templating import page


def on_case(session: Session, case: Any) -> dict[str, Any]:
    """What was handed over of a case, for its page."""
    return {"deliveries": views.of_case(session, here().lens, case)}


def deliveries() -> Response:
    """All that was handed over."""

    def render(session: Session) -> str:
        lens = here().lens
        return page(
            "delivery/list.html", endpoint="deliveries", public=True, edition=current_edition(session, lens),
            deliveries=views.all_of(session, lens),
        )  # fmt: skip

    return public_page(("deliveries",), lambda: read(current_app, render))


def delivery(id: str) -> Response:
    """One delivery."""

    def render(session: Session) -> str:
        found = views.one(session, here().lens, id)
        return page(
            "delivery/delivery.html", endpoint="delivery", values={"id": id}, public=True, edition=found.case.edition,
            delivery=found,
        )  # fmt: skip

    return public_page(("delivery", id), lambda: read(current_app, render))


ROUTES = (
    ("/deliveries", "deliveries", deliveries, ("GET",), "petitions"),
    ("/deliveries/<id>", "delivery", delivery, ("GET",), "petitions"),
)
