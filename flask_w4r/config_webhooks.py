"""What ``W4R_WEBHOOKS`` may be: the programs that are told what happens, and what each is told."""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from . import signals

Fault = Callable[[str], None]

SUBSCRIBED, WITHDRAWN, ERASED = "subscriber.created", "subscriber.withdrawn", "person.erased"
#: What tells about a person, and so carries an address.
PERSONAL = (SUBSCRIBED, WITHDRAWN, ERASED)
#: What tells ids alone, by the names of the signals.
PLAIN = tuple(signals.NAMES)
EVENTS = (*PERSONAL, *PLAIN)
#: Bytes of a secret (Standard Webhooks, "Signature scheme": 24 to 64).
SECRET_BYTES = range(24, 65)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,23}")
_KEYS = ("name", "url", "events", "secret", "sections", "allow_private")


@dataclass(frozen=True)
class Webhook:
    """A program that is told what happens.

    :param name: tells it from the others, in records and in what staff read; at most 24 characters.
    :param url: where it listens.
    :param events: some of :data:`EVENTS`.
    :param secrets: each signs, newest first, so that they can be changed without a gap.
    :param sections: codes of the sections it is told of; none: all of the site's.
    :param allow_private: it may stand in a private network, or on this machine.
    """

    name: str
    url: str
    events: frozenset[str]
    secrets: tuple[str, ...]
    sections: frozenset[str] = frozenset()
    allow_private: bool = False

    def wants(self, event: str, section: str) -> bool:
        """Whether it is told of an event of a section."""
        return event in self.events and (not self.sections or section in self.sections)

    def __repr__(self) -> str:
        # Neither a secret nor a path, which may hold one, belongs in a traceback.
        return f"Webhook({self.name!r})"


def webhooks(value: Any, fault: Fault) -> tuple[Webhook, ...]:
    """A table, several in a list, or several by name."""
    tables = _tables(value)
    if tables is None:
        fault("must be a table with url, events and secret, a list of those, or a table of those by name")
        return ()
    found: dict[str, Webhook] = {}
    for number, table in enumerate(tables, 1):
        made = _webhook(table, number, fault)
        if made is not None and made.name in found:
            fault(f"[{number}]: there are two of the name {made.name!r}; give each a name of its own")
        elif made is not None:
            found[made.name] = made
    return tuple(found.values())


def _tables(value: Any) -> Sequence[Any] | None:
    if isinstance(value, list | tuple):
        return value
    if not isinstance(value, Mapping):
        return None
    if "url" in value or not all(isinstance(one, Mapping) for one in value.values()):
        return [value]
    return [{"name": name, **one} for name, one in value.items()]


def _webhook(table: Any, number: int, fault: Fault) -> Webhook | None:
    if not isinstance(table, Mapping):
        fault(f"[{number}]: must be a table with url, events and secret")
        return None
    url = table.get("url")
    host = host_of(url)
    name = table.get("name", re.sub(r"[^a-z0-9._-]", "-", (host or "")[:24]) or None)
    where = f"[{name or number}]"
    faults: list[str] = []
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, 1)
            faults.append(
                f"{key!r} is not a key; {f'did you mean {near[0]}?' if near else 'known are ' + ', '.join(_KEYS)}"
            )
    if host is None:
        faults.append("url must be a full http or https URL without user, password or fragment")
    elif not isinstance(name, str) or not _NAME.fullmatch(name):
        faults.append("name must be 1 to 24 of a to z, 0 to 9, '.', '_' and '-'")
    events = _some(table.get("events"), EVENTS, "events", faults)
    secrets = _secrets(table.get("secret"), faults)
    sections = table.get("sections", ())
    if not isinstance(sections, list | tuple | set | frozenset) or not all(isinstance(one, str) for one in sections):
        faults.append("sections must be a list of section codes")
        sections = ()
    private = table.get("allow_private", False)
    if not isinstance(private, bool):
        faults.append("allow_private must be True or False")
    for text in faults:
        fault(f"{where}: {text}")
    if faults:
        return None
    return Webhook(str(name), str(url), events, secrets, frozenset(sections), private)


def host_of(url: Any) -> str | None:
    """The host of a web address that can be asked as it stands; ``None`` where it cannot."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        usable = parts is not None and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return None
    if parts is None or not usable or not parts.hostname or parts.username or parts.password or parts.fragment:
        return None
    return None if re.search(r"[\x00-\x20\x7f]", str(url)) or not str(url).isascii() else parts.hostname


def _some(value: Any, known: Sequence[str], key: str, faults: list[str]) -> frozenset[str]:
    if not isinstance(value, list | tuple | set | frozenset) or not value:
        faults.append(f"{key} must be a list of some of {', '.join(known)}")
        return frozenset()
    for one in sorted(str(one) for one in value if one not in known):
        near = difflib.get_close_matches(one, known, 1)
        faults.append(
            f"{one!r} is not an event; {f'did you mean {near[0]}?' if near else 'known are ' + ', '.join(known)}"
        )
    return frozenset(one for one in value if isinstance(one, str))


def _secrets(value: Any, faults: list[str]) -> tuple[str, ...]:
    """A secret, or several. It is never repeated in a message."""
    secrets = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
    if not secrets or not all(isinstance(one, str) and _bytes_of(one) in SECRET_BYTES for one in secrets):
        faults.append(
            "secret must be 'whsec_' and 24 to 64 random bytes in base64, or a list of those, newest first;"
            " create one with 'flask w4r webhooks secret'"
        )
    return secrets


def _bytes_of(secret: str) -> int:
    plain = secret.removeprefix("whsec_")
    try:
        return len(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError):
        return 0


def strict_faults(hooks: Sequence[Webhook]) -> list[str]:
    """What must not be outside debug and testing."""
    return [
        f"W4R_WEBHOOKS: [{one.name}]: url must begin with https; http is for a webhook with allow_private"
        for one in hooks
        if not one.url.startswith("https:") and not one.allow_private
    ]


def unknown_sections(hooks: Sequence[Webhook], sections: Sequence[str]) -> list[str]:
    """Sections that the site does not have."""
    return [
        f"W4R_WEBHOOKS: [{one.name}]: this site has no section {code!r}; it has {', '.join(sections)}"
        for one in hooks
        for code in sorted(one.sections - set(sections))
    ]
