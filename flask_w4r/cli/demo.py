"""``flask w4r demo``: the kits that ship, imported, with the newest one running now as a demonstration, and events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import click
from flask.cli import with_appcontext

from ..sections import Section
from ..services.campaign.catalogue import local_date
from ..services.events import demo as demo_events
from ..services.kits.importer import import_kit
from ..services.kits.reader import read_kit
from ..services.kits.shipped import resolve_kit
from ..services.storage.unit_of_work import UnitOfWork, run
from .common import choose_sections, state_and_app

EDITIONS = ("2021", "2023", "2024", "2025")
#: What its first two cases are to reach: goals are a section's own, so that the kits have none but of signatures.
GOALS = {"letter": 500, "solidarity_card": 200}
#: The demonstration runs from this long ago, for this long.
SINCE, LASTS = timedelta(days=14), timedelta(days=90)


@click.command("demo")
@click.option("--section", "code", default="all", show_default=True, help="The section's code, or 'all'.")
@click.option("--year", type=click.Choice(EDITIONS), default=EDITIONS[-1], show_default=True,
              help="The edition that runs now; those before it are the archive.")  # fmt: skip
@with_appcontext
def demo(code: str, year: str) -> None:
    """Import the kits that come with the library; the last one runs now, marked as a demonstration, with fictional events.

    Real cases, with sources and the day their facts were checked. Nothing is delivered to anyone. Events are at venues
    of Australia and New Zealand for sections there, and online; each says that it is not real.
    """
    state, app = state_and_app()
    years = EDITIONS[: EDITIONS.index(year) + 1]
    for section in choose_sections(code):
        now = state.clock()
        today = local_date(section, now)
        for one in years:
            kit = read_kit(resolve_kit(one))
            is_last = one == year
            if is_last:
                kit = replace(kit, cases=(*(replace(case, goals=GOALS) for case in kit.cases[:2]), *kit.cases[2:]))

            def work(uow: UnitOfWork) -> None:
                first, last = (today - SINCE, today - SINCE + LASTS) if is_last else (None, None)
                import_kit(
                    uow.session, section, kit, now=now, demo=is_last or None, starts_on=first, ends_on=last
                )  # fmt: skip

            run(app, work)
        click.echo(f"{section.code}: kits {', '.join(years)} imported; {year} runs as a demonstration.")
        if "events" in state.config.features:

            def events(uow: UnitOfWork, place: Section = section) -> int:
                return demo_events.seed(uow.session, state.keyring, place, now=state.clock())

            click.echo(f"{section.code}: {run(app, events)} demo events; for towns: flask w4r places load.")
