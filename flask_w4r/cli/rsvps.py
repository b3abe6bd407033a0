"""``flask w4r events``."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import click
from flask.cli import AppGroup

from ..sections import Section
from ..services.rsvps import lifecycle as rsvps
from ..services.rsvps import seat_count
from ..services.rsvps.seats import lock_event
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import choose_sections, record, state_and_app

events = AppGroup("events", help="Events and their guests.")


@events.command("recount")
@click.option("--section", "code", help="The section's code, or 'all'.")
@click.option("--fix", is_flag=True, help="Correct what differs, and offer free places to people on the waiting list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recount(code: str | None, fix: bool, as_json: bool) -> None:
    """Compare the places that each event counts as taken with those its guests hold. Exits with 1 if any differ.

    An event with more guests than places is not corrected: contact its host.
    """
    _, app = state_and_app()
    report = []
    left = False
    for section in choose_sections(code):
        compared = read(app, partial(seat_count.compared, section=section))
        suspects = read(app, partial(seat_count.suspects, codes=[section.code]))
        found = [run(app, partial(_look, section=section, number=number, fix=fix)) for _, number in suspects]
        drifts = [drift for drift in found if drift is not None]
        left = left or any(not fix or drift.is_oversold for drift in drifts)
        report.append((section.code, compared, drifts))
    if as_json:
        click.echo(json.dumps([
            {"section": name, "compared": compared, "drifts": [vars(drift) for drift in drifts]}
            for name, compared, drifts in report
        ]))  # fmt: skip
    else:
        for name, compared, drifts in report:
            for drift in drifts:
                click.echo(f"{name} {drift.slug}: {drift.text}")
            mended = sum(fix and not drift.is_oversold for drift in drifts)
            words = f" and {mended} were corrected" if fix and drifts else ""
            click.echo(f"{name}: {compared} events compared, {len(drifts)} differ{words}.")
    if left:
        raise SystemExit(1)


def _look(work: UnitOfWork, section: Section, number: int, fix: bool) -> seat_count.SeatDrift | None:
    drift = seat_count.count_again(work.session, section, number, fix=fix)
    if drift is not None and fix and not drift.is_oversold:
        state = work.state
        event = lock_event(work.session, section, number)
        if event is not None:
            rsvps.offer_free_seats(work.session, state.keyring, section, event, now=state.clock())
        changes: dict[str, Any] = {name: [drift.kept[name], drift.counted[name]] for name in seat_count.FIELDS}
        record(work, section, "seats_corrected", f"event:{number}", **changes)
    return drift
