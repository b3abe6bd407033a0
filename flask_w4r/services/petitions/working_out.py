"""Working presses out: each in its order, against what stood before and against the presses before it. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ...sections import Section
from .signing import Signing

#: Pressing the button again within this time, with nothing changed, is one signature and one mail.
SAME_PRESS = timedelta(minutes=10)
#: What a new version of a pending signature takes over from what was typed now.
REPLACED = (
    "state", "name_index", "details_index", "person", "withhold_name", "newsletter", "locale", "held_at", "held_for",
    "released_at", "reasons", "score", "captcha", "net_day", "net_host", "net_site", "net_block", "mail_domain", "updated_at", "confirmed_at",
)  # fmt: skip


@dataclass
class Row:
    """A signature as it stands, or as it will once this batch is written."""

    id: int | None
    slot: int
    state: str
    name_index: bytes | None
    details_index: bytes | None
    updated_at: datetime
    #: Its columns, where the batch writes any.
    values: dict[str, Any] = field(default_factory=dict)

    def takes(self, values: Mapping[str, Any]) -> bool:
        """Whether a press changes it: a pending one, by a later press, and not by the same once more."""
        at = values["created_at"]
        is_new = self.details_index != values["details_index"] or values["state"] != "pending"
        # Two workers may come to an address' presses in another order.
        return self.state == "pending" and self.updated_at <= at and (is_new or self.updated_at < at - SAME_PRESS)


@dataclass
class Press:
    """What becomes of one press."""

    signing: Signing
    rows: list[Row] = field(default_factory=list)
    case_ids: list[int] = field(default_factory=list)
    #: Cases that the address has signed and confirmed before.
    known: list[int] = field(default_factory=list)


Wanted = list[tuple[int, dict[str, Any]]]
Standing = dict[bytes, dict[int, Row]]


def plan(
    section: Section, presses: Sequence[Signing], wanted: Sequence[Wanted], standing: Standing
) -> tuple[list[Press], list[Row], list[Row]]:
    """Work the presses out in their order.

    :returns: what becomes of each, the rows to insert, and those to change.
    """
    done: list[Press] = []
    new: list[Row] = []
    changed: dict[int, Row] = {}
    for signing, some in zip(presses, wanted, strict=True):
        press = Press(signing)
        done.append(press)
        for case_id, values in some:
            index = values["email_index"]
            mine = standing[index] if index is not None else {}
            slot, may_replace = _place(section, mine, values)
            row = mine.get(slot)
            if row is None:
                values["slot"] = slot
                row = mine[slot] = Row(
                    None, slot, values["state"], values["name_index"], values["details_index"], values["updated_at"],
                    values,
                )  # fmt: skip
                new.append(row)
            elif may_replace and row.takes(values):
                _replace(row, values)
                if row.id is not None:
                    changed[row.id] = row
            else:
                if row.state == "confirmed":
                    press.known.append(case_id)
                continue
            press.rows.append(row)
            press.case_ids.append(case_id)
    return done, new, list(changed.values())


def _place(section: Section, mine: Mapping[int, Row], values: Mapping[str, Any]) -> tuple[int, bool]:
    """Which place a signature has: a shared mailbox has two, its own, else a free one, else the second.

    :returns: the place, and whether the signature that stands there may be replaced.
    """
    if not section.shared_mailbox:
        return 0, True
    own = next((slot for slot, row in mine.items() if row.name_index == values["name_index"]), None)
    if own is not None:
        return own, True
    free = {0, 1} - mine.keys()
    return (min(free), False) if free else (1, True)


def _replace(row: Row, values: Mapping[str, Any]) -> None:
    row.values.update({name: values[name] for name in REPLACED})
    row.state, row.updated_at = values["state"], values["updated_at"]
    row.name_index, row.details_index = values["name_index"], values["details_index"]
