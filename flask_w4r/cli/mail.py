"""``flask w4r mail``: look at the outbox, send it, and note addresses that bounced."""

from __future__ import annotations

import json

import click
from flask import current_app
from flask.cli import AppGroup

from ..services.audit.record import typed
from ..services.mail import send as mail
from ..services.people.addresses import AddressFault, parse_address
from ..services.storage.unit_of_work import UnitOfWork, read, run
from ..state import get_state
from .common import choose_sections, record
from .jobs import say, tools_for

group = AppGroup("mail", help="Mails on their way out.")


@group.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """Say how many mails wait, and what failed last."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    state = get_state(app)
    found = read(app, lambda session: mail.outbox_status(session, now=state.clock()))
    if as_json:
        click.echo(json.dumps(found.as_dict()))
        return
    click.echo(f"waiting {found.queued}, of them due {found.due} (the oldest for {found.oldest_due_age:.0f} s)")
    click.echo(f"sent {found.sent}, dropped {found.dropped}, failed {found.failed}")
    for row in found.failures:
        click.echo(f"  mail {row['id']} ({row['section']} {row['kind']}), try {row['attempts']}: {row['last_error']}")
    if found.failed:
        click.echo("try the failed ones again with: flask w4r mail send --failed")


@group.command("send")
@click.option("--failed", is_flag=True, help="Give failed mails their tries again first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def send(failed: bool, as_json: bool) -> None:
    """Send every mail that is due, once."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    state = get_state(app)
    if failed:
        again = run(app, lambda work: mail.requeue_failed(work.session, now=state.clock()))
        if not as_json:
            click.echo(f"failed mails to try again: {again}")
    say("mail", mail.job(app, tools_for(app)), as_json=as_json)


@group.command("bounced")
@click.argument("address")
@click.option("--section", "code", help="The section's code; not needed where there is one section.")
def bounced(address: str, code: str | None) -> None:
    """Send ADDRESS no mail any more: its mailbox does not exist."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    state = get_state(app)
    (section,) = choose_sections(code, several=False)
    try:
        canonical = parse_address(address, test_environment=True).canonical
    except AddressFault as fault:
        raise click.BadParameter(f"this is no e-mail address ({fault.key})", param_hint="ADDRESS") from None

    def work(uow: UnitOfWork) -> bool:
        new = mail.suppress(uow.session, state.keyring, section, canonical, "bounced", now=state.clock())
        if new:
            record(uow, section, "mail_bounced", "mail", address=[None, typed(state.keyring, section, canonical)])
        return new

    new = run(app, work)
    click.echo("noted" if new else "was noted before")
