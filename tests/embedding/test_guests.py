"""The host's limiter and mailer: used where they are, and done without where they are not."""

from __future__ import annotations

import sys
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from flask_w4r import W4R
from flask_w4r.testing import make_campaign, run_jobs, sign
from tests.conftest import Host
from tests.embedding.conftest import MakeSite, own_pages, production

LIMITS = {"sign_host": "2/hour"}


def own_limiter(**options: Any) -> Limiter:
    return Limiter(get_remote_address, storage_uri="memory://", in_memory_fallback_enabled=True, **options)


def presses(host: Host, times: int = 3) -> list[int]:
    make_campaign(host.app)
    client = host.app.test_client()
    return [sign(client, "/au", "ann-example").status_code for _ in range(times)]


@pytest.mark.parametrize("when", ["before", "after", "absent", "argument"])
def test_limits_hold_with_any_limiter(make_site: MakeSite, when: str) -> None:
    limiter = own_limiter()
    kwargs: dict[str, Any] = {}
    if when in ("before", "after"):
        kwargs[when] = limiter.init_app
    elif when == "argument":
        kwargs.update(w4r=W4R(limiter=limiter), before=limiter.init_app)
    host = make_site(rate_limits=LIMITS, **kwargs)
    assert presses(host) == [303, 303, 429]
    assert bool(limiter.storage.storage if when != "absent" else False) == (when != "absent"), "the host's own storage"


def test_a_limit_says_when_to_come_back(make_site: MakeSite) -> None:
    host = make_site(rate_limits=LIMITS)
    make_campaign(host.app)
    client = host.app.test_client()
    for _ in range(2):
        sign(client, "/au", "ann-example")
    answer = sign(client, "/au", "ann-example")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert client.get("/au/cases/ann-example").status_code == 200


def test_several_limiters_need_a_choice(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    def two(app: Flask) -> None:
        own_pages(app)
        own_limiter().init_app(app)
        own_limiter(key_prefix="second").init_app(app)

    host = make_site(before=two)
    client = host.app.test_client()
    assert client.get("/au/").status_code == 503
    assert "pass one: W4R(limiter=...)" in caplog.text
    assert client.get("/own").status_code == 200
    assert host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).exit_code == 1


def test_several_limiters_and_one_chosen(make_site: MakeSite) -> None:
    chosen = own_limiter()

    def two(app: Flask) -> None:
        own_limiter(key_prefix="second").init_app(app)
        chosen.init_app(app)

    host = make_site(before=two, w4r=W4R(limiter=chosen, mailer=lambda message: None), rate_limits=LIMITS)
    assert presses(host) == [303, 303, 429]
    host.run("w4r", "doctor")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (production(RATELIMIT_STORAGE_URI="memory://"), "set RATELIMIT_STORAGE_URI"),
        ({"RATELIMIT_ENABLED": False}, "set RATELIMIT_ENABLED to True"),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_a_limiter_that_does_not_protect_stops_our_pages_only(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture, config: dict[str, Any], reason: str, own: bool
) -> None:
    def pages(app: Flask) -> None:
        own_pages(app)
        if own:
            Limiter(get_remote_address, app=app, in_memory_fallback_enabled=True)

    host = make_site(before=pages, **config)
    client = host.app.test_client()
    for path in ("/au/", "/au/sign", "/au/tally.json", "/au/confirm/x", "/au/moderation/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "private, no-store")
        assert "We cannot accept this right now" in answer.text
    assert client.post("/au/sign").status_code == 503
    assert caplog.text.count(reason) == 1, "said once, not with every request"
    assert client.get("/own").status_code == 200
    assert client.get("/au/healthz").status_code == 200
    result = host.app.test_cli_runner().invoke(args=["w4r", "doctor"])
    assert result.exit_code == 1
    assert reason in result.output


def test_redis_in_production(make_site: MakeSite) -> None:
    host = make_site(**production())
    make_campaign(host.app)
    assert host.app.test_client().get("/au/").status_code == 200


def test_a_remote_limiter_without_fallback(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    limiter = Limiter(get_remote_address, storage_uri="redis://127.0.0.1:6379/9")
    host = make_site(before=limiter.init_app)
    assert host.app.test_client().get("/au/").status_code == 503
    assert "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED" in caplog.text


class Mailman(ModuleType):
    """A Flask-Mailman that keeps what it was given."""

    sent: list[Any] = []

    class EmailMultiAlternatives:
        def __init__(self, **fields: Any) -> None:
            self.fields = fields
            self.parts: list[tuple[str, str]] = []

        def attach_alternative(self, text: str, kind: str) -> None:
            self.parts.append((text, kind))

        def send(self, fail_silently: bool) -> int:
            Mailman.sent.append(self)
            return 1


def test_the_hosts_mailman_is_used(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask_mailman", Mailman("flask_mailman"))
    monkeypatch.setattr(Mailman, "sent", [])
    host = make_site(w4r=W4R(), after=lambda app: app.extensions.update(mailman=object()))
    assert presses(host, 1) == [303]
    run_jobs(host.app)
    (mail,) = Mailman.sent
    assert mail.fields["to"] == ["sam1@example.org"]
    assert mail.fields["headers"]["Message-ID"]
    assert "/au/confirm/" in mail.fields["body"]
    assert [kind for _, kind in mail.parts] == ["text/html"]


def test_a_mailer_that_is_given_comes_before_mailman(make_site: MakeSite) -> None:
    host = make_site(after=lambda app: app.extensions.update(mailman=object()))
    presses(host, 1)
    run_jobs(host.app)
    (message,) = host.mailer.messages
    assert isinstance(message, EmailMessage)
    assert message["To"] == "sam1@example.org"


def test_without_any_mailer_mails_wait(make_site: MakeSite) -> None:
    host = make_site(w4r=W4R())
    assert presses(host, 1) == [303]
    run_jobs(host.app)
    assert [row[0] for row in host.rows("SELECT state FROM w4r_outbox")] == ["queued"]
    result = host.app.test_cli_runner().invoke(args=["w4r", "doctor"])
    assert result.exit_code == 1
    assert "no mailer: pass W4R(mailer=...)" in result.output


def test_a_mail_url(make_site: MakeSite, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    host = make_site(w4r=W4R(), mail_url=f"file:{folder}")
    presses(host, 1)
    run_jobs(host.app)
    assert len(list(folder.glob("*.eml"))) == 1
