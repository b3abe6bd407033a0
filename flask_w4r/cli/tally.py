"""``flask w4r tally``."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from .. import i18n
from ..errors import PDFUnavailable
from ..sections import Section
from ..services.campaign.views import Lens
from ..services.numbers import report as report_service
from ..services.printing.small import set_paper
from ..services.rollup import aggregate
from ..services.rollup import figures as figure_service
from ..services.storage.unit_of_work import UnitOfWork, read, run
from ..services.tally import recount as tally_service
from ..web import section_url
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
            compared, drifts = tally_service.recount(
                uow.session, state.keyring, section, state.seam.recounts, fix=fix, people=state.seam.people
            )
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


_edition = click.option("--edition", "year", help="The edition; else the current one.")


@tally.command("report")
@click.option("--section", "code", help="The section's code.")
@_edition
@click.option(
    "--final/--interim", "final", default=None, help="Whether nothing more is expected; else: once it is over."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file in place of the screen.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to print to a file.")
def report(
    code: str | None, year: str | None, final: bool | None, as_json: bool, out: Path | None, pdf: Path | None
) -> None:
    """The table that the centre asks for, as CSV or JSON: what was done, by whom it was counted, what each type means."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    now = state.clock()
    if pdf is not None:
        pdf.write_bytes(_report(section, year, final))
        if out is None and not as_json:
            click.echo(f"{section.code}: {pdf}")
            return
    found = read(app, lambda session: figure_service.figures(session, section, year, now=now, final=final))
    text = json.dumps(found.as_dict(), ensure_ascii=False) + "\n" if as_json else _table(found)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8", newline="")


def _report(section: Section, year: str | None, final: bool | None) -> bytes:
    """The report in the section's own language."""
    state, app = state_and_app()
    locale = section.default_locale

    def link(endpoint: str, **values: Any) -> str:
        return section_url(app, section, endpoint, locale, **values)

    make = partial(
        report_service.report, seam=state.seam, lens=Lens(section, locale, state.clock(), link), year=year, final=final,
        font_paths=state.config.font_path,
    )  # fmt: skip
    try:
        with i18n.use_locale(section.lang_tag(locale), state.translation_directories):
            return set_paper(read(app, make))
    except PDFUnavailable as error:
        raise click.ClickException(str(error)) from None


def _table(found: figure_service.Figures) -> str:
    words = figure_service.definitions([row.type for row in found.rows])
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("section", "edition", "as_of", "case", "type", "source", "status", "count", "definition"))
    moment = found.as_dict()["as_of"]
    for row in found.rows:
        place = (found.section, found.edition, moment)
        writer.writerow((*place, row.case, row.type, row.source, row.status, row.count, words[row.type]))
    return text.getvalue()


@tally.command("sign")
@click.option("--section", "code", help="The section's code.")
@_edition
@click.option("--days", default=aggregate.DAYS, show_default=True, type=click.IntRange(1, 400), help="For how long it may be taken.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
def sign(code: str | None, year: str | None, days: int, out: Path) -> None:
    """Sign the section's numbers with W4R_SIGNING_KEY, for the centre. Groups of fewer than ten are not broken down."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    private = state.config.signing_key
    if private is None:
        raise click.ClickException("W4R_SIGNING_KEY is not set: create a pair with 'flask w4r keygen --signing'")

    def work(uow: UnitOfWork) -> dict[str, object]:
        now = uow.state.clock()
        document = aggregate.sign_tally(uow.session, section, private, year, now=now, days=days)
        record(uow, section, "tally_signed", f"edition:{document['edition']}")
        return document

    document = run(app, work)
    out.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), "utf-8")
    click.echo(
        f"{section.code} {document['edition']}, number {document['sequence']}, until {document['expires']}: {out}"
    )
