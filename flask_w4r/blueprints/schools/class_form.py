"""The form of a class: a valid link of a class is proof enough, so that nothing of it asks who is behind the address.

A school has one address for all its classes. What comes by a link is counted against that link alone, never against a network,
and no captcha is asked; whoever guesses at links is counted as everywhere.
"""

from __future__ import annotations

from flask import Response, current_app, jsonify, request

from ...errors import TokenInvalid
from ...forms.checks import error_list
from ...forms.schools import PupilForm
from ...services.schools import classes, pupils
from ...services.schools.classes import ClassPage
from ...services.storage.unit_of_work import read, run
from ...web import Here, form_flow, here, links
from ...web.form_flow import Refusal
from ...web.qr import qr_svg
from ...web.responses import private, sealed_page, see_other
from ...web.templating import app_of_request

#: What a page says where nothing can be counted any more, with its status.
_CODES = {"full": 409, "ended": 410, "over": 410, "before": 409, "off": 410}


def _found(code: str) -> ClassPage | Response:
    place = here()
    try:
        return read(current_app, lambda session: classes.by_code(session, place.state.keyring, place.lens, code))
    except TokenInvalid:
        return links.no_such_link(sealed_page("schools/class_code.html", 404, wrong=True, typed=code[:40]))


def _form_id(place: Here, found: ClassPage) -> str:
    return f"class:{place.section.code}:{found.view.id}"


def class_code() -> Response:
    """Where a code is typed that stands on a board."""
    typed = request.args.get("code", "")
    if not classes.plain(typed):
        return sealed_page("schools/class_code.html", wrong=bool(typed), typed=typed[:40])
    return see_other(here().url("class_form", code=classes.shown(classes.plain(typed))))


def class_form(code: str) -> Response:
    """Who wrote ticks it; a POST counts one pupil."""
    place, found = here(), _found(code)
    if isinstance(found, Response):
        return found
    breach = form_flow.limits(place).hit("class_link", place.section.code, f"class {found.view.id}")
    if breach is not None:
        return form_flow.too_many(breach)
    if found.status != "open":
        return _closed(found, found.status)
    if request.method != "POST":
        if not found.view.left:
            return _closed(found, "full", 200)
        return _page(found, _form(found, None), None)
    form = _form(found, request.form)
    age = form_flow.check_token(place, _form_id(place, found))
    if isinstance(age, Refusal):
        return _page(found, form, age)
    if not form.validate():
        return _page(found, form, form_flow.FAULTY)
    wanted, state = set(form["cases"].data), place.state
    done = run(
        app_of_request(),
        lambda uow: pupils.count(
            uow.session, state.keyring, place.section, found.view.id, [case.id for case in found.cases if case.slug in wanted],
            form.who, press=request.form["form_token"], now=state.clock(),
        ),
    )  # fmt: skip
    if done in ("counted", "already"):
        return see_other(place.url("class_thanks", code=found.view.code))
    return _closed(found, "ended" if done == "nothing" else done)


def _form(found: ClassPage, formdata: object) -> PupilForm:
    section = here().section
    form = PupilForm(formdata=formdata)
    form.names, form.own_age = section.class_mode == "names", pupils.own_age(section)
    form["cases"].choices = [(case.slug, case.name) for case in found.cases]
    return form


def _page(found: ClassPage, form: PupilForm, refusal: Refusal | None) -> Response:
    place = here()
    form["form_token"].data = form_flow.fresh_token(place, _form_id(place, found))
    return sealed_page(
        "schools/class.html", refusal.status if refusal else 200, found=found, form=form, errors=error_list(form),
        notice=refusal.notice if refusal else None, beside={case.slug: case.country_name for case in found.cases},
    )  # fmt: skip


def _closed(found: ClassPage, status: str, code: int | None = None) -> Response:
    return sealed_page("schools/class_closed.html", code or _CODES[status], found=found, status=status)


def class_thanks(code: str) -> Response:
    """Counted; on to the next pupil at this device."""
    found = _found(code)
    return found if isinstance(found, Response) else sealed_page("schools/class_thanks.html", found=found)


def class_board(code: str) -> Response:
    """For the projector: how to come in, and how many wrote."""
    found = _found(code)
    if isinstance(found, Response):
        return found
    url = here().absolute("class_form", code=found.view.code)
    return sealed_page(
        "schools/board.html", found=found, url=url, qr=qr_svg(url, found.view.code, scale=7),
        short=url.partition("://")[2],
    )  # fmt: skip


def class_count(code: str) -> Response:
    """What the projector asks for every few seconds."""
    found = _found(code)
    if isinstance(found, Response):
        return found
    view = found.view
    return private(
        jsonify({"people": view.people, "size": view.size, "total": view.actions, "open": found.status == "open"})
    )


ROUTES = (
    ("/class", "class_code", class_code, ("GET",), "schools"),
    ("/class/<code>", "class_form", class_form, ("GET", "POST"), "schools"),
    ("/class/<code>/thanks", "class_thanks", class_thanks, ("GET",), "schools"),
    ("/class/<code>/board", "class_board", class_board, ("GET",), "schools"),
    ("/class/<code>/count.json", "class_count", class_count, ("GET",), "schools"),
)
