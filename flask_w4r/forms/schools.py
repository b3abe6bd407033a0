"""What a teacher fills in who joins, and what pupils do by the link of their class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..antiabuse.names import NameFault, clean_text
from ..antiabuse.names import check_name as clean_name
from ..i18n import gettext, lazy_gettext, number, read_number
from ..services.people.addresses import Address
from ..services.people.names import first_of
from ..services.reports.counting import MOST as MOST_REPORTED
from ..services.schools.joining import MOST
from .checks import email_check, name_check
from .hosting.event import lines_check

NAME_MAX, LABEL_MAX, NOTE_MAX = 120, 40, 1000
#: Ages of pupils.
YOUNGEST, OLDEST = 4, 99


def _number(low: int, high: int) -> Any:
    def check(form: Any, field: Field) -> None:
        found = read_number(field.data or "", low, high)
        if found is None:
            words = gettext("Enter a whole number between %(low)s and %(high)s", low=low, high=number(high))
            raise ValidationError(words)
        form.numbers[field.name] = found

    return check


def _line(longest: int, missing: Any) -> Any:
    def check(form: Any, field: Field) -> None:
        typed = field.data or ""
        if len(typed) > longest:
            raise ValidationError(gettext("Use no more than %(count)s characters", count=longest))
        field.data = clean_text(typed, longest)
        if not field.data:
            raise ValidationError(str(missing))

    return check


class _Form(FlaskForm):  # type: ignore[misc]
    """A form whose token the view checks, and which keeps the numbers that it read by the names of their fields."""

    class Meta:
        csrf = False

    def __init__(self, *given: Any, **values: Any) -> None:
        self.numbers: dict[str, int] = {}
        super().__init__(*given, **values)


class SchoolForm(_Form):
    """A school joins."""

    form_token = HiddenField()
    asked = HiddenField()
    website = StringField()
    school = StringField(
        lazy_gettext("Name of the school or group"),
        [_line(NAME_MAX, lazy_gettext("Enter the name of the school or group"))],
        render_kw={"required": True},
    )
    town = StringField(
        lazy_gettext("Town"), [_line(NAME_MAX, lazy_gettext("Enter the town"))], render_kw={"required": True}
    )
    country = SelectField(lazy_gettext("Country"), render_kw={"required": True})
    size = StringField(
        lazy_gettext("How many pupils take part?"),
        [_number(1, MOST)],
        description=lazy_gettext("All classes together. No more than these are counted."),
        render_kw={"required": True},
    )
    cases = SelectMultipleField(lazy_gettext("Who do you want to write for?"))
    name = StringField(lazy_gettext("Your name"), [name_check], render_kw={"required": True})
    email = StringField(
        lazy_gettext("Your email address"),
        description=lazy_gettext("Best of all your address at the school."),
        render_kw={"required": True},
    )
    address: Address | None = None
    #: Addresses under ``.test`` are accepted.
    testing = False
    #: Addresses that only SMTPUTF8 carries are accepted.
    utf8 = False

    def validate_email(self, field: Field) -> None:
        """An address that mail can go to."""
        email_check(True, self.testing, self.utf8)(self, field)

    def validate_cases(self, field: Field) -> None:
        """One case at least."""
        if not field.data:
            raise ValidationError(gettext("Choose at least one person to write for"))

    def offer(self, cases: Sequence[tuple[str, str]], countries: Sequence[tuple[str, str]]) -> None:
        """What there is to choose from."""
        self["cases"].choices = [SelectChoice(*choice) for choice in cases]
        self["country"].choices = [SelectChoice(*choice) for choice in countries]


class NewClassForm(_Form):
    """A class with a link of its own."""

    label = StringField(
        lazy_gettext("Name of the class"),
        [_line(LABEL_MAX, lazy_gettext("Enter a name, such as 7b"))],
        description=lazy_gettext("Such as 7b. Pupils see it on their page."),
        render_kw={"required": True},
    )
    size = StringField(lazy_gettext("How many pupils?"), [_number(1, MOST)], render_kw={"required": True})


class PupilForm(_Form):
    """What a pupil does: a tick for each letter, and, where the section allows it, first name and age."""

    form_token = HiddenField()
    cases = SelectMultipleField(lazy_gettext("I wrote a letter for"))
    first_name = StringField(
        lazy_gettext("Your first name"),
        description=lazy_gettext(
            "Only your first name, so that your teacher can see who wrote. You may leave it blank."
        ),
    )
    age = StringField(lazy_gettext("Your age"))
    guardian = BooleanField(lazy_gettext("My parent or guardian says that I may give my first name and age"))
    #: First names and ages are asked for.
    names = False
    #: From this age on nobody else has to be asked.
    own_age = 13

    def validate_cases(self, field: Field) -> None:
        """One letter at least."""
        if not field.data:
            raise ValidationError(gettext("Tick who you wrote a letter for"))

    def validate_first_name(self, field: Field) -> None:
        """Whatever is typed, the first name of it is kept."""
        typed = field.data or ""
        if not typed.strip() or not self.names:
            field.data = ""
            return
        try:
            field.data = first_of(clean_name(typed))[:NAME_MAX]
        except NameFault as fault:
            raise ValidationError(gettext("Enter your first name, or leave it blank")) from fault

    def validate_age(self, field: Field) -> None:
        """With a first name goes an age, and below the section's age a guardian's word."""
        if not self.names or not self["first_name"].data:
            return
        age = read_number(field.data or "", YOUNGEST, OLDEST)
        if age is None:
            raise ValidationError(gettext("Enter your age as a number, or leave your first name blank too"))
        if age < self.own_age and not self["guardian"].data:
            raise ValidationError(
                gettext(
                    "You are under %(age)s: ask your parent or guardian first, and tick the box below once they said yes. Or"
                    " leave your first name and age blank: your letter counts just the same.",
                    age=self.own_age,
                )
            )
        self.numbers["age"] = age

    @property
    def who(self) -> tuple[str, int] | None:
        """First name and age, once all is in order; ``None`` where they were not told."""
        return (self["first_name"].data, self.numbers["age"]) if "age" in self.numbers else None


class TeacherReportForm(_Form):
    """What was written on paper."""

    people = StringField(
        lazy_gettext("How many people took part?"), [_number(1, MOST_REPORTED)], render_kw={"required": True}
    )
    note = TextAreaField(lazy_gettext("Is there anything our team should know?"), [lines_check(NOTE_MAX)])
