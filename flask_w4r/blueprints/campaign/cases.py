"""Cases at the desk: their list by edition, and their status with its effect shown before."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import gettext, lazy_gettext
from ...models.campaign import CASE_STATUSES
from ...services.campaign import desk as case_desk
from ...services.campaign import status as desk
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...signals import case_changed
from ...state import Actor, Permission
from ...web import here, purge_url
from ...web.desk import allowed, back_to, case_links, desk_page, may, token_problem
from ...web.kept import page_cache
from ...web.templating import app_of_request

STATUS_LABELS = {
    "active": lazy_gettext("Active"),
    "closed": lazy_gettext("Closed"),
    "freed": lazy_gettext("Freed"),
    "withdrawn": lazy_gettext("Withdrawn"),
}
EFFECTS = {
    "active": lazy_gettext("The case can be signed while its edition is running."),
    "closed": lazy_gettext("The page stays online with its count, but can no longer be signed."),
    "freed": lazy_gettext("The page becomes good news and can no longer be signed."),
    "withdrawn": lazy_gettext(
        "Within a minute, every page about the case says that it is no longer available. The name is"
        " not shown anywhere, and waiting emails about the case are not sent."
    ),
}


def cases() -> Response:
    """The section's cases by edition, with what of them is the section's own."""
    actor = allowed(Permission.EDIT_CASES)
    editions = read(current_app, lambda session: case_desk.case_list(session, here().state.hooks, actor, here().lens))
    return desk_page("cases.html", "moderation_cases", actor, editions=editions)


def case_status(slug: str) -> Response:
    """One case: its status, and what a change would do."""
    return _case_page(slug, allowed(Permission.EDIT_CASES))


def _case_page(
    slug: str, actor: Actor, code: int = 200, *, template: str = "case.html", notice: str | None = None
) -> Response:
    place = here()
    app = app_of_request()

    def load(session: Session) -> dict[str, Any]:
        row = next(
            (row for row in desk.overview(session, place.state.hooks, actor, place.lens) if row.slug == slug), None
        )
        if row is None:
            raise NotFound(slug)
        urls = desk.case_urls(
            session, place.section, slug, partial(purge_url, app, place.section), place.state.seam.urls
        )
        own = [url for url in urls if f"/cases/{slug}/" in f"{url}/"]
        effect = case_desk.effect(session, place.state.hooks, place.state.keyring, place.section, slug)
        return {"case": row, "effect": effect, "gone": own, "named": len(urls) - len(own)}

    context = read(current_app, load)
    return desk_page(
        template, "moderation_case", actor, code, values={"slug": slug}, notice=notice, effects=EFFECTS,
        statuses=[(key, STATUS_LABELS[key]) for key in CASE_STATUSES], status_labels=STATUS_LABELS,
        sees_queue=may(actor, Permission.VIEW_QUEUE),
        case_links=case_links(actor, context["case"].status), **context,
    )  # fmt: skip


def set_status(slug: str) -> Response:
    """Change a case's status. A case is withdrawn in two steps: what is about to go is shown once more."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    if problem := token_problem():
        return _case_page(slug, actor, 422, notice=problem)
    status = request.form.get("status", "")
    if status not in CASE_STATUSES:
        return _case_page(slug, actor, 422, notice=gettext("Choose a status."))
    if status == "withdrawn" and request.form.get("sure") != "y":
        return _case_page(slug, actor, template="case_withdraw.html")
    state, app = place.state, app_of_request()

    def work(uow: UnitOfWork) -> None:
        changed = desk.set_case_status(
            uow.session, state.hooks, actor, state.keyring, place.section, slug, status, now=state.clock()
        )
        if changed:
            urls = desk.case_urls(
                uow.session, place.section, slug, partial(purge_url, app, place.section), place.state.seam.urls
            )
            uow.emit(case_changed, section=place.section.code, slug=slug, status=status, case_ids=changed, urls=urls)

    run(app, work)
    page_cache(place).clear()
    return back_to("moderation_case", slug=slug)


ROUTES = (
    ("/moderation/cases", "moderation_cases", cases, ("GET",), "moderation"),
    ("/moderation/cases/<slug>", "moderation_case", case_status, ("GET",), "moderation"),
    ("/moderation/cases/<slug>/status", "moderation_status", set_status, ("POST",), "moderation"),
)
