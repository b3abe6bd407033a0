"""What each kind of configuration value may be. A check returns the value to keep and reports what is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from .keyring import check_key
from .sections.urls import is_web_url, prefix_problem

Fault = Callable[[str], None]
Check = Callable[[Any, Fault], Any]


def any_value(value: Any, fault: Fault) -> Any:
    """Anything; it is looked at later."""
    return value


def text(value: Any, fault: Fault) -> Any:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        fault("must be text")
    return value


def url(value: Any, fault: Fault) -> Any:
    """A web address without query."""
    if not is_web_url(value) or urlsplit(value).query or urlsplit(value).fragment:
        fault("must be a full http or https URL, such as 'https://www.example.org'")
        return value
    return value.rstrip("/")


def prefix(value: Any, fault: Fault) -> Any:
    """Where a section stands in the URL map."""
    if problem := prefix_problem(value):
        fault(problem)
    return value


def sender(value: Any, fault: Fault) -> Any:
    """A From address, with or without a name."""
    usable = isinstance(value, str) and not re.search(r"[\x00-\x1f\x7f]", value)
    address = parseaddr(value)[1] if usable else ""
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        fault("must be an address, such as 'Write for Rights <w4r@example.org>'")
    return value


def flag(value: Any, fault: Fault) -> Any:
    """True or false."""
    if not isinstance(value, bool):
        fault("must be True or False")
    return value


def choice(*choices: str) -> Check:
    """One of some words."""

    def check(value: Any, fault: Fault) -> Any:
        if not isinstance(value, str) or value not in choices:
            fault(f"must be one of {', '.join(choices)}")
        return value

    return check


def yes_or_no(value: Any, fault: Fault) -> Any:
    """True or False."""
    if not isinstance(value, bool):
        fault("must be True or False")
    return value


def whole(low: int, high: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any, fault: Fault) -> Any:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            fault(f"must be a whole number from {low} to {high}")
        return value

    return check


def seconds(low: int, high: int) -> Check:
    """A number of seconds."""

    def check(value: Any, fault: Fault) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            fault(f"must be a number of seconds from {low} to {high}")
        return value

    return check


def keys(value: Any, fault: Fault) -> Any:
    """Encryption keys: a list, or text parted by commas or spaces. A key is never repeated in a message."""
    if not isinstance(value, str | list | tuple):
        fault("must be a list of keys, or text with keys separated by commas")
        return ()
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    for number, key in enumerate(parts, 1):
        problem = check_key(key) if isinstance(key, str) else "is not text"
        if problem:
            fault(f"key {number} {problem}")
    return tuple(parts)


def command(value: Any, fault: Fault) -> Any:
    """A program with its arguments."""
    is_list = isinstance(value, list | tuple) and bool(value) and all(isinstance(part, str) for part in value)
    if not is_list and not (isinstance(value, str) and value.strip()):
        fault("must be text such as '/usr/local/bin/keys --site w4r', or a list of texts")
    return value


def index_key(value: Any, fault: Fault) -> Any:
    """The key of the blind indexes."""
    problem = check_key(value) if isinstance(value, str) else "must be text; create one with 'flask w4r keygen'"
    if problem:
        fault(problem)
    return value


def limits_table(known: Mapping[str, str]) -> Check:
    """Rate limits by name, over the usual ones."""

    def check_item(key: str, item: Any, fault: Fault) -> None:
        # Storages and asyncio come with it: for a site, not for whoever imports the package.
        from limits import parse_many

        try:
            usable = isinstance(item, str) and bool(parse_many(item))
        except ValueError:
            usable = False
        if not usable:
            fault(f"{key}: {item!r} is not a limit, such as '10/minute; 60/hour'")

    return _table(known, check_item)


def numbers_table(known: Mapping[str, int], low: int) -> Check:
    """Whole numbers by name, over the usual ones."""

    def check_item(key: str, item: Any, fault: Fault) -> None:
        if isinstance(item, bool) or not isinstance(item, int) or item < low:
            fault(f"{key} must be a whole number from {low} up")

    return _table(known, check_item)


def _table(known: Mapping[str, Any], check_item: Callable[[str, Any, Fault], None]) -> Check:
    def check(value: Any, fault: Fault) -> Any:
        if not isinstance(value, Mapping):
            fault("must be a table")
            return known
        for key, item in value.items():
            if key in known:
                check_item(key, item, fault)
            else:
                fault(f"has no entry {key!r}; known are {', '.join(sorted(known))}")
        return MappingProxyType({**known, **value})

    return check


def some_of(*choices: str) -> Check:
    """A list of some words."""

    def check(value: Any, fault: Fault) -> Any:
        if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(item, str) for item in value):
            fault(f"must be a list of some of {', '.join(choices)}")
            return frozenset()
        for name in sorted(set(value) - set(choices)):
            fault(f"{name!r} is not a feature; known are {', '.join(choices)}")
        return frozenset(value)

    return check


def tiles(value: Any, fault: Fault) -> Any:
    """A tile server, with the credit it asks for."""
    usable = (
        isinstance(value, Mapping)
        and set(value) == {"url", "attribution", "max_zoom"}
        and is_web_url(value["url"])
        and isinstance(value["attribution"], str)
        and type(value["max_zoom"]) is int
        and 1 <= value["max_zoom"] <= 22
    )
    if not usable:
        fault("must be None, or a table with url (http or https), attribution and max_zoom (1 to 22)")
    return value


def folders(value: Any, fault: Fault) -> Any:
    """Folders that are there: a path, or a list of them."""
    paths = [value] if isinstance(value, str | os.PathLike) else value
    if not isinstance(paths, list | tuple) or not all(isinstance(path, str | os.PathLike) for path in paths):
        fault("must be a path, or a list of paths")
        return ()
    for path in paths:
        if not os.path.isdir(path):
            fault(f"there is no folder {os.fspath(path)!r}")
    return tuple(os.fspath(path) for path in paths)
