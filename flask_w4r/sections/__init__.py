"""A section is data: everything that differs by country is a field of :class:`Section`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from importlib import resources
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

FIELD_MODES = ("required", "optional", "hidden")
FORM_FIELDS = ("first_name", "last_name", "email", "phone", "postcode", "newsletter")
CUSTOM_TYPES = ("text", "select", "checkbox")
RTL_LANGUAGES = frozenset({"ar", "fa", "he", "ur", "ps", "ckb", "dv", "yi", "ug", "sd"})
THEME_TOKENS = frozenset({"ink", "paper", "signal", "on-signal", "muted", "line", "danger", "success", "radius",
                          "font-text", "font-display", "measure"})  # fmt: skip


@dataclass(frozen=True)
class CustomField:
    """A question of the section's own on the sign form."""

    name: str
    label: Mapping[str, str]
    type: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    max_length: int = 200
    hint: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConsentSpec:
    """One consent question: its words in each locale, and the version they are filed under."""

    purpose: str
    version: str
    text: Mapping[str, str]


@dataclass(frozen=True)
class Section:
    """One national section of the movement, as mounted. See ``docs/configuration`` for each key."""

    code: str
    name: str
    country: str
    locales: tuple[str, ...]
    default_locale: str
    time_zone: str
    preset: str | None = None
    edition: str | None = None
    url_prefix: str = "/write-for-rights"
    host: str | None = None
    base_url: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    custom_fields: tuple[CustomField, ...] = ()
    min_age: int | None = None
    consents: Mapping[str, ConsentSpec] = field(default_factory=dict)
    shared_mailbox: bool = False
    privacy_url: str | None = None
    contact: str | None = None
    delivery_to: str | None = None
    embassy_addresses: Mapping[str, Any] = field(default_factory=dict)
    map_center: tuple[float, float] | None = None
    map_zoom: int = 4
    window: Mapping[str, date] = field(default_factory=dict)
    confirmation: str = "email"
    theme: Mapping[str, str] = field(default_factory=dict)

    def lang_tag(self, locale: str) -> str:
        """The BCP 47 tag for pages in ``locale``: with the country where the locale names none."""
        return locale if "-" in locale else f"{locale}-{self.country}"

    def field_mode(self, name: str) -> str:
        """``required``, ``optional`` or ``hidden``."""
        return self.fields.get(name, "hidden")

    def text(self, texts: Mapping[str, str], locale: str) -> str:
        """The words for ``locale``, else the default locale's, else English, else whatever there is."""
        for choice in (locale, locale.split("-")[0], self.default_locale, "en"):
            if choice in texts:
                return texts[choice]
        return next(iter(texts.values()), "")


def text_direction(locale: str) -> str:
    """``rtl`` or ``ltr`` for a locale code."""
    return "rtl" if locale.split("-")[0] in RTL_LANGUAGES else "ltr"


def preset_codes() -> list[str]:
    """The codes of the country presets that ship with the library."""
    folder = resources.files(__package__) / "presets"
    return sorted(item.name.removesuffix(".toml").upper() for item in folder.iterdir() if item.name.endswith(".toml"))


def _read_preset(code: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "presets" / f"{code.lower()}.toml").read_text("utf-8"))


def load_section(
    table: Mapping[str, Any] | str, *, default_prefix: str, default_confirmation: str
) -> tuple[Section | None, list[str]]:
    """Build a :class:`Section` from a preset code or a table.

    :param table: a preset code such as ``"AU"``, or a table with any of the section keys.
    :param default_prefix: ``W4R_URL_PREFIX``.
    :param default_confirmation: ``W4R_CONFIRMATION``.
    :returns: the section, or ``None``, and every fault found, each naming its key and the mend.
    """
    own: dict[str, Any] = {"preset": table} if isinstance(table, str) else dict(table)
    faults: list[str] = []
    values: dict[str, Any] = {}
    preset = own.get("preset")
    if preset is not None:
        if str(preset).upper() not in preset_codes():
            return None, [f"preset: there is no preset {preset!r}; choose one of {', '.join(preset_codes())}"]
        values = _read_preset(str(preset))
        values["preset"] = str(preset).upper()
    known = {item.name for item in fields(Section)}
    for key in sorted(set(own) - known):
        faults.append(f"{key}: not a section key; known are {', '.join(sorted(known))}")
    merged = {"url_prefix": default_prefix, "confirmation": default_confirmation, **values}
    for key, value in own.items():
        if key == "preset" or key not in known:
            continue
        both_tables = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = {**merged[key], **value} if both_tables and key in ("fields", "consents", "theme") else value
    for key in ("code", "name", "country", "locales", "time_zone"):
        if not merged.get(key):
            faults.append(f"{key}: missing; give it, or name a preset")
    if faults:
        return None, faults
    merged.setdefault("default_locale", merged["locales"][0])
    merged["url_prefix"] = "/" + str(merged["url_prefix"]).strip("/") if str(merged["url_prefix"]).strip("/") else ""
    faults = _check(merged)
    if faults:
        return None, faults
    merged["locales"] = tuple(merged["locales"])
    merged["custom_fields"] = tuple(
        item if isinstance(item, CustomField) else CustomField(**{**item, "choices": tuple(item.get("choices", ()))})
        for item in merged.get("custom_fields", ())
    )
    merged["consents"] = {
        purpose: item if isinstance(item, ConsentSpec) else ConsentSpec(purpose, str(item["version"]), item["text"])
        for purpose, item in merged.get("consents", {}).items()
    }
    if merged.get("map_center"):
        merged["map_center"] = tuple(merged["map_center"])
    return Section(**merged), []


