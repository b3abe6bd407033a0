"""The kits that ship with the library, and any other by its folder."""

from __future__ import annotations

import re
from pathlib import Path

from ...errors import KitError

_SHIPPED = Path(__file__).parents[2] / "kits"


def shipped_kits() -> list[str]:
    """The names of the kits that ship with the library, oldest first."""
    return sorted(path.parent.name for path in _SHIPPED.glob("*/campaign.toml"))


def resolve_kit(name: str | Path) -> Path:
    """Find a kit.

    :param name: a folder, or the bare name of a kit that ships (``"2024"``; a folder of that name is ``./2024``).
    :raises KitError: when there is neither.
    """
    if re.fullmatch(r"[0-9-]+", str(name)) and str(name) in shipped_kits():
        return _SHIPPED / str(name)
    if "\0" not in str(name) and Path(name).is_dir():
        return Path(name)
    raise KitError([f"{name}: there is no such folder; give a kit's folder, or one of {', '.join(shipped_kits())}"])
