"""``flask w4r tally``."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup

from ..services.storage.unit_of_work import UnitOfWork, run
from ..services.tally import recount as tally_service
from .common import choose_sections, record, state_and_app

tally = AppGroup("tally", help="The counts.")


@tally.command("recount")
@click.option("--section", "code", help="The section's code, or 'all'.")
@click.option("--fix", is_flag=True, help="Correct what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recount(code: str | None, fix: bool, as_json: bool) -> None:
    """Count the rows and compare them with the stored counts. Exits with 1 if any differ."""
    state, app = state_and_app()
    report = []
    for section in choose_sections(code):

        def work(uow: UnitOfWork) -> tuple[int, list[tally_service.Drift]]:
            compared, drifts = tally_service.recount(uow.session, state.keyring, section, state.seam.recounts, fix=fix)
            if fix and drifts:
                kept, counted = sum(drift.kept for drift in drifts), sum(drift.counted for drift in drifts)
                record(uow, section, "counts_corrected", "tally", count=len(drifts), sum=[kept, counted])
            return compared, drifts

        compared, drifts = run(app, work)
        report.append((section.code, compared, drifts))
    if as_json:
        click.echo(json.dumps([
            {"section": name, "compared": compared, "drifts": [vars(drift) for drift in drifts]}
            for name, compared, drifts in report
        ]))  # fmt: skip
    else:
        for name, compared, drifts in report:
            for drift in drifts:
                click.echo(f"{name} {drift.edition} {drift.case}: kept {drift.kept}, counted {drift.counted}")
            click.echo(
                f"{name}: {compared} counts compared, {len(drifts)} differ{' and were corrected' if fix and drifts else ''}."
            )
    if any(drifts for _, _, drifts in report) and not fix:
        raise SystemExit(1)
