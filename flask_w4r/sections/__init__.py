"""A section is data: everything that differs by country is a field of :class:`Section`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from .actions import actions_of
from .handed_over import HANDED_OVER
from .sources import USUAL_SOURCES

#: Fields of the sign form that are there unless a section hides them.
_OFFERED = {"one_name": "optional"}
RTL_LANGUAGES = frozenset({"ar", "fa", "he", "ur", "ps", "ckb", "dv", "yi", "ug", "sd"})


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
    #: Of ``petition``: what these words say is handed over.
    hands_over: tuple[str, ...] = HANDED_OVER


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
    postal_address: tuple[str, ...] = ()
    desk_email: str | None = None
    delivery_to: str | None = None
    delivery_receipts: bool = False
    share_sources: tuple[str, ...] = USUAL_SOURCES
    messages_shown: bool = False
    digital_at_centre: bool = False
    action_types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    goals: Mapping[str, int] = field(default_factory=dict)
    class_mode: str = "off"
    embassy_addresses: Mapping[str, Any] = field(default_factory=dict)
    postage_hint: Mapping[str, str] = field(default_factory=dict)
    map_center: tuple[float, float] | None = None
    map_zoom: int = 4
    window: Mapping[str, date] = field(default_factory=dict)
    confirmation: str = "email"
    theme: Mapping[str, str] = field(default_factory=dict)
    vocabularies: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    retention: Mapping[str, int] = field(default_factory=dict)
    retention_longest: Mapping[str, int] = field(default_factory=dict)
    emails: Mapping[str, Any] = field(default_factory=dict)

    @property
    def handed_over(self) -> tuple[str, ...]:
        """What is handed over of each signature: ``name``, ``country`` and names of the section's own questions."""
        own = self.consents.get("petition")
        return own.hands_over if own is not None else HANDED_OVER

    def lang_tag(self, locale: str) -> str:
        """The BCP 47 tag for pages in ``locale``: with the country where the locale names none."""
        return locale if "-" in locale else f"{locale}-{self.country}"

    def field_mode(self, name: str) -> str:
        """``required``, ``optional`` or ``hidden``."""
        return self.fields.get(name, _OFFERED.get(name, "hidden"))

    def word(self, vocabulary: str, key: str, locale: str) -> str:
        """What a word of a vocabulary (:data:`~flask_w4r.topics.OPEN`) is called: by the section, else by us.

        :param locale: of the section's own words; ours are given in the current language.
        :returns: the word itself where nobody names it.
        """
        # Labels need the catalogues; a section is there before anybody speaks.
        from ..topics import OPEN

        own = self.vocabularies.get(vocabulary, {}).get(key)
        return self.text(own, locale) if own else str(OPEN[vocabulary].get(key, key))

    def text(self, texts: Mapping[str, str], locale: str) -> str:
        """The words for ``locale``, else the default locale's, else English, else whatever there is."""
        for choice in (locale, locale.split("-")[0], self.default_locale, "en"):
            if choice in texts:
                return texts[choice]
        return next(iter(texts.values()), "")

    def local_date(self, moment: datetime) -> date:
        """The day of a moment where the section is."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


def text_direction(locale: str) -> str:
    """``rtl`` or ``ltr`` for a locale code."""
    return "rtl" if locale.split("-")[0] in RTL_LANGUAGES else "ltr"


def preset_codes() -> list[str]:
    """The codes of the country presets that ship with the library."""
    return list(_preset_codes())


@cache
def _preset_codes() -> tuple[str, ...]:
    names = [item.name for item in (resources.files(__package__) / "presets").iterdir()]
    return tuple(sorted(name.removesuffix(".toml").upper() for name in names if name.endswith(".toml")))


@cache
def _read_preset(code: str) -> Mapping[str, Any]:
    """What a preset says, read once. Whoever changes a part of it makes a copy."""
    # Like the checks.
    import tomllib

    return tomllib.loads((resources.files(__package__) / "presets" / f"{code.lower()}.toml").read_text("utf-8"))


def load_section(table: Any, *, default_prefix: str, default_confirmation: str) -> tuple[Section | None, list[str]]:
    """Build a :class:`Section` from a preset code or a table.

    :param table: a preset code such as ``"AU"``, or a table with any of the section keys.
    :param default_prefix: ``W4R_URL_PREFIX``.
    :param default_confirmation: ``W4R_CONFIRMATION``.
    :returns: the section, or ``None``, and every fault found, each naming its key and the mend.
    """
    # CLDR comes with the checks: for an app that is configured, not for whoever imports the package.
    from .checks import check_section
    from .days import longer_than_preset

    if isinstance(table, str):
        table = {"preset": table}
    if not isinstance(table, Mapping):
        return None, ["preset: give a preset code such as 'AU', or a section table"]
    own = dict(table)
    faults: list[str] = []
    values: dict[str, Any] = {}
    preset = own.pop("preset", None)
    if preset is not None:
        if str(preset).upper() not in _preset_codes():
            return None, [f"preset: there is no preset {preset!r}; choose one of {', '.join(preset_codes())}"]
        values = {**_read_preset(str(preset).upper()), "preset": str(preset).upper()}
    known = {item.name for item in fields(Section)}
    for key in own:
        if key not in known:
            faults.append(f"{key}: not a section key; known are {', '.join(sorted(known))}")
    usual = {"url_prefix": default_prefix, "confirmation": default_confirmation}
    merged = {**usual, **values}
    for key, value in own.items():
        if value is None:
            # None takes back what the preset says.
            merged.pop(key, None)
            merged.update({key: usual[key]} if key in usual else {})
        elif key in known:
            both_tables = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
            merged[key] = (
                {**merged[key], **value}
                if both_tables
                and key in ("fields", "consents", "theme", "vocabularies", "retention", "retention_longest", "emails")
                else value
            )
    for key in ("code", "name", "country", "locales", "time_zone"):
        if key not in merged:
            faults.append(f"{key}: missing; give it, or name a preset")
    faults += longer_than_preset(own.get("retention_longest", merged.get("retention_longest")), values)
    locales = merged.get("locales")
    if "default_locale" not in merged and isinstance(locales, list | tuple) and locales and isinstance(locales[0], str):
        merged["default_locale"] = locales[0]
    faults += check_section(merged)
    return (None, faults) if faults else (_make_section(merged), [])


def _make_section(values: dict[str, Any]) -> Section:
    """The section of a table that was checked."""
    prefix = str(values["url_prefix"]).strip("/")
    values["url_prefix"] = f"/{prefix}" if prefix else ""
    values["locales"] = tuple(values["locales"])
    if "action_types" in values:
        values["action_types"] = actions_of(values["action_types"])
    for key in ("share_sources", "postal_address"):
        if key in values:
            values[key] = tuple(values[key])
    if "edition" in values:
        values["edition"] = str(values["edition"])
    values["custom_fields"] = tuple(
        item if isinstance(item, CustomField) else CustomField(**{**item, "choices": tuple(item.get("choices", ()))})
        for item in values.get("custom_fields", ())
    )
    values["consents"] = {
        purpose: item
        if isinstance(item, ConsentSpec)
        else ConsentSpec(purpose, str(item["version"]), item["text"], tuple(item.get("hands_over", HANDED_OVER)))
        for purpose, item in values.get("consents", {}).items()
    }
    if "map_center" in values:
        values["map_center"] = tuple(values["map_center"])
    return Section(**values)


def clashes(sections: Sequence[Section]) -> list[str]:
    """What is wrong with sections that could not be told apart: each fault, with the mend."""
    faults = []
    codes: set[str] = set()
    hosts: dict[str, list[str | None]] = {}
    for section in sections:
        # Some databases do not tell capitals apart.
        if section.code.lower() in codes:
            faults.append(f"two sections have the code {section.code!r}")
        codes.add(section.code.lower())
        hosts.setdefault(section.url_prefix, []).append(section.host.lower() if section.host else None)
    for prefix, names in hosts.items():
        if len(names) > 1 and (None in names or len(set(names)) < len(names)):
            faults.append(
                f"two sections are mounted at {prefix or '/'}; give each a url_prefix, or each a host, of its own"
            )
    return faults
