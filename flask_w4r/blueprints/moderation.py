"""The desk: cases and their status. Guarded in the view and in the service, POST only for changes."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, current_app, redirect, request
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import HiddenField

from ..errors import NotFound
from ..i18n import gettext, lazy_gettext
from ..models.campaign import CASE_STATUSES
from ..services import desk
from ..services.permissions import require
from ..services.unit_of_work import UnitOfWork, read, run
from ..signals import case_changed
from ..state import Actor, Permission
from ..templating import app_of_request
from ..web import here, purge_url
from . import sign_flow
from .responses import page_cache, private, private_page

STATUS_LABELS = {
    "active": lazy_gettext("Active"),
    "closed": lazy_gettext("Closed"),
    "freed": lazy_gettext("Freed"),
    "withdrawn": lazy_gettext("Withdrawn"),
}
EFFECTS = {
    "active": lazy_gettext("The case takes signatures while its edition runs."),
    "closed": lazy_gettext("The page stays, with its count. It takes no more signatures."),
    "freed": lazy_gettext("The page becomes good news. It takes no more signatures."),
    "withdrawn": lazy_gettext(
        "Every page of the case answers that it is gone, within a minute. Its name is shown nowhere,"
        " and mails that wait for it are not sent."
    ),
}


class DeskForm(FlaskForm):  # type: ignore[misc]
    """The desk's hidden CSRF token."""

    class Meta:
        csrf = False

    csrf_token = HiddenField()


def allowed(permission: Permission) -> Actor:
    """The signed-in member of staff, if the host lets them do this in this section."""
    place = here()
    loader = place.state.hooks.actor_loader
    return require(place.state.hooks, loader() if loader else None, permission, place.section)


def _form() -> DeskForm:
    form = DeskForm(formdata=None)
    form.csrf_token.data = sign_flow.fresh_tokens(here(), None)["csrf_token"]
    return form


def overview() -> Response:
    """The section's cases, with their status and what waits."""
    actor = allowed(Permission.VIEW_QUEUE)
    rows = read(current_app, lambda session: desk.overview(session, here().lens))
    return private_page(
        "moderation/index.html", endpoint="moderation", actor=actor, cases=rows, status_labels=STATUS_LABELS
    )


def case_desk(slug: str) -> Response:
    """One case: its status, and what a change would do."""
    actor = allowed(Permission.EDIT_CASES)
    return _case_page(slug, actor)


def _case_page(slug: str, actor: Actor, code: int = 200, notice: str | None = None) -> Response:
    def load(session: Session) -> Any:
        return next((row for row in desk.overview(session, here().lens) if row.slug == slug), None)

    row = read(current_app, load)
    if row is None:
        raise NotFound(slug)
    return private_page(
        "moderation/case.html", code, endpoint="moderation_case", values={"slug": slug}, actor=actor, case=row,
        statuses=[(key, STATUS_LABELS[key]) for key in CASE_STATUSES], effects=EFFECTS, form=_form(), notice=notice,
        errors=[], status_labels=STATUS_LABELS,
    )  # fmt: skip


def set_status(slug: str) -> Response:
    """Change a case's status."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    if sign_flow.csrf_problem(place) is not None:
        return _case_page(slug, actor, 422, gettext("This page was open for a long time. Press the button once more."))
    status = request.form.get("status", "")
    if status not in CASE_STATUSES:
        return _case_page(slug, actor, 422, gettext("Choose a status."))
    state, app = place.state, app_of_request()

    def work(uow: UnitOfWork) -> None:
        changed = desk.set_case_status(uow.session, state.hooks, actor, place.section, slug, status, now=state.clock())
        if changed:
            urls = desk.case_urls(uow.session, place.section, slug, partial(purge_url, app, place.section))
            uow.emit(case_changed, section=place.section.code, slug=slug, status=status, case_ids=changed, urls=urls)

    run(app, work)
    page_cache(place).clear()
    return private(redirect(place.url("moderation"), 303))  # type: ignore[arg-type]


ROUTES = (
    ("/moderation/", "moderation", overview, ("GET",), "moderation"),
    ("/moderation/cases/<slug>", "moderation_case", case_desk, ("GET",), "moderation"),
    ("/moderation/cases/<slug>/status", "moderation_status", set_status, ("POST",), "moderation"),
)
