"""What a capability can hang in: one frozen value for each kind of part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any

from ..sections import Section


@dataclass(frozen=True)
class IntakeKind:
    """A kind of form that is written down at once and looked at by the worker, in batches.

    What is written down has the sender's address, where there is one, as ``address``: as typed, in canonical form, and more.

    ``author``: ``(entry) -> intake.sent.Author``: who it says it is from, to be judged.
    ``write``: ``(work, section, [(entry, judgement), ...])``: writes what came of one section, by sets, in the
    transaction of the batch ``work`` (a ``storage.unit_of_work.UnitOfWork``, for signals too). An entry is an
    ``intake.sent.Entry``, a judgement a ``moderation.judgement.Judgement``.
    """

    name: str
    author: Callable[[Any], Any]
    write: Callable[[Any, Section, Sequence[tuple[Any, Any]]], None]


@dataclass(frozen=True)
class Waiting:
    """One thing that waits until its address is proved, as the page of a mail's link lists it.

    :param id: of its row.
    :param title: what it is, and ``note`` what tells it from others, in the reader's language.
    :param since: when it came to be as it is.
    """

    id: int
    title: str
    note: str
    since: datetime


@dataclass(frozen=True)
class Waits:
    """A kind of thing that waits for the proof of its address. Whoever opens the link of any mail of the section that went
    there is asked about all of them, and may say of all that it was somebody else.

    ``find``: ``(session, keyring, lens, canonical) -> [Waiting, ...]``: what waits for an address in the lens' section.
    ``confirm``: ``(work, section, canonical, ids) -> ids``: confirms those of some rows of the address that can be still,
    in the transaction ``work`` (a ``storage.unit_of_work.UnitOfWork``, for signals too), and says which.
    ``disown``: ``(work, section, canonical)``: the owner of the address did none of it: all that waits goes.
    ``mails``: the mails that ask for the proof.
    """

    name: str
    mails: Sequence[str]
    find: Callable[..., Sequence[Waiting]]
    confirm: Callable[[Any, Section, str, Sequence[int]], Collection[int]]
    disown: Callable[[Any, Section, str], None]


@dataclass(frozen=True)
class Refusal:
    """A reason to reject that the desk chooses from a list, in place of words of its own.

    :param name: what forms and batches call it.
    :param words: for the desk.
    :param told: what whoever sent the thing is mailed; ``None``: they are told nothing.
    """

    name: str
    words: Any
    told: Any = None


@dataclass(frozen=True)
class QueueKind:
    """A kind of thing that may wait for the desk. Its row is drawn by ``w4r/moderation/_waiting_<name>.html``.

    ``words``: its name in the plural.
    ``count``: ``(session, section, filters) -> how many wait``, up to one above ``moderation.kinds.COUNT_CAP``.
    ``list_page``: ``(session, keyring, section, filters, place, size) -> moderation.kinds.QueuePage``.
    ``decide``: ``(session, hooks, keyring, section, ids, act, make_batch, now) -> Batch | None``: locks what still waits
    among ``ids`` and, if anything does, asks ``make_batch`` for the batch and applies it.
    ``undo``: ``(session, keyring, section, batch, limit=...) -> moderation.rows.Undone``: gives back that many rows at
    most of what a batch changed; nothing when there is nothing left.
    ``feature``: the site has no such things without it.
    ``needs_reason``: a rejection must say why: the reason is mailed to whom it is about.
    ``named``: what is decided changes public pages and is told one by one, by ``signals``.
    ``signals``: ``(act, id) -> (signal, values)`` to send after the commit, or ``None``.
    ``row_words``: more values for the row's template.
    ``filters``: what the list can be narrowed by beside case, moments and order.
    ``why``: why a row waits that no check holds.
    ``refusals``: reasons to reject that are chosen from a list, see :class:`Refusal`; none: they are written.
    """

    name: str
    words: Any
    count: Callable[..., int]
    list_page: Callable[..., Any]
    decide: Callable[..., Any]
    undo: Callable[..., Any]
    feature: str | None = None
    needs_reason: bool = False
    named: bool = True
    signals: Callable[[str, int], tuple[Any, Mapping[str, Any]] | None] | None = None
    row_words: Mapping[str, Any] = field(default_factory=dict)
    filters: Sequence[str] = ()
    why: Any = None
    refusals: Sequence[Refusal] = ()


@dataclass(frozen=True)
class Tools:
    """What jobs need from outside the services, and how they should work.

    :param render: makes the words of a mail, see ``mail.letters.Render``.
    :param mailer: hands one message over, or raises.
    :param batch: how many mails to claim at a time.
    :param lease_seconds: how long a claim holds.
    :param stop: set to end a job between two steps.
    :param absolute: ``(section) -> (endpoint, locale=, **values) -> full URL or None``, for jobs that change public pages.
    :param intake_batch: how many forms to process in one transaction.
    :param turn_seconds: a job that could go on for long gives the others a turn after so many seconds; it goes on in the
        next round.
    """

    render: Callable[..., Any]
    mailer: Callable[[Any], None]
    batch: int = 200
    lease_seconds: float = 120
    stop: Event = field(default_factory=Event)
    turn_seconds: float = 30
    intake_batch: int = 500
    absolute: Callable[[Section], Callable[..., str | None]] | None = None


@dataclass(frozen=True)
class Job:
    """What the worker does: ``run(app, tools) -> what was done, by name``.

    :param every: seconds between two runs; nought for every look.
    :param due: ``(session, now) -> whether anything waits``: asked several times a second, so that what somebody waits for
        is done at once; cheap.
    :param turn: jobs of one look run in this order. What brings mails that should leave at once comes before ``mail``.
    :param once: its turn where each job runs once, and mail that the others wrote should leave too.
    """

    name: str
    run: Callable[[Any, Any], dict[str, Any]]
    every: float = 0
    turn: int = 50
    once: int = 50
    due: Callable[[Any, datetime], bool] | None = None


@dataclass(frozen=True)
class Held:
    """One thing that is held of a person, as its owner is shown it.

    :param key: what forms and the ledger of erasures call it, the same in every database: no row's number.
    :param title: what it is, in the reader's language.
    :param facts: what is known, as ``(word, value)`` pairs in the reader's language.
    :param data: the same for programs: JSON values by name.
    :param ways: which of ``leave``, ``withdraw`` and ``correct`` its owner can do with it.
    :param fields: what can be corrected, and how it stands: ``{field: (word, value)}``.
    """

    key: str
    title: str
    facts: Sequence[tuple[str, str]]
    data: Mapping[str, Any]
    ways: Collection[str] = ()
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Holds:
    """What a capability holds of whoever has an address, within one section. Addresses are in canonical form, ``work`` is a
    ``storage.unit_of_work.UnitOfWork``, and what is done is done in its transaction.

    :param name: its list in the JSON of "my data", unless it is ``listed`` in another's.
    :param words: its heading.

    ``show``: ``(session, keyring, lens, canonical) -> [Held, ...]``; without it nothing is shown.
    ``asks_seam``: ``show`` is given the :class:`~flask_w4r.seam.Seam` too.
    ``erase``: ``(work, section, canonical, before) -> rows``: everything of it that came to be up to a moment loses what is
    personal; counts stay. Called in the capabilities' order. ``before``: ``None`` for all.
    ``act``: ``(work, section, canonical, way, key, values) -> whether anything changed``: ``leave``, ``withdraw`` or
    ``correct`` one of it.
    ``addresses``: ``(session, keyring, section, after, limit) -> [(row's number, canonical, came to be), ...]`` in the order of
    numbers, for the erasures that are made again in a restored backup; empty where there are none left.
    ``forget``: ``(work, ids) -> rows``: rows go whose address stands sealed alone, so that they can only be looked through:
    what is on its way.
    """

    name: str
    words: Any = ""
    show: Callable[..., Sequence[Held]] | None = None
    erase: Callable[..., int] | None = None
    act: Callable[..., bool] | None = None
    addresses: Callable[..., Sequence[tuple[int, str, datetime]]] | None = None
    forget: Callable[..., int] | None = None
    asks_seam: bool = False
    listed: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report. ``level``: ``ok``, ``warn`` or ``error``; ``text`` names the mend."""

    level: str
    subject: str
    text: str


@dataclass(frozen=True)
class ExportAsk:
    """What is wanted of an export.

    :param now: when it was asked for.
    :param case: of one case alone, by its slug.
    :param since: what came to be from that moment on.
    :param withheld: also what people asked to keep back; the one who asks may have it.
    :param filters: what an export's own page narrows it by.
    """

    section: Section
    now: datetime
    case: str | None = None
    since: datetime | None = None
    withheld: bool = False
    filters: Any = None


@dataclass(frozen=True)
class Export:
    """A file that staff may take away, row by row. It is written as CSV, JSON lines or a spreadsheet; whoever brings it knows
    none of them.

    :param words: what it is, for whoever chooses one.
    :param columns: ``(section) -> names``, in their order.
    :param piece: ``(session, keyring, ask, place) -> (rows, where the next piece begins or None)``: some thousand rows, in an
        order that lasts, from ``place`` on (``None``: from the beginning). A cell is a text, a number, true, false or
        ``None``; a moment is a text as :func:`moment` makes it.
    :param permissions: what whoever takes it away must be allowed, by the values of ``state.Permission``.
    :param heeds: which of ``case``, ``since`` and ``withheld`` narrow or widen it.
    """

    name: str
    words: Any
    columns: Callable[[Section], Sequence[str]]
    piece: Callable[..., tuple[Sequence[tuple[Any, ...]], Any]]
    permissions: Sequence[str] = ("export",)
    heeds: Collection[str] = ()


def moment(value: datetime | None) -> str | None:
    """A moment, in UTC, as a cell of an export: to the second."""
    # Cut rather than formatted: an export has millions of them.
    return None if value is None else value.isoformat()[:19] + "Z"
