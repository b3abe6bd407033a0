"""What every part of the desk needs: who is at it, its token, its pages and the words on them."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from flask_wtf import FlaskForm
from wtforms import HiddenField

from ..services.people.permissions import Staff, require
from ..state import Actor, Permission
from . import form_flow, here
from .pages import DESK_GROUPS, pages_of
from .responses import private_page, see_other

#: So many entries are read at a glance; more are grouped.
MOST_IN_A_ROW = 8


class DeskForm(FlaskForm):  # type: ignore[misc]
    """The desk's hidden CSRF token."""

    class Meta:
        csrf = False

    csrf_token = HiddenField()


def actor_here() -> Actor | None:
    """The signed-in member of staff."""
    loader = here().state.hooks.actor_loader
    return loader() if loader else None


def allowed(permission: Permission) -> Actor:
    """The signed-in member of staff, if the host lets them do this in this section.

    :raises PermissionDenied: otherwise.
    """
    place = here()
    return require(place.state.hooks, actor_here(), permission, place.section)


def staff_here(actor: Actor) -> Staff:
    """A signed-in member of staff at work in this section, now."""
    place = here()
    return Staff(place.state.hooks, actor, place.state.keyring, place.section, place.state.clock())


def may(actor: Actor, permission: Permission) -> bool:
    """Whether to show a member of staff a way in; the part itself asks again."""
    place = here()
    check = place.state.hooks.permission_check
    return check is not None and check(actor, permission, place.section) is True


def _stands(endpoint: str) -> bool:
    return f"{here().mount.name}.{endpoint}" in current_app.view_functions


def _parts(actor: Actor) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """The navigation: what stands here and this member of staff may be shown.

    :returns: each group's words, ``None`` for what stands by itself, and its entries: endpoint and words.
    """
    state = here().state
    every = (part for pages in pages_of(state) for part in pages.desk if part.shown is None or part.shown(state))
    parts = [
        part
        for part in sorted(every, key=lambda part: part.place)
        if _stands(part.endpoint) and may(actor, part.permission)
    ]
    groups = [(None, None), *DESK_GROUPS.items()] if len(parts) > MOST_IN_A_ROW else [(None, None)]
    grouped = [
        (words, [(part.endpoint, part.words) for part in parts if len(groups) == 1 or part.group == group])
        for group, words in groups
    ]
    return [(words if len(entries) > 1 else None, entries) for words, entries in grouped if entries]


def case_links(actor: Actor, status: str) -> list[tuple[str, Any]]:
    """What a case's page leads to beside its own: what stands here and this member of staff may be shown."""
    links = [link for pages in pages_of(here().state) for link in pages.case_links]
    meant = [one for one in links if not one.statuses or status in one.statuses]
    return [(one.endpoint, one.words) for one in meant if _stands(one.endpoint) and may(actor, one.permission)]


def token_problem() -> str | None:
    """What to tell somebody whose page has no valid token of their session (any more), or ``None``."""
    return form_flow.session_problem(here())


def desk_page(
    template: str, endpoint: str, actor: Actor, code: int = 200, *, values: dict[str, Any] | None = None, **context: Any
) -> Response:
    """A page of the desk: ``no-store``, with the token every form on it needs, as ``form``.

    :param template: under ``moderation/``.
    :param endpoint: its address, with ``values``; the navigation marks the part it belongs to.
    """
    form = DeskForm(formdata=None)
    form.csrf_token.data = form_flow.fresh_csrf(here())
    shown: dict[str, Any] = {
        "form": form,
        "errors": [],
        "notice": None,
        "actor": actor,
        "parts": _parts(actor),
        **context,
    }
    return private_page(f"moderation/{template}", code, endpoint=endpoint, values=values or {}, **shown)


def back_to(endpoint: str, **values: Any) -> Response:
    """After a change: see the page it shows on."""
    return see_other(here().url(endpoint, **values))
