"""What the page about the desk says is so: its snippets, its numbers, its checks, its permissions, its keys."""

from __future__ import annotations

import re

import pytest

from flask_w4r import Permission
from flask_w4r.config_defaults import DEFAULT_SCORING
from flask_w4r.sections.days import USUAL_DAYS
from flask_w4r.services.moderation import alerts, decisions, pulse
from flask_w4r.services.moderation.reasons import REASON_WORDS
from flask_w4r.services.petitions import invalidation_preview, invalidation_run
from flask_w4r.signals import alert_raised
from flask_w4r.state import get_state

from .conftest import MakeSite
from .pages import DOCS, ROOT, covers, load

PAGE = (DOCS / "moderation.rst").read_text("utf-8")


def table_after(heading: str) -> list[str]:
    """The first column of the first table below a heading, its header left out."""
    text = PAGE.split(f"\n{heading}\n", 1)[1]
    return re.findall(r"^   \* - (.+)$", text.split("\n\n\n", 1)[0].split(".. list-table::", 2)[1], re.MULTILINE)[1:]


@covers("roles.py")
def test_roles(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_site("roles.py")
    check = get_state(app).hooks.permission_check
    assert check is not None
    codes = {}
    for name in (None, "kim", "noor", "ana"):
        monkeypatch.setitem(check.__globals__, "signed_in", name)
        client = app.test_client()
        codes[name] = [
            client.get(f"/act/moderation/{path}").status_code
            for path in (
                "",
                "queue",
                "rules",
                "batches",
                "cases/ann-example/texts",
                "find",
                "events",
                "audit",
                "audit.csv",
            )
        ]
    assert codes == {
        None: [403] * 9,
        "kim": [200, 200, 200, 403, 403, 403, 403, 403, 403],
        "noor": [200, 200, 200, 200, 200, 200, 200, 403, 403],
        "ana": [403, 403, 403, 403, 403, 403, 403, 200, 200],
    }


@covers("country.py")
def test_country(make_site: MakeSite) -> None:
    lookup = get_state(make_site("country.py")).hooks.country_lookup
    assert lookup is not None
    assert (lookup("203.0.113.7"), lookup("198.51.100.1")) == ("NZ", None)


@covers("alerts.py")
def test_alerts(make_site: MakeSite) -> None:
    module = load("alerts.py")
    try:
        app = make_site()
        values = {
            "section": "AU",
            "hour": None,
            "case_id": 0,
            "metric": "submitted",
            "key": "",
            "count": 300,
            "usual": 9,
        }
        alert_raised.send(app, **values)
    finally:
        alert_raised.disconnect(module.ring)
    assert module.pager == ["AU: 300 submitted in an hour, at most 9 were likely"]


def test_every_check_has_its_line() -> None:
    named = set(re.findall(r"``(\w+)``", " ".join(table_after("What the checks are"))))
    assert named == set(REASON_WORDS)
    assert set(DEFAULT_SCORING) - {"hold_at"} <= named


def test_every_permission_has_its_line() -> None:
    named = re.findall(r"``([A-Z_]+)``", " ".join(table_after("Who may do what")))
    assert sorted(named) == sorted(member.name for member in Permission)


def test_every_key_has_its_line() -> None:
    script = (ROOT / "flask_w4r/static/js/moderation/desk.js").read_text("utf-8")
    keys = set(re.findall(r'^ +"?([a-z?])"?: \(\) =>', script, re.MULTILINE))
    named = set(re.findall(r"``(.)``", " ".join(table_after("The queue"))))
    assert keys == named


def test_numbers_that_the_page_gives() -> None:
    assert (decisions.MOST, invalidation_preview.ALONE_AT_MOST, invalidation_preview.OPENED_AT_MOST) == (
        200,
        1000,
        2000,
    )
    assert invalidation_run.PIECE == 500
    assert (pulse.PULSE_EVERY, pulse.NETWORKS_KEPT_DAYS) == (15.0, 14)
    assert (pulse.PULSE_KEPT.days, alerts.HISTORY.days) == (400, 7)
    assert USUAL_DAYS["audit_days"] == 730
