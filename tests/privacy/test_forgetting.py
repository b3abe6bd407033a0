"""What is over goes by itself: network hashes with their day's key, unconfirmed signatures, used-up proofs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign
from tests.conftest import MakeHost, every_database


@every_database
def test_networks_are_forgotten_with_their_key(make_host: MakeHost) -> None:
    moment = [datetime(2026, 12, 10, 12, tzinfo=UTC)]
    host = make_host(
        w4r=W4R(mailer=RecordingMailer(), clock=lambda: moment[0]), captcha="none", retention={"pending_days": 90}
    )
    make_campaign(host.app)
    assert sign(host.app.test_client(), "/au", "ann-example").status_code == 303
    hashes = "SELECT net_host, net_site, net_block, net_day FROM w4r_signature"
    moment[0] += timedelta(days=13)
    run_jobs(host.app)
    assert all(value is not None for value in host.rows(hashes)[0])
    moment[0] += timedelta(days=1)
    run_jobs(host.app)
    assert list(host.rows(hashes)[0]) == [None, None, None, None]
    assert host.rows("SELECT day FROM w4r_day_key WHERE day < '2026-12-20'") == []
