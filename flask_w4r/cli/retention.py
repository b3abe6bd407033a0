"""``flask w4r retention``: what is over goes, now or by and by."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import AppGroup

from ..services.privacy import retention as service
from .common import state_and_app

group = AppGroup("retention", help="How long what is kept.")


@group.command("run")
@click.option("--dry-run", is_flag=True, help="Say what is over, and change nothing.")
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 10_000), help="Rows per transaction.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run_rules(dry_run: bool, batch: int, as_json: bool) -> None:
    """Delete, or make nameless, what is kept for long enough. The worker does the same every hour.

    It may be stopped at any moment, and goes on where it was when it is run again.
    """
    state, app = state_and_app()
    sweep = service.sweep_of(state, limit=batch)
    if dry_run:
        found = service.due(app, sweep)
    else:
        quiet = as_json or not sys.stderr.isatty()
        with click.progressbar(
            length=sum(one.due - one.needed for one in service.due(app, sweep)),
            label="letting go", hidden=quiet, file=sys.stderr,
        ) as bar:  # fmt: skip
            found = service.let_go(app, sweep, lambda _, count: bar.update(count))
    if as_json:
        click.echo(json.dumps({"rules": [one.as_dict() for one in found]}))
        return
    for one in found:
        stays = f"; {one.needed} of them stay for {one.why}" if one.needed else ""
        click.echo(f"{one.what}: {one.due} due, {one.done} done{stays}  ({one.words})")
