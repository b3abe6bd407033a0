"""What each key of a section table may be. Each check yields what is wrong, with the mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError

from ..topics import OPEN
from .actions import check_actions
from .days import check_days, longer_than_allowed
from .emails import check_emails
from .embassies import check_embassies, check_postal_address
from .handed_over import HANDED_OVER, NEVER_HANDED_OVER
from .questions import check_custom_fields, check_fields, has_words
from .urls import is_web_url, prefix_problem

CONSENT_PURPOSES = ("petition", "newsletter", "email", "message")
THEME_TOKENS = frozenset({"ink", "paper", "signal", "on-signal", "muted", "line", "danger", "success", "radius",
                          "font-text", "font-display", "measure"})  # fmt: skip
#: What stands in kits and tables.
_WORD = re.compile(r"(?=.{1,40}\Z)[a-z0-9]+(?:[-_][a-z0-9]+)*")
Problems = Iterator[str]


def _code(value: Any) -> Problems:
    if not re.fullmatch(r"[A-Za-z0-9_]{2,32}", value if isinstance(value, str) else ""):
        yield "must be 2 to 32 letters, digits or underscores"


def _country(value: Any) -> Problems:
    if not re.fullmatch(r"[A-Z]{2}", value if isinstance(value, str) else ""):
        yield "must be a two-letter ISO 3166-1 code in capitals"


def _text(value: Any) -> Problems:
    if not isinstance(value, str) or not value.strip():
        yield "must be text"


def _locales(value: Any) -> Problems:
    if not isinstance(value, list | tuple) or not value:
        yield "must be a list, for example ['en']"
        return
    for locale in value:
        if not _is_locale(locale):
            yield f"{locale!r} is not a locale, such as 'fr' or 'pt-BR'"
    if len({str(locale).lower() for locale in value}) < len(value):
        yield "names a locale twice"


def _is_locale(value: Any) -> bool:
    # It stands in URLs as it is written.
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", value):
        return False
    try:
        Locale.parse(value, sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True


def _time_zone(value: Any) -> Problems:
    try:
        ZoneInfo(value if isinstance(value, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{value!r} is not an IANA zone, such as 'Africa/Casablanca'"


def _edition(value: Any) -> Problems:
    if (
        not isinstance(value, str | int)
        or isinstance(value, bool)
        or not re.fullmatch(r"[0-9]{4}(-[0-9]{2,4})?", str(value))
    ):
        yield "must be an edition's year, such as '2024'"


def _prefix(value: Any) -> Problems:
    if problem := prefix_problem(value):
        yield problem


def _host(value: Any) -> Problems:
    if not re.fullmatch(r"(?i)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", value if isinstance(value, str) else ""):
        yield "must be a host name without scheme or port, such as 'w4r.example.org'"


def _url(value: Any) -> Problems:
    if not is_web_url(value):
        yield f"{value!r} must be a full http or https URL"


def _email(value: Any) -> Problems:
    # With DNS behind it, a large package for a key that many sections leave out.
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(value if isinstance(value, str) else "", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        yield "must be an email address, such as 'desk@example.org'"


def _min_age(value: Any) -> Problems:
    if type(value) is not int or not 5 <= value <= 21:
        yield "must be a whole number of years from 5 to 21"


def _consents(value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield "must be a table by purpose"
        return
    for purpose, entry in value.items():
        if purpose not in CONSENT_PURPOSES:
            yield f"{purpose!r} is not a purpose; known are {', '.join(CONSENT_PURPOSES)}"
        item = entry if isinstance(entry, Mapping) else getattr(entry, "__dict__", {})
        version = item.get("version")
        if (
            not isinstance(version, str | int)
            or not re.fullmatch(r"\S{1,32}", str(version))
            or not has_words(item.get("text"))
        ):
            yield f"{purpose} needs a version and a text table by locale"
        fields = item.get("hands_over", HANDED_OVER)
        if not isinstance(fields, list | tuple) or "name" not in fields or len(set(map(str, fields))) < len(fields):
            yield f"{purpose}: hands_over must be a list such as {list(HANDED_OVER)}, with 'name' in it"
        elif never := [name for name in fields if name in NEVER_HANDED_OVER]:
            yield f"{purpose}: {never[0]!r} is never handed over"


def _flag(value: Any) -> Problems:
    if not isinstance(value, bool):
        yield "must be true or false"


def _sources(value: Any) -> Problems:
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, str) and re.fullmatch("[a-z0-9][a-z0-9_-]{0,31}", one) for one in value
    ):
        yield "must be a list of names of 1 to 32 small letters, digits, - or _"
    elif len(set(value)) < len(value):
        yield "names one twice"


def _localised(value: Any) -> Problems:
    if not has_words(value):
        yield "must be a text for each locale, such as {'en': 'A letter abroad costs ...'}"


def _goals(value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield "must be a table, such as {'letter': 1000, 'people': 500}"
        return
    for name, number in value.items():
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]{0,31}", name):
            yield f"names {name!r}; give a type of action, 'total', 'people' or 'schools'"
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 1_000_000_000:
            yield f"{name}: must be a whole number above nought"


def _class_mode(value: Any) -> Problems:
    if value not in ("off", "teacher", "names"):
        yield "must be 'off', 'teacher' or 'names'"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _map_center(value: Any) -> Problems:
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(item) for item in value)
    if not pair or not (-90 <= value[0] <= 90 and -180 <= value[1] <= 180):
        yield "must be latitude and longitude, such as [31.8, -7.1]"


def _map_zoom(value: Any) -> Problems:
    if type(value) is not int or not 0 <= value <= 22:
        yield "must be a whole number from 0 to 22"


def _window(value: Any) -> Problems:
    days = list(value.values()) if isinstance(value, Mapping) else [None]
    usable = all(isinstance(day, date) and not isinstance(day, datetime) for day in days)
    if not usable or not set(value) <= {"starts_on", "ends_on", "hosting_opens_on"}:
        yield "takes starts_on and ends_on, and hosting_opens_on, as dates"
    elif "ends_on" in value and value.get("starts_on", value["ends_on"]) > value["ends_on"]:
        yield "ends before it starts"
    elif "ends_on" in value and value.get("hosting_opens_on", value["ends_on"]) > value["ends_on"]:
        yield "opens for hosts after it ends"


def _confirmation(value: Any) -> Problems:
    if value not in ("email", "none"):
        yield "must be 'email' or 'none'"


def _theme(value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield "must be a table of tokens"
        return
    for key, item in value.items():
        if key not in THEME_TOKENS:
            yield f"{key!r} is not a token; known are {', '.join(sorted(THEME_TOKENS))}"
        elif not isinstance(item, str | int | float) or not re.fullmatch(r"[#(),.%/ A-Za-z0-9'\"-]{1,200}", str(item)):
            yield f"{key} contains characters that are not allowed in our CSS values"


def _vocabularies(value: Any) -> Problems:
    if not isinstance(value, Mapping):
        yield "must be a table by vocabulary"
        return
    for name, words in value.items():
        if name not in OPEN:
            yield f"{name!r} takes no words of yours; known are {', '.join(OPEN)}"
            continue
        for word, labels in words.items() if isinstance(words, Mapping) else [("", None)]:
            if not isinstance(word, str) or not _WORD.fullmatch(word):
                yield f"{name}: {word!r} must be of lower case letters and digits, parted by hyphens, 40 at most"
            elif not has_words(labels):
                yield f"{name}: {word} needs a label for each locale, such as {{'en': 'Land rights'}}"


CHECKS: Mapping[str, Callable[[Any], Problems]] = {
    "code": _code, "name": _text, "country": _country, "locales": _locales, "default_locale": _text,
    "time_zone": _time_zone, "edition": _edition, "url_prefix": _prefix, "host": _host, "base_url": _url,
    "fields": check_fields, "custom_fields": check_custom_fields, "min_age": _min_age, "consents": _consents,
    "shared_mailbox": _flag, "privacy_url": _url, "contact": _text, "desk_email": _email, "delivery_to": _text, "share_sources": _sources,
    "delivery_receipts": _flag, "messages_shown": _flag, "digital_at_centre": _flag, "action_types": check_actions, "goals": _goals, "class_mode": _class_mode,
    "embassy_addresses": check_embassies, "postal_address": check_postal_address, "postage_hint": _localised, "map_center": _map_center, "map_zoom": _map_zoom, "window": _window,
    "confirmation": _confirmation, "theme": _theme, "vocabularies": _vocabularies,
    "retention": check_days, "retention_longest": check_days, "emails": check_emails,
}  # fmt: skip


def check_section(values: Mapping[str, Any]) -> list[str]:
    """Check every key of a section table, then what two of them must agree on.

    :returns: each fault, naming its key and the mend.
    """
    faults = [f"{key}: {problem}" for key, check in CHECKS.items() if key in values for problem in check(values[key])]
    faults += [] if faults else longer_than_allowed(values)
    if faults or not {"locales", "default_locale", "confirmation"} <= set(values):
        return faults
    if values["default_locale"] not in values["locales"]:
        faults.append(f"default_locale: {values['default_locale']!r} is not one of locales")
    if values.get("fields", {}).get("email", "required") == "hidden" and values["confirmation"] == "email":
        faults.append("fields: email cannot be hidden while confirmation is 'email'")
    return faults + list(_handed_over_faults(values))


def _handed_over_faults(values: Mapping[str, Any]) -> Problems:
    """What the consent names must be asked for."""
    petition = values.get("consents", {}).get("petition", {})
    fields = petition.get("hands_over", ()) if isinstance(petition, Mapping) else petition.hands_over
    asked = {getattr(item, "name", None) or item["name"] for item in values.get("custom_fields", ())}
    for name in fields:
        if name not in asked and name not in HANDED_OVER:
            yield f"consents: petition hands over {name!r}, which is none of custom_fields"
