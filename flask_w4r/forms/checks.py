"""Checks and lists that the forms of all parts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wtforms.fields import Field
from wtforms.validators import ValidationError

from ..antiabuse.names import NameFault, check_name
from ..i18n import gettext, lazy_gettext
from ..services.people.address_faults import FaultKey
from ..services.people.addresses import Address, AddressFault, parse_address
from ..services.people.near_misses import meant

#: The mend of each fault in an address.
ADDRESS_FAULTS: Mapping[FaultKey, Any] = {
    "empty": lazy_gettext("Enter your email address"),
    "too_long": lazy_gettext("This email address is too long. Check that nothing else was pasted with it"),
    "around": lazy_gettext("Enter the email address alone, without a name or the signs < and > around it"),
    "quotes": lazy_gettext("Enter the email address without quotation marks"),
    "several": lazy_gettext("Enter one email address only"),
    "two_ats": lazy_gettext("There is more than one @ in this email address. Leave only one"),
    "no_at": lazy_gettext("An email address has an @ in it, such as name@example.org"),
    "no_local": lazy_gettext("Enter what comes before the @ in your email address too"),
    "no_domain": lazy_gettext("Enter what comes after the @ in your email address too, such as example.org"),
    "spaces": lazy_gettext("Enter the email address without spaces"),
    "end": lazy_gettext("Remove the dot or other sign at the end of the email address"),
    "comma": lazy_gettext("There is a comma or semicolon in this email address. Is a dot meant?"),
    "apostrophe": lazy_gettext("Write the apostrophe in your email address as a straight one, as in %(example)s", example="o'brien@example.org"),
    "dash": lazy_gettext("Write the dash in your email address as a hyphen, as in jean-luc@example.org"),
    "dots": lazy_gettext("Check the dots in your email address. There is one too many, or one right beside the @"),
    "ending": lazy_gettext("The email address stops too early. After the @ comes a name with an ending, such as example.org"),
    "signs": lazy_gettext("Email addresses do not have brackets, colons, semicolons or backslashes. Remove them"),
    "domain": lazy_gettext("Check what comes after the @. Mail cannot be sent there"),
    "letters": lazy_gettext("Our mail cannot be sent to addresses with accents or letters other than a to z before the @. Enter another email address if you have one"),
    "syntax": lazy_gettext("Enter an email address in the format name@example.org, without spaces"),
}  # fmt: skip


def email_check(required: bool, testing: bool, utf8: bool = False) -> Callable[[Any, Field], None]:
    """Make the check of an email address, which leaves the address it read in the form's ``address``.

    One that is a slip away from a large provider is asked about, once, where the form has a field ``asked`` to remember
    that it was.

    :param testing: accept addresses under ``.test``.
    :param utf8: accept addresses that only SMTPUTF8 carries.
    """

    def check(form: Any, field: Field) -> None:
        try:
            address = parse_address(field.data or "", test_environment=testing)
            if address.needs_utf8 and not utf8:
                raise AddressFault("letters")
        except AddressFault as fault:
            if fault.key == "empty" and not required:
                return
            raise ValidationError(str(ADDRESS_FAULTS[fault.key])) from fault
        form.address = address
        if hasattr(form, "__contains__") and "asked" in form:
            _ask(form, form.address)

    return check


def _ask(form: Any, address: Address) -> None:
    likely = meant(address)
    if likely is not None and form["asked"].data != address.domain:
        form["asked"].data = address.domain
        raise ValidationError(
            gettext(
                "Did you mean %(likely)s? Correct the address, or press the button again if %(domain)s is right",
                likely=likely,
                domain=address.domain,
            )
        )


def name_check(form: Any, field: Field) -> None:
    """A person's name, as one line: needed, and cleaned."""
    try:
        field.data = check_name(field.data or "")
    except NameFault as fault:
        if fault.key == "too_long":
            raise ValidationError(gettext("Use no more than 100 characters")) from fault
        field.data = ""
        raise ValidationError(gettext("Enter your name")) from fault


def error_list(form: Any) -> Sequence[tuple[str, str]]:
    """The errors for the summary at the top: each field's id and its first message."""
    return [(field.id, str(field.errors[0])) for field in form if field.errors]
