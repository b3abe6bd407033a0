"""``flask w4r feed``: the centre's signed news of cases; for the centre to sign and publish, for a section to follow."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ..models import RollupKey
from ..services.rollup import feed as service
from ..services.rollup import follow
from ..services.rollup.aggregate import next_sequence
from ..services.rollup.documents import LARGEST, Refused, parse
from ..services.rollup.signing import public_of
from ..services.rollup.status import feed_status
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import choose_sections, record, state_and_app
from .jobs import tools_for

feed = AppGroup("feed", help="The centre's signed news of cases.")
_path = click.Path(path_type=Path)


@feed.command("sign")
@click.argument("entries", type=_path)
@click.option("--section", "code", help="The code of the section that signs: the centre's own.")
@click.option("--keys", "listing", type=_path, help="The root's signed list of keys, for sections that pin the root.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@click.option(
    "--sequence", type=click.IntRange(1, LARGEST), help="Its number, larger than any before; else made of the time."
)
@click.option("--days", default=service.DAYS, show_default=True, type=click.IntRange(1, 400), help="For how long it holds.")  # fmt: skip
def sign(entries: Path, code: str | None, listing: Path | None, out: Path, sequence: int | None, days: int) -> None:
    """Sign news of cases with W4R_SIGNING_KEY.

    ENTRIES is a TOML file with a table [[entries]] for each: slug, edition, change (freed, withdrawn, closed, active, demand
    or target), on, source; and for new words [entries.texts.<locale>] or [entries.target].
    """
    state, _ = state_and_app()
    (section,) = choose_sections(code, several=False)
    private = state.config.signing_key
    if private is None:
        raise click.ClickException("W4R_SIGNING_KEY is not set: create a pair with 'flask w4r keygen --signing'")
    try:
        table = tomllib.loads(entries.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{entries}: is not TOML: {error}") from None
    rows = table.get("entries", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise click.ClickException(f"{entries}: entries must be tables [[entries]]")
    now = state.clock()
    try:
        keys = parse(listing.read_bytes()) if listing is not None else None
        document = service.make_feed(
            section.code, [_plain(row) for row in rows], private, keys=keys,
            sequence=sequence or next_sequence(0, now), now=now, days=days,
        )  # fmt: skip
    except Refused as error:
        raise click.ClickException(str(error)) from None
    out.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), "utf-8")
    click.echo(f"{len(rows)} entries, number {document['sequence']}, until {document['expires']}: {out}")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """An entry with its days as text, however TOML has them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


@feed.command("publish")
@click.argument("path", type=_path)
@click.option("--section", "code", help="The code of the section that signed it.")
def publish(path: Path, code: str | None) -> None:
    """Serve a signed feed at /api/v1/status-feed, once it is seen to be in order and newer than the one before."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    private = state.config.signing_key

    def work(uow: UnitOfWork) -> dict[str, Any]:
        known = (RollupKey.sender == section.code, RollupKey.used_for == "feed", RollupKey.revoked_at.is_(None))
        publics = list(uow.session.scalars(select(RollupKey.public_key).where(*known)))
        if private is not None:
            publics.append(public_of(private))
        document = service.publish(uow.session, section, path.read_bytes(), publics, now=state.clock())
        record(uow, section, "feed_published", "feed", count=len(document["entries"]))
        return document

    try:
        document = run(app, work)
    except Refused as error:
        raise click.ClickException(f"{path}: {error.why}: {error}") from None
    click.echo(f"{len(document['entries'])} entries are served, number {document['sequence']}.")


@feed.command("pull")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def pull(as_json: bool) -> None:
    """Ask for the feed of W4R_STATUS_FEED now, and follow it, as the worker does every five minutes."""
    state, app = state_and_app()
    if state.config.status_feed is None:
        raise click.ClickException("W4R_STATUS_FEED is not set; see docs/rollup")
    done = follow.pull(app, tools_for(app))
    _tell(as_json, done)
    if done.get("away") or done.get("refused"):
        raise SystemExit(1)


@feed.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Say how far the feed of W4R_STATUS_FEED was followed."""
    _tell(as_json, {})


def _tell(as_json: bool, done: dict[str, Any]) -> None:
    state, app = state_and_app()
    found = read(app, lambda session: feed_status(session, state.clock()))
    told = {**done, "sequence": found.sequence, "seen_seconds": found.seen_seconds, "problem": found.problem}
    if as_json:
        click.echo(json.dumps(told))
        return
    seen = "never" if found.seen_seconds is None else f"{found.seen_seconds} s ago"
    if done:
        click.echo(", ".join(f"{name} {number}" for name, number in done.items()))
    click.echo(f"number {found.sequence}, in order {seen}{f'; {found.problem}' if found.problem else ''}")
