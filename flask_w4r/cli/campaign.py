"""``flask w4r case``."""

from __future__ import annotations

from functools import partial

import click
from flask.cli import AppGroup

from ..errors import NotFound
from ..models.campaign import CASE_STATUSES
from ..services.campaign.status import case_urls, change_case_status, statuses
from ..services.storage.unit_of_work import UnitOfWork, run
from ..signals import case_changed
from ..web import purge_url
from .common import choose_sections, record, state_and_app

case = AppGroup("case", help="Cases.")


@case.command("status")
@click.argument("slug")
@click.argument("status", type=click.Choice(CASE_STATUSES))
@click.option("--section", "code", help="The section's code, or 'all'.")
def status(slug: str, status: str, code: str | None) -> None:
    """Set a case's status. A withdrawn case is gone from every page within a minute."""
    state, app = state_and_app()
    sections = choose_sections(code)
    found = False
    for section in sections:

        def work(uow: UnitOfWork) -> list[int]:
            before = statuses(uow.session, section, slug)
            changed = change_case_status(uow.session, section, slug, status, now=state.clock())
            if changed:
                urls = case_urls(uow.session, section, slug, partial(purge_url, app, section), state.seam.urls)
                uow.emit(case_changed, section=section.code, slug=slug, status=status, case_ids=changed, urls=urls)
                record(uow, section, "case_status", f"case:{slug}", count=len(changed), status=[before, status])
            return changed

        try:
            changed = run(app, work)
        except NotFound:
            continue
        found = True
        click.echo(f"{section.code}: {slug} is {status}" + ("" if changed else " (it was already)"))
    if not found:
        raise click.ClickException(f"no case {slug!r} in {', '.join(section.code for section in sections)}")
