"""What the section counted itself: a grid of cases by types, a file, and all that was entered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...action_types import reported_types, type_words
from ...antiabuse.names import clean_text
from ...forms.reports import NOTE_MAX, PLACE_MAX
from ...i18n import gettext, lazy_gettext, read_number
from ...models.tally import STATUSES
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.reports import files, staff
from ...services.reports.counting import MOST
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...services.tally.views import SOURCE_WORDS, STATUS_WORDS
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, staff_here, token_problem
from ...web.templating import app_of_request

STATE_WORDS = {
    "approved": lazy_gettext("Counts"),
    "reversed": lazy_gettext("Taken back"),
    "replaced": lazy_gettext("Replaced by a correction"),
}


def counts() -> Response:
    """The grid, the file and the entries; a POST enters what was typed."""
    actor = allowed(Permission.DECIDE)
    if request.method != "POST":
        return _page(actor)
    if problem := token_problem():
        return _page(actor, 422, notice=problem)
    act = request.form.get("act", "")
    if act == "file":
        return _file(actor)
    if act == "type":
        return _typed(actor)
    number = read_number(request.form.get("item"), 1, 2**31 - 1) or 0
    if act not in ("reverse", "final"):
        return _page(actor, 422, notice=gettext("Choose what to do."))
    done = run(app_of_request(), lambda uow: staff.change(uow.session, staff_here(actor), number, act))
    return back_to("moderation_counts", done="changed" if done else "unchanged")


def _cases() -> list[CaseView]:
    def load(session: Session) -> list[CaseView]:
        edition = catalogue.current_edition(session, here().lens)
        return catalogue.cases_of(session, here().lens, edition) if edition else []

    return read(current_app, load)


def _kinds() -> dict[str, str]:
    """What can be typed in, with its words."""
    section = here().section
    return {kind: type_words(section, kind) for kind in reported_types(section)}


def _typed(actor: Actor) -> Response:
    errors: list[tuple[str, str]] = []
    found: dict[int, dict[str, int]] = {}
    kinds = _kinds()
    for case in _cases():
        for kind, called in kinds.items():
            name = f"count-{case.id}-{kind}"
            text = request.form.get(name, "").strip()
            number = read_number(text, 0, MOST) if text else 0
            if number is None:
                words = gettext("Enter a whole number between %(low)s and %(high)s", low=0, high=MOST)
                errors.append((name, f"{case.name} – {called}: {words}"))
            elif number:
                found.setdefault(case.id, {})[kind] = number
    status = request.form.get("status", "interim")
    on = _day(request.form.get("on", ""), errors)
    if not found and not errors:
        return _page(actor, 422, notice=gettext("Enter at least one number."))
    if errors or status not in STATUSES:
        return _page(actor, 422, errors=errors)
    place, note = (
        clean_text(request.form.get(name, ""), most) for name, most in (("place", PLACE_MAX), ("note", NOTE_MAX))
    )
    entry = staff.Entry(found, "section_counted", status, on, place, note)
    run(app_of_request(), lambda uow: staff.type_in(uow.session, staff_here(actor), entry))
    return back_to("moderation_counts", done="entered")


def _day(text: str, errors: list[tuple[str, str]]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        errors.append(("on", gettext("Enter a date, such as 2026-12-10")))
        return None


def _file(actor: Actor) -> Response:
    """A file is shown before it is entered: the text travels along in the page, so nothing is kept between the two presses."""
    place, state = here(), here().state
    sent = request.files.get("file")
    data = sent.read(6_000_000) if sent else request.form.get("text", "").encode()
    if not data.strip():
        return _page(actor, 422, notice=gettext("Choose a file."))

    def work(uow: UnitOfWork) -> tuple[files.Read, int]:
        found = files.read(uow.session, state.keyring, place.section, data)
        if found.faults or request.form.get("sure") != "y":
            return found, 0
        staff_now = staff_here(actor)
        who = staff_now.allowed(Permission.DECIDE)
        done = files.enter(uow.session, state.keyring, place.section, who.id, found, now=staff_now.now)
        staff.log_file(uow.session, staff_now, done, found.total)
        return found, done

    found, done = run(app_of_request(), work)
    if done:
        return back_to("moderation_counts", done="entered")
    text = "" if found.faults else data.decode("utf-8-sig")
    return _page(actor, 422 if found.faults else 200, file=found, text=text)


def _page(
    actor: Actor,
    code: int = 200,
    *,
    notice: str | None = None,
    errors: list[tuple[str, str]] | None = None,
    file: files.Read | None = None,
    text: str = "",
) -> Response:
    after = read_number(request.args.get("after"), 1, 2**31 - 1)
    lines, further = read(current_app, lambda session: staff.entries(session, staff_here(actor), after))
    said: Mapping[str, Any] = {
        "entered": gettext("The numbers count from now on."),
        "changed": gettext("Done."),
        "unchanged": gettext("Nothing was changed: somebody else was faster."),
    }
    typed = request.form if request.form.get("act") == "type" and code != 200 else {}
    return desk_page(
        "counts.html", "moderation_counts", actor, code, cases=_cases(), kinds=_kinds(),
        lines=lines, further=further, typed=typed, errors=errors or [], file=file, text=text,
        notice=notice or said.get(request.args.get("done", "")), status_words=STATUS_WORDS, source_words=SOURCE_WORDS,
        state_words=STATE_WORDS, columns=files.COLUMNS,
    )  # fmt: skip


ROUTES = (("/moderation/counts", "moderation_counts", counts, ("GET", "POST"), ("moderation", "tally")),)
