"""The sign form, fitted to the section: its fields, its consents, its own questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ...antiabuse.names import clean_text
from ...i18n import gettext, lazy_gettext, plain_digits
from ...sections import CustomField, Section
from ...services.people import consents
from ...services.people.addresses import Address
from ...services.people.consents import ConsentAnswer, ConsentQuestion
from ...services.petitions.signing import Submission
from ..checks import email_check
from .names import name_fields, names_of

PHONE_MAX, POSTCODE_MAX = 40, 20
LABELS = {
    "email": lazy_gettext("Email address"),
    "phone": lazy_gettext("Phone number"),
    "postcode": lazy_gettext("Postcode"),
}
MISSING = {
    "phone": lazy_gettext("Enter your phone number"),
    "postcode": lazy_gettext("Enter your postcode"),
}


#: Where the section's own questions stand among the form's attributes, so that none hides one of the form's own.
OWN = "own_"


class SignForm(FlaskForm):  # type: ignore[misc]
    """What every section's sign form has. The form token is checked by the view, which keeps what was typed.

    A field is found by the name that the browser sends, ``form["postcode"]``, the section's own questions too.
    """

    class Meta:
        csrf = False

    form_token = HiddenField()
    asked = HiddenField()
    website = StringField()
    section: Section
    address: Address | None = None

    def validate_website(self, field: Field) -> None:
        """The honeypot is judged, never refused: a browser may fill it in for an honest person."""

    def __contains__(self, name: str) -> bool:
        return name in self._fields or OWN + name in self._fields

    def __getitem__(self, name: str) -> Field:
        return self._fields[name if name in self._fields else OWN + name]

    def custom_values(self) -> dict[str, Any]:
        """Answers to the section's own questions."""
        return {item.name: self[item.name].data for item in self.section.custom_fields if self[item.name].data}


def _short_text(
    field_name: str, required: bool, longest: int, read: Callable[[str], str] = str
) -> Callable[[SignForm, Field], None]:
    def check(form: SignForm, field: Field) -> None:
        typed = field.data or ""
        if len(typed) > longest:
            raise ValidationError(gettext("Use no more than %(count)s characters", count=longest))
        field.data = read(clean_text(typed, longest))
        if required and not field.data:
            raise ValidationError(str(MISSING.get(field_name, gettext("Answer this question"))))

    return check


def _consent(form: SignForm, field: Field) -> None:
    if not field.data:
        raise ValidationError(
            gettext("Tick the box to agree; without your agreement we are not allowed to keep your signature")
        )


def _cases(form: SignForm, field: Field) -> None:
    if not field.data:
        raise ValidationError(gettext("Choose at least one person to sign for"))


def _answer(item: CustomField) -> Callable[[SignForm, Field], None]:
    def check(form: SignForm, field: Field) -> None:
        if item.required and not field.data:
            raise ValidationError(gettext("Answer this question"))
        if item.type == "select" and field.data and field.data not in item.choices:
            raise ValidationError(gettext("Choose one of the answers"))

    return check


def _custom_field(item: CustomField, section: Section, locale: str) -> Any:
    label, hint = section.text(item.label, locale), section.text(item.hint, locale)
    if item.type == "checkbox":
        return BooleanField(label, [_answer(item)], description=hint, name=item.name)
    if item.type == "select":
        choices = [SelectChoice("", gettext("Choose")), *(SelectChoice(choice, choice) for choice in item.choices)]
        return SelectField(
            label, [_answer(item)], choices=choices, description=hint, name=item.name, validate_choice=False
        )
    checks = [_short_text(item.name, item.required, item.max_length)]
    return StringField(label, checks, description=hint, name=item.name)


def make_sign_form(
    section: Section,
    locale: str,
    questions: dict[str, ConsentQuestion],
    *,
    several: bool,
    testing: bool,
    utf8: bool = False,
) -> type[SignForm]:
    """Make the form class for a section and language.

    :param questions: the consent questions by purpose, in that language.
    :param several: with checkboxes for the cases.
    :param testing: accept addresses under ``.test``.
    :param utf8: accept addresses that only SMTPUTF8 carries.
    """
    fields: dict[str, Any] = {"section": section, **name_fields(section)}
    for name in ("email", "phone", "postcode"):
        mode = section.field_mode(name)
        if mode == "hidden":
            continue
        required = mode == "required"
        check: Callable[[SignForm, Field], None]
        if name == "email":
            check = email_check(required or section.confirmation == "email", testing, utf8)
        else:
            check = _short_text(name, required, PHONE_MAX if name == "phone" else POSTCODE_MAX, plain_digits)
        fields[name] = StringField(LABELS[name], [check], render_kw={"required": required})
    for item in section.custom_fields:
        fields[OWN + item.name] = _custom_field(item, section, locale)
    fields["withhold_name"] = BooleanField(
        lazy_gettext("Count my signature, but do not hand over my name"),
        description=lazy_gettext("Your signature counts just the same."),
    )
    if section.field_mode("newsletter") != "hidden":
        # No answer is a no: silence is not consent.
        fields["newsletter"] = RadioField(
            questions[consents.NEWSLETTER].text,
            choices=[SelectChoice("yes", lazy_gettext("Yes")), SelectChoice("no", lazy_gettext("No"))],
            validate_choice=False,
        )
    fields["consent"] = BooleanField(questions[consents.PETITION].text, [_consent], render_kw={"required": True})
    if several:
        fields["cases"] = SelectMultipleField(
            lazy_gettext("I am signing for"), [_cases], choices=[], validate_choice=False
        )
    return type(f"SignForm_{section.code}", (SignForm,), fields)


def submission_of(form: SignForm, section: Section, locale: str, questions: dict[str, ConsentQuestion]) -> Submission:
    """Turn a form that was found valid into what the signing service takes."""

    def text(name: str) -> str:
        return str(form[name].data or "") if name in form else ""

    newsletter = text("newsletter") == "yes"
    answers = [ConsentAnswer(consents.PETITION, questions[consents.PETITION].digest, True)]
    if "newsletter" in form and text("newsletter") in ("yes", "no"):
        answers.append(ConsentAnswer(consents.NEWSLETTER, questions[consents.NEWSLETTER].digest, newsletter))
    first, last = names_of(form)
    return Submission(
        first_name=first,
        last_name=last,
        address=form.address,
        locale=locale,
        phone=text("phone"),
        postcode=text("postcode"),
        custom=form.custom_values(),
        withhold_name=bool(form["withhold_name"].data),
        newsletter=newsletter,
        consents=tuple(answers),
    )
