"""What a section's forms ask for: the fields that every section knows, and questions of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

FIELD_MODES = ("required", "optional", "hidden")
FORM_FIELDS = ("first_name", "last_name", "one_name", "full_name", "email", "phone", "postcode", "newsletter")
#: Modes of fields that do not have all of them.
FEWER_MODES = {"one_name": ("optional", "hidden")}
CUSTOM_TYPES = ("text", "select", "checkbox")
CUSTOM_KEYS = frozenset({"name", "label", "type", "required", "choices", "max_length", "hint"})
OWN_NAMES = frozenset(
    {*FORM_FIELDS, "consent", "withhold_name", "website", "csrf_token", "form_token", "cases", "altcha"}
)


def check_fields(value: Any) -> Iterator[str]:
    """Say what is wrong with a section's ``fields``, with the mend."""
    if not isinstance(value, Mapping):
        yield "must be a table of form fields"
        return
    for name, mode in value.items():
        if name not in FORM_FIELDS:
            yield f"{name!r} is not a form field; known are {', '.join(FORM_FIELDS)}"
        elif mode not in (modes := FEWER_MODES.get(name, FIELD_MODES)):
            yield f"{name} must be one of {', '.join(modes)}"


def has_words(value: Any) -> bool:
    """Whether a value is words by locale."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(key, str) and isinstance(words, str) and words for key, words in value.items())
    )


def check_custom_fields(value: Any) -> Iterator[str]:
    """Say what is wrong with a section's ``custom_fields``, with the mend."""
    if not isinstance(value, list | tuple):
        yield "must be a list of tables"
        return
    names = []
    for number, entry in enumerate(value, 1):
        item = entry if isinstance(entry, Mapping) else getattr(entry, "__dict__", None)
        if not isinstance(item, Mapping):
            yield f"entry {number} must be a table"
            continue
        names.append(item.get("name"))
        yield from _custom_field(item)
    if len({str(name) for name in names}) < len(names):
        yield "two questions have the same name"


def _custom_field(item: Mapping[str, Any]) -> Iterator[str]:
    name = item.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or not has_words(item.get("label")):
        yield "each needs a name (lower case letters, digits, underscores) and a label table"
    elif name in OWN_NAMES:
        yield f"the name {name!r} is already used by one of our own fields"
    for key in item:
        if key not in CUSTOM_KEYS:
            yield f"{name}: {key!r} is not known; known are {', '.join(sorted(CUSTOM_KEYS))}"
    if item.get("type", "text") not in CUSTOM_TYPES:
        yield f"type must be one of {', '.join(CUSTOM_TYPES)}"
    if not isinstance(item.get("required", False), bool):
        yield f"{name}: required must be true or false"
    length = item.get("max_length", 200)
    if type(length) is not int or not 1 <= length <= 2000:
        yield f"{name}: max_length must be a whole number from 1 to 2000"
    if item.get("hint") and not has_words(item["hint"]):
        yield f"{name}: hint must be a table of words by locale"
    choices = item.get("choices", ())
    if not isinstance(choices, list | tuple) or not all(isinstance(choice, str) and choice for choice in choices):
        yield f"{name}: choices must be a list of texts"
    elif item.get("type") == "select" and not choices:
        yield f"{name}: a select needs choices"
