"""A section's own words in a kit: known where it is read for that section, called as the section calls them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError
from flask_w4r.i18n import use_locale
from flask_w4r.services.campaign.catalogue import find_case
from flask_w4r.services.campaign.results import impact_stories
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.kits.exporter import export_kit
from flask_w4r.services.kits.importer import import_kit
from flask_w4r.services.kits.reader import read_kit
from tests.conftest import MakeHost

from .conftest import ADA, AU, BOB, MA, NOW, faults, swap

WORDS = {
    "topics": {"land-rights": {"en": "Land rights", "fr": "Droit à la terre"}, "torture": {"en": "Ill-treatment"}},
    "sensitive": {"drowning": {"en": "drowning"}},
    "solidarity_rules": {"no-maps": {"en": "No maps"}},
    "outcomes": {"came-home": {"en": "Came home"}},
    "units": {"postcards": {"en": "postcards"}},
}
OWN = replace(AU, locales=("en", "fr"), vocabularies=WORDS)


@pytest.fixture
def own_kit(kit_path: Path) -> Path:
    """A kit with a word of the section's own wherever there may be one."""
    swap(kit_path, ADA, '"torture", "health"', '"torture", "land-rights"')
    swap(kit_path, ADA, 'sensitive = ["torture"]', 'sensitive = ["drowning"]')
    swap(kit_path, ADA, '"no-religion"', '"no-maps"')
    swap(kit_path, BOB, '"freed"', '"came-home"')
    swap(kit_path, BOB, 'unit = "people"', 'unit = "postcards"')
    return kit_path


def test_they_are_refused_where_nobody_knows_them(own_kit: Path) -> None:
    found = faults(own_kit)
    assert len(found) == 5
    assert f"{ADA}:5: topics: 'land-rights' is not known" in found[0]
    with pytest.raises(KitError, match="land-rights"):
        read_kit(own_kit, [OWN, MA])
    slip = replace(AU, vocabularies={**WORDS, "topics": {"landrights": {"en": "Land rights"}}})
    with pytest.raises(KitError, match="did you mean 'landrights'"):
        read_kit(own_kit, [slip])


def test_they_come_in_are_shown_and_go_out_again(session: Session, own_kit: Path, tmp_path: Path) -> None:
    kit = read_kit(own_kit, [OWN])
    import_kit(session, OWN, kit, now=NOW)
    session.commit()
    shown = {}
    for locale in ("en", "fr"):
        lens = Lens(OWN, locale, NOW, lambda endpoint, **values: endpoint)
        with use_locale(locale):
            case, [story] = find_case(session, lens, "ada-example"), impact_stories(session, lens)
        shown[locale] = [label for _, label in case.topics]
        assert (case.sensitive[0], story.outcome_label, story.figures[0]["label"]) == (
            "drowning", "Came home", "postcards",
        )  # fmt: skip
    assert shown == {"en": ["Ill-treatment", "Land rights"], "fr": ["Ill-treatment", "Droit à la terre"]}
    assert OWN.word("solidarity_rules", "no-maps", "fr") == "No maps"
    assert OWN.word("solidarity_rules", "no-amnesty", "en") == "No mention of Amnesty"
    assert read_kit(export_kit(session, OWN, "2024", tmp_path / "out"), [OWN]) == kit


def test_the_commands_know_them(make_host: MakeHost, own_kit: Path) -> None:
    table = {"preset": "AU", "url_prefix": "/au", "vocabularies": WORDS}
    host = make_host(sections=[table, {"preset": "NZ", "url_prefix": "/nz"}])
    runner = host.app.test_cli_runner()
    told = runner.invoke(args=["w4r", "kit", "validate", str(own_kit)])
    assert (told.exit_code, "land-rights" in told.output) == (1, True)
    assert "valid" in host.run("w4r", "kit", "validate", str(own_kit), "--section", "AU").output
    host.run(
        "w4r", "kit", "import", str(own_kit), "--section", "AU", "--starts-on", "2020-01-01", "--ends-on", "2090-01-01"
    )
    page = host.app.test_client().get("/au/cases/ada-example").text
    assert "Land rights" in page
    assert "drowning" in page
    assert "Came home" in host.app.test_client().get("/au/impact").text
