"""What a moderator looks for in the queue: filters that travel in the URL, and where one page ends."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, tuple_

from ...i18n import plain_digits, read_number
from ...models.petitions import CAPTCHA_RESULTS

STATES = ("pending", "confirmed")
ORDERS = ("oldest", "newest")
TIERS = ("host", "site", "block")
_NETWORK = re.compile(r"(\d{4}-\d\d-\d\d)/(host|site|block)/([0-9a-f]{64})")
_SLUG = re.compile(r"[a-z0-9-]{1,100}")
_WORD = re.compile(r"[a-z0-9_]{1,32}")
_DOMAIN = re.compile(r"[a-z0-9.-]{1,100}")


@dataclass(frozen=True)
class NetworkMark:
    """A network as the desk shows it: the day whose key made the hash, the tier, the hash. No address."""

    day: date
    tier: str
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> NetworkMark | None:
        """Read ``<day>/<tier>/<hex>``; ``None`` when it is nothing of the kind."""
        found = _NETWORK.fullmatch(text.strip().lower())
        if found is None:
            return None
        try:
            return cls(date.fromisoformat(found[1]), found[2], bytes.fromhex(found[3]))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.day.isoformat()}/{self.tier}/{self.digest.hex()}"


@dataclass(frozen=True)
class Filters:
    """What to show. ``since`` and ``until`` are about when a signature came to be held."""

    #: Empty for the first kind there is.
    kind: str = ""
    case: str | None = None
    held_for: str | None = None
    state: str | None = None
    mail_domain: str | None = None
    score: int | None = None
    captcha: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    net: NetworkMark | None = None
    order: str = "oldest"

    def query(self, zone: str) -> dict[str, str]:
        """As values of a URL; what is not asked for is left out.

        :param zone: the section's time zone, in which moments are written.
        """
        values: dict[str, Any] = {
            "kind": self.kind or None, "case": self.case, "held_for": self.held_for,
            "state": self.state, "mail_domain": self.mail_domain, "score": self.score, "captcha": self.captcha,
            "since": _local(self.since, zone), "until": _local(self.until, zone), "net": self.net,
            "order": self.order if self.order != "oldest" else None,
        }  # fmt: skip
        return {name: str(value) for name, value in values.items() if value is not None}

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != Filters(kind=self.kind, order=self.order)


def parse_filters(given: Mapping[str, str], zone: str) -> tuple[Filters, list[str]]:
    """Read filters from a URL or a form.

    :param zone: the section's time zone, in which moments without an offset are meant.
    :returns: the filters, and the names of values that cannot be understood, which are left out.
    """
    bad: list[str] = []

    def take(name: str, read: Any) -> Any:
        text = given.get(name, "").strip()
        if not text:
            return None
        value = read(text)
        if value is None:
            bad.append(name)
        return value

    def one_of(*known: str) -> Any:
        return lambda text: text if text in known else None

    def like(pattern: re.Pattern[str]) -> Any:
        return lambda text: text if pattern.fullmatch(text) else None

    filters = Filters(
        kind=take("kind", like(_WORD)) or "",
        case=take("case", like(_SLUG)),
        held_for=take("held_for", like(_WORD)),
        state=take("state", one_of(*STATES)),
        mail_domain=take("mail_domain", lambda text: like(_DOMAIN)(text.lower())),
        score=take("score", lambda text: read_number(text, 0, 9999)),
        captcha=take("captcha", one_of(*CAPTCHA_RESULTS)),
        since=take("since", lambda text: _moment(text, zone)),
        until=take("until", lambda text: _moment(text, zone)),
        net=take("net", NetworkMark.parse),
        order=take("order", one_of(*ORDERS)) or "oldest",
    )
    return filters, bad


def _moment(text: str, zone: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(plain_digits(text))
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _local(moment: datetime | None, zone: str) -> str | None:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat("T", "minutes") if moment else None


@dataclass(frozen=True)
class Place:
    """Where a page ended: the last row's moment and id. Opaque in the URL."""

    held_at: datetime
    number: int

    def __str__(self) -> str:
        plain = f"{self.held_at.astimezone(UTC).isoformat()} {self.number}"
        return urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Read one; ``None`` for anything else, which then means the first page."""
        try:
            plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            moment, _, number = plain.partition(" ")
            held_at = datetime.fromisoformat(moment)
            place = cls(held_at, int(number))
        except ValueError:
            return None
        return place if held_at.tzinfo and 0 < place.number < 2**63 else None

    def after(self, order: str, held_at: Any, number: Any) -> ColumnElement[bool]:
        """The rows that come after it, by the two columns that the list is ordered by."""
        here = tuple_(held_at, number)
        there = (self.held_at, self.number)
        # The first half says again what the second implies, since MariaDB uses the index for it only.
        if order == "newest":
            return and_(held_at <= self.held_at, here < there)
        return and_(held_at >= self.held_at, here > there)
