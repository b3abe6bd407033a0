"""The desk's page to take a file away: asked why, proved again who it is, streamed as it is made."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, request, stream_with_context

from ...i18n import gettext, lazy_gettext, plain_digits
from ...seam import Export, ExportAsk
from ...services.exports import take
from ...services.exports.writers import FORMATS
from ...services.people.permissions import require
from ...services.storage.unit_of_work import read
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, desk_page, may, token_problem
from ...web.responses import private, see_other
from ...web.templating import app_of_request

REASON_WORDS = {
    "hand_over": lazy_gettext("To hand the signatures over"),
    "newsletter": lazy_gettext("To add people to our mailing list"),
    "check": lazy_gettext("To check or correct data"),
    "authority": lazy_gettext("An authority or a court asked for it"),
    "move": lazy_gettext("To move the data to another system"),
}
FORMAT_WORDS = {
    "csv": lazy_gettext("CSV, for most programs"),
    "xlsx": lazy_gettext("Spreadsheet (XLSX)"),
    "jsonl": lazy_gettext("JSON lines, for programs"),
}


def exports() -> Response:
    """The form; and, posted, the file."""
    actor = allowed(Permission.EXPORT)
    place = here()
    confirm = place.state.hooks.confirm_identity
    elsewhere = confirm(actor, place.url("moderation_exports")) if confirm is not None else None
    if elsewhere is not None:
        return see_other(elsewhere)
    return _file(actor) if request.method == "POST" else _form(actor)


def _form(actor: Actor, code: int = 200, **context: Any) -> Response:
    place = here()
    shown = {
        "kinds": [(one.name, one.words) for one in _open_to(actor)],
        "formats": FORMAT_WORDS.items(),
        "reasons": REASON_WORDS.items(),
        "cases": read(current_app, lambda session: take.cases(session, place.section)),
        "may_have_withheld": may(actor, Permission.EXPORT_WITHHELD),
        "recipients": len(place.state.config.recipients_of(place.section.code)),
        "typed": {},
        **context,
    }
    return desk_page("exports.html", "moderation_exports", actor, code, **shown)


def _open_to(actor: Actor) -> list[Export]:
    """What a member of staff may take away here.

    :raises PermissionDenied: they may take nothing.
    """
    require(here().state.hooks, actor, Permission.EXPORT, here().section)
    # What needs more rights than others stands last.
    every = sorted(here().state.seam.exports.values(), key=lambda one: len(one.permissions))
    return [one for one in every if all(may(actor, Permission(name)) for name in one.permissions)]


def _file(actor: Actor) -> Response:
    place, form = here(), request.form
    state, section = place.state, place.section
    typed = {name: form.get(name, "")[:100] for name in ("what", "format", "why", "case", "since", "withheld")}
    problem = token_problem()
    if problem is not None:
        return _form(actor, 422, notice=problem, typed=typed)
    file = {one.name: one for one in _open_to(actor)}.get(typed["what"])
    errors = []
    since = None
    if typed["since"]:
        since = _midnight(typed["since"], section.time_zone)
        if since is None:
            errors.append(("w4r-export-since", gettext("Enter a date, such as 2026-12-01.")))
    if file is None:
        errors.append(("w4r-export-what", gettext("Choose what to export.")))
    if typed["format"] not in FORMATS:
        errors.append(("w4r-export-format", gettext("Choose a format.")))
    if file is not None and typed["case"] and "case" not in file.heeds:
        errors.append(("w4r-export-case", gettext("This export cannot be of one case alone.")))
    if file is not None and since is not None and "since" not in file.heeds:
        errors.append(("w4r-export-since", gettext("This export cannot begin at a date.")))
    if typed["why"] not in take.REASONS:
        errors.append(("w4r-export-why", gettext("Say why you are exporting it.")))
    if errors or file is None:
        return _form(actor, 422, errors=errors, typed=typed)
    withheld = bool(typed["withheld"]) and "withheld" in file.heeds
    ask = ExportAsk(section, state.clock(), typed["case"] or None, since, withheld)
    order = take.Order(
        file, ask, typed["format"], actor.id, actor.label, typed["why"], state.config.recipients_of(section.code),
        # The host's hooks are asked for each piece, and may look at the request.
        lambda: take.insist_allowed(state.hooks, actor, file, section, withheld=withheld),
    )  # fmt: skip
    chunks = take.take(app_of_request(), order)
    mimetype = "application/octet-stream" if order.recipients else FORMATS[order.format].mimetype
    response = private(Response(stream_with_context(chunks), mimetype=mimetype))
    response.headers["Content-Disposition"] = f'attachment; filename="{order.filename}"'
    # A proxy that waited for the whole file would hold it, or give up.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _midnight(text: str, zone: str) -> datetime | None:
    """When a day begins where the section is."""
    try:
        day = date.fromisoformat(plain_digits(text.strip()))
        return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


ROUTES = (("/moderation/exports", "moderation_exports", exports, ("GET", "POST"), "moderation"),)
