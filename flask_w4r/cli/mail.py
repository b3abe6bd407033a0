"""``flask w4r mail``: look at the outbox, send it, and see to addresses that get no mail."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import AppGroup

from ..services.audit.record import typed
from ..services.mail import caps, stop, unsubscribing
from ..services.mail import send as mail
from ..services.people.addresses import AddressFault, parse_address
from ..services.storage.unit_of_work import UnitOfWork, read, run
from .common import choose_sections, record, state_and_app
from .jobs import say, tools_for

group = AppGroup("mail", help="Outgoing emails.")


@group.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Show how many emails are waiting, and what failed last."""
    state, app = state_and_app()
    now = state.clock()
    found, stopped = read(app, lambda session: (mail.outbox_status(session, now=now), stop.stopped(session, now=now)))
    if as_json:
        click.echo(json.dumps({**found.as_dict(), "stopped": stopped.as_dict() if stopped else None}))
        return
    if stopped:
        click.echo(f"stopped since {stopped.since:%Y-%m-%d %H:%M} UTC: {stopped.words}")
        click.echo(f"asked again at {stopped.until:%H:%M} UTC, or now with: flask w4r mail send")
    click.echo(f"waiting {found.queued}, {found.due} of them due (the oldest for {found.oldest_due_age:.0f} s)")
    click.echo(f"sent {found.sent}, dropped {found.dropped}, failed {found.failed}")
    for row in found.failures:
        click.echo(f"  mail {row['id']} ({row['section']} {row['kind']}), try {row['attempts']}: {row['last_error']}")
    if found.failed:
        click.echo("retry the failed ones with: flask w4r mail send --failed")


@group.command("send")
@click.option("--failed", is_flag=True, help="Retry the failed emails first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def send(failed: bool, as_json: bool) -> None:
    """Send every mail that is due, once, be it to a mail server that is left alone for a while."""
    state, app = state_and_app()
    if failed:
        again = run(app, lambda work: mail.requeue_failed(work.session, now=state.clock()))
        if not as_json:
            click.echo(f"failed emails to retry: {again}")
    say("mail", mail.job(app, tools_for(app), anyway=True), as_json=as_json)


_ADDRESS = click.argument("address")
_SECTION = click.option("--section", "code", help="The section's code; not needed where there is one section.")
#: Why an address gets no mail, in the order of ``models.mail.SUPPRESSION_REASONS``.
_WHY = {
    "not_me": "its owner said that it was not them",
    "bounced": "its mailbox does not exist",
    "blocked": "the desk blocked it",
}


def _canonical(address: str) -> str:
    try:
        return parse_address(address, test_environment=True).canonical
    except AddressFault as fault:
        raise click.BadParameter(f"this is not an email address ({fault.key})", param_hint="ADDRESS") from None


@group.command("bounced")
@_ADDRESS
@_SECTION
def bounced(address: str, code: str | None) -> None:
    """Send no more email to ADDRESS: its mailbox does not exist."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    canonical = _canonical(address)

    def work(uow: UnitOfWork) -> bool:
        new = caps.suppress(uow.session, state.keyring, section, canonical, "bounced", now=state.clock())
        if new:
            record(uow, section, "mail_bounced", "mail", address=[None, typed(state.keyring, section, canonical)])
        return new

    new = run(app, work)
    click.echo("noted" if new else "was already recorded")


suppressed = AppGroup("suppressed", help="Addresses that get no mail.")
group.add_command(suppressed)


@suppressed.command("show")
@_ADDRESS
@_SECTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(address: str, code: str | None, as_json: bool) -> None:
    """Say whether ADDRESS gets mail, and if not, since when and why. Asking is logged."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    canonical = _canonical(address)

    def work(uow: UnitOfWork) -> tuple[Any, Any]:
        found = caps.suppression_of(uow.session, state.keyring, section, canonical)
        ended = unsubscribing.since(uow.session, state.keyring, section, canonical)
        record(uow, section, "suppression_shown", "mail", address=[None, typed(state.keyring, section, canonical)])
        return found, ended

    found, ended = run(app, work)
    reason, since = (found.reason, f"{found.created_at:%Y-%m-%d}") if found else (None, None)
    unsubscribed = f"{ended:%Y-%m-%d}" if ended else None
    if as_json:
        click.echo(
            json.dumps({
                "section": section.code, "suppressed": found is not None, "reason": reason, "since": since,
                "unsubscribed": unsubscribed,
            })
        )  # fmt: skip
    elif unsubscribed and not reason:
        click.echo(f"gets mail, but none that nobody asked for since {unsubscribed}: its owner said so")
    else:
        click.echo(f"gets no mail since {since}: {_WHY[reason]}" if reason else "gets mail")


@suppressed.command("lift")
@_ADDRESS
@_SECTION
def lift(address: str, code: str | None) -> None:
    """Let ADDRESS have mail again. What its owner said, only they can take back."""
    state, app = state_and_app()
    (section,) = choose_sections(code, several=False)
    canonical = _canonical(address)

    def work(uow: UnitOfWork) -> str | None:
        found = caps.lift(uow.session, state.keyring, section, canonical)
        if found is not None and found.reason not in caps.OWNERS_WORD:
            whose = typed(state.keyring, section, canonical)
            record(uow, section, "suppression_lifted", "mail", address=[whose, None], reason=[found.reason, None])
        return found.reason if found else None

    reason = run(app, work)
    if reason in caps.OWNERS_WORD:
        raise click.ClickException(f"not lifted: {_WHY[reason]}; only they can take that back")
    click.echo("lifted" if reason else "nothing to lift: gets mail")
