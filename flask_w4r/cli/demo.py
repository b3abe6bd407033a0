"""``flask w4r demo``: the kits that ship, imported, with the newest one running now as a demonstration, events, and a
school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import click
from flask import Flask
from flask.cli import with_appcontext

from ..sections import Section
from ..services.campaign.catalogue import local_date
from ..services.events import demo as demo_events
from ..services.kits.importer import import_kit
from ..services.kits.reader import read_kit
from ..services.kits.shipped import resolve_kit
from ..services.schools import demo as demo_schools
from ..services.schools.demo import DemoSchool
from ..services.storage.unit_of_work import UnitOfWork, run
from ..web.request import section_url
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
    """Import the kits that come with the library; the last one runs now, marked as a demonstration, with fictional events and a school.

    Real cases, with sources and the day their facts were checked. Nothing is delivered to anyone. Events are at venues
    of Australia and New Zealand for sections there, and online; each says that it is not real, as the school does.
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
        if "schools" in state.config.features:

            def school(uow: UnitOfWork, place: Section = section) -> DemoSchool | None:
                return demo_schools.seed(uow.session, state.keyring, place, now=state.clock())

            for line in _doors(app, section, run(app, school)):
                click.echo(f"{section.code}: {line}")


def _doors(app: Flask, section: Section, school: DemoSchool | None) -> Iterator[str]:
    """Where a school's pages are, for whoever tries them."""
    if school is None:
        return

    def url(endpoint: str, **values: str) -> str:
        return section_url(app, section, endpoint, section.default_locale, **values)

    yield f"{school.name}, teacher's page: {url('school_enter', token=school.token)}"
    for label, code in school.codes.items():
        yield f"class {label}: {url('class_form', code=code)}"
        yield f"class {label}, projector: {url('class_board', code=code)}"
