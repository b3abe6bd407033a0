"""Sections of a made-up world, each with its key, and the files that they sign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result

from flask_w4r.services.rollup.documents import write_moment
from flask_w4r.services.rollup.signing import Pair, new_pair, sign
from tests.conftest import Host

EDITION = "2026"


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_on(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


class Sender:
    """A section somewhere that signs its numbers by itself, as any program could."""

    def __init__(self, code: str, clock: Clock) -> None:
        self.code, self.clock = code, clock
        self.pair: Pair = new_pair()
        self.sequence = 0

    def document(self, rows: Mapping[tuple[str, str], int] | None = None, **changes: Any) -> dict[str, Any]:
        """What it signs now.

        :param rows: numbers by case and type.
        :param changes: members that differ, before it signs.
        """
        self.sequence += 1
        cells = rows if rows is not None else {("ann-example", "letter"): 100}
        plain = {
            "section": self.code, "edition": EDITION, "sequence": self.sequence,
            "as_of": write_moment(self.clock()), "expires": write_moment(self.clock() + timedelta(days=14)),
            "rows": [{"case": case, "type": kind, "count": count} for (case, kind), count in cells.items()],
        }  # fmt: skip
        return sign({**plain, **changes}, self.pair.private)

    def file(self, folder: Path, rows: Mapping[tuple[str, str], int] | None = None, **changes: Any) -> Path:
        """The same in a file, of a name of its own."""
        document = self.document(rows, **changes)
        path = folder / f"{self.code.lower()}-{self.sequence}.json"
        path.write_text(json.dumps(document, separators=(",", ":")), "utf-8")
        return path


def call(host: Host, *args: str | Path) -> Result:
    """``flask w4r ...``, however it ends."""
    result = host.app.test_cli_runner().invoke(args=["w4r", *(str(one) for one in args)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def trust(host: Host, *senders: Sender) -> None:
    """The centre trusts the keys of sections."""
    for one in senders:
        assert call(host, "rollup", "trust", one.code, one.pair.public).exit_code == 0


def total(host: Host, edition: str = EDITION) -> dict[str, Any]:
    """The sum of all sections."""
    found: dict[str, Any] = json.loads(call(host, "rollup", "sum", edition, "--json").output)
    return found


def add(host: Host, *files: Path) -> dict[str, str]:
    """Take files; returns for each name why it is not counted, or an empty text."""
    result = call(host, "rollup", "add", "--json", *files)
    told = json.loads(result.output)
    assert result.exit_code == (1 if any(one["why"] for one in told) else 0)
    return {Path(one["file"]).name: one["why"] for one in told}
