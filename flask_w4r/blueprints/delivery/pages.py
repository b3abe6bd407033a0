"""The public pages: what was handed over where and when."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...services.campaign.catalogue import current_edition
from ...services.delivery import receipts, views
from ...services.storage.unit_of_work import read
from ...web import form_flow, guard, here
from ...web.responses import private_page, public_page
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


def receipt(id: str) -> Response:
    """Check a receipt. Who asks is not asked, and nothing of it is kept: so its POST needs no token."""
    place = here()
    found = read(current_app, lambda session: views.one(session, place.lens, id))
    status, typed, code = "", "", 200
    if request.method == "POST":
        breach = form_flow.limits(place).hit("confirm_host", place.section.code, guard.client_tiers().host)
        if breach is not None:
            return form_flow.too_many(breach)
        typed = request.form.get("receipt", "")[:8000]
        status = read(current_app, lambda session: receipts.check(session, place.section, id, typed))
        code = 200 if status == "included" else 422
    return private_page("delivery/receipt.html", code, delivery=found, status=status, typed=typed)


ROUTES = (
    ("/deliveries", "deliveries", deliveries, ("GET",), "petitions"),
    ("/deliveries/<id>", "delivery", delivery, ("GET",), "petitions"),
    ("/deliveries/<id>/receipt", "receipt", receipt, ("GET", "POST"), "petitions"),
)
