from __future__ import annotations

import base64
import email
import email.policy
import smtplib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask, current_app

from flask_w4r.config import W4RConfig
from flask_w4r.errors import ConfigurationError, DeliveryFailed, NotCarried
from flask_w4r.mailers import FileMailer, SMTPMailer, mailer_from_url, make_mailer
from flask_w4r.services.mail.faults import classify
from flask_w4r.state import Hooks

from .sink import Sink


def message(subject: str = "Bonjour à tous", to: str = "ann@example.org") -> EmailMessage:
    made = EmailMessage(policy=email.policy.SMTP.clone(cte_type="7bit", utf8=not to.isascii()))
    made["From"], made["To"], made["Subject"] = "Write for Rights <w4r@example.org>", to, subject
    made["Message-ID"] = "<0123abcd@example.org>"
    made.set_content("مرحبا\n.\nline after a dot\n")
    made.add_alternative("<p>مرحبا</p>", subtype="html")
    return made


def test_smtp_hands_over_what_was_written_over_one_connection(sink: Sink) -> None:
    mailer = mailer_from_url(sink.url)
    for number in range(3):
        mailer(message(f"mail {number}"))
    assert sink.connections == 1
    assert [got["Subject"] for got in sink.messages] == ["mail 0", "mail 1", "mail 2"]
    body = sink.messages[0].get_body(("plain",))
    assert body is not None and body.get_content().replace("\r\n", "\n") == "مرحبا\n.\nline after a dot\n"
    assert all(raw.isascii() for raw in sink.raw)
    assert isinstance(mailer, SMTPMailer)
    mailer.close()


def test_smtp_notices_that_the_server_hung_up(sink: Sink) -> None:
    mailer = SMTPMailer("127.0.0.1", sink.port)
    mailer(message())
    sink.cut()
    mailer(message())
    assert (len(sink.raw), sink.connections) == (2, 2)
    mailer.close()


def test_smtp_logs_in_with_what_the_url_says(sink: Sink) -> None:
    mailer = mailer_from_url(f"smtp://w4r:p%40ss@127.0.0.1:{sink.port}")
    mailer(message())
    assert base64.b64decode(sink.logins[0]) == b"\0w4r\0p@ss"
    assert isinstance(mailer, SMTPMailer)
    mailer.close()


@pytest.mark.parametrize(
    ("replies", "fault"),
    [
        ({"GREETING": b"554 no"}, "SMTPConnectError 554"),
        ({"RCPT": b"450 later"}, "SMTPRecipientsRefused 450"),
        ({"RCPT": b"550 5.1.1 unknown"}, "SMTPRecipientsRefused 550 5.1.1"),
        ({"MAIL": b"451 later"}, "SMTPSenderRefused 451"),
        ({"DATA": b"451 later"}, "SMTPDataError 451"),
        ({"END": b"554 spam"}, "SMTPDataError 554"),
    ],
)
def test_smtp_refusals_become_faults_and_the_next_mail_goes(sink: Sink, replies: dict[str, bytes], fault: str) -> None:
    mailer = SMTPMailer("127.0.0.1", sink.port)
    sink.replies = replies
    with pytest.raises(smtplib.SMTPException) as caught:
        mailer(message())
    assert classify(caught.value).text == fault
    sink.replies = {}
    mailer(message())
    assert sink.raw
    mailer.close()


def test_smtp_writes_to_addresses_beyond_ascii_where_the_server_can(sink: Sink) -> None:
    sink.utf8 = True
    mailer = SMTPMailer("127.0.0.1", sink.port)
    assert mailer.carries_utf8()
    mailer(message(to="علي@example.org"))
    assert b"SMTPUTF8" in sink.envelopes[0].upper() and "علي@example.org".encode() in sink.envelopes[1]
    assert "To: علي@example.org".encode() in sink.raw[0]
    assert sink.connections == 1
    mailer.close()


def test_smtp_sends_nothing_where_the_server_cannot_and_the_next_mail_goes(sink: Sink) -> None:
    mailer = SMTPMailer("127.0.0.1", sink.port)
    assert not mailer.carries_utf8()
    with pytest.raises(NotCarried) as caught:
        mailer(message(to="علي@example.org"))
    fault = classify(caught.value)
    assert (fault.sort, fault.patience, fault.bounced) == ("", "refused", False), "others fare better, and so may it"
    assert sink.envelopes == []
    mailer(message())
    assert (len(sink.raw), sink.connections) == (1, 1)
    mailer.close()


def test_smtp_does_not_wait_for_ever(sink: Sink) -> None:
    sink.hang = True
    mailer = SMTPMailer("127.0.0.1", sink.port, timeout=0.2)
    with pytest.raises(smtplib.SMTPServerDisconnected) as caught:
        mailer(message())
    assert classify(caught.value).sort == "away"


def test_smtp_away_is_a_connection_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionRefusedError) as caught:
        mailer_from_url(f"smtp://127.0.0.1:{port}")(message())
    assert classify(caught.value).sort == "away"


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private


