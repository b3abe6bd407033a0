"""``flask w4r keygen`` and ``flask w4r keys``."""

from __future__ import annotations

from functools import partial

import click
from flask.cli import AppGroup

from ..errors import W4RError
from ..keyring import generate_key
from ..services.people.rotation import Place, rotate_keys
from ..services.storage.unit_of_work import UnitOfWork, run
from .common import record, state_and_app

keys = AppGroup("keys", help="The keys that seal personal data.")


@click.command("keygen")
def keygen() -> None:
    """Print fresh values for W4R_ENCRYPTION_KEYS and W4R_INDEX_KEY."""
    click.echo(f"W4R_ENCRYPTION_KEYS={generate_key()}")
    click.echo(f"W4R_INDEX_KEY={generate_key()}")


@keys.command("rotate")
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 10_000), help="Rows per transaction.")
def rotate(batch: int) -> None:
    """Encrypt everything with the newest key. Put the new key in front first; drop the old one afterwards."""
    state, app = state_and_app()
    if not state.config.encryption_keys or not state.config.index_key:
        # In debug and testing a site starts without, on keys that end with the process: nobody could open it again.
        raise W4RError("W4R_ENCRYPTION_KEYS or W4R_INDEX_KEY is missing; make them with 'flask w4r keygen'")
    total = 0
    after: Place | None = (0, None)

    def work(uow: UnitOfWork, place: Place, before: int) -> tuple[int, Place | None]:
        changed, after = rotate_keys(uow.session, state.keyring, place, batch)
        if after is None and before + changed:
            for section in state.sections.values():
                record(uow, section, "keys_rotated", "site", count=before + changed)
        return changed, after

    while after is not None:
        changed, after = run(app, partial(work, place=after, before=total))
        total += changed
    click.echo(f"{total} values sealed under the newest key.")
