"""``flask w4r reports``."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ..services.audit import record as audit
from ..services.reports import files
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import choose_sections, record, state_and_app

reports = AppGroup("reports", help="What was done on paper and counted by hand.")


class _DryRun(Exception):
    """Nothing is to be written."""


@reports.command("import")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--section", "code", help="The section's code.")
@click.option("--dry-run", is_flag=True, help="Read and check the file, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(path: str, code: str | None, dry_run: bool, as_json: bool) -> None:
    """Enter the counts of a CSV FILE with the columns case,type,count,source,status,on,place,note.

    Each bad row is named with its line, and nothing is written unless all are good. The same file again changes nothing.
    """
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    # The database is asked first: without it the file is of no use.
    read(app, lambda session: session.execute(select(1)))
    with click.open_file(path, "rb") as source:
        data = source.read(6_000_000)
    kept: list[files.Read] = []

    def work(uow: UnitOfWork) -> int:
        found = files.read(uow.session, state.keyring, section, data)
        kept[:] = [found]
        if found.faults or dry_run:
            raise _DryRun
        done = files.enter(uow.session, state.keyring, section, audit.CLI, found, now=state.clock())
        if done:
            record(uow, section, "counts_entered", "reports", count=done, total=[0, found.total])
        return done

    try:
        done = run(app, work)
    except _DryRun:
        done = 0
    (found,) = kept
    if as_json:
        click.echo(json.dumps({
            "faults": list(found.faults), "new": len(found.rows), "known": found.known, "entered": done, "total": found.total,
        }))  # fmt: skip
    else:
        for fault in found.faults:
            click.echo(f"{path}:{fault}", err=True)
        if not found.faults:
            what = "would be entered" if dry_run else "entered"
            click.echo(f"{len(found.rows)} rows {what}, {found.total} actions; {found.known} were known.")
    if found.faults:
        raise SystemExit(1)
