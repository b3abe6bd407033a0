"""What the documentation says of emails to those in power."""

from __future__ import annotations

from dataclasses import fields
from datetime import time

from flask_w4r.sections import load_section
from flask_w4r.sections.emails import EmailRules, rules_of

from .pages import DOCS, covers, load


@covers("emails.py")
def test_the_rules_of_a_section() -> None:
    table = load("emails.py").W4R_SECTION
    section, faults = load_section(table, default_prefix="/act", default_confirmation="email")
    assert section is not None and not faults
    rules = rules_of(section)
    assert rules.hours == (time(8, 30), time(16)) and rules.per_hour == 20 and rules.mode == "send"


def test_every_rule_is_in_the_table() -> None:
    page = (DOCS / "emails.rst").read_text("utf-8")
    for rule in fields(EmailRules):
        assert f"``{rule.name}``" in page, rule.name
        if rule.default not in (None, True, False) and not isinstance(rule.default, str):
            assert str(rule.default) in page, rule.name
