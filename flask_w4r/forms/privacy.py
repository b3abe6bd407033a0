"""What people fill in about what is held of them: the address to send the link to, and corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from ..antiabuse.names import NameFault, check_name, clean_text
from ..i18n import gettext, lazy_gettext, plain_digits
from ..services.people.addresses import Address

LONGEST = {"phone": 40, "postcode": 20}


class AskForm(FlaskForm):  # type: ignore[misc]
    """Whose data it is about."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    address: Address | None = None
    email = StringField(lazy_gettext("Your email address"), render_kw={"required": True})


def _name(typed: str) -> str:
    try:
        return check_name(typed)
    except NameFault as fault:
        if fault.key == "too_long":
            raise ValueError(gettext("Use no more than 100 characters")) from fault
        return ""


def _short(longest: int) -> Callable[[str], str]:
    def read(typed: str) -> str:
        if len(typed) > longest:
            raise ValueError(gettext("Use no more than %(count)s characters", count=longest))
        return plain_digits(clean_text(typed, longest))

    return read


_READ: Mapping[str, Callable[[str], str]] = {
    "first_name": _name,
    "last_name": _name,
    **{name: _short(longest) for name, longest in LONGEST.items()},
}


def corrected(sent: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Read a correction.

    :param sent: the form that was sent.
    :returns: what is right, by field, and by field what is wrong with the rest. Somebody has a name at least.
    """
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name, read in _READ.items():
        if name in sent:
            try:
                values[name] = read(str(sent[name]))
            except ValueError as fault:
                faults[name] = str(fault)
    if not faults and not any(values.get(name, "-") for name in ("first_name", "last_name")):
        faults["first_name"] = gettext("Enter your name")
    return values, faults
