"""``flask w4r webhooks``: the programs that are told what happens."""

from __future__ import annotations

import base64
import json
import secrets

import click
from flask.cli import AppGroup

from ..services.storage.unit_of_work import read
from ..services.webhooks import status as webhook_status
from ..services.webhooks.call import NotTaken
from ..services.webhooks.post import post
from .common import state_and_app

webhooks = AppGroup("webhooks", help="Programs that are told what happens.")


# A site whose configuration lacks one cannot start.
@click.command("secret")
def secret() -> None:
    """Print a fresh secret for a webhook of W4R_WEBHOOKS."""
    click.echo("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())


webhooks.add_command(secret)


@webhooks.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show what waits for each program, and what it did last if it took nothing."""
    state, app = state_and_app()
    now, hooks = state.clock(), state.hooks.webhooks
    found = read(app, lambda session: webhook_status.waiting(session, state.keyring, hooks, now=now)) if hooks else []
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found]))
        return
    if not found:
        click.echo("W4R_WEBHOOKS names no program.")
    for one in found:
        why = f"; it takes nothing: {one.trouble}" if one.trouble else ""
        click.echo(
            f"{one.name}: waiting {one.waiting} (the oldest for {one.oldest_seconds} s), failed {one.failed}{why}"
        )


@webhooks.command("ping")
@click.argument("name")
def ping(name: str) -> None:
    """Send the program NAME a message of the type "ping", signed as all others. Nothing else is in it."""
    state, _ = state_and_app()
    hook = next((one for one in state.hooks.webhooks if one.name == name), None)
    if hook is None:
        names = ", ".join(one.name for one in state.hooks.webhooks) or "none"
        raise click.BadParameter(f"there is no webhook {name!r}; there are: {names}", param_hint="NAME")
    message = {"type": "ping", "timestamp": state.clock().isoformat(), "data": {}}
    try:
        post(hook, f"msg_{secrets.token_hex(16)}", message)
    except NotTaken as error:
        raise click.ClickException(f"{name} did not take it: {error.text}") from None
    click.echo(f"{name} took it")
