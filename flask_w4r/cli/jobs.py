"""``flask w4r jobs``: the embedded worker."""

from __future__ import annotations

import gc
import json
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from threading import Event
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from ..i18n import use_locale
from ..mailers import SMTPMailer, make_mailer
from ..seam import Tools
from ..sections import Section
from ..services.campaign.views import Lens
from ..services.jobs import rounds
from ..services.mail import unsubscribing
from ..services.mail.letters import Words
from ..services.storage.unit_of_work import read
from ..state import get_state
from ..web import purge_url, section_url
from ..web.templating import render_mail
from .common import Seconds

group = AppGroup("jobs", help="Send emails and delete what has expired.")


def tools_for(app: Any, *, batch: int = 200, lease_seconds: float = 120, stop: Event | None = None) -> Tools:
    """Return what jobs work with on this app: its mailer, made once, and our templates.

    :param app: the Flask app.
    :param batch: how many mails to claim at a time.
    :param lease_seconds: how long a claim holds.
    :param stop: set to end a job between two mails.
    """
    state = get_state(app)
    mailer = state.once("made_mailer", lambda: make_mailer(app, state.config, state.hooks))
    links = partial(partial, purge_url, app)
    return Tools(partial(_render, app), mailer, batch, lease_seconds, stop or Event(), absolute=links)


def _render(
    app: Any, kind: str, section: Section, locale: str, context: Mapping[str, Any], *, memo: dict[Any, Any]
) -> Words:
    """Render a mail, its cases or its event looked up in its language just before it leaves."""
    state = get_state(app)
    lens = Lens(section, locale, state.clock(), partial(_link, app, section, locale))
    look_up = state.seam.mails[kind].look_up
    more: Mapping[str, Any] = {}
    entries: Sequence[tuple[str, bytes]] = ()
    with use_locale(section.lang_tag(locale), state.translation_directories):
        if look_up is not None:
            ask = partial(look_up, sender=state.config.mail_sender)
            shares = state.seam.mails[kind].shares
            key = (look_up, section.code, locale, shares(context)) if shares is not None else None
            if key is None or key not in memo:
                memo[key] = read(app, lambda session: ask(session, state.keyring, kind, lens, context))
            more, entries = memo[key]
    token = context.get("tokens", {}).get(unsubscribing.PURPOSE)
    ends = section_url(app, section, "unsubscribe", locale, token=token) if token else ""
    values = {**context, **more}
    own = state.seam.mails[kind].sender
    sender = own(section, values, state.config.mail_sender) if own is not None else None
    return Words(*render_mail(app, kind, section, locale, values), entries, ends, sender)


def _link(app: Any, section: Section, locale: str, endpoint: str, **values: Any) -> str:
    return section_url(app, section, endpoint, locale, **values)


def settle() -> None:
    """What start-up made stays as long as the process does: the garbage collector, which a batch's many rows wake again and
    again, need not look at it each time. It makes a batch of the intake a fifth faster."""
    gc.collect()
    gc.freeze()


def say(name: str, done: dict[str, Any], *, as_json: bool) -> None:
    """Print what a job did, on one line."""
    if as_json:
        click.echo(json.dumps({"job": name, **done}))
    else:
        counts = ", ".join(f"{value} {key.replace('_', ' ')}" for key, value in done.items() if type(value) is int)
        click.echo(f"{name}: {counts}" + ("; the mail server cannot be reached" if done.get("interrupted") else ""))


@group.command("run")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@click.option(
    "--interval",
    default=2.0,
    show_default=True,
    type=Seconds(0.1, 3600),
    help="Seconds between checks of the outbox.",
)
@click.option("--batch", default=200, show_default=True, type=click.IntRange(1, 500), help="Emails to claim at a time.")
@click.option(
    "--lease-seconds",
    default=120.0,
    show_default=True,
    type=Seconds(1, 86_400),
    help="How long a claim lasts; after that, another worker may take the emails of one that died.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def run_jobs(once: bool, interval: float, batch: int, lease_seconds: float, as_json: bool) -> None:
    """Send emails when they are due and clean up every hour, until told to stop.

    SIGTERM and SIGINT stop it after the current emails. Any number of workers may run side by side.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    stop = Event()
    tools = tools_for(app, batch=batch, lease_seconds=lease_seconds, stop=stop)
    settle()
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        if once:
            for name, done in rounds.run_once(app, tools).items():
                say(name, done, as_json=as_json)
        else:
            report = lambda name, done: say(name, done, as_json=as_json)  # noqa: E731
            rounds.run_until_stopped(app, tools, interval=interval, report=report)
    finally:
        if isinstance(tools.mailer, SMTPMailer):
            tools.mailer.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
