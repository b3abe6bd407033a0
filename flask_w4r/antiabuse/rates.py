"""How much of the same arrives: different mailboxes counted by network, domain, case and pattern, against the usual.

Each count is of *different people* in a window, so that pressing twice or signing ten cases is once. What is counted
is kept as keyed hashes in the rate limits' storage, asked once a signature. Windows follow the injected clock.

Floors are set for honest crowds: a school class or a hall behind one address, a carrier that hides many behind one,
a company or a university sharing a mail domain, a case that the news took up, names that thousands bear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..services.people.addresses import Address
from ..services.people.networks import UNKNOWN, NetworkTiers
from . import patterns
from .counting import Asking, Counted
from .findings import Finding
from .hold_limits import HoldLimit, hold_findings
from .limits import RateLimits

HOUR, DAY = 3600, 86_400
#: Different mailboxes from one network: from the first number on it is much, from the second on far too much.
HOST_HOUR, HOST_DAY = (45, 200), (200, 1000)
SITE_HOUR, SITE_DAY = (150, 600), (600, 3000)
#: Carriers put whole towns behind one block, so it is never far too much.
BLOCK_HOUR = 1500
#: A domain or a case is far above its usual from so many times on, and never below the floor.
TIMES_USUAL = 5
CASE_FLOOR, LISTED_FLOOR, UNLISTED_FLOOR = 300, 60, 100
#: Neighbouring numbers on one stem; and how often a stem must come before few neighbours are enough.
RUN_FLOOR, RUN_AFTER, STEM_MANY, STEM_LISTED = 6, 4, 40, 20
#: Addresses by lot: so many an hour, and this share of all.
RANDOM_FLOOR, RANDOM_SHARE = 12, 0.1
#: A network from which mostly addresses by lot come: so many in a day, and this share. Fewer are enough while many such
#: come from everywhere, which is this share of all: a flood that drips from many networks has one pattern. Of honest
#: addresses about one in two hundred looks drawn by lot.
ODD_FLOOR, ODD_SHARE, ODD_IN_FLOOD, IN_FLOOD_SHARE = 8, 0.4, 2, 0.02
#: One name: so many in an hour and this share of all, or in a day.
NAME_HOUR, NAME_HOUR_SHARE = 8, 0.03
NAME_DAY, NAME_DAY_SHARE = 25, 0.02
#: One text. Supporters copy a text that somebody suggests, so even many do not hold alone.
TEXT_SOME, TEXT_MANY = 5, 15
#: These never reach ``hold_at`` by themselves, whatever the weights.
NEVER_ALONE = frozenset({"rate_domain", "rate_case", "address_random", "name_repeated", "text_repeated"})


@dataclass(frozen=True)
class Arrival:
    """A signature that is about to be judged, as far as counting goes."""

    section_code: str
    case_ids: Sequence[int]
    tiers: NetworkTiers
    address: Address | None
    first_name: str
    last_name: str
    #: What was typed into the section's own free-text questions.
    texts: Sequence[str]
    now: datetime
    #: Tells it from others: a mailbox, or something of its own where there is none.
    member: str


class _Counts:
    """What was counted for one arrival, by name."""

    def __init__(self, wanted: Sequence[tuple[str, Counted]], found: Sequence[int]) -> None:
        self._by_name: dict[str, int] = {}
        for (name, _), count in zip(wanted, found, strict=True):
            self._by_name[name] = max(count, self._by_name.get(name, 0))

    def __getitem__(self, name: str) -> int:
        return self._by_name.get(name, 0)


def findings(
    limits: RateLimits,
    arrivals: Sequence[Arrival],
    holds: Sequence[Sequence[HoldLimit]],
    *,
    scoring: Mapping[str, int],
    usual: Mapping[str, Mapping[str, float]],
) -> list[list[Finding]]:
    """Count arrivals of a section and say what is out of the ordinary about each. Never raises.

    Those that come together are counted first and looked at then, so that the first of a burst are seen to be of it.

    :param limits: whose storage holds the counts.
    :param holds: silent limits of each arrival, counted along.
    :param scoring: ``W4R_SCORING``.
    :param usual: what is usual an hour, ``{"case": {"17": 3.5}, "domain": {"gmail.com": 12.0}}``.
    :returns: for each what adds to the score or holds; mostly nothing.
    """
    if not arrivals:
        return []
    wanted = [
        [*_wanted(arrival), *((f"hold_{place}", hold.counted) for place, hold in enumerate(some))]
        for arrival, some in zip(arrivals, holds, strict=True)
    ]
    asked = [
        Asking([item for _, item in some], arrival.member, arrival.now)
        for some, arrival in zip(wanted, arrivals, strict=True)
    ]
    found = limits.count(arrivals[0].section_code, asked)
    most = _most(asked, found)
    return [
        _found(_Counts(some, [most[_key(item, arrival.now)] for _, item in some]), arrival, own, scoring, usual)
        for some, arrival, own in zip(wanted, arrivals, holds, strict=True)
    ]


def _key(item: Counted, now: datetime) -> tuple[str, str, int]:
    return item.name, item.what, int(now.timestamp()) // item.window


def _most(asked: Sequence[Asking], found: Sequence[Sequence[int]]) -> Mapping[tuple[str, str, int], int]:
    """The highest that each count came to within a batch, by its window."""
    most: dict[tuple[str, str, int], int] = {}
    for one, counts in zip(asked, found, strict=True):
        for item, count in zip(one.wanted, counts, strict=True):
            key = _key(item, one.now)
            most[key] = max(count, most.get(key, 0))
    return most


def _found(
    counts: _Counts,
    arrival: Arrival,
    holds: Sequence[HoldLimit],
    scoring: Mapping[str, int],
    usual: Mapping[str, Mapping[str, float]],
) -> list[Finding]:
    results = [
        *(_odd_network(counts) or _network(counts)),
        *_case(counts, arrival, usual.get("case", {})),
        *_name_and_text(counts),
    ]
    address = arrival.address
    if address is not None:
        results += _domain(counts, address, usual)
        results += _sequence(counts, address)
        results += _random(counts, address)
    above = hold_findings(holds, lambda place: counts[f"hold_{place}"])
    return [*(_weighed(*result, scoring) for result in results), *above]


def _wanted(arrival: Arrival) -> Iterable[tuple[str, Counted]]:
    yield "all_hour", Counted("all_hour", "", HOUR, crowd=True)
    yield "all_day", Counted("all_day", "", DAY, crowd=True)
    for case_id in arrival.case_ids:
        yield f"case_{case_id}", Counted("case_hour", str(case_id), HOUR, crowd=True)
    tiers = arrival.tiers
    if tiers.host != UNKNOWN:
        yield "host_hour", Counted("host_hour", tiers.host, HOUR)
        yield "host_day", Counted("host_day", tiers.host, DAY)
        yield "site_hour", Counted("site_hour", tiers.site, HOUR)
        yield "site_day", Counted("site_day", tiers.site, DAY)
        yield "block_hour", Counted("block_hour", tiers.block, HOUR, crowd=True)
    name = patterns.name_key(arrival.first_name, arrival.last_name)
    if name:
        yield "name_hour", Counted("name_hour", name, HOUR)
        yield "name_day", Counted("name_day", name, DAY)
    for text in filter(None, map(patterns.text_key, arrival.texts)):
        yield "text_day", Counted("text_day", text, DAY)
    if arrival.address is not None:
        yield from _wanted_of_address(arrival.address, tiers)


def _wanted_of_address(address: Address, tiers: NetworkTiers) -> Iterable[tuple[str, Counted]]:
    local, domain = address.canonical.rsplit("@", 1)
    yield "domain_hour", Counted("domain_hour", domain, HOUR, crowd=True)
    number = patterns.numbered(local)
    if number is not None:
        yield "stem_day", Counted("stem_day", f"{number.stem}@{domain}", DAY)
        yield "run_day", Counted("run_day", f"{number.stem}|{number.run}@{domain}", DAY)
    is_random = patterns.looks_random(local, domain)
    if is_random:
        yield "random_hour", Counted("random_hour", "", HOUR)
    yield "random_all", Counted("random_hour", "", HOUR, adds=False)
    if address.provider and tiers.host != UNKNOWN:
        # Schools give their pupils such addresses; only those of public providers speak against a network.
        yield "odd_day", Counted("odd_day", tiers.host, DAY, adds=is_random)
        yield "odd_all_day", Counted("odd_all_day", tiers.host, DAY)


#: A check, how strongly it speaks (1 or 2), and the numbers behind it.
_Result = tuple[str, int, dict[str, int]]


def _network(counts: _Counts) -> Iterable[_Result]:
    levels = [
        (1 + (counts[name] >= far), counts[name], much)
        for name, (much, far) in (
            ("host_hour", HOST_HOUR), ("host_day", HOST_DAY), ("site_hour", SITE_HOUR), ("site_day", SITE_DAY),
        )
        if counts[name] >= much
    ]  # fmt: skip
    if counts["block_hour"] >= BLOCK_HOUR:
        levels.append((1, counts["block_hour"], BLOCK_HOUR))
    if levels:
        level, count, much = max(levels)
        yield "rate_network", level, {"count": count, "usual": much}


def _odd_network(counts: _Counts) -> list[_Result]:
    odd, every = counts["odd_day"], counts["odd_all_day"]
    in_flood = counts["random_all"] >= max(RANDOM_FLOOR, IN_FLOOD_SHARE * counts["all_hour"])
    floor = ODD_IN_FLOOD if in_flood else ODD_FLOOR
    if odd >= max(floor, ODD_SHARE * every):
        return [("rate_network", 2, {"count": every, "random": odd})]
    return []


def _case(counts: _Counts, arrival: Arrival, usual: Mapping[str, float]) -> Iterable[_Result]:
    for case_id in arrival.case_ids:
        count, often = counts[f"case_{case_id}"], usual.get(str(case_id), 0.0)
        if count >= max(CASE_FLOOR, TIMES_USUAL * often):
            yield "rate_case", 1, {"count": count, "usual": round(often)}
            return


def _domain(counts: _Counts, address: Address, usual: Mapping[str, Mapping[str, float]]) -> Iterable[_Result]:
    domain = address.canonical.rsplit("@", 1)[1]
    often = usual.get("domain", {}).get(address.provider or "", 0.0)
    total = sum(usual.get("case", {}).values())
    # When everything rises, so does each provider: only what rises beyond its share counts.
    expected = max(often, often / total * counts["all_hour"]) if total else often
    floor = LISTED_FLOOR if address.provider == domain else UNLISTED_FLOOR
    if counts["domain_hour"] >= max(floor, TIMES_USUAL * expected):
        yield "rate_domain", 1, {"count": counts["domain_hour"], "usual": round(expected)}


def _sequence(counts: _Counts, address: Address) -> Iterable[_Result]:
    run, stem = counts["run_day"], counts["stem_day"]
    listed = address.provider is not None
    if stem >= STEM_MANY and run >= RUN_AFTER:
        yield "address_sequence", 2, {"count": stem, "near": run}
    elif run >= RUN_FLOOR or (listed and stem >= STEM_LISTED):
        # Schools and universities number their people; public providers do not.
        yield "address_sequence", 1, {"count": stem, "near": run}


def _random(counts: _Counts, address: Address) -> Iterable[_Result]:
    count = counts["random_hour"]
    if count:
        many = count >= max(RANDOM_FLOOR, RANDOM_SHARE * counts["all_hour"])
        # A domain that is not listed may number and code its people as it likes.
        yield "address_random", 2 if many and address.provider else 1, {"count": count}


def _name_and_text(counts: _Counts) -> Iterable[_Result]:
    hour, day, text = counts["name_hour"], counts["name_day"], counts["text_day"]
    if hour >= max(NAME_HOUR, NAME_HOUR_SHARE * counts["all_hour"]) or day >= max(
        NAME_DAY, NAME_DAY_SHARE * counts["all_day"]
    ):
        yield "name_repeated", 1, {"count": max(hour, day)}
    if text >= TEXT_SOME:
        yield "text_repeated", 1 + (text >= TEXT_MANY), {"count": text}


def _weighed(check: str, level: int, detail: dict[str, int], scoring: Mapping[str, int]) -> Finding:
    score = level * scoring[check]
    if check in NEVER_ALONE:
        score = min(score, max(0, scoring["hold_at"] - 1))
    return Finding(check, score, detail=detail)
