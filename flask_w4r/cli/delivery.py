"""``flask w4r deliver``: signatures on their way to whom they are for."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ..errors import CaseWithdrawn, DeliveryClosed, FilesOutdated, NotFound, NothingToDeliver, PDFUnavailable
from ..models import Delivery
from ..models.delivery import OUTCOMES
from ..sections import Section
from ..services.audit.record import CLI
from ..services.campaign.views import Lens
from ..services.delivery import claim, files, freeze, hand_over, views
from ..services.printing.typeset import insist_on_typst
from ..services.storage.unit_of_work import UnitOfWork, read, run
from ..web import purge_url, section_url
from .common import choose_sections, record, state_and_app

deliver = AppGroup("deliver", help="Signatures on their way to an embassy or an authority.")
_section = click.option("--section", "code", help="The section's code.")
_pdf = click.option("--pdf/--no-pdf", default=True, help="Make the petition book and the certificate too.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_out = click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to."
)


def _lens(section: Section) -> Lens:
    state, app = state_and_app()
    locale = section.default_locale

    def link(endpoint: str, **values: Any) -> str:
        return section_url(app, section, endpoint, locale, **values)

    return Lens(section, locale, state.clock(), link)


@deliver.command("prepare")
@click.argument("cases", nargs=-1, metavar="CASE...")
@click.option("--all", "every", is_flag=True, help="Every case that has signatures to deliver.")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    help="Whom they are for. Give it once for each; default: the section's delivery_to.",
)
@_out
@_pdf
@_section
@_json
def prepare(
    cases: Sequence[str], every: bool, recipients: Sequence[str], out: Path, pdf: bool, code: str | None, as_json: bool
) -> None:
    """Take all signatures of a case that count and were not delivered yet, and write what is handed over.

    Of several cases each gets a folder of its own. Exits with 1 if there is nothing to deliver.
    """
    _, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    if bool(cases) == every:
        raise click.UsageError("name one case or more, or say --all")
    whom = list(recipients) or ([section.delivery_to] if section.delivery_to else [])
    if not whom:
        raise click.UsageError("say whom the signatures are for: --to 'Embassy of ..., Canberra'")
    if pdf:
        insist_on_typst()
    try:
        wanted = read(app, lambda session: claim.case_ids(session, section, None if every else cases))
    except NotFound as error:
        raise click.ClickException(f"there is no case {str(error)!r} in {section.code}") from None
    except CaseWithdrawn as error:
        raise click.ClickException(f"{error} is withdrawn: nothing of it can be handed over") from None
    done: list[dict[str, Any]] = []
    empty: list[str] = []
    alone = len(wanted) == 1 and not every
    for number, (case_id, slug) in enumerate(wanted):
        # An older edition may have a case of the same name.
        again = sum(other == slug for _, other in wanted[:number])
        folder = out if alone else out / (f"{slug}-{again + 1}" if again else slug)
        try:
            said = _prepare(section, case_id, whom, folder, pdf=pdf)
        except NothingToDeliver:
            empty.append(slug)
            continue
        done.append(said)
        if not as_json:
            click.echo(f"{said['case']}: {_counted(said)} in delivery {said['id']}")
    if not done:
        raise click.ClickException("there is nothing to deliver")
    if empty and not every:
        click.echo(f"nothing to deliver: {', '.join(empty)}", err=True)
    if as_json:
        click.echo(json.dumps(done[0] if alone else done, ensure_ascii=False))
        return
    click.echo(f"The files are in {out}. Once they are there: flask w4r deliver handed-over ID --on DATE --by NAME")


def _counted(said: Any) -> str:
    kept = f", {said['withheld']} of them without their names" if said["withheld"] else ""
    return f"{said['count']} signatures{kept}"


def _prepare(section: Section, case_id: int, recipients: Sequence[str], folder: Path, *, pdf: bool) -> dict[str, Any]:
    _, app = state_and_app()

    def take(work: UnitOfWork) -> str:
        row = claim.prepare(work.session, section, case_id, recipients, actor_id=CLI, now=work.state.clock())
        record(work, section, "delivery_prepared", f"delivery:{row.public_id}")
        return row.public_id

    public_id = run(app, take)
    try:
        return _write(section, public_id, folder, pdf=pdf)
    except (NothingToDeliver, PDFUnavailable, OSError):
        # All or nothing: what could not be written down is in the next delivery.
        _call_off(section, public_id)
        raise


def _write(section: Section, public_id: str, folder: Path, *, pdf: bool) -> dict[str, Any]:
    """Freeze a delivery and write its files; once more where somebody leaves meanwhile."""
    _, app = state_and_app()
    for again in (True, True, False):
        letters = freeze.freeze(app, section, public_id, progress=partial(_tell, "names read"))
        row = read(app, lambda session: claim.find(session, section, public_id))
        if not row.count:
            raise NothingToDeliver(public_id)
        if pdf:
            files.insist_on_fonts(app, letters)
        try:
            case = files.case_of(app, _lens(section), row)
            return files.write(app, section, row, case, folder, pdf=pdf, progress=partial(_tell, "names written"))
        except FilesOutdated:
            if not again:
                raise
    raise AssertionError("unreachable")


def _tell(what: str, done: int) -> None:
    """Say how far it is, on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{done} {what} ", nl=False, err=True)


