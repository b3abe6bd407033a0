"""``flask w4r db``: our tables, apart from the host's own migrations."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup
from sqlalchemy import Engine

from ..services.storage import schema
from .common import state_and_app

db = AppGroup("db", help="Our tables in the database.")


@db.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring our tables to REVISION (default: the newest).

    Tables that a host's create_all made correctly are stamped; others that no revision made are refused.
    """
    engine = _engine()
    before = schema.status(engine)
    applied = schema.upgrade(engine, revision)
    after = schema.status(engine)
    for name in applied:
        click.echo(f"applied {name}")
    if before.current is None and not applied:
        click.echo(f"the tables were already right: stamped {after.current}")
    elif not applied:
        click.echo(f"nothing to do: the tables are at {after.current}")


@db.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(as_json: bool) -> None:
    """Compare our tables with what this version needs. Exits with 1 if anything differs or is pending."""
    engine = _engine()
    status = schema.status(engine)
    problems = schema.check(engine)
    if as_json:
        report = {"state": status.state, "current": status.current, "head": status.head, "problems": problems}
        click.echo(json.dumps(report))
    elif problems:
        for problem in problems:
            click.echo(problem)
    else:
        click.echo(f"the tables are right, at {status.current}")
    if problems:
        raise SystemExit(1)


@db.command("downgrade")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def downgrade(revision: str, yes: bool) -> None:
    """Take our tables back to REVISION, or to no tables at all with 'base'. Data is lost."""
    if not yes:
        click.confirm(
            f"This deletes everything added after {revision}: tables and columns, with the signatures and all other data in"
            " them. Without a backup they are lost. Continue?",
            abort=True,
        )
    undone = schema.downgrade(_engine(), revision)
    for name in undone:
        click.echo(f"reverted {name}")
    if not undone:
        click.echo(f"nothing to do: the tables are at {revision}")


def _engine() -> Engine:
    """The one for reading begins nothing by itself; the upgrade takes its own lock."""
    state, app = state_and_app()
    return state.engines(app)[1]