def test_starttls_wants_a_certificate_that_can_be_trusted(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, private = certificate(tmp_path)
    sink.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    sink.tls.load_cert_chain(chain, private)
    mailer = mailer_from_url(f"smtp://localhost:{sink.port}?tls=1")
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        mailer(message())
    assert classify(caught.value).sort == "away"
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    mailer(message())
    assert len(sink.raw) == 1
    assert isinstance(mailer, SMTPMailer)
    mailer.close()


def test_tls_asked_for_and_not_offered_sends_nothing(sink: Sink) -> None:
    mailer = mailer_from_url(f"smtp://localhost:{sink.port}?tls=1")
    with pytest.raises(DeliveryFailed, match="STARTTLS"):
        mailer(message())
    assert sink.raw == []


def test_file_writes_one_whole_readable_file_a_mail(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "mails"
    for url in (f"file:{folder}", f"file://{folder}"):
        mailer_from_url(url)(message())
    files = sorted(folder.iterdir())
    assert [path.suffix for path in files] == [".eml", ".eml"]
    assert files[0].name.startswith("0123abcd-")
    assert files[0].stat().st_mode & 0o777 == 0o600
    got = email.message_from_bytes(files[0].read_bytes(), policy=email.policy.default)
    assert got["Subject"] == "Bonjour à tous"
    mailer_from_url(f"file:{tmp_path / 'beyond'}")(message(to="علي@example.org"))
    (path,) = (tmp_path / "beyond").iterdir()
    assert "To: علي@example.org" in path.read_text("utf-8")


def test_console_prints_the_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    mailer_from_url("console:")(message())
    printed = capsys.readouterr().out
    assert "Subject: Bonjour à tous" in printed and "مرحبا" in printed and "<p>" not in printed


@pytest.mark.parametrize("url", ["", "smtp:", "smtp://", "smtp://user:canary@host:port", "http://canary", "file:", "x"])
def test_a_url_that_names_no_mailer_is_a_configuration_fault(url: str) -> None:
    with pytest.raises(ConfigurationError, match="W4R_MAIL_URL") as caught:
        mailer_from_url(url)
    assert "canary" not in str(caught.value)


def test_which_mailer_an_app_gets(tmp_path: Path) -> None:
    taken: list[tuple[EmailMessage, str]] = []

    def own(message: EmailMessage) -> None:
        taken.append((message, current_app.name))

    config = W4RConfig(mail_url=f"file:{tmp_path}")
    bare: Any = SimpleNamespace(extensions={})
    mailman: Any = SimpleNamespace(extensions={"mailman": object()})
    site = Flask("host")
    site.extensions["mailman"] = object()
    sent = message()
    make_mailer(site, config, Hooks(mailer=own))(sent)
    assert taken == [(sent, "host")], "the host's own comes first, and may look at its app"
    assert type(make_mailer(mailman, config, Hooks())).__name__ == "MailmanMailer"
    assert isinstance(make_mailer(bare, config, Hooks()), FileMailer)
    with pytest.raises(DeliveryFailed, match="set W4R_MAIL_URL") as caught:
        make_mailer(bare, W4RConfig(), Hooks())(message())
    assert classify(caught.value).sort == "away"


def test_flask_mailman_carries_headers_and_all_parts() -> None:
    flask_mailman = pytest.importorskip("flask_mailman")
    app = Flask("host")
    app.config.update(MAIL_BACKEND="locmem", TESTING=True)
    flask_mailman.Mail(app)
    sent = message()
    sent.add_alternative("BEGIN:VCALENDAR\r\n", subtype="calendar", params={"method": "REQUEST"})
    sent.add_attachment(b"BEGIN:VCALENDAR\r\n", maintype="application", subtype="ics", filename="event.ics")
    ends = f"<https://www.example.org/write-for-rights/unsubscribe/{'t' * 43}>"
    sent["List-Unsubscribe"], sent["List-Unsubscribe-Post"] = ends, "List-Unsubscribe=One-Click"
    make_mailer(app, W4RConfig(), Hooks())(sent)
    (got,) = app.extensions["mailman"].outbox
    with app.app_context():
        raw = got.message().as_bytes()
        wire = email.message_from_bytes(raw, policy=email.policy.default)
    assert (wire["Message-ID"], wire["Subject"]) == ("<0123abcd@example.org>", "Bonjour à tous")
    assert "".join(wire["List-Unsubscribe"].split()) == ends
    assert b"https://www.example.org/write-for-rights/unsubscribe/ttt" in raw
    assert wire["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (got.recipients(), wire["From"]) == (["ann@example.org"], "Write for Rights <w4r@example.org>")
    parts = [wire.get_body((kind,)) for kind in ("plain", "html")]
    assert [part.get_content().strip() for part in parts if part] == [
        "مرحبا\n.\nline after a dot",
        "<p>مرحبا</p>",
    ]
    with pytest.raises(NotCarried):
        make_mailer(app, W4RConfig(), Hooks())(message(to="علي@example.org"))
    assert len(app.extensions["mailman"].outbox) == 1
    (calendar,) = [part for part in wire.walk() if part.get_content_type() == "text/calendar"]
    assert (calendar.get_param("method"), calendar.get_content().strip()) == ("REQUEST", "BEGIN:VCALENDAR")
    (file,) = wire.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("event.ics", "application/ics")
    assert file.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"
