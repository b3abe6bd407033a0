"""A database that drops its connections: one polite answer at most, then signing goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from flask_w4r.services.intake import batch
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, supporter
from tests.conftest import Host, MakeHost
from tests.services import POSTGRES

CASE = "/au/cases/ann-example"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_signing_goes_on_after_the_connections_were_cut(
    make_host: MakeHost, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, "/au", "ann-example", **supporter(1)).status_code == 303
    _, hidden = form_fields(client.get(f"{CASE}/sign"), "form_token")
    admin = create_engine(POSTGRES, poolclass=NullPool)
    name = database.rpartition("/")[2]
    with admin.connect() as connection:
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :name"
        assert connection.execute(text(cut), {"name": name}).scalar_one() > 0
    answers = [client.post(f"{CASE}/sign", data={**hidden, **supporter(2)}).status_code for _ in range(4)]
    assert set(answers) <= {303, 503}
    assert answers[-1] == 303
    assert host.rows("SELECT count(*) FROM w4r_signature")[0][0] == 2
    assert "sam2@" not in caplog.text
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_statement_that_is_refused_leaves_the_connection_usable(make_host: MakeHost) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    client = host.app.test_client()
    page = client.get(f"{CASE}/sign")
    _, hidden = form_fields(page, "form_token")
    rename(host, "w4r_intake", "w4r_away")
    assert client.post(f"{CASE}/sign", data={**hidden, **supporter(1)}).status_code == 503
    rename(host, "w4r_away", "w4r_intake")
    rename(host, "w4r_outbox", "w4r_away")
    assert client.post(f"{CASE}/sign", data={**hidden, **supporter(1)}).status_code == 303
    with pytest.raises(ProgrammingError):
        batch.take(host.app)
    rename(host, "w4r_away", "w4r_outbox")
    with host.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM w4r_signature")) == 0, "nothing half written"
        assert connection.scalar(text("SELECT count(*) FROM w4r_intake WHERE set_aside_at IS NULL")) == 1
    assert host.rows("SELECT count(*) FROM w4r_signature")[0][0] == 1


def rename(host: Host, name: str, other: str) -> None:
    with host.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {name} RENAME TO {other}"))