@deliver.command("files")
@click.argument("id")
@_out
@_pdf
@_section
@_json
def make_files(id: str, out: Path, pdf: bool, code: str | None, as_json: bool) -> None:
    """Make the files of a delivery anew, without those who have left since. Only the newest ones can be handed over."""
    (section,) = choose_sections(code, several=False)
    with _explained(id):
        said = _write(section, id, out, pdf=pdf)
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else f"{said['case']}: {_counted(said)}, in {out}")


@deliver.command("handed-over")
@click.argument("id")
@click.option("--on", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The day, as 2026-06-12.")
@click.option("--by", required=True, metavar="NAME", help="Who took it there. It is not published.")
@click.option("--outcome", type=click.Choice(OUTCOMES), default="met", show_default=True, help="How it went.")
@click.option("--note", default="", help="A sentence for the public page.")
@click.option(
    "--receipts/--no-receipts", default=None, help="Email each signer a receipt; default: as the section wants."
)
@_section
def handed_over(
    id: str, on: datetime, by: str, outcome: str, note: str, receipts: bool | None, code: str | None
) -> None:
    """Note that a delivery was handed over. It cannot be taken back, unless it was refused.

    It is refused if anyone has left since its files were made: make them again first, with 'deliver files'.
    """
    _, app = state_and_app()
    (section,) = choose_sections(code, several=False)

    def log(work: UnitOfWork, row: Delivery) -> None:
        record(
            work, section, "delivery_handed_over", f"delivery:{row.public_id}", count=row.count, outcome=[None, outcome]
        )

    with _explained(id):
        row = hand_over.hand_over(
            app,
            section,
            id,
            on=on.date(),
            by=by,
            outcome=outcome,
            note=note,
            receipts=receipts,
            actor_id=CLI,
            absolute=partial(purge_url, app, section),
            also=log,
        )
    words = "were refused" if outcome == "refused" else "were handed over"
    click.echo(f"{row.public_id}: {row.count} signatures {words} on {on.date()}")


@deliver.command("call-off")
@click.argument("id")
@_section
def call_off(id: str, code: str | None) -> None:
    """Call a delivery off that was not handed over. Its signatures are in the next one."""
    (section,) = choose_sections(code, several=False)
    with _explained(id):
        count = _call_off(section, id)
    click.echo(f"{id}: called off; {count} signatures can be delivered again")


def _call_off(section: Section, public_id: str) -> int:
    _, app = state_and_app()

    def work(uow: UnitOfWork) -> int:
        count = claim.call_off(uow.session, section, public_id, actor_id=CLI, now=uow.state.clock())
        record(uow, section, "delivery_called_off", f"delivery:{public_id}", count=count)
        return count

    return run(app, work)


@deliver.command("list")
@_section
@_json
def list_all(code: str | None, as_json: bool) -> None:
    """List deliveries, newest first."""
    _, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    found = read(app, lambda session: views.for_staff(session, section))
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        row = one.row
        when = f" on {row.handed_over_on}" if row.handed_over_on else ""
        state = f"{row.state} ({row.outcome}{when})" if row.outcome else row.state
        click.echo(f"{row.public_id}  {one.case_slug}  {row.count} signatures  {state}  {'; '.join(row.recipients)}")
    if not found:
        click.echo("no deliveries yet")


def _as_json(one: views.StaffRow) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.public_id, "case": one.case_slug, "to": "; ".join(row.recipients), "state": row.state,
        "outcome": row.outcome, "on": row.handed_over_on.isoformat() if row.handed_over_on else None, "count": row.count,
        "withheld": row.withheld, "root": row.root,
    }  # fmt: skip


class _explained:
    """Say in words what a delivery cannot do.

    :param public_id: its name.
    """

    def __init__(self, public_id: str) -> None:
        self.public_id = public_id

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Turn what was raised into a line."""
        if isinstance(error, NotFound):
            raise click.ClickException(f"there is no delivery {self.public_id}; see 'flask w4r deliver list'") from None
        if isinstance(error, DeliveryClosed):
            raise click.ClickException(f"{self.public_id} was handed over or called off already") from None
        if isinstance(error, FilesOutdated):
            raise click.ClickException(
                f"{self.public_id}: someone has left, or changed their name, since its files were made; make them again:"
                f" flask w4r deliver files {self.public_id} --out DIR"
            ) from None
        if isinstance(error, NothingToDeliver):
            raise click.ClickException(
                f"{self.public_id}: nobody is left in it; call it off: flask w4r deliver call-off {self.public_id}"
            ) from None
