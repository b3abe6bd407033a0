"""``flask w4r keygen`` and ``flask w4r keys``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import partial
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..errors import W4RError
from ..keyring import generate_key
from ..models import metadata
from ..seam import Indexed, Reindexed
from ..services.people.rotation import Place, Turn, how_many, keys_of, rotate_keys
from ..services.rollup.signing import key_id, new_pair
from ..services.storage.unit_of_work import UnitOfWork, read, run
from ..state import W4RState
from .common import record, state_and_app

keys = AppGroup("keys", help="The keys that seal personal data.")


@click.command("keygen")
@click.option("--signing", is_flag=True, help="Print a pair of keys that sign in their place.")
def keygen(signing: bool) -> None:
    """Print fresh values for W4R_ENCRYPTION_KEYS and W4R_INDEX_KEY.

    With --signing: a private key for W4R_SIGNING_KEY, and the public key and its id for whoever is to trust what it signs.
    """
    if signing:
        pair = new_pair()
        click.echo(f"W4R_SIGNING_KEY={pair.private}")
        click.echo(f"PUBLIC_KEY={pair.public}")
        click.echo(f"KEY_ID={key_id(pair.public)}")
        return
    click.echo(f"W4R_ENCRYPTION_KEYS={generate_key()}")
    click.echo(f"W4R_INDEX_KEY={generate_key()}")


_batch = click.option(
    "--batch", default=500, show_default=True, type=click.IntRange(1, 10_000), help="Rows per transaction."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@keys.command("rotate")
@_batch
@_json
def rotate(batch: int, as_json: bool) -> None:
    """Encrypt everything with the newest key, while the site is in use. It may be stopped, and run again.

    Put the new key at the end of W4R_ENCRYPTION_KEYS first and restart everything, then in front; drop the old one once this
    says that nothing needs it.
    """
    state, app = _with_keys()
    total, lost = 0, Counter[str]()
    after: Place | None = (0, None)

    def work(uow: UnitOfWork, place: Place, before: int) -> Turn:
        turn = rotate_keys(uow.session, state.keyring, place, batch)
        if turn.after is None and before + turn.changed:
            for section in state.sections.values():
                record(uow, section, "keys_rotated", "site", count=before + turn.changed)
        return turn

    with _bar(read(app, how_many), "sealing anew", as_json) as bar:
        while after is not None:
            turn = run(app, partial(work, place=after, before=total))
            total, after = total + turn.changed, turn.after
            lost[turn.column] += turn.lost
            bar.update(turn.seen)
    lost = +lost
    if as_json:
        click.echo(json.dumps({"rotated": total, "lost": dict(lost)}))
    else:
        click.echo(f"{total} values sealed under the newest key.")
        if not lost:
            click.echo("Nothing needs an earlier key any more, once every process has the new settings.")
        for column, number in lost.items():
            click.echo(f"{column}: {number} values are opened by no key and stay as they are; see 'flask w4r doctor'.")
    if lost:
        raise SystemExit(1)


@keys.command("reindex")
@_batch
@_json
def reindex(batch: int, as_json: bool) -> None:
    """Make the keyed indexes anew after W4R_INDEX_KEY was changed, while the site is in use. It may be stopped, and run again.

    Put the key that was used before in W4R_INDEX_KEYS_OLD, and restart everything at once.
    """
    state, app = _with_keys()
    kinds = [kind for kind in state.seam.indexed if kind.step is not None]
    done: dict[str, list[int]] = {}
    for kind in kinds:
        seen, stale, doubled = done.setdefault(kind.table, [0, 0, 0])
        with _bar(0, kind.table, as_json) as bar:
            after: int | None = None
            while True:
                turn = run(app, partial(_reindex, kind=kind, after=after, batch=batch))
                seen, stale, doubled = seen + turn.seen, stale + turn.stale, doubled + turn.doubled
                bar.update(turn.seen)
                after = turn.after
                if after is None:
                    break
        done[kind.table] = [seen, stale, doubled]
    stays = read(app, lambda session: _staying(session, state))
    made = sum(stale - doubled for _, stale, doubled in done.values())
    if made:
        run(app, partial(_record, action="keys_reindexed", count=made))
    if as_json:
        told = {table: {"seen": row[0], "changed": row[1] - row[2], "doubled": row[2]} for table, row in done.items()}
        click.echo(json.dumps({"indexed": told, "earlier": stays}))
        return
    for table, (seen, stale, doubled) in done.items():
        twice = f"; {doubled} stay, since another row has the same address" if doubled else ""
        click.echo(f"{table}: {seen} rows, {stale - doubled} indexed anew{twice}")
    for table, number in stays.items():
        if number and state.keyring.has_earlier:
            click.echo(f"{table}: {number} rows may need W4R_INDEX_KEYS_OLD; keep it")


@keys.command("status")
@_batch
@_json
def status(batch: int, as_json: bool) -> None:
    """Say which keys still open something. Nothing is changed."""
    state, app = _with_keys()
    found: dict[str, Counter[int | None]] = {}
    after: Place | None = (0, None)
    with _bar(read(app, how_many), "looking", as_json) as bar:
        while after is not None:
            look = partial(keys_of, keyring=state.keyring, place=after, batch=batch)
            column, counted, after = read(app, look)
            found.setdefault(column, Counter()).update(counted)
            bar.update(counted.total())
    total = sum(found.values(), Counter[int | None]())
    if as_json:
        per_key = [total[number] for number in range(len(state.config.encryption_keys))]
        columns = {name: {_key_name(number): many for number, many in some.items()} for name, some in found.items()}
        click.echo(json.dumps({"keys": per_key, "lost": total[None], "columns": columns}))
        return
    for number in range(len(state.config.encryption_keys)):
        needed = "the newest" if not number else "needed" if total[number] else "needed no more"
        click.echo(f"key {number + 1}: {total[number]} values, {needed}")
    for column, counted in found.items():
        if counted[None]:
            click.echo(f"{column}: {counted[None]} values are opened by no key; see 'flask w4r doctor'")


def _key_name(number: int | None) -> str:
    return "lost" if number is None else str(number + 1)


def _with_keys() -> tuple[W4RState, Flask]:
    state, app = state_and_app()
    if not state.config.encryption_keys or not state.config.index_key:
        # In debug and testing a site starts without, on keys that end with the process: nobody could open it again.
        raise W4RError("W4R_ENCRYPTION_KEYS or W4R_INDEX_KEY is missing; make them with 'flask w4r keygen'")
    return state, app


def _bar(length: int, label: str, as_json: bool) -> Any:
    return click.progressbar(length=length, label=label, hidden=as_json or not sys.stderr.isatty(), file=sys.stderr)


def _reindex(uow: UnitOfWork, *, kind: Indexed, after: int | None, batch: int) -> Reindexed:
    assert kind.step is not None
    return kind.step(uow.session, uow.state.keyring, after, batch, write=True)


def _record(uow: UnitOfWork, *, action: str, count: int) -> None:
    for section in uow.state.sections.values():
        record(uow, section, action, "site", count=count)


def _staying(session: Session, state: W4RState) -> dict[str, int]:
    """How many rows are looked for under earlier index keys."""
    tables = {kind.table: metadata.tables[kind.table] for kind in state.seam.indexed if kind.earlier}
    return {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()}
