"""The seam: all by which a capability hangs itself into mail, desk, tally, privacy and jobs, in one frozen value.

Every package of ``services`` has its own in ``capability.py``; ``capabilities`` lists them; :class:`Seam` is what a site
asks. Machinery that must ask everybody (the outbox, the queue, the sweep, a recount) knows this module and no capability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .acting import Action, Goal, Way
from .keeping import Indexed, Personal, Reindexed, Reserves, Retention, Sweep
from .mailing import Ask, Link, MailKind, Sender, one_by_one
from .parts import (
    Export,
    ExportAsk,
    Finding,
    Held,
    Holds,
    IntakeKind,
    Job,
    QueueKind,
    Refusal,
    Tools,
    Waiting,
    Waits,
    moment,
)

__all__ = [
    "Action", "Ask", "Capability", "Export", "ExportAsk", "Finding", "Goal", "Held", "Holds", "Indexed", "IntakeKind", "Job", "Link", "MailKind", "Personal", "QueueKind", "Refusal", "Reindexed", "Reserves", "Retention", "Seam", "Sender", "Sweep", "Tools", "Waiting", "Waits", "Way", "moment", "one_by_one",
]  # fmt: skip
#: Numbers by ``services.tally.keys.Key``.
Recount = Callable[..., Mapping[Any, int]]
Urls = Callable[..., Iterable[str | None]]


@dataclass(frozen=True)
class Capability:
    """One thing that people do with the library, as all the others see it.

    :param name: its name on every floor.
    :param purpose: why what is personal in its tables is kept, for a record of processing.
    :param models: names of its tables.
    :param stays: tables with rows of the site, which no section takes along when it moves, and why.
    :param remade: tables whose rows the worker makes by itself: a section that moves in brings its own in their place.
    :param pages: ``web.pages.Pages``: its routes, its part of the desk and its ways to act; or the name of the module that
        has them as ``PAGES``, which is loaded when the first site is set up.
    :param commands: groups of ``flask w4r`` by name, ``module:attribute``, of what ships; a host has its own ``app.cli``.
    :param recounts: ``(session, section) -> {key: number}``: the rows themselves, counted, by ``services.tally.keys.Key``.
    :param people: ``(session, section) -> {edition id: number}``: people whom nothing tells apart, counted by the rows.
    :param goals: what else a section can set itself as a goal.
    :param touched: ``(session, section, case ids) -> lines`` that tell staff what a change of a case's status stops.
    :param told: ``(work, [(signal's name, ids), ...])``: called in each transaction that emitted signals, just before it
        ends, for those who must not miss any (a ``storage.unit_of_work.UnitOfWork``).
    :param heard: ``(work, section, [(entry, judgement), ...])``: called in the transaction that writes what forms of one section
        came to, whatever their kinds; see :class:`IntakeKind`.
    :param urls: ``(session, section, slug, absolute) -> URLs or None`` of more public pages that name a case; see
        ``campaign.status.case_urls``.
    :param checks: ``(app, state) -> findings`` for the doctor.
    """

    name: str
    purpose: str = ""
    models: Sequence[str] = ()
    intake: Sequence[IntakeKind] = ()
    waits: Sequence[Waits] = ()
    mails: Sequence[MailKind] = ()
    links: Sequence[Link] = ()
    queue: Sequence[QueueKind] = ()
    jobs: Sequence[Job] = ()
    actions: Sequence[Action] = ()
    ways: Sequence[Way] = ()
    retention: Sequence[Retention] = ()
    reserves: Sequence[Reserves] = ()
    personal: Sequence[Personal] = ()
    indexed: Sequence[Indexed] = ()
    holds: Sequence[Holds] = ()
    exports: Sequence[Export] = ()
    recounts: Sequence[Recount] = ()
    people: Sequence[Callable[..., Mapping[int, int]]] = ()
    goals: Sequence[Goal] = ()
    touched: Sequence[Callable[..., Sequence[tuple[str, str]]]] = ()
    told: Sequence[Callable[[Any, Sequence[tuple[str, Mapping[str, Any]]]], None]] = ()
    heard: Sequence[Callable[[Any, Any, Sequence[tuple[Any, Any]]], None]] = ()
    urls: Sequence[Urls] = ()
    checks: Sequence[Callable[[Any, Any], Iterable[Finding]]] = ()
    stays: Mapping[str, str] = field(default_factory=dict)
    remade: Sequence[str] = ()
    pages: Any = None
    commands: Mapping[str, str] = field(default_factory=dict)


class Seam:
    """Everything that a site's capabilities hang in, by name.

    :ivar capabilities: all of them, in their order.
    :ivar intake: the kinds of form that the worker looks at.
    :ivar waits: what waits for the proof of an address.
    :ivar mails: the kinds of mail.
    :ivar mail_owners: by kind of mail the capability that brings it.
    :ivar links: where links in mails lead, by purpose.
    :ivar queue: what may wait for the desk.
    :ivar jobs: what the worker does, in the order of a round.
    :ivar actions: the types of the tally.
    :ivar ways: the ways to act for a case, in the order of their lists.
    :ivar retention: how long what is kept; quick rules before those that go on in pieces.
    :ivar reserves: what must stay while something needs it, whatever its age.
    :ivar exports: what staff may take away.
    :ivar commands: groups of ``flask w4r``.
    :ivar personal: where something about a person is stored.
    :ivar indexed: where keyed hashes are stored, and how they are made anew.
    :ivar stays: tables that are the site's, and why.
    :ivar remade: tables whose rows the worker makes by itself.
    :ivar holds: what is held of a person.
    :ivar told: who is told what was emitted, before the transaction ends.
    :ivar heard: who is told which forms were looked at, in the transaction that writes what came of them.
    :ivar urls: more public pages that name a case.
    :ivar recounts: what the rows themselves say of the counts.
    :ivar people: what they say of people whom nothing tells apart.
    :ivar goals: what else a section can set itself as a goal.
    """

    def __init__(self, capabilities: Iterable[Capability] = ()) -> None:
        """Put the capabilities together.

        :raises ValueError: two of them bring something of the same name.
        """
        self.capabilities = tuple(capabilities)
        _by_name(self.capabilities, "capability")
        self.intake: Mapping[str, IntakeKind] = self._all("intake", "intake kind")
        self.waits: Mapping[str, Waits] = self._all("waits", "kind of waiting thing")
        self.mails: Mapping[str, MailKind] = self._all("mails", "mail kind")
        self.mail_owners: Mapping[str, str] = {mail.name: one.name for one in self.capabilities for mail in one.mails}
        self.links: Mapping[str, Link] = self._all("links", "link", "purpose")
        self.queue: Mapping[str, QueueKind] = self._all("queue", "queue kind")
        self.jobs: Mapping[str, Job] = _sorted(self._all("jobs", "job"), lambda job: job.turn)
        self.actions: Mapping[str, Action] = self._all("actions", "action type")
        self.ways: Mapping[str, Way] = _sorted(self._all("ways", "way to act"), lambda way: way.place)
        self.retention: Mapping[str, Retention] = _sorted(
            self._all("retention", "retention rule"), lambda rule: rule.in_pieces
        )
        self.reserves: Mapping[str, Reserves] = self._all("reserves", "reserve")
        self.exports: Mapping[str, Export] = self._all("exports", "export")
        commands = [(name, target) for one in self.capabilities for name, target in one.commands.items()]
        self.commands: Mapping[str, str] = dict(commands)
        self.personal: Sequence[Personal] = tuple(item for one in self.capabilities for item in one.personal)
        self.indexed: Sequence[Indexed] = tuple(item for one in self.capabilities for item in one.indexed)
        self.stays: Mapping[str, str] = {table: why for one in self.capabilities for table, why in one.stays.items()}
        self.remade: Sequence[str] = tuple(table for one in self.capabilities for table in one.remade)
        self.holds: Mapping[str, Holds] = self._all("holds", "list of things held")
        self.told = tuple(tell for one in self.capabilities for tell in one.told)
        self.heard = tuple(hear for one in self.capabilities for hear in one.heard)
        self.urls: Sequence[Urls] = tuple(urls for one in self.capabilities for urls in one.urls)
        self.recounts: Sequence[Recount] = tuple(count for one in self.capabilities for count in one.recounts)
        self.people = tuple(count for one in self.capabilities for count in one.people)
        self.goals: Mapping[str, Goal] = self._all("goals", "goal")

    def _all(self, part: str, what: str, key: str = "name") -> dict[str, Any]:
        return _by_name([item for one in self.capabilities for item in getattr(one, part)], what, key)


def _by_name(items: Iterable[Any], what: str, key: str = "name") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name = getattr(item, key)
        if name in found:
            raise ValueError(f"{what} {name!r} exists twice; rename one of them")
        found[name] = item
    return found


def _sorted(items: dict[str, Any], place: Callable[[Any], Any]) -> dict[str, Any]:
    return dict(sorted(items.items(), key=lambda pair: place(pair[1])))
