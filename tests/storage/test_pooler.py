"""A real PgBouncer that pools by transaction: nobody meets an error, and the doctor says how to do better."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from flask_w4r.services.intake import batch
from flask_w4r.services.storage import pooler
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, supporter
from tests.conftest import Host, MakeHost
from tests.petitions.helpers import at_once

CASE = "/au/cases/ann-example"
PGBOUNCER = shutil.which("pgbouncer") or ("/usr/sbin/pgbouncer" if Path("/usr/sbin/pgbouncer").exists() else None)
GENEROUS = {"sign_host": "10000/minute", "sign_site": "10000/minute", "sign_block": "10000/minute"}


@pytest.fixture
def pooled(database: str, tmp_path: Path) -> Iterator[str]:
    """The test's database behind PgBouncer, which has few connections for many."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed")
    url = make_url(database)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (tmp_path / "users.txt").write_text(f'"{url.username}" "{url.password or ""}"\n')
    settings = tmp_path / "pgbouncer.ini"
    secret = f" password={url.password}" if url.password else ""
    settings.write_text(
        f"[databases]\n{url.database} = host={url.host} port={url.port or 5432} user={url.username}{secret}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"auth_file = {tmp_path}/users.txt\npool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 200\n"
    )
    as_user: list[str] = []
    if os.geteuid() == 0:
        # It refuses to run as root, and whoever it becomes must read its files.
        as_user = ["-u", "nobody"]
        for path in (tmp_path, settings, tmp_path / "users.txt", *list(tmp_path.parents)[:3]):
            path.chmod(path.stat().st_mode | 0o055)
    process = subprocess.Popen([PGBOUNCER, *as_user, "-q", str(settings)])
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(
                    host="127.0.0.1", port=port, user=url.username, dbname=url.database, connect_timeout=2
                ).close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None and time.monotonic() < deadline, "PgBouncer does not answer"
                time.sleep(0.05)
        yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_busy_day_behind_a_pooler(make_host: MakeHost, pooled: str, database: str) -> None:
    make_campaign(make_host(captcha="none").app)
    host = make_host(pooled, upgrade=False, captcha="none", rate_limits=GENEROUS)
    warning = "a pooler such as PgBouncer is in front of PostgreSQL"
    assert warning in host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    client = host.app.test_client()
    _, fields = form_fields(client.get(f"{CASE}/sign"), "form_token")

    def some(number: int) -> list[int]:
        """Twenty presses of one thread, with pages in between."""
        own = host.app.test_client()
        found = []
        for turn in range(20):
            typed = {**fields, **supporter(20 * number + turn)}
            found.append(own.post(f"{CASE}/sign", data=typed).status_code)
            found.append(own.get("/au/tally.json").status_code)
            if turn % 5 == 0:
                batch.take(host.app)
        return found

    answers = [code for codes in at_once(10, some) for code in codes]
    assert set(answers) == {200, 303}
    assert host.rows("SELECT count(*) FROM w4r_signature")[0][0] == 200
    run_jobs(host.app)
    assert len(host.mailer.messages) == 200
    assert host.run("w4r", "tally", "recount")
    assert get_state(host.app).engines(host.app)[0].pool in pooler._between, "the test met what it is about"
    assert warning in host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output, (
        "the host's own sessions prepare still"
    )


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_without_one_nothing_is_said(make_host: MakeHost) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    assert sign(host.app.test_client(), "/au", "ann-example").status_code == 303
    assert "pooler" not in host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    assert isinstance(host, Host)
