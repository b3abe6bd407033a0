"""What ``W4R_EXPORT_RECIPIENTS`` may be: for whom files that staff take away are encrypted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .errors import W4RError

Fault = Callable[[str], None]
#: Where recipients are kept that are not of one section.
ALL = ""


def recipient(text: str) -> Any:
    """A recipient of age: ``age1...``, or an SSH public key.

    :raises W4RError: it is none, or the library is not there.
    """
    try:
        import pyrage
    except ImportError:
        raise W4RError("needs the extra 'age': pip install 'flask_w4r[age]'") from None
    kind: Any = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except (ValueError, pyrage.RecipientError):
        raise W4RError("is not a recipient of age, such as 'age1...' or an SSH public key") from None


def recipients(value: Any, fault: Fault) -> Mapping[str, tuple[str, ...]]:
    """Recipients for all sections: a list, or text parted by commas; or such for each section, by its code."""
    tables = value if isinstance(value, Mapping) else {ALL: value}
    found: dict[str, tuple[str, ...]] = {}
    for code, given in tables.items():
        where = f"[{code}] " if code else ""
        if not isinstance(code, str) or not isinstance(given, str | list | tuple):
            fault(f"{where}must be a list of recipients, or text with recipients separated by commas")
            continue
        parts = [part.strip() for part in given.split(",")] if isinstance(given, str) else list(given)
        for number, part in enumerate(parts, 1):
            try:
                recipient(part if isinstance(part, str) else "")
            except W4RError as error:
                fault(f"{where}recipient {number} {error}")
        found[code] = tuple(str(part) for part in parts)
    return MappingProxyType(found)
