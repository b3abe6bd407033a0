"""The certificate of a school."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from ...models import School
from ...services.printing.small import Paper
from ...services.schools import classes, sums
from ...services.schools.certificate import certificate
from ...web import here
from ..letters.papers import answer, press
from .session import teachers_only


@teachers_only
def school_certificate(row: School) -> Response:
    """As a PDF."""

    def make(session: Session) -> Paper:
        place, made = here(), press()
        edition = classes.edition_of(session, place.lens, row)
        done = sums.of_school(session, row.id)
        wrote_for = [case for case in classes.chosen(session, place.lens, row) if case.id in done.cases]
        return certificate(made, row, edition, done, wrote_for)

    return answer(make, "certificate", to_all=False)


ROUTES = (("/school/certificate.pdf", "school_certificate", school_certificate, ("GET",), "schools"),)
