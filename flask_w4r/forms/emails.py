"""What somebody fills in who writes to those in power, and what staff fill in about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.validators import DataRequired, NumberRange, ValidationError

from ..antiabuse.names import clean_lines, clean_text
from ..i18n import gettext, lazy_gettext
from ..sections import Section
from ..sections.emails import EmailRules
from ..services.emails.prepared import Prepared
from ..services.people.addresses import Address
from .checks import email_check
from .petitions.names import name_fields, names_of

LONGEST_SUBJECT = 150
#: More replies than that in one line are a slip.
MOST_REPLIES = 100_000


class EmailForm(FlaskForm):  # type: ignore[misc]
    """An email to those in power. The form token is checked by the view, which keeps what was typed."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    asked = HiddenField()
    website = StringField()
    address: Address | None = None

    def validate_website(self, field: Field) -> None:
        """The honeypot is judged, never refused."""

    def named(self) -> tuple[str, str]:
        """First and last name, once found valid."""
        return names_of(self)


def _subject(form: Any, field: Field) -> None:
    typed = field.data or ""
    if len(typed) > LONGEST_SUBJECT:
        raise ValidationError(gettext("Use no more than %(count)s characters", count=LONGEST_SUBJECT))
    field.data = clean_text(typed, LONGEST_SUBJECT)
    if not field.data:
        raise ValidationError(gettext("Enter a subject"))


def _body(longest: int) -> Callable[[Any, Field], None]:
    def check(form: Any, field: Field) -> None:
        # Browsers send a line's end as two signs and count it as one.
        typed = (field.data or "").replace("\r\n", "\n")
        if len(typed) > longest:
            raise ValidationError(gettext("Use no more than %(count)s characters", count=longest))
        field.data = clean_lines(typed, longest)
        if not field.data:
            raise ValidationError(gettext("Write your email"))

    return check


def _consent(form: Any, field: Field) -> None:
    if not field.data:
        raise ValidationError(
            gettext("Tick the box to agree; without your agreement we are not allowed to send your email")
        )


def make_email_form(
    section: Section, rules: EmailRules, consent: str, *, longest: int, testing: bool, utf8: bool
) -> type[EmailForm]:
    """The form of a section in the page's language.

    :param consent: the words that are agreed to.
    :param longest: of the text: what is prepared fits, whatever the section's limit.
    :param testing: accept addresses under ``.test``.
    :param utf8: accept addresses that only SMTPUTF8 carries.
    """
    fields: dict[str, Any] = {}
    if rules.editable:
        hint = lazy_gettext("You can change the text. If you do, someone from our team reads it before it is sent.")
        fields["subject"] = StringField(lazy_gettext("Subject line"), [_subject], render_kw={"required": True})
        fields["body"] = TextAreaField(
            lazy_gettext("Your email"), [_body(longest)], description=hint, render_kw={"required": True}
        )
    fields |= name_fields(section)
    if not any(name in fields for name in ("first_name", "last_name", "full_name")):
        fields |= {"first_name": StringField(lazy_gettext("Your name"))}
    fields["email"] = StringField(
        lazy_gettext("Email address"), [email_check(True, testing, utf8)], render_kw={"required": True}
    )
    fields["consent"] = BooleanField(consent, [_consent], render_kw={"required": True})
    return type(f"EmailForm_{section.code}", (EmailForm,), fields)


def check_name(form: EmailForm) -> None:
    """An email is sent in somebody's name, be it that the section's petitions need none.

    :raises ValidationError: there is none.
    """
    if not any(form.named()):
        raise ValidationError(gettext("Enter your name"))


def filled_with(form: type[EmailForm], prepared: Prepared | None) -> EmailForm:
    """The form as it is opened."""
    data = {"subject": prepared.subject, "body": prepared.text} if prepared else {}
    return form(formdata=None, data=data)


class TestForm(FlaskForm):  # type: ignore[misc]
    """Where a test goes."""

    class Meta:
        csrf = False

    test_case = SelectField(lazy_gettext("Case"), coerce=int, validate_choice=False)
    address: Address | None = None
    test_email = StringField(lazy_gettext("Send a test to"), [email_check(True, True)])


class ReplyForm(FlaskForm):  # type: ignore[misc]
    """Replies that came to the section, counted by hand."""

    class Meta:
        csrf = False

    reply_case = SelectField(lazy_gettext("Case"), coerce=int, validate_choice=False)
    reply_count = IntegerField(
        lazy_gettext("How many replies came"),
        [DataRequired(lazy_gettext("Enter how many replies came")), NumberRange(1, MOST_REPLIES)],
    )
    reply_on = DateField(
        lazy_gettext("Day"), [DataRequired(lazy_gettext("Enter the day as year-month-day, such as 2026-06-12"))]
    )
    last_day: date | None = None

    def validate_reply_on(self, field: Field) -> None:
        """Not to come."""
        if field.data is not None and self.last_day is not None and field.data > self.last_day:
            raise ValidationError(gettext("Enter a day that is not in the future"))
