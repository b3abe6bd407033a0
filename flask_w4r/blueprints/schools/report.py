"""The teacher reports what was written on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, current_app, request

from ...action_types import type_words
from ...forms.checks import error_list
from ...forms.reports import count_fields, read_counts, typed_counts
from ...forms.schools import TeacherReportForm
from ...i18n import gettext
from ...models import School
from ...services.schools import classes, telling
from ...services.storage.unit_of_work import read, run
from ...web import form_flow, here
from ...web.templating import app_of_request
from .session import back, show, teachers_only, token_problem


@teachers_only
def school_report(row: School) -> Response:
    """The form, and what was typed."""
    place = here()
    cases = read(current_app, lambda session: classes.cases_of(session, place.lens, row))
    if request.method != "POST":
        return _page(row, cases, TeacherReportForm(formdata=None), {}, ())
    form = TeacherReportForm(formdata=request.form)
    typed = typed_counts(place.section, request.form)
    counts, faulty = read_counts(typed, [case.slug for case in cases])
    notice, good = token_problem(), form.validate()
    if notice is None and good and not faulty and not counts:
        notice = gettext("Enter what was done for at least one person")
    if notice is not None or faulty or not good:
        return _page(row, cases, form, typed, faulty, notice or "")
    breach = form_flow.limits(place).hit("host_message", place.section.code, f"school {row.id}")
    if breach is not None:
        return form_flow.too_many(breach)
    ids = {case.slug: case.id for case in cases}
    told = {ids[slug]: numbers for slug, numbers in counts.items()}
    done = run(
        app_of_request(),
        lambda uow: telling.tell(
            uow, place.section, row.id, form.numbers["people"], told, form["note"].data or "", now=place.state.clock()
        ),
    )
    if done == "gone":
        notice = gettext(
            "Your address was erased, so that we cannot take this here. Report it with the form for anybody."
        )
        return _page(row, cases, form, typed, faulty, notice)
    return back(done=done)


def _page(
    row: School,
    cases: Sequence[object],
    form: TeacherReportForm,
    typed: Mapping[str, Mapping[str, str]],
    faulty: Sequence[tuple[str, str]],
    notice: str | None = None,
) -> Response:
    names = {case.slug: case.name for case in cases}  # type: ignore[attr-defined]
    section, wrong = here().section, gettext("Enter a whole number")
    fields, more_fields = count_fields(section)
    errors = [
        *error_list(form),
        *((f"{slug}-{kind}", f"{names[slug]} – {type_words(section, kind)}: {wrong}") for slug, kind in faulty),
    ]
    return show(
        "report.html", row, 200 if notice is None else 422, form=form, cases=cases, typed=typed, fields=fields,
        more_fields=more_fields, wrong=wrong, faulty={f"{slug}-{kind}" for slug, kind in faulty}, errors=errors, notice=notice,
    )  # fmt: skip


ROUTES = (("/school/report", "school_report", school_report, ("GET", "POST"), "schools"),)
