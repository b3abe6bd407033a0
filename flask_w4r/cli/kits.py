"""``flask w4r kit``: check a case kit, import it into a section, export an edition as one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import click
from flask.cli import NoAppException, ScriptInfo, with_appcontext
from sqlalchemy import select

from ..clock import system_clock
from ..errors import KitError, W4RError
from ..models import Case
from ..sections import Section
from ..services.campaign.status import case_urls
from ..services.kits.exporter import export_kit
from ..services.kits.importer import import_kit
from ..services.kits.lacking import VERIFIED_DAYS, Lack, lacking
from ..services.kits.merge import KitReport
from ..services.kits.model import Kit
from ..services.kits.reader import read_kit
from ..services.kits.shipped import resolve_kit
from ..services.storage.unit_of_work import UnitOfWork, read, run
from ..signals import case_changed
from ..web import purge_url
from .common import choose_sections, record, state_and_app

P = ParamSpec("P")
R = TypeVar("R")

_section = click.option("--section", "code", help="The section's code; 'all' for every one (not to export).")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _DryRun(Exception):
    """Leaves a unit of work without committing, with what it would have done."""

    def __init__(self, reports: dict[str, KitReport]) -> None:
        self.reports = reports


@click.group()
def kit() -> None:
    """Check, import and export case kits."""


def _faults_in_json(command: Callable[P, R]) -> Callable[P, R]:
    """With ``--json`` a kit's faults are the answer, on the output."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except KitError as error:
            if not kwargs.get("as_json"):
                raise
            click.echo(json.dumps({"ok": False, "faults": list(error.faults)}, ensure_ascii=False))
            raise click.exceptions.Exit(1) from error

    return wrapper


def _sections_here(code: str | None) -> list[Section]:
    """The sections of the site, or the one that is named; none where there is no site, since a kit needs none."""
    try:
        app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    except (NoAppException, W4RError):
        if code is not None:
            raise
        return []
    with app.app_context():
        return choose_sections(code or "all") if "w4r" in app.extensions else []


@kit.command()
@click.argument("path")
@_section
@click.option("--days", type=click.IntRange(1, 36500), default=VERIFIED_DAYS, show_default=True,
              help="An address must have been checked within so many days.")  # fmt: skip
@_json
@_faults_in_json
def validate(path: str, code: str | None, days: int, as_json: bool) -> None:
    """List every fault in the kit in folder PATH (or in one that comes with the library, such as 2024).

    Where there is a site, the words that all of its sections have of their own are known, or with --section those of one.
    A kit without a fault is valid; what its cases lack for a way to act is told below, and is no fault. With --section
    the section's languages are meant, else the kit's.
    """
    sections = _sections_here(code)
    found = read_kit(resolve_kit(path), sections)
    lacks = _lacks(found, sections if code else [], days)
    summary = {
        "ok": True,
        "edition": found.edition,
        "cases": len(found.cases),
        "texts": sum(len(case.texts) for case in found.cases),
        "stories": len(found.stories),
        "totals": len(found.totals),
    }
    if as_json:
        lines = [{"case": slug, **asdict(lack), "words": lack.words} for slug, lack in lacks]
        click.echo(json.dumps({**summary, "lacking": lines}, ensure_ascii=False))
        return
    click.echo("valid: edition {edition}, {cases} cases in {texts} texts, {stories} stories, "
               "{totals} yearly totals".format_map(summary))  # fmt: skip
    if lacks:
        click.echo(f"missing for ways to act, no faults ({len(lacks)}):")
    for slug, lack in lacks:
        where = ", ".join(filter(None, (slug, lack.way, lack.locale)))
        click.echo(f"  {where}: {lack.words}")


def _lacks(kit: Kit, sections: Sequence[Section], days: int) -> list[tuple[str, Lack]]:
    """What each case lacks, in the languages of the sections, else in all those of the kit."""
    written = {locale for case in kit.cases for locale in case.texts}
    locales = sorted({locale for section in sections for locale in section.locales} or written)
    today = system_clock().date()
    return [(case.slug, lack) for case in kit.cases for lack in lacking(case, locales, today=today, days=days)]


