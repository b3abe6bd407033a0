"""A section table to begin with."""

from __future__ import annotations

import json

import pytest

from flask_w4r.sections import load_section
from tests.conftest import MakeHost

WIEN = ("XA", "--name", "Briefe für Rechte", "--country", "at", "--locale", "de", "--time-zone", "Europe/Vienna")


def test_a_preset_and_a_country_without_one(make_host: MakeHost) -> None:
    host = make_host()
    preset = json.loads(host.run("w4r", "section", "new", "nz", "--json").output)
    assert preset == {"preset": "NZ"}
    own = json.loads(host.run("w4r", "section", "new", *WIEN, "--json").output)
    section, faults = load_section(own, default_prefix="/w", default_confirmation="email")
    assert faults == []
    assert section is not None
    assert (section.code, section.country, section.default_locale) == ("XA", "AT", "de")
    text = host.run("w4r", "section", "new", *WIEN).output
    made: dict[str, object] = {}
    exec(text, made)
    assert made["W4R_SECTION"] == own


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("XA",), "say --name, --country, --time-zone, --locale"),
        ((*WIEN[:-1], "Mars/Base"), "time_zone"),
        (("XA", "--locale", "xx-yy-zz-aa"), "there is no language"),
    ],
)
def test_what_is_missing_or_wrong_is_said(make_host: MakeHost, words: tuple[str, ...], fault: str) -> None:
    done = make_host().app.test_cli_runner().invoke(args=["w4r", "section", "new", *words])
    assert (done.exit_code, fault in done.output) == (2, True), done.output
