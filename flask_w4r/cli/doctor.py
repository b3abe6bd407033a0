"""``flask w4r doctor``: what stands between this site and its busiest day."""

from __future__ import annotations

import json

import click
from flask import current_app
from flask.cli import with_appcontext

from ..doctor import examine
from .common import state_and_app


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Check keys, database, limits, email, layout and the host. Exits with 1 if something needs fixing."""
    state, _ = state_and_app()
    findings = examine(current_app._get_current_object(), state)  # type: ignore[attr-defined]
    if as_json:
        click.echo(json.dumps([vars(item) for item in findings]))
    else:
        for item in findings:
            click.echo(f"{item.level.upper():5}  {item.subject}: {item.text}")
    if any(item.level == "error" for item in findings):
        raise SystemExit(1)
