"""Checks and lists that the forms of all parts share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wtforms.fields import Field
from wtforms.validators import ValidationError

from ..antiabuse.names import NameFault, check_name
from ..i18n import gettext
from ..services.people.addresses import Address, AddressFault, parse_address
from ..services.people.near_misses import meant


def email_check(required: bool, testing: bool) -> Callable[[Any, Field], None]:
    """Make the check of an e-mail address, which leaves the address it read in the form's ``address``.

    One that is a slip away from a large provider is asked about, once, where the form has a field ``asked`` to remember
    that it was.

    :param testing: accept addresses under ``.test``.
    """

    def check(form: Any, field: Field) -> None:
        try:
            form.address = parse_address(field.data or "", test_environment=testing)
        except AddressFault as fault:
            if fault.key == "empty":
                if required:
                    raise ValidationError(gettext("Enter your e-mail address")) from fault
                return
            raise ValidationError(
                gettext("Enter an e-mail address in the form name@example.org, without spaces")
            ) from fault
        if hasattr(form, "__contains__") and "asked" in form:
            _ask(form, form.address)

    return check


def _ask(form: Any, address: Address) -> None:
    likely = meant(address)
    if likely is not None and form["asked"].data != address.domain:
        form["asked"].data = address.domain
        raise ValidationError(
            gettext(
                "Did you mean %(likely)s? Mend the address, or press the button once more if %(domain)s is right",
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
            raise ValidationError(gettext("Use 100 characters at most")) from fault
        field.data = ""
        raise ValidationError(gettext("Enter your name")) from fault


def error_list(form: Any) -> Sequence[tuple[str, str]]:
    """The errors for the summary at the top: each field's id and its first message."""
    return [(field.id, str(field.errors[0])) for field in form if field.errors]
