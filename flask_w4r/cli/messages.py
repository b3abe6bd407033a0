"""``flask w4r cards``: messages to the person at risk, as cards to print."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from ..errors import CaseWithdrawn, NotFound, NothingToTake, WayClosed
from ..sections import Section
from ..services.messages import cards as printing
from ..services.messages import taking
from ..services.storage.unit_of_work import UnitOfWork, read
from .common import choose_sections, record, state_and_app
from .exports import write_file


@click.command("cards")
@click.argument("slug", metavar="CASE")
@click.option("--out", default="", metavar="FILE|-", help="Where to write the PDF; - is the standard output.")
@click.option("--per-page", type=click.Choice(["1", "4"]), default="4", show_default=True, help="Cards on a page.")
@click.option("--size", type=click.Choice(printing.SIZES), default="a4", show_default=True, help="The paper.")
@click.option(
    "--again", default="", metavar="MOMENT|all", help="What was taken before, at a moment of --list, or all of it."
)
@click.option("--list", "list_runs", is_flag=True, help="Say what waits and what was taken, and when.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--section", "code", help="The section's code; not needed where there is one section.")
@with_appcontext
def cards(
    slug: str, out: str, per_page: str, size: str, again: str, list_runs: bool, as_json: bool, code: str | None
) -> None:
    """Write cards of the approved messages to the person of CASE that were not passed on yet, and mark them as passed on.

    Exits with 1 if there is nothing to print.
    """
    (section,) = choose_sections(code, several=False)
    _, app = state_and_app()
    try:
        if list_runs:
            _list(section, slug, as_json=as_json)
            return
        if not out:
            raise click.UsageError("say where to write the cards: --out FILE")

        def note(action: str) -> printing.Also:
            return lambda work, count: _note(work, section, slug, action, count)

        if again:
            made = printing.print_again(
                app,
                section,
                slug,
                _moment(again),
                per_page=int(per_page),
                size=size,
                also=note("messages_printed_again"),
            )
        else:
            made = printing.print_new(
                app, section, slug, per_page=int(per_page), size=size, also=note("messages_taken")
            )
    except NotFound:
        raise click.ClickException(f"there is no case {slug!r} in {section.code}") from None
    except CaseWithdrawn:
        raise click.ClickException(f"{slug} is withdrawn: nothing of it is passed on") from None
    except WayClosed:
        raise click.ClickException(f"{slug}: messages cannot reach the person any more; nothing is passed on") from None
    except NothingToTake:
        raise click.ClickException(f"{slug}: there is nothing to print") from None
    write_file(out, iter([made.pdf]))
    if as_json:
        told = {"case": slug, "count": made.count, "left": made.left, "scripts": list(made.scripts)}
        click.echo(json.dumps(told), err=out == "-")
    elif out != "-":
        left = f"; {made.left} more wait for the next file" if made.left else ""
        click.echo(f"{slug}: {made.count} cards in {Path(out)}{left}")
    if made.scripts:
        click.echo(f"{slug}: some wait, since no font here has letters of: {', '.join(made.scripts)}", err=True)


def _moment(text: str) -> datetime | None:
    if text == "all":
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is no moment of --list", param_hint="--again") from None


def _note(work: UnitOfWork, section: Section, slug: str, action: str, count: int) -> None:
    record(work, section, action, f"case:{slug}", count=count)


def _list(section: Section, slug: str, *, as_json: bool) -> None:
    _, app = state_and_app()

    def load(session: Session) -> tuple[int, list[taking.Run]]:
        taking.find_case(session, section, slug)
        return taking.waiting(session, section, slug), taking.runs(session, section, slug)

    waiting, runs = read(app, load)
    if as_json:
        told = {
            "case": slug,
            "waiting": waiting,
            "runs": [{"at": one.at.isoformat(), "count": one.count} for one in runs],
        }
        click.echo(json.dumps(told))
        return
    click.echo(f"{slug}: {waiting} to print")
    for one in runs:
        click.echo(f"{one.at.isoformat()}  {one.count} taken")
