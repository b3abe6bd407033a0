"""Nothing that says who somebody is stands in the clear: not in the database's files, the logs, Redis or a URL."""

from __future__ import annotations

import base64
import json
import logging
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import build_opener

import pytest
import redis
from sqlalchemy.engine import make_url
from werkzeug.serving import make_server

from flask_w4r import W4R
from flask_w4r.blueprints.petitions import flow as sign_flow
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost
from tests.petitions.helpers import CASE, PREFIX, link, press
from tests.services import REDIS, need

PERSON = {
    "first_name": "Quokkaline",
    "last_name": "Żółwińska-Wombat",
    "email": "Quokka.Canary@Lyrebird-Mail.example",
    "phone": "0491 570 156 canary",
    "postcode": "QKW 7781",
    "school": "Bilbyview Secret School",
    "consent": "y",
    "newsletter": "yes",
}
ADDRESSES = ("203.0.113.177", "2001:db8:77ab:cafe::1234:99")
NETWORKS = ("203.0.113.0", "2001:db8:77ab")
SECRETS = [value for name, value in PERSON.items() if len(value) > 3] + [
    *ADDRESSES,
    *NETWORKS,
    "lyrebird-mail",
    "Żółwińska",
]


def disguises(secret: str) -> set[bytes]:
    """A text as it may be found: as it is, in small or capital letters, escaped, in hex or in base64 at any offset."""
    found: set[bytes] = set()
    for text in {secret, secret.lower(), secret.upper(), secret.casefold()}:
        plain = text.encode()
        found |= {plain, plain.hex().encode(), quote(text).encode(), json.dumps(text)[1:-1].encode()}
        found.add(text.encode("utf-16-le"))
        for offset in range(3):
            whole = base64.b64encode(b"\0" * offset + plain)
            # The letters at both ends depend on what stands beside the text.
            found.add(whole[2 * bool(offset) + (offset > 0) : len(whole) - 4])
    return {item for item in found if len(item) > 4}


CANARIES = {disguise for secret in SECRETS for disguise in disguises(secret)}


def leaks(data: bytes) -> set[bytes]:
    return {canary for canary in CANARIES if canary in data}


def test_the_canaries_sing() -> None:
    """The test finds what it looks for."""
    for secret in SECRETS:
        assert leaks(f"x{secret}y".encode())
        assert leaks(json.dumps({"name": secret.lower()}).encode())
        for offset in range(3):
            assert leaks(base64.b64encode(b"." * offset + secret.encode() + b"...")), (secret, offset)


class RefusingMailer(RecordingMailer):
    """Refuses the first mail as a server does: with the address in the error."""

    refused = False

    def __call__(self, message: EmailMessage) -> None:
        if not self.refused:
            self.refused = True
            raise smtplib.SMTPRecipientsRefused({str(message["To"]): (450, f"{message['To']} is busy".encode())})
        super().__call__(message)


@pytest.fixture
def store() -> Iterator[Any]:
    """A Redis database that nothing else uses."""
    need("redis")
    with redis.Redis.from_url(str(make_url(REDIS).set(database="13"))) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def host(make_host: MakeHost, store: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Host]:
    caplog.set_level(logging.DEBUG)
    for name in ("werkzeug", "sqlalchemy.engine"):
        # Before the engine is made, so that every statement is logged with its parameters and rows.
        caplog.set_level(logging.DEBUG, name)
    mailer = RefusingMailer()
    host = make_host(
        w4r=W4R(mailer=mailer),
        captcha="none",
        section={
            "preset": "AU", "url_prefix": PREFIX,
            "custom_fields": [{"name": "school", "label": {"en": "School"}, "required": True}],
        },
        RATELIMIT_STORAGE_URI=str(make_url(REDIS).set(database="13")),
        PROPAGATE_EXCEPTIONS=False,
    )  # fmt: skip
    host.mailer = mailer
    make_campaign(host.app)
    yield host
    host.app.extensions["w4r_limiter"].storage.storage.close()


def everything_happens(host: Host, address: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sign, slip, sign again, confirm, break; returns every address of a page that was answered."""
    client = host.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    urls: list[str] = []

    def send(page: Any, **changes: Any) -> Any:
        answer = submit(client, page, "form_token", **{**PERSON, **changes})
        urls.extend([answer.request.url, answer.location or ""])
        return answer

    assert send(client.get(CASE)).status_code == 422
    assert send(client.get(f"{CASE}/sign"), consent="").status_code in (303, 422)
    assert send(client.get(f"{CASE}/sign"), email=PERSON["email"] + " x").status_code == 422
    assert send(client.get(f"{CASE}/sign")).status_code == 303
    client.get(f"{PREFIX}/confirm/{'x' * 43}")
    run_jobs(host.app)
    with host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_outbox SET not_before = created_at")
    run_jobs(host.app)
    assert send(client.get(f"{CASE}/sign"), phone="").status_code == 303
    run_jobs(host.app)
    assert "Your signature is confirmed" in press(client, link(host)).text
    for command in (("mail", "status"), ("tally", "recount"), ("doctor",)):
        host.app.test_cli_runner().invoke(args=["w4r", *command])

    def broken(*_: Any) -> Any:
        raise RuntimeError("something is broken")

    with monkeypatch.context() as patch:
        patch.setattr(sign_flow, "submission_of", broken)
        assert send(client.get(f"{CASE}/sign")).status_code >= 500
    page = client.get(f"{CASE}/sign")
    with host.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE w4r_intake RENAME TO w4r_away")
    assert send(page).status_code >= 500
    with host.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE w4r_away RENAME TO w4r_intake")
    return urls


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_canary_anywhere(
    host: Host,
    address: str,
    store: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls = everything_happens(host, address, monkeypatch)
    assert not leaks("\n".join(urls).encode())
    assert any("w4r_signature" in record.getMessage() for record in caplog.records), "the statements were logged"
    assert not leaks(caplog.text.encode())
    files = list(tmp_path.rglob("site.sqlite3*"))
    assert files
    for path in files:
        assert not leaks(path.read_bytes()), path.name
    keys = list(store.scan_iter("*"))
    assert keys
    for key in keys:
        assert not leaks(key + b" " + (store.get(key) or b""))


def test_no_canary_in_the_access_log(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """Behind a real server: names and addresses travel in bodies, never in a URL."""
    server = make_server("127.0.0.1", 0, host.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        from http.cookiejar import CookieJar
        from urllib.request import HTTPCookieProcessor

        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        url = f"http://127.0.0.1:{server.server_port}{CASE}/sign"
        with opener.open(url) as page:
            html = page.read().decode()
        fields = form_fields(host.app.response_class(html), "form_token")[1]  # type: ignore[arg-type]
        with opener.open(url, urlencode({**fields, **PERSON}, doseq=True).encode()) as answer:
            assert answer.url.endswith("/thanks")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    log = "\n".join(record.getMessage() for record in caplog.records if record.name == "werkzeug")
    assert "POST /au/cases/ann-example/sign" in log
    assert not leaks(log.encode())
