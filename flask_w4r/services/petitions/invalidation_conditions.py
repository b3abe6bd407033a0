"""Which signatures an invalidation is about: its conditions, as SQL where the database can tell, and after opening a
row's sealed person where it cannot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from fnmatch import translate
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlalchemy.orm import Session

from ...keyring import Keyring, SealBroken
from ...models import Case, Signature
from ...sections import Section
from ..moderation.rules import RuleFault, hashes_of_cidr, parse_network, parse_seen
from ..people.addresses import AddressFault, parse_address
from ..people.names import fold_name, full_name

LONGEST_PATTERN = 200
#: What an invalidation can make invalid; the rest is invalid or erased already.
STATES = ("pending", "confirmed")
_MOMENTS = ("since", "until")
#: These only narrow what another condition chose: alone they would mean everybody.
_NARROWING = ("state", "only_held")
_CHECK = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TIERS = {"host": Signature.net_host, "site": Signature.net_site, "block": Signature.net_block}


class ConditionFault(ValueError):
    """A condition that cannot be used.

    ``field`` is its name, or ``None`` for all of them. ``key`` is ``empty`` (there is none), ``unknown`` (no such
    case, check or state), ``syntax``, ``too_long``, ``too_wide`` (the network has too many parts) or ``order``
    (ends before it begins).
    """

    def __init__(self, field: str | None, key: str) -> None:
        self.field, self.key = field, key
        super().__init__(f"{field or 'conditions'}: {key}")


@dataclass(frozen=True)
class Conditions:
    """All that are given must hold. Patterns know ``*`` (anything) and ``?`` (one character), and no case."""

    #: A case's slug, in every edition that has it.
    case: str | None = None
    #: Signed at this moment or later.
    since: datetime | None = None
    #: Signed before this moment.
    until: datetime | None = None
    #: An address or a CIDR, of the days whose key still lives.
    network: str | None = None
    #: What the desk shows of a network: ``<day>/<tier>/<hex>``.
    seen_network: str | None = None
    #: A pattern for the listed provider, the only part of an address that stands unsealed.
    mail_domain: str | None = None
    #: A pattern for the whole address. Opens every row that the other conditions leave.
    email: str | None = None
    #: A pattern for "first name last name". Opens every row that the other conditions leave.
    name: str | None = None
    min_score: int | None = None
    #: The name of a check that had something to say.
    reason: str | None = None
    #: ``pending`` or ``confirmed``; both when left out.
    state: str | None = None
    only_held: bool = False

    @property
    def opens(self) -> bool:
        """Whether rows must be opened to tell whether they are meant."""
        return not (_anything(self.email) and _anything(self.name))

    @property
    def names_a_mailbox(self) -> bool:
        """Whether the address is given without a gap before the ``@``: it asks after one person."""
        return self.email is not None and not re.search(r"[*?]", self.email.rpartition("@")[0] or self.email)

    def as_json(self) -> dict[str, Any]:
        """What was given, as JSON values."""
        given = {name: value for name, value in asdict(self).items() if value not in (None, False)}
        return {name: value.isoformat() if name in _MOMENTS else value for name, value in given.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Conditions:
        """Read what :meth:`as_json` gave."""
        known = {field.name for field in fields(cls)}
        read: dict[str, Any] = {name: value for name, value in values.items() if name in known}
        for name in read.keys() & set(_MOMENTS):
            read[name] = datetime.fromisoformat(read[name])
        return cls(**read)

    def check(self) -> None:
        """Refuse conditions that mean everybody, or nothing that can be told.

        :raises ConditionFault: naming the first field at fault.
        """
        for field in ("mail_domain", "email", "name", "network"):
            if len(getattr(self, field) or "") > LONGEST_PATTERN:
                raise ConditionFault(field, "too_long")
        self._check_networks()
        if self.reason and not _CHECK.fullmatch(self.reason):
            raise ConditionFault("reason", "unknown")
        if self.state and self.state not in STATES:
            raise ConditionFault("state", "unknown")
        if self.since and self.until and self.since >= self.until:
            raise ConditionFault("until", "order")
        patterns = {"mail_domain", "email", "name"}
        given = {
            name
            for name, value in self.as_json().items()
            if name not in _NARROWING and not (name in patterns and _anything(value))
        }
        if not given or (given == {"min_score"} and (self.min_score or 0) <= 0):
            raise ConditionFault(None, "empty")

    def _check_networks(self) -> None:
        try:
            if self.network:
                parse_network(self.network)
        except RuleFault as fault:
            raise ConditionFault("network", "too_wide" if fault.key == "too_wide" else "syntax") from fault
        try:
            if self.seen_network:
                parse_seen(self.seen_network)
        except RuleFault as fault:
            raise ConditionFault("seen_network", "syntax") from fault


def _anything(pattern: str | None) -> bool:
    """Whether a pattern leaves nothing out."""
    return not (pattern or "").strip("*?@. ")


def clauses(session: Session, keyring: Keyring, section: Section, conditions: Conditions) -> list[ColumnElement[bool]]:
    """What the database can tell of these conditions, for signatures that are not invalid or erased yet.

    :raises ConditionFault: a condition cannot be used.
    """
    conditions.check()
    found: list[ColumnElement[bool]] = [Signature.section == section.code]
    found.append(Signature.state == conditions.state if conditions.state else Signature.state.in_(STATES))
    if conditions.case:
        found.append(Signature.case_id.in_(_cases(session, section, conditions.case)))
    if conditions.since:
        found.append(Signature.created_at >= conditions.since)
    if conditions.until:
        found.append(Signature.created_at < conditions.until)
    if conditions.network:
        found.append(_in_network(session, keyring, conditions.network))
    if conditions.seen_network:
        day, tier, value = parse_seen(conditions.seen_network)
        found += [Signature.net_day == day, _TIERS[tier] == value]
    if conditions.mail_domain and not _anything(conditions.mail_domain):
        found.append(Signature.mail_domain.like(_like(conditions.mail_domain.strip().lower()), escape="!"))
    if conditions.min_score is not None:
        found.append(Signature.score >= conditions.min_score)
    if conditions.reason:
        # The quotes keep one check's name from being found within another's.
        wanted = f'%"{_like(conditions.reason)}"%'
        found.append(cast(Signature.reasons, Text).like(wanted, escape="!"))
    if conditions.only_held:
        found.append(Signature.held_at.is_not(None))
    return found


def _cases(session: Session, section: Section, slug: str) -> list[int]:
    ids = list(session.scalars(select(Case.id).where(Case.section == section.code, Case.slug == slug)))
    if not ids:
        raise ConditionFault("case", "unknown")
    return ids


def _in_network(session: Session, keyring: Keyring, network: str) -> ColumnElement[bool]:
    try:
        hashes = hashes_of_cidr(session, keyring, network)
    except RuleFault as fault:
        raise ConditionFault("network", "too_wide") from fault
    tiers: dict[tuple[date, str], list[bytes]] = {}
    for day, tier, value in hashes:
        tiers.setdefault((day, tier), []).append(value)
    # Without a live key nothing can be told of any network: no row is meant.
    return or_(
        Signature.id < 0,
        *(and_(Signature.net_day == day, _TIERS[tier].in_(values)) for (day, tier), values in tiers.items()),
    )


def _like(pattern: str) -> str:
    escaped = re.sub(r"([!%_])", r"!\1", pattern)
    return escaped.replace("*", "%").replace("?", "_")


class Opened:
    """Tells of opened rows whether the patterns mean them."""

    def __init__(self, keyring: Keyring, conditions: Conditions) -> None:
        self._keyring = keyring
        self._name = _pattern(conditions.name)
        self._email = _pattern(conditions.email)

    def means(self, sealed: str | None) -> bool:
        """Whether a row with this sealed person is meant. One that cannot be opened, or has no person, never is."""
        if self._name is None and self._email is None:
            return True
        try:
            person = self._keyring.open_json(sealed) if sealed else {}
        except SealBroken:
            return False
        if self._name is not None:
            full = fold_name(full_name(person), "")
            if not full or not self._name.fullmatch(full):
                return False
        if self._email is not None:
            return any(self._email.fullmatch(text) for text in _spellings(str(person.get("email") or "")))
        return True


def _spellings(email: str) -> tuple[str, ...]:
    if not email:
        return ()
    try:
        return email.casefold(), parse_address(email, test_environment=True).canonical
    except AddressFault:
        return (email.casefold(),)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None or _anything(text):
        return None
    # A bracket is a bracket: sets of characters are more than a form can explain.
    return re.compile(translate(fold_name(text, "").replace("[", "[[]")))
