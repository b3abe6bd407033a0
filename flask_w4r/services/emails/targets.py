"""Whom a case writes to: which of them can be written to, by what they are known, and when their office is open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from ...i18n import country_name
from ...models import Case
from ...sections.emails import EmailRules
from ..campaign.views import CaseView
from ..people.addresses import canonical_of

#: Where a government sits, in countries with several zones of which CLDR says no more. A target's own ``time_zone`` in the
#: kit comes first.
_SEATS: Mapping[str, str] = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai", "CY": "Asia/Nicosia", "DE": "Europe/Berlin",
    "EC": "America/Guayaquil", "ES": "Europe/Madrid", "FM": "Pacific/Pohnpei", "GL": "America/Nuuk", "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty", "MH": "Pacific/Majuro", "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby", "PS": "Asia/Hebron", "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kiev",
    "US": "America/New_York", "UZ": "Asia/Tashkent",
}  # fmt: skip
_WEEKEND = (5, 6)
_DAYS_LOOKED_AT = 8


@dataclass(frozen=True)
class Target:
    """One of those a case writes to.

    :ivar key: what an email names them by: the same as long as their name is.
    :ivar office: the title in the language of ``office_lang``, the reader's where the kit has it so.
    :ivar mailbox: a hash of the address, by which emails of several cases to one mailbox are counted together.
    """

    key: str
    name: str
    title: str
    email: str
    mailbox: str
    country: str
    zone: str
    verified_on: date | None
    office: str = ""
    office_lang: str = ""

    @property
    def label(self) -> str:
        """Name and office."""
        return ", ".join(part for part in (self.name, self.title) if part)

    @property
    def government(self) -> str:
        """The country in whose name they act."""
        return country_name(self.country)


def target_key(target: Mapping[str, Any]) -> str:
    """What an email names a target by. A new address, or title, is the same target's; a new name is somebody else's."""
    name = " ".join(str(target.get("name") or target.get("title") or "").casefold().split())
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def mailbox_key(email: str) -> str:
    """The hash of a target's address."""
    return hashlib.sha256(canonical_of(email).encode()).hexdigest()[:32]


def zone_of(country: str) -> str:
    """The time zone of a country's government."""
    zones = get_global("territory_zones").get(country, ["UTC"])
    return _SEATS.get(country, zones[0])


def _target(given: Mapping[str, Any], case_country: str) -> Target:
    postal = given.get("address")
    seat = postal.get("country") if isinstance(postal, Mapping) else None
    country = str(given.get("country") or seat or case_country)
    email = str(given.get("email") or "")
    return Target(
        target_key(given), str(given.get("name") or ""), str(given.get("title") or ""), email,
        mailbox_key(email) if email else "", country, str(given.get("time_zone") or zone_of(country)),
        _day(given.get("verified_on")), str(given.get("office") or given.get("title") or ""),
        str(given.get("office_lang") or ""),
    )  # fmt: skip


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text or ""))
    except ValueError:
        return None


def all_targets(given: Iterable[Mapping[str, Any]], country: str) -> list[Target]:
    """Every target, each once."""
    found = [_target(one, country) for one in given if one]
    return list({one.key: one for one in reversed(found)}.values())[::-1]


def targets_of(case: Case) -> list[Target]:
    """Those of a case's row."""
    return all_targets((case.target, *(case.targets or ())), case.country)


def writable(case: CaseView | Case) -> list[Target]:
    """Those of a case that have an address."""
    found = all_targets(case.targets or (), case.country) if isinstance(case, CaseView) else targets_of(case)
    return [one for one in found if one.email]


@lru_cache(maxsize=256)
def weekend_of(country: str) -> frozenset[int]:
    """The days of a country's weekend, Monday being nought."""
    try:
        locale = Locale.parse(f"und_{country}")
    except (ValueError, UnknownLocaleError):
        return frozenset(_WEEKEND)
    first, last = locale.weekend_start, locale.weekend_end
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


@dataclass(frozen=True)
class Hours:
    """When an office takes mail: on its own clock, on the working days of its own country."""

    zone: str
    opens: time
    closes: time
    weekend: frozenset[int]

    def next_open(self, moment: datetime) -> datetime:
        """The moment itself where the office is open then, else when it opens next."""
        zone = ZoneInfo(self.zone)
        local = moment.astimezone(zone)
        for step in range(_DAYS_LOOKED_AT):
            day = local.date() + timedelta(days=step)
            if day.weekday() in self.weekend:
                continue
            # Each end is looked at in UTC: a day on which clocks are changed is no exception.
            opens = datetime.combine(day, self.opens, zone).astimezone(UTC)
            closes = datetime.combine(day, self.closes, zone).astimezone(UTC)
            if moment < opens:
                return opens
            if moment < closes:
                return moment
        return moment


def hours_of(target: Target, rules: EmailRules) -> Hours:
    """A target's office hours."""
    opens, closes = rules.hours
    return Hours(target.zone, opens, closes, weekend_of(target.country))
