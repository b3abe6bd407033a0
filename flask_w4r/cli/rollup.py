"""``flask w4r rollup``: the sum of all sections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import AppGroup
from werkzeug.serving import run_simple

from ..action_types import known_types
from ..services.rollup import keys as key_service
from ..services.rollup import sums, take
from ..services.rollup.documents import LARGEST
from ..services.rollup.take import Outcome
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import record, state_and_app
from .rollup_keys import keys

rollup = AppGroup("rollup", help="The sum of all sections, from files that they signed.")
rollup.add_command(keys)
_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def record_everywhere(uow: UnitOfWork, action: str, subject: str, *, count: int = 1) -> None:
    """Write to the log of each of the site's sections what was done to the site."""
    for section in uow.state.sections.values():
        record(uow, section, action, subject, count=count)


# A public key of another program may begin with a hyphen.
@rollup.command("trust", context_settings={"ignore_unknown_options": True})
@click.argument("section")
@click.argument("public_key")
@click.option("--for", "used_for", default="tally", show_default=True, type=click.Choice(["tally", "feed"]),
              help="What the key signs: a section's numbers, or the centre's news.")  # fmt: skip
def trust(section: str, public_key: str, used_for: str) -> None:
    """Trust a section's public key. Make sure by another way than email whose it is."""
    state, app = state_and_app()

    def work(uow: UnitOfWork) -> str:
        name = key_service.trust(
            uow.session, section, public_key, used_for=used_for, root=state.config.rollup_root, now=state.clock()
        )
        record_everywhere(uow, "rollup_key_trusted", f"key:{name}")
        return name

    click.echo(f"{run(app, work)} is trusted for {section}.")


@rollup.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Never trust a key again, and let go of the numbers that it signed."""
    state, app = state_and_app()

    def work(uow: UnitOfWork) -> int:
        found = key_service.revoke(uow.session, key_id, now=state.clock())
        record_everywhere(uow, "rollup_key_revoked", f"key:{key_id}")
        return found

    click.echo(f"{key_id} is revoked{'' if run(app, work) else '; it was not trusted here'}.")


@rollup.command("add")
@_files
@_json
def add(files: Sequence[Path], as_json: bool) -> None:
    """Take the numbers that sections signed. What is not in order is named, with why; the rest is taken.

    Exits with 1 if any file was refused or waits for a person.
    """
    state, app = state_and_app()
    contents, unreadable = _read(files)

    def work(uow: UnitOfWork) -> list[Outcome]:
        done = take.take(uow.session, contents, known_types(state.seam, state.sections.values()), now=state.clock())
        if taken := sum(one.state == "counted" for one in done):
            record_everywhere(uow, "rollup_added", "rollup", count=taken)
        return done

    _tell([*unreadable, *run(app, work)], as_json, "taken")


@rollup.command("verify")
@_files
@_json
def verify(files: Sequence[Path], as_json: bool) -> None:
    """Look at signed files and keep nothing. Exits with 1 if any is not in order."""
    state, app = state_and_app()
    contents, unreadable = _read(files)
    types, now = known_types(state.seam, state.sections.values()), state.clock()
    _tell(
        [*unreadable, *read(app, lambda session: take.verify(session, contents, types, now=now))], as_json, "in order"
    )


def _read(files: Sequence[Path]) -> tuple[list[tuple[str, bytes]], list[Outcome]]:
    contents, unreadable = [], []
    for path in files:
        try:
            contents.append((str(path), path.read_bytes()))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "is no file"
            unreadable.append(Outcome(str(path), "refused", "unreadable", f"cannot be read: {reason}"))
    return contents, unreadable


def _tell(done: Sequence[Outcome], as_json: bool, word: str) -> None:
    fine = [one for one in done if one.state == "counted"]
    if as_json:
        told = [{"file": one.name, "state": one.state, "why": one.why, "text": one.text} for one in done]
        click.echo(json.dumps(told))
    else:
        for one in done:
            if one.state != "counted":
                click.echo(f"{one.name}: {one.state}, {one.why}: {one.text}", err=True)
        click.echo(f"{len(fine)} of {len(done)} {word}.")
    if len(fine) < len(done):
        raise SystemExit(1)


@rollup.command("accept")
@click.argument("section")
@click.argument("sequence", type=click.IntRange(1, LARGEST))
def accept(section: str, sequence: int) -> None:
    """Count numbers that wait for a person, once you asked the section whether they are right."""
    _, app = state_and_app()

    def work(uow: UnitOfWork) -> tuple[str, int]:
        part = take.accept(uow.session, section, sequence)
        record_everywhere(uow, "rollup_accepted", f"section:{section}")
        return part.edition, part.total

    edition, total = run(app, work)
    click.echo(f"{section} counts with {total} for {edition}.")


@rollup.command("waiting")
@_json
def waiting(as_json: bool) -> None:
    """List numbers that wait for a person."""
    _, app = state_and_app()
    found = read(app, sums.waiting)
    if as_json:
        click.echo(json.dumps([vars(one) for one in found]))
        return
    for one in found:
        click.echo(f"{one.sender} {one.sequence}: {one.total} for {one.edition}, where {one.before} count now")
    if not found:
        click.echo("Nothing waits.")


@rollup.command("sum")
@click.argument("edition")
@_json
@click.option("--csv", "as_csv", is_flag=True, help="Print a table of cases and types as CSV.")
def sum_(edition: str, as_json: bool, as_csv: bool) -> None:
    """Add up what all sections sent of an edition."""
    if as_json and as_csv:
        raise click.UsageError("say --json or --csv, not both")
    _, app = state_and_app()
    found = read(app, lambda session: sums.add_up(session, edition))
    if as_json:
        click.echo(json.dumps(found.as_dict()))
        return
    if as_csv:
        click.echo(found.as_csv(), nl=False)
        return
    click.echo(f"{edition}: {found.total} actions by {len(found.sections)} sections")
    for name, number in found.by_type.items():
        click.echo(f"  {name} {number}")


@rollup.command("serve")
@click.option(
    "--port", default=5010, show_default=True, type=click.IntRange(1, 65_535), help="Where to listen, on this machine."
)
@click.option("--dry-run", is_flag=True, help="Say where the page would be, and end.")
def serve(port: int, dry_run: bool) -> None:
    """Show the example page with the world's table and chart in a browser on this machine."""
    state, app = state_and_app()
    if "rollup" not in state.config.features:
        raise click.ClickException("the page is not part of this site: add 'rollup' to W4R_FEATURES")
    section = next(iter(state.sections.values()))
    prefix = state.mount_of(section).url_prefix
    click.echo(f"http://{section.host or '127.0.0.1'}:{port}{prefix}/world")
    if not dry_run:
        run_simple("127.0.0.1", port, app)
