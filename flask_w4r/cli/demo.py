"""``flask w4r demo``: the kits that ship, imported, with the newest one running now as a demonstration, and events."""

from __future__ import annotations

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

EDITIONS = ("2021", "2023", "2024")
#: The demonstration runs from this long ago, for this long.
SINCE, LASTS = timedelta(days=14), timedelta(days=90)


@click.command("demo")
@click.option("--section", "code", default="all", show_default=True, help="The section's code, or 'all'.")
@with_appcontext
def demo(code: str) -> None:
    """Import the kits of 2021, 2023 and 2024; the last one runs now, marked as a demonstration, with fictional events.

    Real cases, with sources and the day their facts were checked. Nothing is delivered to anyone. Events are at venues
    of Australia and New Zealand for sections there, and online; each says that it is not real.
    """
    state, app = state_and_app()
    for section in choose_sections(code):
        now = state.clock()
        today = local_date(section, now)
        for year in EDITIONS:
            kit = read_kit(resolve_kit(year))
            is_last = year == EDITIONS[-1]

            def work(uow: UnitOfWork) -> None:
                first, last = (today - SINCE, today - SINCE + LASTS) if is_last else (None, None)
                import_kit(
                    uow.session, section, kit, now=now, demo=is_last or None, starts_on=first, ends_on=last
                )  # fmt: skip

            run(app, work)
        click.echo(f"{section.code}: kits {', '.join(EDITIONS)} imported; {EDITIONS[-1]} runs as a demonstration.")
        if "events" in state.config.features:

            def events(uow: UnitOfWork, place: Section = section) -> int:
                return demo_events.seed(uow.session, state.keyring, place, now=state.clock())

            click.echo(f"{section.code}: {run(app, events)} demo events; for towns: flask w4r places load.")
