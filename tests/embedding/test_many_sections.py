"""Many sections in one app: what is made for each is made once, and late."""

from __future__ import annotations

import gc

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.routing import Map, Rule

from flask_w4r import W4R
from flask_w4r.sections import load_section, preset_codes
from tests.conftest import MakeHost

MANY = 60


class HostRule(Rule):
    """A host's own kind of rule."""


def sections(number: int) -> list[dict[str, str]]:
    presets = preset_codes()
    return [
        {
            "preset": presets[n % len(presets)],
            "code": f"S{n}",
            "url_prefix": f"/s{n}",
            "desk_email": f"d{n}@example.org",
        }
        for n in range(number)
    ]


def test_a_rule_that_compiles_late_writes_what_one_that_compiles_at_once_writes(make_host: MakeHost) -> None:
    app = make_host(section={"preset": "MA", "url_prefix": "/ma"}, upgrade=False).app
    plain = Map(converters=app.url_map.converters)
    compared = 0
    for rule in app.url_map.iter_rules():
        twin = Rule(rule.rule, **rule.get_empty_kwargs())
        plain.add(twin)
        # A value may have any name, that of a parameter too.
        values = {name: sorted(getattr(one, "items", "7"))[0] for name, one in rule._converters.items()}
        extra = {"rule": "x", "self": "y z", **values}
        for given, unknown in ((values, False), (values, True), (extra, True)):
            assert rule.build(given, append_unknown=unknown) == twin.build(given, append_unknown=unknown), rule.rule
            assert rule.build(given, append_unknown=unknown) == twin.build(given, append_unknown=unknown), rule.rule
        compared += 1
    assert compared > 100


def test_the_host_keeps_its_own_kind_of_rule_and_ours_are_of_it_too() -> None:
    app = Flask("host")
    app.url_rule_class = HostRule
    app.config.update(
        TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://", W4R_SECTION={"preset": "AU", "url_prefix": "/au"}
    )
    W4R(app, SQLAlchemy(app))
    app.add_url_rule("/later", "later", lambda: "")
    assert app.url_rule_class is HostRule
    later, ours = (next(app.url_map.iter_rules(name)) for name in ("later", "w4r_au.case"))
    assert type(later) is HostRule
    assert isinstance(ours, HostRule)
    with app.test_request_context():
        assert app.url_for("w4r_au.case", slug="ann", next="a b") == "/au/cases/ann?next=a+b"


def test_many_sections_begin_without_compiling_a_url(make_host: MakeHost) -> None:
    app = make_host(sections=sections(MANY), upgrade=False).app
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("w4r_s")]
    assert len(rules) > MANY * 50
    assert not [rule.rule for rule in rules if "_w4r_builders" in vars(rule)]
    assert gc.isenabled()
    with app.test_request_context():
        assert app.url_for("w4r_s7.case", slug="ann").startswith("/s7/")
    assert len([rule for rule in rules if "_w4r_builders" in vars(rule)]) < 5


def test_the_collector_stays_as_the_host_has_it(make_host: MakeHost) -> None:
    gc.disable()
    try:
        make_host(upgrade=False)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_preset_is_read_once_and_no_section_changes_it_for_another() -> None:
    def load(**own: object) -> object:
        section, faults = load_section({"preset": "au", **own}, default_prefix="/w4r", default_confirmation="email")
        assert not faults
        return section

    plain = load()
    assert load(fields={"phone": "required"}, theme={"ink": "#000"}, default_locale=None) != plain
    assert load() == plain
    preset_codes().clear()
    assert preset_codes()


@pytest.mark.parametrize("path", ["/s3/", "/s3/nowhere"])
def test_a_page_of_one_of_many_answers(make_host: MakeHost, path: str) -> None:
    host = make_host(sections=sections(5))
    assert host.app.test_client().get(path).status_code in (200, 404)
