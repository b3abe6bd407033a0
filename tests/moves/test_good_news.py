"""Good news that was half mailed when its section moved: the other site goes on where this one stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flask_w4r import W4R, Actor
from flask_w4r.keyring import generate_key
from flask_w4r.services.people.permissions import Staff
from flask_w4r.services.petitions import good_news
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, make_signatures, run_jobs
from tests.conftest import DATABASES, Host, MakeHost
from tests.moves.test_moving import KEYS, databases, moved  # noqa: F401  (databases is a fixture)

PEOPLE = 7


def asked(make_host: MakeHost, url: str) -> Host:
    """A site whose freed person's story is to be mailed to seven people."""
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer, permission_check=lambda *asked: True)
    host = make_host(url, w4r=w4r, captcha="none", **KEYS)
    host.mailer = mailer
    make_campaign(host.app, ["ann"])
    make_signatures(host.app, "ann", 1, state="confirmed", email=lambda number: "wants-none@example.org")
    make_signatures(
        host.app, "ann", PEOPLE, state="confirmed", newsletter=True, email=lambda number: f"p{number}@example.org"
    )
    host.run("w4r", "case", "status", "ann", "freed")
    state = get_state(host.app)
    staff = Staff(state.hooks, Actor("mo", "Mo"), state.keyring, state.sections["AU"], datetime.now(UTC))
    assert run(host.app, lambda work: good_news.ask(work, staff, "ann"))
    return host


def piece(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker writes one piece of the mails, and is killed at the next."""
    real, written = good_news.execute, []

    def killed(*args: object) -> int:
        if written:
            raise KeyboardInterrupt
        written.append(1)
        return real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(good_news, "execute", killed)
        with pytest.raises(KeyboardInterrupt):
            run_jobs(host.app)


def told(*hosts: Host) -> list[str]:
    return sorted(
        mail["To"] for host in hosts for mail in host.mailer.messages if "Ann is free" in str(mail["Subject"])
    )


@pytest.mark.parametrize(("kind", "new_keys"), [*((kind, False) for kind in DATABASES), ("postgresql", True)])
def test_each_gets_it_once(
    make_host: MakeHost,
    databases: dict[str, str],  # noqa: F811
    kind: str,
    new_keys: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(good_news, "PIECE", 2)
    first = asked(make_host, databases["again"])
    piece(first, monkeypatch)
    first.run("w4r", "mail", "send")
    piece(first, monkeypatch)
    assert len(told(first)) == 2
    assert first.rows("SELECT queued, finished_at FROM w4r_good_news") == [(4, None)]
    # Two have it, two mails wait in the outbox, and of three nothing is written yet.
    keys = {"index_key": generate_key(), "index_keys_old": [KEYS["index_key"]]} if new_keys else {}
    second = moved(make_host, first, databases[kind], tmp_path / "archive", **keys)
    if new_keys:
        second.run("w4r", "keys", "reindex")
    run_jobs(second.app)
    run_jobs(second.app)
    assert told(first, second) == [f"p{number}@example.org" for number in range(1, PEOPLE + 1)]
    (row,) = second.rows("SELECT queued, expected, finished_at FROM w4r_good_news")
    assert (row.queued, row.expected) == (PEOPLE, PEOPLE)
    assert row.finished_at is not None
