"""Who hands a message over: the host's mailer, its Flask-Mailman, or what ``W4R_MAIL_URL`` names.

A mailer is a callable that takes one :class:`email.message.EmailMessage` and raises when it could not hand it over.
"""

from __future__ import annotations

import os
import secrets
import select
import smtplib
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .config import W4RConfig
from .errors import ConfigurationError, DeliveryFailed, NotCarried
from .smtp_talk import Deadline, SecretTalk, Talk
from .state import Hooks, Mailer

#: Seconds that any step of a conversation with a mail server may take, and those of one mail together: a server that says
#: a little now and then is not away. Whoever claimed the mail holds it for more than twice as long.
TIMEOUT, DEADLINE = 15.0, 50.0
#: A connection that was used so many seconds ago is not asked whether it still answers.
FRESH = 2.0
NO_MAILER = (
    "no mailer configured: set W4R_MAIL_URL (smtp://user:pass@host:port?tls=1, console: or file:DIR), "
    "give W4R a mailer, or set up Flask-Mailman"
)


def make_mailer(app: Any, config: W4RConfig, hooks: Hooks) -> Mailer:
    """Choose the mailer of an app.

    :param app: the Flask app; its Flask-Mailman is used where it has one and no mailer was given.
    :param config: for ``W4R_MAIL_URL``.
    :param hooks: for the mailer that the host gave.
    :returns: the mailer; without any, one that raises :class:`~flask_w4r.errors.DeliveryFailed`.
    :raises ConfigurationError: ``W4R_MAIL_URL`` cannot be used.
    """
    if hooks.mailer is not None:
        return _within(app, hooks.mailer)
    if "mailman" in app.extensions:
        return MailmanMailer(app)
    if config.mail_url is None:
        return no_mailer
    return mailer_from_url(config.mail_url, config.mail_connections)


def _within(app: Any, mailer: Mailer) -> Mailer:
    """The host's own mailer, called where it may look at ``current_app``, be it by a thread of ours."""

    def hand_over(message: EmailMessage) -> None:
        with app.app_context():
            mailer(message)

    return hand_over


def mailer_from_url(url: str, connections: int = 1) -> Mailer:
    """Return the mailer that a URL names.

    :param url: ``smtp://user:pass@host:port?tls=1`` (STARTTLS), ``smtps://...`` (TLS from the start), ``console:`` or
        ``file:DIR``.
    :param connections: ``W4R_MAIL_CONNECTIONS``.
    :raises ConfigurationError: it names none.
    """
    scheme, _, rest = url.partition(":")
    match scheme:
        case "console":
            return console_mailer
        case "file" if rest:
            return FileMailer(Path(rest.removeprefix("//")))
        case "smtp" | "smtps":
            with suppress(ValueError):  # A port that is no number.
                parts = urlsplit(url)
                if parts.hostname:
                    implicit = scheme == "smtps"
                    return SMTPMailer(
                        parts.hostname,
                        parts.port or (465 if implicit else 25),
                        user=unquote(parts.username) if parts.username else None,
                        password=unquote(parts.password or ""),
                        starttls=not implicit and parse_qs(parts.query).get("tls", ["0"])[-1] not in ("0", ""),
                        implicit_tls=implicit,
                        connections=connections,
                    )
    # The value itself may hold a password, so it is not repeated.
    raise ConfigurationError(
        ["W4R_MAIL_URL: must be smtp://user:pass@host:port?tls=1, smtps://..., console: or file:DIR"]
    )


def no_mailer(message: EmailMessage) -> None:
    """Refuse every mail; they stay in the outbox."""
    raise DeliveryFailed(NO_MAILER)


def console_mailer(message: EmailMessage) -> None:
    """Print the mail, for development."""
    body = message.get_body(("plain",))
    head = "".join(f"{name}: {value}\n" for name, value in message.items() if not name.startswith("Content-"))
    sys.stdout.write(f"{'-' * 72}\n{head}\n{body.get_content() if body else ''}{'-' * 72}\n")
    sys.stdout.flush()


