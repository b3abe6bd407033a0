"""A section's rules, and when an office is open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flask_w4r.sections import load_section
from flask_w4r.sections.emails import EmailRules
from flask_w4r.services.emails.targets import all_targets, hours_of, target_key

BAD = {
    "mode": ("post", "must be one of send, digest, mailto"),
    "per_hour": (0, "from 1 to 3600"),
    "longest": (10, "from 200 to 4000"),
    "opens": ("9", "must be a time such as '09:00'"),
    "sender": ("nobody", "must be an email address"),
    "editable": ("yes", "must be true or false"),
    "speed": (3, "is not a rule; known are mode, editable"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_rule_is_named_with_its_mend(name: str) -> None:
    value, words = BAD[name]
    _, faults = load_section(
        {"preset": "AU", "emails": {name: value}}, default_prefix="/act", default_confirmation="email"
    )
    assert len(faults) == 1 and faults[0].startswith("emails: ") and words in faults[0]


@pytest.mark.parametrize("table", [{"mode": "mailto"}, {"opens": "17:00", "closes": "09:00"}, 3])
def test_rules_must_agree(table: object) -> None:
    _, faults = load_section({"preset": "AU", "emails": table}, default_prefix="/act", default_confirmation="email")
    assert len(faults) == 1


def _next(moment: datetime, **target: str) -> datetime:
    (one,) = all_targets([{"name": "Jo", "email": "jo@gov.example", **target}], "NZ")
    return hours_of(one, EmailRules()).next_open(moment)


@pytest.mark.parametrize(
    ("target", "moment", "opens"),
    [
        # Friday afternoon in Riyadh is a weekend; Sunday is none.
        ({"country": "SA"}, datetime(2026, 11, 27, 10, tzinfo=UTC), datetime(2026, 11, 29, 6, tzinfo=UTC)),
        ({"country": "US"}, datetime(2026, 11, 28, 10, tzinfo=UTC), datetime(2026, 11, 30, 14, tzinfo=UTC)),
        ({"time_zone": "Europe/Paris"}, datetime(2026, 11, 30, 8, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        # Clocks went forward that night in New Zealand, so that nine o'clock comes an hour sooner.
        ({}, datetime(2026, 9, 25, 6, tzinfo=UTC), datetime(2026, 9, 27, 20, tzinfo=UTC)),
    ],
)
def test_an_office_is_open_on_its_own_clock(target: dict[str, str], moment: datetime, opens: datetime) -> None:
    assert _next(moment, **target) == opens


def test_somebody_is_the_same_by_their_name() -> None:
    assert target_key({"name": " Jo  Bloggs"}) == target_key({"name": "jo bloggs", "email": "new@gov.example"})
    assert target_key({"name": "Jo Bloggs"}) != target_key({"name": "Jo Blogs"})
