"""The teacher reports what was done without the links of classes. The form stands filled with what was reported last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...action_types import type_words
from ...forms.checks import error_list
from ...forms.reports import count_fields, read_counts, typed_counts
from ...forms.schools import TeacherReportForm
from ...i18n import gettext
from ...models import Report, School
from ...services.campaign.views import CaseView
from ...services.schools import classes, sums, telling
from ...services.schools.sums import SchoolSums
from ...services.storage.unit_of_work import read, run
from ...web import form_flow, here
from ...web.templating import app_of_request
from .session import back, show, teachers_only, token_problem

Typed = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class About:
    """What a teacher reports of: cases that are closed too, since paper is late."""

    school: School
    cases: Sequence[CaseView]
    sums: SchoolSums
    last: Report | None

    @property
    def told(self) -> dict[str, dict[str, str]]:
        """What was reported last, as the form's fields have it."""
        counts = self.last.counts if self.last else {}
        return {
            case.slug: {kind: str(count) for kind, count in counts.get(str(case.id), {}).items()} for case in self.cases
        }


def _about(school: School) -> About:
    def load(session: Session) -> About:
        return About(
            school, classes.chosen(session, here().lens, school), sums.of_school(session, school.id),
            telling.last(session, school.id),
        )  # fmt: skip

    return read(current_app, load)


@teachers_only
def school_report(row: School) -> Response:
    """The form, and what was typed."""
    place, about = here(), _about(row)
    if request.method != "POST":
        filled = {"people": str(about.last.people)} if about.last else None
        return _page(about, TeacherReportForm(formdata=None, data=filled), about.told)
    form = TeacherReportForm(formdata=request.form)
    typed = typed_counts(place.section, request.form)
    counts, faulty = read_counts(typed, [case.slug for case in about.cases])
    notice, good = token_problem(), form.validate()
    if notice is None and good and not faulty and not counts:
        notice = gettext("Enter what was done for at least one person")
    if notice is not None or faulty or not good:
        return _page(about, form, typed, faulty, notice or "")
    breach = form_flow.limits(place).hit("host_message", place.section.code, f"school {row.id}")
    if breach is not None:
        return form_flow.too_many(breach)
    ids = {case.slug: case.id for case in about.cases}
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
        return _page(about, form, typed, faulty, notice)
    return back(done=done)


def _page(
    about: About,
    form: TeacherReportForm,
    typed: Typed,
    faulty: Sequence[tuple[str, str]] = (),
    notice: str | None = None,
) -> Response:
    names = {case.slug: case.name for case in about.cases}
    section, wrong = here().section, gettext("Enter a whole number")
    fields, more_fields = count_fields(section)
    errors = [
        *error_list(form),
        *((f"{slug}-{kind}", f"{names[slug]} – {type_words(section, kind)}: {wrong}") for slug, kind in faulty),
    ]
    return show(
        "report.html", about.school, 200 if notice is None else 422, form=form, cases=about.cases, typed=typed,
        fields=fields, more_fields=more_fields, wrong=wrong, faulty={f"{slug}-{kind}" for slug, kind in faulty}, errors=errors,
        notice=notice, sums=about.sums, last=about.last,
    )  # fmt: skip


ROUTES = (("/school/report", "school_report", school_report, ("GET", "POST"), "schools"),)
