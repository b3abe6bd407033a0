"""What the conditions of an invalidation mean, and what a preview shows of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.services.petitions import invalidation, invalidation_preview
from flask_w4r.services.petitions.invalidation import ConditionFault
from flask_w4r.testing import make_campaign, make_signatures, sign, supporter
from tests.conftest import MakeHost, every_database

from .test_invalidation import Desk


@pytest.fixture
def at(make_host: MakeHost) -> Desk:
    host = make_host()
    make_campaign(host.app, ("ann-example", "bob-example"))
    return Desk(host)


@pytest.mark.parametrize(
    "conditions",
    [{}, {"email": "*"}, {"name": "**"}, {"email": "*@*"}, {"mail_domain": "*.*"}, {"state": "pending"},
     {"only_held": True}, {"min_score": 0}, {"state": "confirmed", "only_held": True, "name": "?*"}],
)  # fmt: skip
def test_conditions_that_mean_everybody_are_refused(at: Desk, conditions: dict[str, Any]) -> None:
    make_signatures(at.app, "ann-example", 2)
    for act in (at.preview, at.propose):
        with pytest.raises(ConditionFault) as caught:
            act(**conditions)
        assert (caught.value.field, caught.value.key) == (None, "empty")
    assert at.states() == ["pending"] * 2
    assert at.logged() == []


@pytest.mark.parametrize(
    ("conditions", "fault"),
    [
        ({"case": "nobody"}, ("case", "unknown")),
        ({"network": "not a network"}, ("network", "syntax")),
        ({"network": "0.0.0.0/0"}, ("network", "too_wide")),
        ({"seen_network": "2026-01-01/host/00"}, ("seen_network", "syntax")),
        ({"seen_network": "2026-99-01/host/" + "0" * 64}, ("seen_network", "syntax")),
        ({"reason": "x' OR 1"}, ("reason", "unknown")),
        ({"case": "ann-example", "state": "erased"}, ("state", "unknown")),
        ({"name": "x" * 201}, ("name", "too_long")),
    ],
)
def test_conditions_that_cannot_be_used_say_which(at: Desk, conditions: dict[str, Any], fault: tuple[str, str]) -> None:
    with pytest.raises(ConditionFault) as caught:
        at.preview(**conditions)
    assert (caught.value.field, caught.value.key) == fault


@every_database
def test_each_condition_means_its_own(at: Desk) -> None:
    now = at.state.clock()
    day = now.date()
    reasons = [{"check": "address_random", "score": 30, "hold": False}]
    make_signatures(at.app, "ann-example", 3)
    make_signatures(at.app, "bob-example", 1, email="old@example.org", created_at=now - timedelta(days=2))
    make_signatures(at.app, "bob-example", 1, email="net@example.org", net_day=day, net_site=b"s" * 32)
    make_signatures(at.app, "bob-example", 1, email="Bot_1@gmail.com", score=40, reasons=reasons)
    make_signatures(at.app, "bob-example", 1, email="bot%2@example.net", first_name="Évil", last_name="[Bot]")
    make_signatures(at.app, "bob-example", 1, email="held@example.org", held_at=now, state="confirmed")
    make_signatures(at.app, "bob-example", 1, email="over@example.org", state="invalid")
    assert {name: at.preview(**given).count for name, given in {
        "case": {"case": "ann-example"},
        "until": {"until": now - timedelta(days=1)},
        "since": {"since": now - timedelta(days=1)},
        "seen": {"seen_network": f"{day}/site/{(b's' * 32).hex()}"},
        "other tier": {"seen_network": f"{day}/host/{(b's' * 32).hex()}"},
        "domain": {"mail_domain": "GMAIL.*"},
        "underscore": {"mail_domain": "gmai_.com"},
        "email": {"email": "bot*"},
        "email one": {"email": "bot?2@EXAMPLE.net"},
        "name": {"name": "évil [bot]"},
        "set": {"name": "[a-z]*"},
        "score": {"min_score": 40},
        "reason": {"reason": "address_random"},
        "part of a reason": {"reason": "address"},
        "confirmed": {"case": "bob-example", "state": "confirmed"},
        "held": {"case": "bob-example", "only_held": True},
        "both": {"case": "ann-example", "min_score": 40},
    }.items()} == {
        "case": 3, "until": 1, "since": 7, "seen": 1, "other tier": 0, "domain": 1, "underscore": 0, "email": 2,
        "email one": 1, "name": 1, "set": 0, "score": 1, "reason": 1, "part of a reason": 0, "confirmed": 1,
        "held": 1, "both": 0,
    }  # fmt: skip


def test_a_network_by_its_cidr(make_host: MakeHost) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    for number, address in enumerate(("198.51.100.7", "198.51.100.9", "203.0.113.5"), 1):
        client = host.app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        assert sign(client, "/au", "ann-example", **supporter(number)).status_code == 303
    at = Desk(host)
    counts = {net: at.preview(network=net).count for net in (
        "198.51.100.0/24", "198.51.100.7", "198.51.100.8/30", "203.0.0.0/16", "192.0.2.1"
    )}  # fmt: skip
    assert list(counts.values()) == [2, 1, 1, 1, 0]
    with pytest.raises(ConditionFault, match="too_wide"):
        at.preview(network="10.0.0.0/2")


def test_a_preview_shows_a_few_and_no_whole_address(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 20, first_name=lambda number: f"Fay{number}")
    found = at.preview(case="ann-example")
    assert (found.count, found.is_estimate, found.scanned) == (20, False, 0)
    assert [sample.name for sample in found.samples][:2] == ["Fay20 Sample20", "Fay19 Sample19"]
    assert {sample.address for sample in found.samples} == {"m…@e….org"}
    assert len(found.samples) == invalidation.SAMPLES
    assert at.logged() == []


def test_a_preview_that_opens_rows_says_how_many_and_is_logged(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    make_signatures(at.app, "ann-example", 40, first_name=lambda number: "Bot" if number % 2 else "Ann")
    assert at.preview(name="bot *").count == 20
    monkeypatch.setattr(invalidation_preview, "OPENED_AT_MOST", 10)
    found = at.preview(name="bot *")
    assert (found.count, found.is_estimate, found.scanned, found.found, found.candidates) == (20, True, 10, 5, 40)
    assert at.logged() == [("mo", "invalidation_previewed", 40), ("mo", "invalidation_previewed", 10)]
    assert "bot" not in at.host.rows("SELECT changes FROM w4r_audit")[0][0]
