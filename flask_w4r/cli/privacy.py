"""``flask w4r person``, for those who write by post, and ``flask w4r erasures``, the ledger of who was erased."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import AppGroup

from ..i18n import use_locale
from ..sections import Section
from ..services.audit import record as audit
from ..services.campaign.views import Lens
from ..services.people.addresses import Address, AddressFault, parse_address
from ..services.privacy import ledger, ledger_file, my_data
from ..services.privacy import record as records
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import choose_sections, record, state_and_app

person = AppGroup("person", help="What is held of a person.")
privacy = AppGroup("privacy", help="For the data protection officer.")
erasures = AppGroup("erasures", help="The ledger of who was erased.")
_ADDRESS = click.argument("address")
_SECTION = click.option("--section", "code", help="The section's code; not needed where there is one section.")


def _read(address: str) -> Address:
    try:
        return parse_address(address, test_environment=True)
    except AddressFault as fault:
        raise click.BadParameter(f"this is not an email address ({fault.key})", param_hint="ADDRESS") from None


def _lens(section: Section) -> Lens:
    state, _ = state_and_app()
    return Lens(section, section.default_locale, state.clock(), lambda endpoint, **values: "")


@person.command("show")
@_ADDRESS
@_SECTION
def show(address: str, code: str | None) -> None:
    """Print all that is held of ADDRESS as JSON, to serve a request for access. Asking is logged."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    canonical = _read(address).canonical

    def work(uow: UnitOfWork) -> dict[str, object]:
        with use_locale(section.default_locale):
            piles = my_data.collect(uow.session, state.seam, state.keyring, _lens(section), canonical)
        whose = audit.typed(state.keyring, section, canonical)
        record(uow, section, "person_shown", "address", address=[None, whose])
        return my_data.as_json(section, piles, now=state.clock())

    click.echo(json.dumps(run(app, work), ensure_ascii=False, indent=2))


@person.command("erase")
@_ADDRESS
@_SECTION
@click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def erase(address: str, code: str | None, yes: bool, as_json: bool) -> None:
    """Erase everything that is held of ADDRESS; counts stay. A mail says so to the address. It cannot be undone."""
    _, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    whose = _read(address)
    if not yes:
        click.confirm("Erase everything of this address? This cannot be undone", abort=True)

    def work(uow: UnitOfWork) -> dict[str, int]:
        done = my_data.erase_all(uow, section, whose, locale=section.default_locale)
        typed = audit.typed(uow.state.keyring, section, whose.canonical)
        record(uow, section, "person_erased", "address", count=sum(done.values()), address=[None, typed])
        return done

    gone = run(app, work)
    if as_json:
        click.echo(json.dumps({"section": section.code, "erased": gone}))
        return
    click.echo("erased: " + ", ".join(f"{name} {count}" for name, count in gone.items()))


@erasures.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def export(file: str) -> None:
    """Write the ledger to FILE, a line of JSON each: keyed hashes, nobody's name. Keep it apart from the backups."""
    _, app = state_and_app()
    rows = read(app, lambda session: list(ledger_file.lines(session)))
    with click.open_file(file, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    if file != "-":
        click.echo(f"erasures written: {len(rows)}")


@erasures.command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def import_(file: str) -> None:
    """Read a ledger, and erase again what this database holds of those in it."""
    state, app = state_and_app()
    # The database is asked first: without it the file is of no use.
    read(app, ledger.is_open)
    try:
        with click.open_file(file, encoding="utf-8") as source:
            rows = ledger_file.parsed(source)
    except (ledger_file.NotALedger, UnicodeDecodeError) as fault:
        raise click.ClickException(f"{file}: {fault}") from None
    lacked = run(app, lambda work: ledger.put_back(work.session, rows, state.sections))
    _say({**ledger.settle(app), "missing": lacked})


@erasures.command("replay")
def replay() -> None:
    """After a backup was restored: read W4R_ERASURE_LEDGER, and erase again who is in it. Run it before the site serves."""
    _, app = state_and_app()
    try:
        _say(ledger.replay(app))
    except (OSError, ledger_file.NotALedger) as fault:
        click.echo(f"Error: W4R_ERASURE_LEDGER: {fault}", err=True)
        sys.exit(1)


def _say(done: dict[str, int]) -> None:
    click.echo(f"erasures missing {done['missing']}, made again {done['settled']}, rows {done['rows']}")


@privacy.command("record")
@_SECTION
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def print_record(code: str | None, as_json: bool) -> None:
    """Print the record of processing (GDPR 30): what is kept, why, where and how long."""
    state, _ = state_and_app()
    (section,) = choose_sections(code, several=False)
    found = records.record(state.seam, section, state.config.retention)
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found], indent=2))
        return
    for one in found:
        click.echo(f"{one.activity}: {one.purpose}")
        click.echo(f"  {one.table}: {', '.join(one.columns)}")
        click.echo(f"  {one.kept}")


@privacy.command("notice")
@_SECTION
@click.option("--locale", help="One of the section's languages; its first where none is given.")
def print_notice(code: str | None, locale: str | None) -> None:
    """Print words for a privacy notice, from the configuration in force. Have them read by your counsel."""
    state, _ = state_and_app()
    (section,) = choose_sections(code, several=False)
    chosen = locale or section.default_locale
    if chosen not in section.locales:
        raise click.BadParameter(f"the section has {', '.join(section.locales)}", param_hint="--locale")
    for heading, text in records.notice(state, section, chosen):
        click.echo(f"{heading}\n\n{text}\n")
