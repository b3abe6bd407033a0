"""What CONTRIBUTING tells somebody who comes next: every path in it is there, and each recipe works as it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from wtforms import StringField

from flask_w4r import config_checks as check
from flask_w4r import seam
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.config import W4RConfig, _key
from flask_w4r.errors import ConfigurationError
from tests.conftest import Host

from .postcards import pages
from .test_new_capability import FORM, send
from .test_new_capability import clock as clock
from .test_new_capability import site as site

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_every_path_in_it_is_there() -> None:
    named = re.findall(r"`((?:flask_w4r|tests|docs)/[a-z][\w./]+)`", TEXT)
    assert len(named) > 10
    for name in named:
        assert (ROOT / name).exists() or (ROOT / f"{name}.rst").exists(), name


def test_the_map_names_every_capability_in_its_order() -> None:
    table = TEXT[TEXT.index("| from the ground up") : TEXT.index("Imports go down only")]
    named = re.findall(r"`(\w+)`", table)
    assert sorted(named) == sorted(one.name for one in CAPABILITIES)


def test_the_parts_of_the_seam_that_it_names_are_there() -> None:
    parts = "".join((ROOT / f"flask_w4r/seam/{name}.py").read_text("utf-8") for name in ("parts", "mailing", "keeping"))
    for word in re.findall(r"`(MailKind|Link|Personal|Retention|Capability|prepare|look_up|capped|sweep)\b", TEXT):
        assert hasattr(seam, word) or word in parts, word


def test_a_field_more(site: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the recipe says: in the form, in what it hands on, in what is sealed, in the template."""

    class Longer(pages.PostcardForm):
        colour = StringField("Colour of the ink")

    monkeypatch.setattr(pages, "PostcardForm", Longer)
    refused = send(site, words="", colour="green")
    assert refused.status_code == 422
    assert send(site, colour="green").status_code == 303
    assert len(site.rows("SELECT id FROM toy_postcard")) == 1
    assert site.app.test_client().get(FORM).status_code == 200


def test_a_setting_more() -> None:
    @dataclass(frozen=True)
    class Longer(W4RConfig):
        stamps: Any = _key(check.seconds(1, 9), 2, "Stamps on a postcard.")

    given = {"W4R_SECTION": "AU", "W4R_STAMPS": 3}
    config, _ = Longer.from_mapping(given, relaxed=True)
    assert config.stamps == 3
    with pytest.raises(ConfigurationError, match="W4R_STAMPS"):
        Longer.from_mapping({**given, "W4R_STAMPS": 30}, relaxed=True)