class FileMailer:
    """Writes each mail to a file of its own, for development. A file is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = "".join(char for char in message["Message-ID"].partition("@")[0] if char.isalnum())
        unique = secrets.token_hex(4)
        draft = self.folder / f".{name}-{unique}.tmp"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / f"{name}-{unique}.eml")


@dataclass
class _Connection:
    client: Talk
    process: int
    #: When it was last used, on the process' clock.
    used: float


class SMTPMailer:
    """Hands mails to an SMTP server over connections that are kept open within a process.

    :param connections: so many mails at once, each over a connection of its own.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        user: str | None = None,
        password: str = "",
        starttls: bool = False,
        implicit_tls: bool = False,
        timeout: float = TIMEOUT,
        deadline: float = DEADLINE,
        connections: int = 1,
    ) -> None:
        self.host, self.port, self.connections = host, port, connections
        self.timeout, self.deadline = timeout, deadline
        self._user, self._password = user, password
        self._starttls, self._implicit_tls = starttls, implicit_tls
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()

    def __call__(self, message: EmailMessage) -> None:
        with Deadline(self.deadline) as deadline:
            connection = self._ready(deadline)
            try:
                connection.client.send_message(message)
            except smtplib.SMTPRecipientsRefused:
                self._keep(connection)  # The conversation was reset; the connection is as good as before.
                raise
            except smtplib.SMTPNotSupportedError as error:
                self._keep(connection)  # Nothing was said yet of a mail that needs SMTPUTF8.
                raise NotCarried("the mail server offers no SMTPUTF8") from error
            except BaseException:
                _close(connection)
                raise
        self._keep(connection)

    def carries_utf8(self) -> bool:
        """Ask the server whether it takes addresses beyond ASCII."""
        with Deadline(self.deadline) as deadline:
            connection = self._ready(deadline)
            try:
                connection.client.ehlo_or_helo_if_needed()
            except BaseException:
                _close(connection)
                raise
        self._keep(connection)
        return connection.client.has_extn("smtputf8")

    def _keep(self, connection: _Connection) -> None:
        connection.used = time.monotonic()
        with self._lock:
            self._idle.append(connection)

    def _ready(self, deadline: Deadline) -> _Connection:
        """A connection that nobody else uses: one that was kept and still answers, or a new one."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return _Connection(self._connect(deadline), os.getpid(), 0.0)
            # A connection that a parent process opened is the parent's conversation.
            if connection.process == os.getpid():
                connection.client.take_up(deadline)
                if time.monotonic() - connection.used < FRESH and not _spoken_to(connection.client):
                    return connection
                with suppress(smtplib.SMTPException, OSError):
                    if connection.client.noop()[0] == 250:
                        return connection
            _close(connection)

    def _connect(self, deadline: Deadline) -> Talk:
        if self._implicit_tls:
            context = ssl.create_default_context()
            client: Talk = SecretTalk(deadline, self.host, self.port, timeout=self.timeout, context=context)
        else:
            client = Talk(deadline, self.host, self.port, timeout=self.timeout)
        try:
            if self._starttls:
                client.starttls(context=ssl.create_default_context())
            if self._user is not None:
                client.login(self._user, self._password)
        except smtplib.SMTPNotSupportedError as error:
            client.close()
            raise DeliveryFailed(f"the mail server does not offer what W4R_MAIL_URL asks for: {error}") from None
        except BaseException:
            client.close()
            raise
        return client

    def close(self) -> None:
        """Close the connections, without ceremony: what the server has accepted it keeps."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            _close(connection)


def _spoken_to(client: smtplib.SMTP) -> bool:
    """Whether the server said something by itself: goodbye, or nothing any more."""
    waiting = select.poll()
    if client.sock is not None:
        waiting.register(client.sock, select.POLLIN)
    return client.sock is None or bool(waiting.poll(0))


def _close(connection: _Connection) -> None:
    with suppress(smtplib.SMTPException, OSError):
        connection.client.close()


class MailmanMailer:
    """Hands mails to the host's Flask-Mailman, whatever backend it has."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def carries_utf8(self) -> bool:
        """It does not: it writes an encoded word before the ``@``, which is another mailbox."""
        return False

    def __call__(self, message: EmailMessage) -> None:
        if not str(message["To"]).isascii():
            raise NotCarried("Flask-Mailman knows no SMTPUTF8")
        from flask_mailman import EmailMultiAlternatives  # type: ignore[import-untyped]

        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        kept = (
            "Message-ID", "Date", "Reply-To", "Auto-Submitted", "Content-Language", "List-Unsubscribe", "List-Unsubscribe-Post",
        )  # fmt: skip
        with self._app.app_context():
            mail = EmailMultiAlternatives(
                subject=str(message["Subject"]),
                body=plain.get_content() if plain else "",
                from_email=str(message["From"]),
                to=[str(message["To"])],
                headers={name: str(message[name]) for name in kept if message[name]},
            )
            if html:
                mail.attach_alternative(html.get_content(), "text/html")
            for part in message.walk():
                if part.get_content_type() == "text/calendar":
                    kind = f"text/calendar; method={part.get_param('method')}"
                    mail.attach_alternative(str(part.get_content()), kind)
            for part in message.iter_attachments():
                mail.attach(part.get_filename(), part.get_payload(decode=True), part.get_content_type())
            if not mail.send(fail_silently=False):
                raise DeliveryFailed("Flask-Mailman did not send anything")
