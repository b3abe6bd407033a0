"""``flask w4r intake``: what public forms wrote down and the worker has not taken."""

from __future__ import annotations

import json
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from ..services.intake import status
from ..services.storage.unit_of_work import read, run
from ..state import get_state

group = AppGroup("intake", help="Submitted forms that the worker has not processed yet.")


@group.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_status(as_json: bool) -> None:
    """Show how many forms are waiting, for how long, and what was set aside and why. Shows nothing that anyone typed."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    found = read(app, lambda session: status.intake_status(session, now=get_state(app).clock()))
    if as_json:
        click.echo(json.dumps(found.as_dict()))
        return
    click.echo(f"{found.waiting} waiting, the oldest for {found.oldest_age:.0f} s; {found.set_aside} set aside")
    for kind, problem, rows in found.problems:
        click.echo(f"  {rows} {kind}: {problem}")


@group.command("retry")
def retry() -> None:
    """Retry what was set aside, once its cause is fixed."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    click.echo(f"{run(app, lambda uow: status.retry(uow.session))} rows returned to the worker")
