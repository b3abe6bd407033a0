"""What somebody who writes to the person at risk fills in."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from ..antiabuse.names import NameFault, check_name, clean_lines
from ..i18n import babel_locale, gettext, lazy_gettext, number
from ..sections import Section
from ..services.messages.written import LONGEST, Written
from ..services.people.addresses import Address
from ..services.people.consents import ConsentQuestion
from .checks import email_check

#: Read from what is sent, so that what is too long is told and not cut.
_RAW = LONGEST * 4


@cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """Codes and names of countries, by name as the language sorts them."""
    names = babel_locale(locale).territories
    # Codes that Unicode keeps for no country: groups, unknown, and those for private use.
    known = {
        code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }
    return tuple(sorted(known.items(), key=lambda pair: _folded(pair[1])))


_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


def _folded(name: str) -> str:
    # An accent is no other letter to whoever looks for a country.
    import unicodedata

    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in parts if unicodedata.category(char) != "Mn")


def _message(form: Any, field: Field) -> None:
    typed = (field.data or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    cleaned = clean_lines(typed, _RAW)
    if not any(char.isalnum() for char in cleaned):
        raise ValidationError(gettext("Write your message"))
    if len(cleaned) > LONGEST:
        raise ValidationError(
            gettext(
                "Your message has %(count)s characters. Shorten it to %(most)s at most",
                count=number(len(cleaned)), most=number(LONGEST),
            )
        )  # fmt: skip
    field.data = cleaned


def _name(form: Any, field: Field) -> None:
    if not (field.data or "").strip():
        field.data = ""
        return
    try:
        field.data = check_name(field.data)
    except NameFault as fault:
        if fault.key == "too_long":
            raise ValidationError(gettext("Use no more than 100 characters")) from fault
        field.data = ""


def _country(form: Any, field: Field) -> None:
    if field.data not in dict(countries(form.locale)):
        raise ValidationError(gettext("Choose the country you write from"))


def _agreed(form: Any, field: Field) -> None:
    if not field.data:
        raise ValidationError(gettext("Tick the box to agree"))


class MessageForm(FlaskForm):  # type: ignore[misc]
    """A message, and who it is from as far as they like to say."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    asked = HiddenField()
    website = StringField()
    message = TextAreaField(lazy_gettext("Your message"), [_message, Length(max=_RAW)], render_kw={"required": True})
    name = StringField(
        lazy_gettext("Your first name"),
        [_name],
        description=lazy_gettext("It stands under your message. You can leave it empty."),
    )
    country = SelectField(
        lazy_gettext("The country you write from"), [_country], validate_choice=False, render_kw={"required": True}
    )
    address: Address | None = None
    section: Section
    locale: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [SelectChoice(code, name) for code, name in countries(self.locale)]
        if self.country.data is None:
            self.country.data = self.section.country

    def written(self, consent: bytes) -> Written:
        """The message, once the form was found valid.

        :param consent: the digest of the words that were agreed to.
        """
        return Written(
            text=self.message.data, address=self.address, country=self.country.data, locale=self.locale, consent=consent,
            name=self.name.data or "", public=bool("public" in self and self["public"].data),
        )  # fmt: skip


def make_message_form(
    section: Section, locale: str, question: ConsentQuestion, *, public: bool, testing: bool, utf8: bool
) -> type[MessageForm]:
    """The form of a section in one language.

    :param question: what is agreed to.
    :param public: messages may be shown on the case's page, so that it is asked.
    :param testing: addresses under ``.test`` are accepted.
    :param utf8: addresses that only SMTPUTF8 carries are accepted.
    """
    needed = section.confirmation == "email" or section.field_mode("email") == "required"
    fields: dict[str, Any] = {"section": section, "locale": locale}
    if needed or section.field_mode("email") != "hidden":
        fields["email"] = StringField(
            lazy_gettext("Email address"),
            [email_check(needed, testing, utf8)],
            description=lazy_gettext("It is not passed on. We write to you to confirm your message."),
            render_kw={"required": needed},
        )
    if public:
        fields["public"] = BooleanField(
            lazy_gettext("My message may be shown on this website, with my first name and country")
        )
    fields["consent"] = BooleanField(question.text, [_agreed], render_kw={"required": True})
    return type(f"MessageForm_{section.code}", (MessageForm,), fields)
