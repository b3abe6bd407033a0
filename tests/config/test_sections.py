"""A section is data: presets, what overrides them, and what a section may not say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from flask_w4r import ConfigurationError
from flask_w4r.config import W4RConfig
from flask_w4r.sections import ConsentSpec, CustomField, Section, preset_codes

OWN = {"code": "XX", "name": "Elsewhere", "country": "NZ", "locales": ["en", "mi"], "time_zone": "Pacific/Auckland"}


def load(*tables: Any, **config: Any) -> tuple[Section, ...]:
    return W4RConfig.from_mapping({"W4R_SECTIONS": list(tables), **config}, relaxed=True)[1]


def faults(*tables: Any, **config: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(*tables, **config)
    return list(caught.value.faults)


@pytest.mark.parametrize("code", preset_codes())
def test_every_preset_stands_alone(code: str) -> None:
    (section,) = load(code)
    assert section.code == section.preset == code
    assert section.default_locale == section.locales[0]
    assert load(code.lower()) == (section,)


def test_a_section_without_preset() -> None:
    (section,) = load(OWN)
    assert (section.default_locale, section.url_prefix, section.confirmation) == ("en", "/write-for-rights", "email")


def test_what_overrides_a_preset() -> None:
    (section,) = load(
        {
            "preset": "MA", "default_locale": "fr", "fields": {"phone": "hidden"}, "theme": {"signal": "#ff0"},
            "edition": 2024, "url_prefix": "ecrire/", "map_center": [1, 2], "min_age": None,
            "window": {
                "starts_on": date(2026, 11, 1), "ends_on": date(2026, 12, 31), "hosting_opens_on": date(2026, 10, 1),
            },
            "consents": {"petition": {"version": 3, "text": {"fr": "J'accepte."}}},
            "custom_fields": [{"name": "union", "label": {"fr": "Syndicat"}, "type": "select", "choices": ["A", "B"]}],
        },
        W4R_CONFIRMATION="none",
    )  # fmt: skip
    assert (section.default_locale, section.edition, section.url_prefix) == ("fr", "2024", "/ecrire")
    assert (section.fields["phone"], section.fields["email"]) == ("hidden", "required")
    assert (section.min_age, section.confirmation, section.map_center) == (None, "none", (1, 2))
    assert section.consents == {"petition": ConsentSpec("petition", "3", {"fr": "J'accepte."})}
    assert section.custom_fields == (CustomField("union", {"fr": "Syndicat"}, "select", choices=("A", "B")),)


def test_objects_may_stand_for_tables() -> None:
    field = CustomField("union", {"en": "Union"})
    spec = ConsentSpec("newsletter", "1", {"en": "Write to me."})
    (section,) = load({**OWN, "custom_fields": [field], "consents": {"newsletter": spec}})
    assert section.custom_fields == (field,)
    assert section.consents == {"newsletter": spec}


@pytest.mark.parametrize(
    ("key", "value", "mend"),
    [
        ("code", "a", "2 to 32 letters"),
        ("code", "A U", "2 to 32 letters"),
        ("code", 5, "2 to 32 letters"),
        ("name", "", "must be text"),
        ("country", "au", "two-letter ISO 3166-1 code in capitals"),
        ("locales", "en", "must be a list"),
        ("locales", [], "must be a list"),
        ("locales", ["xx-klingon"], "is not a locale"),
        ("locales", ["EN"], "is not a locale"),
        ("locales", ["en_AU"], "is not a locale"),
        ("locales", [5], "is not a locale"),
        ("locales", ["en", "en"], "names a locale twice"),
        ("default_locale", "fr", "is not one of locales"),
        ("default_locale", 5, "must be text"),
        ("time_zone", "Mars/Olympus", "is not an IANA zone"),
        ("time_zone", "Africa", "is not an IANA zone"),
        ("time_zone", "../../etc/passwd", "is not an IANA zone"),
        ("time_zone", 5, "is not an IANA zone"),
        ("edition", "next", "must be an edition's year"),
        ("edition", True, "must be an edition's year"),
        ("url_prefix", "/a b", "must be a path"),
        ("url_prefix", "/<x>", "must be a path"),
        ("host", "https://au.example.org", "without scheme or port"),
        ("host", "au.example.org:80", "without scheme or port"),
        ("host", ["au.example.org"], "without scheme or port"),
        ("base_url", "au.example.org", "must be a full http or https URL"),
        ("privacy_url", "javascript:alert(1)", "must be a full http or https URL"),
        ("fields", ["email"], "must be a table"),
        ("fields", {"age": "required"}, "'age' is not a form field"),
        ("fields", {"phone": "sometimes"}, "phone must be one of"),
        ("fields", {"email": "hidden"}, "email cannot be hidden"),
        ("custom_fields", {"name": "x"}, "must be a list of tables"),
        ("custom_fields", ["x"], "entry 1 must be a table"),
        ("custom_fields", [{"name": "x"}], "a label table"),
        ("custom_fields", [{"name": "X y", "label": {"en": "x"}}], "needs a name"),
        ("custom_fields", [{"name": "email", "label": {"en": "x"}}], "'email' is already used by one of our own fields"),
        ("custom_fields", [{"name": "website", "label": {"en": "x"}}], "'website' is already used by one of our own fields"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}, "kind": "text"}], "'kind' is not known"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}, "type": "date"}], "type must be one of"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}, "type": "select"}], "a select needs choices"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}, "choices": "ab"}], "choices must be a list"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}, "max_length": 0}], "max_length"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}, "required": "no"}], "required must be true or false"),
        ("custom_fields", [{"name": "x", "label": {"en": "x"}}] * 2, "the same name"),
        ("min_age", 4, "from 5 to 21"),
        ("min_age", "16", "from 5 to 21"),
        ("min_age", True, "from 5 to 21"),
        ("consents", ["petition"], "must be a table"),
        ("consents", {"petition": {"text": {"en": "x"}}}, "needs a version and a text table"),
        ("consents", {"petition": {"version": "1", "text": "x"}}, "needs a version and a text table"),
        ("consents", {"marketing": {"version": "1", "text": {"en": "x"}}}, "'marketing' is not a purpose"),
        ("shared_mailbox", "yes", "must be true or false"),
        ("contact", 5, "must be text"),
        ("postal_address", "Street 1", "must be a list of 8 lines at most"),
        ("postal_address", [], "must be a list of 8 lines at most"),
        ("postal_address", ["x" * 101], "must be a list of 8 lines at most"),
        ("postal_address", ["x"] * 9, "must be a list of 8 lines at most"),
        ("embassy_addresses", [], "must be a table by country code"),
        ("embassy_addresses", {"Chile": {}}, "'Chile' is not a two-letter ISO 3166-1 code"),
        ("embassy_addresses", {"CL": {"street": "x"}}, "CL takes lines, a list such as"),
        ("embassy_addresses", {"CL": {"lines": ["x" * 101]}}, "CL: lines must be 8 texts at most"),
        ("embassy_addresses", {"CL": {"lines": ["Embassy of Chile"]}}, "CL: verified_on must be the date"),
        ("postage_hint", "2 euros", "must be a text for each locale"),
        ("map_center", [1], "must be latitude and longitude"),
        ("map_center", [200, 0], "must be latitude and longitude"),
        ("map_center", "1,2", "must be latitude and longitude"),
        ("map_zoom", 99, "from 0 to 22"),
        ("window", {"from": date(2026, 1, 1)}, "takes starts_on and ends_on"),
        ("window", {"starts_on": "2026-01-01"}, "takes starts_on and ends_on"),
        ("window", {"starts_on": datetime(2026, 1, 1)}, "takes starts_on and ends_on"),
        ("window", {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)}, "ends before it starts"),
        ("window", {"hosting_opens_on": date(2026, 2, 1), "ends_on": date(2026, 1, 1)}, "opens for hosts after it ends"),
        ("window", 5, "takes starts_on and ends_on"),
        ("confirmation", "sms", "must be 'email' or 'none'"),
        ("theme", "dark", "must be a table"),
        ("theme", {"colour": "red"}, "'colour' is not a token"),
        ("theme", {"ink": "red; } body { display: none"}, "characters that are not allowed in our CSS values"),
        ("vocabularies", ["topics"], "must be a table"),
        ("vocabularies", {"kinds": {"x": {"en": "X"}}}, "'kinds' takes no words of yours; known are topics"),
        ("vocabularies", {"topics": ["x"]}, "topics: '' must be of lower case letters"),
        ("vocabularies", {"topics": {"Land Rights": {"en": "X"}}}, "'Land Rights' must be of lower case letters"),
        ("vocabularies", {"topics": {"x" * 41: {"en": "X"}}}, "40 at most"),
        ("vocabularies", {"topics": {"land": "Land"}}, "topics: land needs a label for each locale"),
        ("colour", "red", "not a section key"),
    ],
)  # fmt: skip
def test_what_a_section_may_not_say(key: str, value: Any, mend: str) -> None:
    (*_, fault) = found = faults({**OWN, key: value})
    assert all(item.startswith(f"W4R_SECTIONS[1].{key}: ") for item in found), found
    assert mend in fault


@pytest.mark.parametrize("key", ["code", "name", "country", "locales", "time_zone"])
def test_what_a_section_must_say(key: str) -> None:
    for table in ({name: value for name, value in OWN.items() if name != key}, {**OWN, key: None}):
        assert faults(table) == [f"W4R_SECTIONS[1].{key}: missing; give it, or name a preset"]


def test_the_faults_of_every_section_at_once() -> None:
    found = faults({**OWN, "min_age": 1, "country": "x"}, "QQ", {"preset": "AU", "host": "-"})
    assert [fault.partition(":")[0] for fault in found] == [
        "W4R_SECTIONS[1].country", "W4R_SECTIONS[1].min_age", "W4R_SECTIONS[2].preset", "W4R_SECTIONS[3].host",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [[], {}, "AU", 5, {"preset": "AU"}])
def test_sections_are_a_list(value: Any) -> None:
    with pytest.raises(ConfigurationError, match="W4R_SECTIONS: must be a list with at least one section"):
        W4RConfig.from_mapping({"W4R_SECTIONS": value}, relaxed=True)


def test_sections_must_be_told_apart() -> None:
    assert (
        "two sections have the code 'au'" in faults({**OWN, "code": "AU"}, {**OWN, "code": "au", "url_prefix": "/b"})[0]
    )
    for one, two in (
        ({}, {}),
        ({"host": "a.example"}, {}),
        ({}, {"host": "a.example"}),
        ({"host": "a.example"}, {"host": "A.example"}),
        ({"url_prefix": "/x/"}, {"url_prefix": "x"}),
    ):
        (fault,) = faults({**OWN, **one}, {**OWN, "code": "YY", **two})
        assert "give each a url_prefix, or each a host, of its own" in fault
    assert len(load({**OWN, "host": "a.example"}, {**OWN, "code": "YY", "host": "b.example"})) == 2
    assert len(load({**OWN, "url_prefix": "/a"}, {**OWN, "code": "YY", "url_prefix": "/b"})) == 2
