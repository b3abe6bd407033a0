"""Keys that sign, as settings and files have them; and what ``W4R_STATUS_FEED`` may be."""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .config_webhooks import host_of

Fault = Callable[[str], None]
_KEYS = ("url", "public_key", "root", "sender", "allow_private")
_MEND = "create a pair with 'flask w4r keygen --signing'"


def to_text(raw: bytes) -> str:
    """Bytes in base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def to_bytes(text: Any, length: int) -> bytes | None:
    """What :func:`to_text` made, of so many bytes; ``None`` for anything else.

    A text has one spelling only: the bits that a last character has to spare must be nought, so that no change of a
    signed file goes unseen.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    return raw if len(raw) == length and to_text(raw) == text else None


def signing_key(value: Any, fault: Fault) -> Any:
    """A private key that signs. It is never repeated in a message."""
    if to_bytes(value, 32) is None:
        fault(f"must be 32 bytes in base64url without padding; {_MEND}")
        return None
    return value


def public_key(value: Any, fault: Fault) -> Any:
    """A public key."""
    if to_bytes(value, 32) is None:
        fault(f"must be a public key, 32 bytes in base64url without padding; {_MEND}")
        return None
    return value


@dataclass(frozen=True)
class StatusFeed:
    """Where the centre's news of cases are, and by what they are known for the centre's.

    :param url: where they are.
    :param public_key: the key that signs them; or
    :param root: the key that signs the list of keys that comes with them.
    :param sender: the code of the section that signs them; ``None``: any that the list names for it.
    :param allow_private: it may stand in a private network, or on this machine.
    """

    url: str
    public_key: str | None = None
    root: str | None = None
    sender: str | None = None
    allow_private: bool = False


def status_feed(value: Any, fault: Fault) -> StatusFeed | None:
    """A table with ``url`` and one of ``public_key`` and ``root``."""
    if not isinstance(value, Mapping):
        fault("must be a table with url, and public_key or root")
        return None
    faults: list[str] = []
    for key in value:
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, 1)
            faults.append(
                f"{key!r} is not a key; {f'did you mean {near[0]}?' if near else 'known are ' + ', '.join(_KEYS)}"
            )
    if host_of(value.get("url")) is None:
        faults.append("url must be a full http or https URL without user, password or fragment")
    pins = [name for name in ("public_key", "root") if value.get(name) is not None]
    if len(pins) != 1:
        faults.append("set public_key, or root, and not both: without one nobody knows whose news it is")
    for name in pins:
        public_key(value[name], lambda text, name=name: faults.append(f"{name} {text}"))  # type: ignore[misc]
    sender = value.get("sender")
    if sender is not None and not (isinstance(sender, str) and sender):
        faults.append("sender must be the code of the section that signs")
    private = value.get("allow_private", False)
    if not isinstance(private, bool):
        faults.append("allow_private must be True or False")
    for text in faults:
        fault(text)
    if faults:
        return None
    return StatusFeed(value["url"], value.get("public_key"), value.get("root"), sender, private)