@kit.command("import")
@click.argument("path")
@_section
@click.option("--demo/--no-demo", default=None, help="Mark the edition as a demonstration, or as real.")
@click.option(
    "--starts-on", type=click.DateTime(["%Y-%m-%d"]), help="First day for this section, instead of the kit's."
)
@click.option("--ends-on", type=click.DateTime(["%Y-%m-%d"]), help="Last day for this section, instead of the kit's.")
@click.option("--dry-run", is_flag=True, help="Show what would change, without changing anything.")
@_json
@with_appcontext
@_faults_in_json
def import_(
    path: str,
    code: str | None,
    demo: bool | None,
    starts_on: datetime | None,
    ends_on: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import the kit in folder PATH (or one that comes with the library, such as 2024) into a section."""
    state, app = state_and_app()
    sections = choose_sections(code)
    source = read_kit(resolve_kit(path), sections)

    def work(uow: UnitOfWork) -> dict[str, KitReport]:
        reports = {}
        for section in sections:
            reports[section.code] = report = import_kit(
                uow.session,
                section,
                source,
                now=state.clock(),
                demo=demo,
                starts_on=_day(starts_on),
                ends_on=_day(ends_on),
            )
            _emit(uow, app, section, report.case_ids_changed)
            if report.changed:
                record(
                    uow,
                    section,
                    "kit_imported",
                    f"edition:{report.edition}",
                    cases_added=[0, len(report.cases_added)],
                    cases_changed=[0, len(report.cases_changed)],
                    texts_changed=[0, len(set(report.texts_changed))],
                )
        if dry_run:
            raise _DryRun(reports)
        return reports

    try:
        reports = run(app, work)
    except _DryRun as stop:
        reports = stop.reports
    if as_json:
        found = {name: report.as_dict() for name, report in reports.items()}
        click.echo(json.dumps({"ok": True, "dry_run": dry_run, "sections": found}, ensure_ascii=False))
        return
    for name, report in reports.items():
        _tell(name, report, dry_run)


@kit.command()
@click.argument("path", type=click.Path(file_okay=False))
@_section
@click.option("--edition", "year", required=True, help="The edition's year.")
@click.option("--words", type=click.Choice(["shown", "centre"]), default="shown", show_default=True,
              help="The texts shown on the section's pages, or the centre's.")  # fmt: skip
@_json
@with_appcontext
@_faults_in_json
def export(path: str, code: str | None, year: str, words: Any, as_json: bool) -> None:
    """Write an edition of a section to the new folder PATH, as a kit."""
    _, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    target = read(app, lambda session: export_kit(session, section, year, path, words=words))
    click.echo(json.dumps({"ok": True, "path": str(target)}) if as_json else f"written: {target}")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _emit(uow: UnitOfWork, app: Any, section: Section, case_ids: list[int]) -> None:
    """Tell of each case whose pages differ, with the addresses that a cache in front should drop."""
    rows = uow.session.execute(select(Case.id, Case.slug, Case.status).where(Case.id.in_(case_ids)).order_by(Case.id))
    for case_id, slug, status in rows:
        urls = case_urls(uow.session, section, slug, partial(purge_url, app, section), uow.state.seam.urls)
        uow.emit(case_changed, section=section.code, slug=slug, status=status, case_ids=[case_id], urls=urls)


def _tell(name: str, report: KitReport, dry_run: bool) -> None:
    if not report.changed:
        click.echo(f"{name}: edition {report.edition} is up to date, nothing changed")
    else:
        head = "would change" if dry_run else "changed"
        click.echo(f"{name}: edition {report.edition} {head}")
    counts = {
        "edition added": int(report.edition_added),
        "edition changed": int(report.edition_changed),
        "cases added": len(report.cases_added),
        "cases changed": len(report.cases_changed),
        "texts of known cases changed": len(set(report.texts_changed)),
        "pictures": len(report.pictures),
        "stories": len(report.stories),
        "yearly totals": len(report.totals),
    }
    for label, count in counts.items():
        if count:
            click.echo(f"  {label}: {count}")
    for label, slugs in (
        ("not in this kit, left unchanged", report.cases_missing),
        ("status set here, kept", report.statuses_kept),
        ("own texts kept", report.texts_kept_local),
    ):
        if slugs:
            click.echo(f"  {label}: {', '.join(slugs)}")
    if report.window_kept:
        click.echo("  the dates differ from the kit's and were kept; --starts-on and --ends-on change them")
    for conflict in report.conflicts:
        click.echo(f"  the centre changed {conflict.slug}/{conflict.locale}/{conflict.field} underneath your own text:")
        click.echo(f"    centre, before: {_short(conflict.before)}")
        click.echo(f"    centre, now:    {_short(conflict.now)}")
        click.echo(f"    shown here:     {_short(conflict.own)}")


def _short(text: str | None) -> str:
    words = " ".join((text or "(none)").split())
    return words if len(words) <= 100 else words[:99] + "…"
