"""What somebody who comes to an event fills in, and what they may change later."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ..antiabuse.names import clean_text
from ..i18n import gettext, lazy_gettext, number, plain_digits
from ..services.people.addresses import Address
from ..services.rsvps.lifecycle import LARGEST_PARTY, Guest
from .checks import email_check, name_check

NEEDS_MAX = 500
_SIZES = tuple(str(size) for size in range(1, LARGEST_PARTY + 1))


def _size(form: PartyForm, field: Field) -> None:
    field.data = plain_digits(field.data or "")
    if field.data not in _SIZES:
        raise ValidationError(gettext("Choose how many of you are coming"))


def _needs(form: PartyForm, field: Field) -> None:
    typed = field.data or ""
    if len(typed) > NEEDS_MAX:
        raise ValidationError(gettext("Use no more than %(count)s characters", count=NEEDS_MAX))
    field.data = clean_text(typed, NEEDS_MAX)


class PartyForm(FlaskForm):  # type: ignore[misc]
    """How many come, and what they need: what can be changed later by the link."""

    class Meta:
        csrf = False

    party_size = SelectField(
        lazy_gettext("How many of you are coming, including you?"),
        [_size],
        validate_choice=False,
        default="1",
        render_kw={"required": True},
    )
    access_needs = TextAreaField(
        lazy_gettext("Does anyone in your group need anything to take part?"),
        [_needs],
        description=lazy_gettext("For example, space for a wheelchair or a seat with a clear view for lip-reading."),
    )
    access_consent = BooleanField(
        lazy_gettext("The host may see what we need"),
        description=lazy_gettext("If you do not tick this box, no one at the event will be told."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.party_size.choices = [SelectChoice(size, number(int(size))) for size in _SIZES]

    @property
    def size(self) -> int:
        """How many come, once found valid."""
        return int(self.party_size.data)


class RsvpForm(PartyForm):
    """ "I am coming". The form token is checked by the view, which keeps what was typed."""

    form_token = HiddenField()
    asked = HiddenField()
    website = StringField()
    name = StringField(lazy_gettext("Your name"), [name_check], render_kw={"required": True})
    email = StringField(lazy_gettext("Email address"), render_kw={"required": True})
    address: Address | None = None
    #: Addresses under ``.test`` are accepted.
    testing = False
    #: Addresses that only SMTPUTF8 carries are accepted.
    utf8 = False

    def validate_email(self, field: Field) -> None:
        """An address that mail can go to."""
        email_check(True, self.testing, self.utf8)(self, field)

    def guest(self, locale: str) -> Guest:
        """The guest, once the form was found valid."""
        assert self.address is not None
        return Guest(
            name=self.name.data,
            address=self.address,
            party_size=self.size,
            locale=locale,
            access_needs=self.access_needs.data,
            access_consent=bool(self.access_consent.data),
        )