def _check(values: Mapping[str, Any]) -> list[str]:
    faults: list[str] = []

    def fault(key: str, text: str) -> None:
        faults.append(f"{key}: {text}")

    if not re.fullmatch(r"[A-Za-z0-9_]{2,32}", str(values["code"])):
        fault("code", "must be 2 to 32 letters, digits or underscores")
    if not re.fullmatch(r"[A-Z]{2}", str(values["country"])):
        fault("country", "must be a two-letter ISO 3166-1 code in capitals")
    locales: Sequence[str] = values["locales"]
    if isinstance(locales, str):
        fault("locales", "must be a list, for example ['en']")
        locales = [locales]
    for locale in locales:
        try:
            Locale.parse(locale, sep="-")
        except (ValueError, UnknownLocaleError):
            fault("locales", f"{locale!r} is not a locale, such as 'fr' or 'pt-BR'")
    if values["default_locale"] not in locales:
        fault("default_locale", f"{values['default_locale']!r} is not one of locales")
    try:
        ZoneInfo(str(values["time_zone"]))
    except (ZoneInfoNotFoundError, ValueError):
        fault("time_zone", f"{values['time_zone']!r} is not an IANA zone, such as 'Africa/Casablanca'")
    if values["confirmation"] not in ("email", "none"):
        fault("confirmation", "must be 'email' or 'none'")
    for name, mode in dict(values.get("fields", {})).items():
        if name not in FORM_FIELDS:
            fault("fields", f"{name!r} is not a form field; known are {', '.join(FORM_FIELDS)}")
        if mode not in FIELD_MODES:
            fault("fields", f"{name} must be one of {', '.join(FIELD_MODES)}")
    if dict(values.get("fields", {})).get("email", "required") == "hidden" and values["confirmation"] == "email":
        fault("fields", "email cannot be hidden while confirmation is 'email'")
    min_age = values.get("min_age")
    if min_age is not None and not (isinstance(min_age, int) and 5 <= min_age <= 21):
        fault("min_age", "must be a whole number of years from 5 to 21")
    for key in ("base_url", "privacy_url"):
        url = values.get(key)
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
            fault(key, f"{url!r} must be a full http or https URL")
    for key in values.get("theme", {}):
        if key not in THEME_TOKENS:
            fault("theme", f"{key!r} is not a token; known are {', '.join(sorted(THEME_TOKENS))}")
    for key, value in dict(values.get("theme", {})).items():
        if not re.fullmatch(r"[#(),.%/ A-Za-z0-9'\"-]{1,200}", str(value)):
            fault("theme", f"{key} has characters that a CSS value of ours may not have")
    for item in values.get("custom_fields", ()):
        if isinstance(item, CustomField):
            continue
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", str(item.get("name", ""))) or not item.get("label"):
            fault("custom_fields", "each needs a name (lower case letters, digits, underscores) and a label table")
        elif item["name"] in (*FORM_FIELDS, "consent", "withhold_name", "website", "csrf_token", "form_token", "cases"):
            fault("custom_fields", f"the name {item['name']!r} is taken by a field of ours")
        if item.get("type", "text") not in CUSTOM_TYPES:
            fault("custom_fields", f"type must be one of {', '.join(CUSTOM_TYPES)}")
        if item.get("type") == "select" and not item.get("choices"):
            fault("custom_fields", f"{item.get('name')}: a select needs choices")
    for purpose, item in dict(values.get("consents", {})).items():
        if not isinstance(item, ConsentSpec) and not ({"version", "text"} <= set(item)):
            fault("consents", f"{purpose} needs a version and a text table by locale")
    window = values.get("window", {})
    for key in window:
        if key not in ("starts_on", "ends_on") or not isinstance(window[key], date):
            fault("window", "takes starts_on and ends_on, as dates")
    return faults
