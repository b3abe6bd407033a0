"""The desk's forms of a delivery: what to prepare, and how it was handed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from ..i18n import gettext, lazy_gettext
from ..services.delivery.claim import LONGEST_RECIPIENT, MOST_RECIPIENTS
from ..services.delivery.hand_over import LONGEST_NAME, LONGEST_NOTE

OUTCOME_WORDS: Mapping[str, Any] = {
    "met": lazy_gettext("We met them and handed it over"),
    "posted": lazy_gettext("We posted it"),
    "refused": lazy_gettext("They refused to take it"),
}


class PrepareForm(FlaskForm):  # type: ignore[misc]
    """Of which cases, and for whom."""

    class Meta:
        csrf = False

    cases = SelectMultipleField(lazy_gettext("Cases"), coerce=int)
    recipients = TextAreaField(
        lazy_gettext("Handed over to"),
        description=lazy_gettext("One on each line, such as: Embassy of Example, Canberra"),
        validators=[DataRequired(lazy_gettext("Say who it is handed over to"))],
    )
    list_only = BooleanField(lazy_gettext("Only the list of names, without a petition book"))

    def validate_cases(self, field: Field) -> None:
        """One at least."""
        if not field.data:
            raise ValidationError(gettext("Tick at least one case"))

    def validate_recipients(self, field: Field) -> None:
        """Not too many, and none too long."""
        if len(self.whom) > MOST_RECIPIENTS or any(len(one) > LONGEST_RECIPIENT for one in self.whom):
            raise ValidationError(
                gettext(
                    "Enter %(most)s at most, each on one line of up to %(long)s characters",
                    most=MOST_RECIPIENTS,
                    long=LONGEST_RECIPIENT,
                )
            )

    @property
    def whom(self) -> list[str]:
        """The recipients."""
        return [" ".join(line.split()) for line in (self.recipients.data or "").splitlines() if line.strip()]


class HandOverForm(FlaskForm):  # type: ignore[misc]
    """When, by whom, and how it went."""

    class Meta:
        csrf = False

    on = DateField(
        lazy_gettext("Day"),
        validators=[DataRequired(lazy_gettext("Enter the day as year-month-day, such as 2026-06-12"))],
    )
    by = StringField(
        lazy_gettext("Who took it there"),
        description=lazy_gettext("This is not published."),
        validators=[DataRequired(lazy_gettext("Say who took it there")), Length(max=LONGEST_NAME)],
    )
    outcome = RadioField(
        lazy_gettext("How it went"),
        choices=[SelectChoice(name, words) for name, words in OUTCOME_WORDS.items()],
        validators=[DataRequired(lazy_gettext("Say how it went"))],
    )
    note = TextAreaField(lazy_gettext("A sentence for the public page"), validators=[Length(max=LONGEST_NOTE)])
    receipts = BooleanField(lazy_gettext("Email a receipt to everyone who signed"))

    def set_last_day(self, day: date) -> None:
        """Nothing was handed over on a day to come."""
        self.last_day = day

    def validate_on(self, field: Field) -> None:
        """Not to come."""
        if field.data is not None and field.data > self.last_day:
            raise ValidationError(gettext("Enter a day that is not in the future"))
