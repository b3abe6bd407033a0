"""A worker is killed before each of its statements, and before its commits: a batch is done whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_w4r.services.intake import batch
from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost, every_database
from tests.processes import Started

from .presses import kill_one_by_one, make_app, press_of_every_sort, state_of


@pytest.mark.kill
@pytest.mark.slow
@every_database
def test_killed_between_any_two_statements(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(captcha="none")
    cases = sorted(make_campaign(host.app, ("ann-example", "bo-example")).values())
    app = make_app({key: value for key, value in host.app.config.items() if key.isupper()})
    press_of_every_sort(app, cases)
    url = str(host.app.config["SQLALCHEMY_DATABASE_URI"])
    config = {key: host.app.config[key] for key in ("SECRET_KEY", "TESTING", "SQLALCHEMY_DATABASE_URI")}
    config |= {key: value for key, value in host.app.config.items() if key.startswith("W4R_")}
    workers = Started(tmp_path, kill_one_by_one, config)
    assert (workers.wait(120), workers.errors) == (0, "")
    assert int(workers.output) >= 10
    assert not state_of(url)["w4r_intake"]
    _as_it_should_be(host)


def _as_it_should_be(host: Host) -> None:
    signatures = host.rows("SELECT state, captcha, version FROM w4r_signature")
    # Ten people with an address, of whom one signed one case more than once, and one without; two cases each.
    assert len(signatures) == 18
    assert sorted(row.state for row in signatures) == ["confirmed"] * 8 + ["pending"] * 10
    assert len(host.rows("SELECT digest FROM w4r_spent_proof")) == 6
    assert len(host.rows("SELECT person_index FROM w4r_edition_person")) == 3
    assert batch.take(host.app) == (0, 0)
    host.run("w4r", "tally", "recount")
