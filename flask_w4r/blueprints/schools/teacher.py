"""The teacher's page: classes with their links and counts, who wrote, and the buttons that erase names and take a press back."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...forms.checks import error_list
from ...forms.schools import NewClassForm
from ...i18n import gettext, ngettext, read_number
from ...models import School
from ...services.printing.typeset import can_typeset
from ...services.schools import classes, pupils, sums, telling
from ...services.storage.unit_of_work import read, run
from ...web import here, links
from ...web.responses import sealed_page, see_other
from ...web.templating import app_of_request
from . import session as teacher_session
from .session import back, show, teachers_only, token_problem

#: Presses without a name that a class's list shows, the latest.
MOST_UNNAMED = 60


def school_enter(token: str) -> Response:
    """The link in a mail to a teacher: a page with a button; the button opens the teacher's page without the token in its URL."""
    place = here()
    try:
        status, school = read(
            current_app, lambda session: classes.look(session, place.section, token, now=place.state.clock())
        )
    except TokenInvalid:
        return links.no_such_link(_enter_page(404, "invalid"))
    if school is None:
        return _enter_page(410, status)
    if request.method != "POST":
        return _enter_page(200, status, token, school)
    if not links.link_pressed(token):
        return _enter_page(422, status, token, school)
    teacher_session.enter(place, school)
    return see_other(place.url("school"))


def _enter_page(code: int, status: str, token: str = "", school: School | None = None) -> Response:
    form = links.link_form(token) if token else None
    return sealed_page("schools/enter.html", code, status=status, form=form, school=school)


@teachers_only
def school(row: School) -> Response:
    """How the school stands, and all that its teacher can do."""
    return _page(row)


def _page(row: School, code: int = 200, *, notice: str | None = None, form: NewClassForm | None = None) -> Response:
    place = here()

    def load(session: Session) -> dict[str, Any]:
        made = classes.of_school(session, place.state.keyring, row.id)
        return {
            "classes": made,
            "presses": pupils.of_school(session, place.state.keyring, row.id),
            "edition": classes.edition_of(session, place.lens, row),
            "cases": classes.cases_of(session, place.lens, row),
            "case_names": {case.id: case.name for case in classes.chosen(session, place.lens, row)},
            "sums": sums.of_school(session, row.id),
            "last": telling.last(session, row.id),
            "free": classes.free(made, row.size),
            "urls": {one.id: place.absolute("class_form", code=one.code) for one in made},
        }

    found = read(current_app, load)
    if form is None:
        form = NewClassForm(formdata=None, data={"size": str(found["free"]) if found["free"] else ""})
    said = {
        "made": gettext("The class has its link."),
        "ended": gettext("The link of the class has ended. What was counted stays."),
        "erased": gettext("The names and ages are erased. The letters still count."),
        "taken": gettext(
            "Taken back: this pupil and these letters are not counted any more, and the place in the class is free again."
        ),
        "unknown": gettext("There is no such press any more: it was taken back or erased before."),
        "over": gettext("The campaign is over: nothing can be taken back any more."),
        "none": gettext("There was nothing to erase."),
        "reported": gettext("Thank you. Our team looks at the numbers, and then they count."),
        "already": gettext("You have reported this already: it counts once."),
    }
    last = found["last"]
    told = sum(sum(numbers.values()) for numbers in last.counts.values()) if last else 0
    named = sum(one.name is not None for some in found["presses"].values() for one in some)
    return show(
        "school.html", row, code, form=form, errors=error_list(form), notice=notice or said.get(request.args.get("done", "")),
        class_mode=place.section.class_mode, named=named, told=told, most=MOST_UNNAMED, can_print=can_typeset(),
        has_letters="letters" in place.state.config.features,
        named_words=ngettext("%(num)s first name", "%(num)s first names", named), **found,
    )  # fmt: skip


@teachers_only
def class_new(row: School) -> Response:
    """Make a class."""
    place = here()
    form = NewClassForm(formdata=request.form)
    problem = token_problem()
    if problem is not None:
        return _page(row, 422, notice=problem, form=form)
    if not form.validate():
        return _page(row, 422, form=form)
    state = place.state
    done = run(
        app_of_request(),
        lambda uow: classes.make(
            uow.session,
            state.keyring,
            place.section,
            row.id,
            form["label"].data,
            form.numbers["size"],
            now=state.clock(),
        ),
    )
    if done == "too_many":
        made = read(current_app, lambda session: classes.of_school(session, state.keyring, row.id))
        left = classes.free(made, row.size)
        form["size"].errors = [
            ngettext(
                "You told us of a smaller group: there is room for %(num)s more pupil. Write to us if your group has grown",
                "You told us of a smaller group: there is room for %(num)s more pupils. Write to us if your group has grown",
                left,
            )
        ]
        return _page(row, 422, form=form)
    return back(done=done)


@teachers_only
def class_end(row: School) -> Response:
    """End the link of a class."""
    problem = token_problem()
    if problem is not None:
        return _page(row, 422, notice=problem)
    place, number = here(), read_number(request.form.get("class"), 1, 2**31 - 1) or 0
    done = run(
        app_of_request(),
        lambda uow: classes.end(uow.session, place.section, row.id, number, now=place.state.clock()),
    )
    return back(done=done)


@teachers_only
def pupils_erase(row: School) -> Response:
    """Erase one pupil, or, in one press, all of a class or of the school."""
    problem = token_problem()
    if problem is not None:
        return _page(row, 422, notice=problem)
    section = here().section
    which = {
        name: read_number(request.form[field], 1, 2**31 - 1) or 0
        for field, name in (("pupil", "pupil_id"), ("class", "class_id"))
        if field in request.form
    }
    gone = run(app_of_request(), lambda uow: pupils.erase(uow.session, section, row.id, **which))
    return back(done="erased" if gone else "none")


@teachers_only
def pupil_take_back(row: School) -> Response:
    """Take back one press: it is not counted any more."""
    problem = token_problem()
    if problem is not None:
        return _page(row, 422, notice=problem)
    lens, number = here().lens, read_number(request.form.get("pupil"), 1, 2**31 - 1) or 0
    return back(done=run(app_of_request(), lambda uow: pupils.take_back(uow.session, lens, row.id, number)))


@teachers_only
def school_leave(row: School) -> Response:
    """Close the teacher's page on this device."""
    problem = token_problem()
    if problem is not None:
        return _page(row, 422, notice=problem)
    teacher_session.leave()
    return back("schools")


ROUTES = (
    ("/school", "school", school, ("GET",), "schools"),
    ("/school/classes", "school_class_new", class_new, ("POST",), "schools"),
    ("/school/classes/end", "school_class_end", class_end, ("POST",), "schools"),
    ("/school/pupils/erase", "school_pupils_erase", pupils_erase, ("POST",), "schools"),
    ("/school/pupils/take-back", "school_pupil_take_back", pupil_take_back, ("POST",), "schools"),
    ("/school/leave", "school_leave", school_leave, ("POST",), "schools"),
    ("/school/<token>", "school_enter", school_enter, ("GET", "POST"), "schools"),
)
