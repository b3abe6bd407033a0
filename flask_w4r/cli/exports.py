"""``flask w4r export KIND``: files to take away, as the desk's, in the shell."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask.cli import with_appcontext

from ..seam import Export, ExportAsk
from ..sections import Section
from ..services.audit.record import CLI
from ..services.exports.take import REASONS, Order, take
from ..services.exports.writers import FORMATS
from .common import choose_sections, state_and_app


class Since(click.DateTime):
    """A day or a moment, in UTC."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it as UTC."""
        found: datetime = super().convert(value, param, ctx)
        return found.replace(tzinfo=UTC)


@click.command("export")
@click.argument("kind")
@click.option("--out", required=True, metavar="FILE|-", help="Where to write; - is the standard output.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option("--section", "code", help="The section's code; not needed where there is one section.")
@click.option("--case", "slug", help="Of one case alone, by its slug.")
@click.option("--since", type=Since(), help="What came to be from that day or moment (UTC) on.")
@click.option("--withheld", is_flag=True, help="Also what people asked to keep back.")
@click.option("--reason", type=click.Choice(REASONS), default=None, help="Why; the log and the file keep it.")
@with_appcontext
def export(
    kind: str, out: str, form: str, code: str | None, slug: str | None, since: datetime | None, withheld: bool,
    reason: str | None,
) -> None:  # fmt: skip
    """Write a file of KIND: signatures, subscribers, audit, and what else the site's capabilities bring.

    Where W4R_EXPORT_RECIPIENTS names somebody the file is encrypted for them by age. That it was taken is logged.
    """
    state, app = state_and_app()
    chosen = state.seam.exports.get(kind)
    if chosen is None:
        raise click.BadParameter(
            f"there is no export {kind!r}; there are: {', '.join(state.seam.exports)}", param_hint="KIND"
        )
    (section,) = choose_sections(code, several=False)
    ask = _ask(chosen, section, state.clock(), slug, since, withheld)
    order = Order(
        chosen, ask, form, CLI, f"{CLI} ({_account()})", reason or "", state.config.recipients_of(section.code)
    )
    write_file(out, take(app, order))
    if out != "-" and sys.stderr.isatty():
        sealed = f", encrypted for {len(order.recipients)} recipient(s)" if order.recipients else ""
        click.echo(f"{out}: {Path(out).stat().st_size:,} bytes{sealed}", err=True)


def _ask(
    chosen: Export, section: Section, now: datetime, slug: str | None, since: datetime | None, withheld: bool
) -> ExportAsk:
    given = {"case": slug is not None, "since": since is not None, "withheld": withheld}
    for name, is_given in given.items():
        if is_given and name not in chosen.heeds:
            raise click.UsageError(f"--{name} says nothing of {chosen.name}")
    return ExportAsk(section, now, slug, since, withheld)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def write_file(out: str, chunks: Iterator[bytes]) -> None:
    """Write a file that only this account can read; it is there under its name once it is whole."""
    if out == "-":
        _pour(chunks, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    path = Path(out)
    if path.exists() and not path.is_file():
        # A pipe or a device is written to as it is.
        with path.open("wb") as file:
            _pour(chunks, file)
        return
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _pour(chunks, file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _pour(chunks: Iterator[bytes], stream: BinaryIO) -> None:
    shown, done = sys.stderr.isatty(), 0
    for chunk in chunks:
        stream.write(chunk)
        done += len(chunk)
        if shown:
            click.echo(f"\r{done / 1_000_000:,.1f} MB", nl=False, err=True)
    if shown:
        click.echo("", err=True)
