"""``flask w4r section``: a whole section moves, or leaves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ..config_recipients import ALL
from ..services.moves import incoming, leaving, outgoing, sealing
from ..services.storage.unit_of_work import run
from . import new_section
from .common import choose_sections, record, state_and_app

group = AppGroup("section", help="A whole section: move it to another database, or end it.")
group.add_command(new_section.new)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_passphrase = click.option(
    "--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the passphrase. Without it and without age keys you are asked.",
)  # fmt: skip


def _bar(length: int, label: str, as_json: bool) -> Any:
    return click.progressbar(length=length, label=label, hidden=as_json or not sys.stderr.isatty(), file=sys.stderr)


def _secret(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        lines = file.read_text("utf-8").splitlines()
        secret = lines[0].strip() if lines else ""
    elif sys.stdin.isatty():
        secret = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    else:
        secret = ""
    if confirm and len(secret) < 12:
        raise click.UsageError(
            "say how to encrypt the archive: --recipient AGE_KEY, or --passphrase-file with 12 characters or more"
        )
    return secret


@group.command("show")
@click.option("--section", "code", help="The section's code, or 'all'.")
@_json
def show(code: str | None, as_json: bool) -> None:
    """Say how many rows a section has in each table."""
    _, app = state_and_app()
    found = {section.code: leaving.counts(app, section.code) for section in choose_sections(code or "all")}
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, counts in found.items():
        click.echo(f"{name}: {sum(counts.values())} rows")
        for table, number in sorted(counts.items()):
            click.echo(f"  {table}: {number}")


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--section", "code", help="The section's code, where the site has several.")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE_KEY",
    help="A public age key; may be repeated. Else W4R_EXPORT_RECIPIENTS.",
)
@_passphrase
@click.option("--reseal", is_flag=True, help="Open what is sealed, for a site that has other W4R_ENCRYPTION_KEYS.")
@_json
def export(
    file: Path, code: str | None, recipients: tuple[str, ...], passphrase_file: Path | None, reseal: bool, as_json: bool
) -> None:
    """Write everything that a section has into one encrypted archive, while the site is in use.

    What comes after it is not in it: stop the section's forms first (docs, "Moving a section").
    """
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    if not file.name:
        raise click.BadParameter("name a file", param_hint="FILE")
    leaving.counts(app, section.code)
    usual = state.config.export_recipients
    keys = recipients or usual.get(section.code, usual.get(ALL, ()))
    secret = None if keys and passphrase_file is None else _secret(passphrase_file, confirm=True)

    def log(uow: Any) -> None:
        record(uow, section, "section_exported", f"section:{section.code}", reseal=[None, reseal])

    with sealing.writing(file, recipients=() if secret else keys, passphrase=secret) as stream:
        # Whoever takes all names away is in the log, and the log is in the archive.
        run(app, log)
        with _bar(outgoing.how_many(app, section), "exporting", as_json) as bar:
            rows = outgoing.export(app, section, stream, reseal=reseal, told=lambda _, number: bar.update(number))
    if as_json:
        click.echo(json.dumps({"section": section.code, "file": str(file), "rows": rows}))
    else:
        click.echo(f"{section.code}: {sum(rows.values())} rows of {len(rows)} tables in {file}")
        if rows.get("w4r_intake"):
            click.echo(f"{rows['w4r_intake']} forms wait for the worker; they come along and are processed there.")


@group.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--identity", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with your private age key."
)  # fmt: skip
@_passphrase
@_json
def import_(file: Path, identity: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Bring a section in from an archive: all of it, or nothing. It must have no rows here yet."""
    state, app = state_and_app()
    # The database is asked first: without it the file is of no use.
    for one in state.sections:
        leaving.counts(app, one)
    with file.open("rb") as beginning:
        asks = beginning.read(len(sealing.BEGIN)) == sealing.BEGIN
    secret = _secret(passphrase_file, confirm=False) if asks else None
    text = identity.read_text("utf-8") if identity else None
    with (
        sealing.reading(file, identities=text, passphrase=secret) as stream,
        _bar(0, "importing", as_json) as bar,
    ):
        came = incoming.bring_in(app, stream, told=lambda _, number: bar.update(number))
    if as_json:
        told = {"rows": came.rows, "reindex": came.earlier_index, "erased_again": came.erased}
        click.echo(json.dumps(told))
        return
    click.echo(f"{sum(came.rows.values())} rows of {len(came.rows)} tables came in.")
    if came.erased:
        click.echo(f"{came.erased} rows of people who were erased since were erased again.")
    if came.earlier_index:
        click.echo("They are known by an earlier index key; run 'flask w4r keys reindex' when you like.")


@group.command("erase")
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do it. Nothing brings it back.")
@_json
def erase(code: str, yes: bool, as_json: bool) -> None:
    """Delete everything that a section has: signatures, cases, events, its log and its ledger of erasures.

    CODE may be that of a section that is no longer configured. It may be stopped, and run again.
    """
    _, app = state_and_app()
    there = leaving.counts(app, code)
    if not yes:
        raise click.UsageError(f"{code} has {sum(there.values())} rows; say --yes to delete them for good")
    with _bar(sum(there.values()), "erasing", as_json) as bar:
        gone = leaving.erase(app, code, lambda _, number: bar.update(number))
    if as_json:
        click.echo(json.dumps({"section": code, "rows": gone}))
    else:
        click.echo(f"{code}: {sum(gone.values())} rows of {len(gone)} tables deleted.")
