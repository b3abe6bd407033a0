"""Reading a sent form without making the form: its own checks on plain values.

Binding and rendering fields is most of what a form costs, and a signature that is taken shows none. So the checks run
on values alone first, and the form is only made where something is not in order and has to be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from wtforms.fields import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import StopValidation, ValidationError

from ...sections import Section
from ...services.people.addresses import Address
from .sign import SignForm

_RECIPE = "press_recipe"
_TEXTS = (StringField, HiddenField, RadioField, SelectField)
_Step = tuple[str, Callable[[Any, str], Any], Sequence[Callable[[Any, Any], None]]]


class _Value:
    """What a field holds, for a check."""

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data


class _Pressed:
    """Answers like a :class:`SignForm` that was found valid."""

    __slots__ = ("address", "section", "values")

    def __init__(self, section: Section) -> None:
        self.section = section
        self.address: Address | None = None
        self.values: dict[str, _Value] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> _Value:
        return self.values[name]

    custom_values = SignForm.custom_values


def filled(form_class: type[SignForm], sent: Mapping[str, Any]) -> SignForm | None:
    """Read and check what was sent.

    :param sent: the request's form.
    :returns: what the signing service's submission is made from, or ``None``: make the form, it knows what is wrong.
    """
    recipe: Sequence[_Step] | None = form_class.__dict__.get(_RECIPE, ())
    if recipe == ():
        recipe = _recipe(form_class)
        setattr(form_class, _RECIPE, recipe)
    found = _checked(form_class, recipe, sent) if recipe else None
    if found is not None:
        return cast(SignForm, found)
    form = form_class(formdata=sent)
    return form if form.validate() else None


def _checked(form_class: type[SignForm], recipe: Sequence[_Step], sent: Mapping[str, Any]) -> _Pressed | None:
    pressed = _Pressed(form_class.section)
    for name, read, checks in recipe:
        value = pressed.values[name] = _Value(read(sent, name))
        try:
            for check in checks:
                check(pressed, value)
        except (ValidationError, StopValidation):
            return None
    return pressed


def _recipe(form_class: type[SignForm]) -> Sequence[_Step] | None:
    """The fields' names, how each is read, and its checks; ``None`` where a field is of a kind not known here."""
    steps: list[_Step] = []
    for field in form_class(formdata=None):
        read = _reader(field)
        if read is None:
            return None
        steps.append((field.name, read, tuple(field.validators)))
    return steps if len({name for name, _, _ in steps}) == len(steps) else None


def _reader(field: Any) -> Callable[[Any, str], Any] | None:
    if field.filters or getattr(field, "validate_choice", False):
        return None
    if type(field) is SelectMultipleField:
        return lambda sent, name: sent.getlist(name)
    if type(field) is BooleanField:
        false = field.false_values
        return lambda sent, name: name in sent and sent[name] not in false
    return (lambda sent, name: sent.get(name)) if type(field) in _TEXTS else None
