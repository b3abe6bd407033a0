"""What somebody fills in who reports what was done. Counts stand by case and type in fields of one name, so that a case is as good as
another and a form of ten cases has no field of its own for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.validators import ValidationError

from ..action_types import reported_types
from ..antiabuse.names import clean_text
from ..i18n import gettext, lazy_gettext, number, read_number
from ..sections import Section
from ..services.people.addresses import Address
from ..services.reports.counting import MOST, asked_first
from .checks import email_check, name_check
from .hosting.event import lines_check

NOTE_MAX, PLACE_MAX = 1000, 120
#: The fields of the types that the form has names of its own for.
_FIELDS: Mapping[str, str] = {
    "letter": "letters",
    "card": "cards",
    "email": "emails",
    "social_post": "posts",
    "petition_paper": "signatures_on_paper",
}


def _people(form: ReportForm, field: Field) -> None:
    form.people_number = read_number(field.data or "", 1, MOST) or 0
    if not form.people_number:
        raise ValidationError(gettext("Enter a whole number between %(low)s and %(high)s", low=1, high=number(MOST)))


def _day(form: ReportForm, field: Field) -> None:
    if not (field.data or "").strip():
        return
    try:
        form.on = date.fromisoformat(field.data.strip())
    except ValueError:
        raise ValidationError(gettext("Enter a date, such as 2026-12-10")) from None
    if form.today is not None and form.on > form.today:
        raise ValidationError(gettext("This day is still to come. Report once it has been done"))


def _place(form: ReportForm, field: Field) -> None:
    typed = field.data or ""
    if len(typed) > PLACE_MAX:
        raise ValidationError(gettext("Use no more than %(count)s characters", count=PLACE_MAX))
    field.data = clean_text(typed, PLACE_MAX)


class ReportForm(FlaskForm):  # type: ignore[misc]
    """A report. The form token is checked by the view, which keeps what was typed."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    asked = HiddenField()
    website = StringField()
    code = StringField(
        lazy_gettext("Code of the event or sheet"),
        description=lazy_gettext("Printed on the sheet, such as 7K3M-Q2XD-90FA. Leave it blank if you have none."),
    )
    people = StringField(lazy_gettext("How many people took part?"), [_people], render_kw={"required": True})
    on_date = StringField(lazy_gettext("On which day?"), [_day])
    where = StringField(
        lazy_gettext("Where?"), [_place], description=lazy_gettext("A town or an institution, no one’s home.")
    )
    name = StringField(lazy_gettext("Your name"), [name_check], render_kw={"required": True})
    email = StringField(lazy_gettext("Email address"), render_kw={"required": True})
    note = TextAreaField(
        lazy_gettext("Is there anything our team should know?"),
        [lines_check(NOTE_MAX)],
        description=lazy_gettext("For example, how you counted."),
    )
    address: Address | None = None
    #: Addresses under ``.test`` are accepted.
    testing = False
    #: Addresses that only SMTPUTF8 carries are accepted.
    utf8 = False
    #: The section's day.
    today: date | None = None
    on: date | None = None
    people_number = 0

    def validate_email(self, field: Field) -> None:
        """An address that mail can go to."""
        email_check(True, self.testing, self.utf8)(self, field)


def count_fields(section: Section) -> tuple[dict[str, str], dict[str, str]]:
    """The field of each type that can be reported: those that are asked for first, and the others."""
    fields = {kind: _FIELDS.get(kind, f"count-{kind}") for kind in reported_types(section)}
    first = asked_first(section)
    return {kind: fields[kind] for kind in first}, {kind: name for kind, name in fields.items() if kind not in first}


def typed_counts(section: Section, sent: MultiDict[str, Any]) -> dict[str, dict[str, str]]:
    """What was typed, by the case's slug and type: the fields of each name stand in the order of ``case``."""
    slugs = sent.getlist("case")
    first, others = count_fields(section)
    columns = {kind: sent.getlist(name) for kind, name in {**first, **others}.items()}
    return {
        slug: {kind: column[at] for kind, column in columns.items() if at < len(column)}
        for at, slug in enumerate(slugs)
    }


def read_counts(
    typed: Mapping[str, Mapping[str, str]], slugs: Sequence[str]
) -> tuple[dict[str, dict[str, int]], list[tuple[str, str]]]:
    """The numbers of some cases.

    :param slugs: of the cases that can be reported of.
    :returns: by slug and type what is above nought, and ``(slug, type)`` of each field that holds no number.
    """
    counts: dict[str, dict[str, int]] = {}
    faulty: list[tuple[str, str]] = []
    for slug in slugs:
        for kind, text in typed.get(slug, {}).items():
            number = read_number(text, 0, MOST) if text.strip() else 0
            if number is None:
                faulty.append((slug, kind))
            elif number:
                counts.setdefault(slug, {})[kind] = number
    return counts, faulty
