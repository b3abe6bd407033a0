"""What the sign form asks for as a name: a first and a last one, or the whole in one field.

Many people have one name only (https://www.w3.org/International/questions/qa-personal-names), so wherever a last name is
needed a box says that there is none. It works by the server alone: nothing in the page has to change when it is ticked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wtforms import BooleanField, StringField
from wtforms.fields import Field
from wtforms.validators import ValidationError

from ...antiabuse.names import NameFault, check_name
from ...i18n import gettext, lazy_gettext
from ...sections import Section
from ...services.people.names import fold_name

FIRST, LAST, FULL, ONE = "first_name", "last_name", "full_name", "one_name"
_LABELS = {
    FIRST: lazy_gettext("First name"),
    LAST: lazy_gettext("Last name"),
    FULL: lazy_gettext("Full name"),
}
_MISSING = {
    FIRST: lazy_gettext("Enter your first name"),
    LAST: lazy_gettext("Enter your last name"),
    FULL: lazy_gettext("Enter your name"),
}


def name_fields(section: Section) -> dict[str, Any]:
    """The fields for a name in a section's form, in the order in which they are checked."""
    if section.field_mode(FULL) != "hidden":
        hint = lazy_gettext("As you usually write it. One name is enough.")
        return {FULL: _text(FULL, section, description=hint)}
    fields: dict[str, Any] = {}
    if offers_one_name(section):
        # Made first, so that it is read when the checks of the others ask for it.
        fields[ONE] = BooleanField(
            lazy_gettext("I have one name"),
            description=lazy_gettext("Write it as your first name and leave the last name empty."),
        )
    return fields | {name: _text(name, section) for name in (FIRST, LAST) if section.field_mode(name) != "hidden"}


def offers_one_name(section: Section) -> bool:
    """Whether the form has the box for people with one name: where both names are asked for and the last is needed."""
    shown = section.field_mode(ONE) != "hidden" and section.field_mode(FIRST) != "hidden"
    return shown and section.field_mode(LAST) == "required"


def _text(name: str, section: Section, **more: Any) -> StringField:
    required = section.field_mode(name) == "required"
    return StringField(_LABELS[name], [_check(name, required)], render_kw={"required": required}, **more)


def _check(name: str, required: bool) -> Callable[[Any, Field], None]:
    def check(form: Any, field: Field) -> None:
        typed = field.data or ""
        try:
            field.data = check_name(typed)
        except NameFault as fault:
            if fault.key == "too_long":
                raise ValidationError(gettext("Use no more than 100 characters")) from fault
            field.data = ""
            if required and not (_is_one(form) and _may_be_empty(form, name, typed)):
                raise ValidationError(_words(form, name)) from fault

    return check


def _may_be_empty(form: Any, name: str, typed: str) -> bool:
    """Whether the one name there is may stand in the other field. Where it stands in neither, the first says so."""
    if name == LAST:
        return not typed.strip()
    # The quick reading of a form has not come to the other field yet; it then leaves the form to the thorough one.
    return LAST in form and bool((form[LAST].data or "").strip())


def _is_one(form: Any) -> bool:
    return ONE in form and bool(form[ONE].data)


def _words(form: Any, name: str) -> str:
    if _is_one(form):
        return gettext("Enter your name")
    if name == LAST and ONE in form:
        return gettext("Enter your last name, or tick “I have one name”")
    return str(_MISSING[name])


def names_of(form: Any) -> tuple[str, str]:
    """First and last name in a form that was found valid. A name in one piece is the first, and the last is empty."""
    first, last, full = (str(form[name].data or "") if name in form else "" for name in (FIRST, LAST, FULL))
    if full:
        return full, ""
    if _is_one(form) and (not first or fold_name(first, "") == fold_name(last, "")):
        return last, ""
    return first, last
