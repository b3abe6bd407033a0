"""``flask w4r places``: load the gazetteer that ships, and postcodes from GeoNames."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ..services.places import load as place_load
from ..services.places.files import TOWNS, PlaceFileError, read_postcodes, read_towns
from ..services.storage.unit_of_work import run
from .common import state_and_app

places = AppGroup("places", help="Towns and postcodes, so that people can find events near them.")


@places.command("load")
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def load(path: str | None, as_json: bool) -> None:
    """Load the towns that come with the package, or the postcodes in PATH (CC.zip or CC.txt from GeoNames).

    Run it again after an upgrade: only what differs is written. Postcodes replace those of the same country; meanwhile
    that country's postcodes are found in part.
    """
    try:
        answer = _load_towns(as_json) if path is None else _load_postcodes(Path(path), as_json)
    except PlaceFileError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(answer))


def _load_towns(quiet: bool) -> dict[str, Any]:
    _, app = state_and_app()
    # Written in the order of the file; the number of its lines is not known before, and is what the bar needs.
    towns = list(read_towns())
    changed = 0
    with click.progressbar(length=len(towns), label=f"towns from {TOWNS.name}", hidden=quiet) as bar:
        for piece in place_load.pieces(towns, place_load.TOWNS_A_PIECE):
            changed += run(app, lambda work, piece=piece: place_load.store_towns(work.session, piece))  # type: ignore[misc]
            bar.update(len(piece))
    keep = {town.id for town in towns}
    removed = run(app, lambda work: place_load.remove_towns(work.session, keep))
    if not quiet:
        click.echo(f"{len(towns)} towns: {changed} written, {removed} removed.")
        click.echo("From GeoNames, CC BY 4.0: the events pages name it.")
    return {"towns": len(towns), "written": changed, "removed": removed}


def _load_postcodes(path: Path, quiet: bool) -> dict[str, Any]:
    _, app = state_and_app()
    # To its end once before anything is written: a file with a fault changes nothing.
    counts = Counter(point.country for point in read_postcodes(path))
    run(app, lambda work: place_load.clear_postcodes(work.session, counts))
    with click.progressbar(length=counts.total(), label=f"postcodes from {path.name}", hidden=quiet) as bar:
        for piece in place_load.pieces(read_postcodes(path), place_load.POSTCODES_A_PIECE):
            run(app, lambda work, piece=piece: place_load.store_postcodes(work.session, piece))  # type: ignore[misc]
            bar.update(len(piece))
    if not quiet:
        for country, count in sorted(counts.items()):
            click.echo(f"{country}: {count} postcodes read.")
    return {"postcodes": dict(sorted(counts.items()))}
