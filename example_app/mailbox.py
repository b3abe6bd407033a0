"""A mailbox for demonstration: mails are kept as files and can be read by anybody who opens the page."""

from __future__ import annotations

import re
import secrets
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, render_template

NAME = re.compile(r"[0-9]{19}-[0-9a-f]{8}")
#: Mails carry their styles inside; they may do nothing else but lead the whole window somewhere.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)

mailbox = Blueprint("mailbox", __name__, url_prefix="/mailbox")


def _folder() -> Path:
    return Path(current_app.config["MAILBOX"])


def store(message: EmailMessage) -> None:
    """Keep a mail as a file. The mailer of this site: a real one would hand it to a mail server."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns():019}-{secrets.token_hex(4)}"
    part = folder / f"{name}.part"
    part.write_bytes(message.as_bytes(policy=policy.SMTP))
    part.rename(folder / f"{name}.eml")


def _read(name: str) -> EmailMessage:
    path = _folder() / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.is_file():
        abort(404)
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _text(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


@mailbox.get("/")
def index() -> str:
    """All mails, newest first."""
    names = sorted((path.stem for path in _folder().glob("*.eml")), reverse=True)
    return render_template("site/mailbox.html", mails=[(name, _read(name)) for name in names[:200]])


@mailbox.get("/<name>")
def mail(name: str) -> str:
    """One mail: its plain text with links, and its HTML in a frame of its own."""
    message = _read(name)
    return render_template(
        "site/mail.html",
        name=name,
        mail=message,
        text=_text(message, "plain"),
        has_html=bool(_text(message, "html")),
        files=[part.get_filename("file") for part in message.iter_attachments()],
    )


@mailbox.get("/<name>/files/<int:number>")
def file(name: str, number: int) -> Response:
    """A file that came with a mail, to save."""
    parts = list(_read(name).iter_attachments())
    if number >= len(parts):
        abort(404)
    part = parts[number]
    response = Response(part.get_payload(decode=True), mimetype=part.get_content_type())
    response.headers.set("Content-Disposition", "attachment", filename=part.get_filename("file"))
    return response


@mailbox.get("/<name>/html")
def html(name: str) -> Response:
    """A mail's HTML as its reader's program would show it; links open in the whole window."""
    body = _text(_read(name), "html") or abort(404)
    body = re.sub(r"(<head[^>]*>)", r'\1<base target="_top">', body, count=1)
    return Response(body, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": MAIL_POLICY})
