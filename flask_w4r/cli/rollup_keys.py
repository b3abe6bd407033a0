"""``flask w4r rollup keys``: the list of all sections' keys, signed by a root key that is kept off line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ..clock import system_clock
from ..models import RollupKey
from ..services.rollup import keys as key_service
from ..services.rollup.aggregate import next_sequence
from ..services.rollup.documents import LARGEST, Refused
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import record, state_and_app

keys = AppGroup("keys", help="The list of sections' keys, signed by the root key.")
_path = click.Path(path_type=Path)


# The machine that has the root key needs neither a database nor keys of a site.
@click.command("sign")
@click.argument("listing", type=_path)
@click.option("--key", "key_file", required=True, type=_path, help="The file with the root's private key.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.option(
    "--sequence", type=click.IntRange(1, LARGEST), help="Its number, larger than any before; else made of the time."
)
@click.option("--days", default=key_service.DAYS, show_default=True, type=click.IntRange(1, 3660), help="For how long it holds.")  # fmt: skip
def sign(listing: Path, key_file: Path, out: Path, sequence: int | None, days: int) -> None:
    """Sign a list of keys with the root key, on a machine that is off line.

    LISTING is a TOML file: a table [[keys]] for each key, with section, public_key and used_for ("tally" or "feed"), and
    above them revoked, a list of ids of keys.
    """
    now = system_clock()
    try:
        table = tomllib.loads(listing.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{listing}: is not TOML: {error}") from None
    entries = table.get("keys", [])
    if not isinstance(entries, list) or not isinstance(table.get("revoked", []), list):
        raise click.ClickException(f"{listing}: keys must be tables [[keys]], and revoked a list of ids")
    usual: list[Any] = [{"used_for": "tally", **one} if isinstance(one, dict) else one for one in entries]
    document = key_service.make_list(
        usual, table.get("revoked", []), _private(key_file), sequence=sequence or next_sequence(0, now), now=now,
        days=days,
    )  # fmt: skip
    out.write_text(json.dumps(document, separators=(",", ":")), "utf-8")
    click.echo(f"{len(entries)} keys, number {document['sequence']}, until {document['expires']}: {out}")


keys.add_command(sign)


def _private(path: Path) -> str:
    """A private key in a file, alone or as ``flask w4r keygen --signing`` prints it."""
    words = path.read_text("ascii", "replace").split()
    named = [word.partition("=")[2] for word in words if word.startswith("W4R_SIGNING_KEY=")]
    return (named or words or [""])[0]


@keys.command("import")
@click.argument("path", type=_path)
def import_(path: Path) -> None:
    """Go by a list that the root key of W4R_ROLLUP_ROOT signed. Keys that are not in it are trusted no more."""
    state, app = state_and_app()
    root = state.config.rollup_root
    if root is None:
        raise click.ClickException("W4R_ROLLUP_ROOT is not set: which key signs the list?")

    def work(uow: UnitOfWork) -> tuple[int, int]:
        found = key_service.import_list(uow.session, path.read_bytes(), root, now=state.clock())
        for section in state.sections.values():
            record(uow, section, "rollup_keys_imported", "site", count=found[0])
        return found

    try:
        trusted, revoked = run(app, work)
    except Refused as error:
        raise click.ClickException(f"{path}: {error.why}: {error}") from None
    click.echo(f"{trusted} keys are trusted, {revoked} are revoked.")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the keys that are known here."""
    _, app = state_and_app()
    order = (RollupKey.sender, RollupKey.used_for, RollupKey.key_id)
    rows = read(app, lambda session: session.scalars(select(RollupKey).order_by(*order)).all())
    told = [
        {
            "section": row.sender, "key_id": row.key_id, "used_for": row.used_for, "public_key": row.public_key,
            "by_root": row.is_from_root, "revoked": row.revoked_at is not None,
        }
        for row in rows
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(told))
        return
    for one in told:
        state = "revoked" if one["revoked"] else "by the root" if one["by_root"] else "by hand"
        click.echo(f"{one['section'] or '(no section)'} {one['key_id']} {one['used_for']}: {state}")
    if not told:
        click.echo("No key is known here.")
