"""Mails that a capability hangs in: which are still wanted, what they say, in whose name they leave and where their links lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..sections import Section

if TYPE_CHECKING:
    from ..keyring import Keyring


@dataclass(frozen=True)
class Ask:
    """A mail that is about to leave, as its kind is asked about it.

    :param params: what was kept sealed with it; what is changed in it is kept.
    :param address: the recipient, a ``people.addresses.Address``.
    """

    section: Section
    kind: str
    params: dict[str, Any]
    address: Any


def one_by_one(prepare: Callable[..., Mapping[str, Any] | None]) -> Callable[..., Sequence[Mapping[str, Any] | None]]:
    """A ``MailKind.prepare`` for kinds of which few leave at once: ``prepare(session, keyring, ask, *, now, token_days)``."""

    def prepare_all(
        session: Any, keyring: Keyring, asks: Sequence[Ask], *, now: datetime, token_days: int
    ) -> Sequence[Mapping[str, Any] | None]:
        return [prepare(session, keyring, ask, now=now, token_days=token_days) for ask in asks]

    return prepare_all


@dataclass(frozen=True)
class Sender:
    """In whose name a mail leaves.

    :param name: before the address in ``From``.
    :param address: the mailbox it leaves from, which is the envelope's too.
    :param reply_to: where answers go.
    :param personal: somebody wrote it: it is no automatic message (RFC 3834).
    """

    name: str
    address: str
    reply_to: str
    personal: bool = False


@dataclass(frozen=True)
class MailKind:
    """A kind of row in the outbox. Its words stand in ``w4r/mail/<name>.txt`` and ``.html``.

    ``words``: what such mails are about, for who gets them.

    ``prepare``: ``(session, keyring, asks, *, now, token_days) -> [context | None, ...]``: which of these mails
    (:class:`Ask`) are still wanted, and with which links? ``None`` drops the mail. Without it the parameters are the
    context. It works by sets, since hundreds leave at once, or is :func:`one_by_one`.
    ``look_up``: ``(session, keyring, kind, lens, context, *, sender) -> (values, entries)``: what it says in the reader's
    language, read just before it leaves, and its calendar files.
    ``shares``: ``(context) -> key``: mails of a batch that agree in it, in section and in language are looked up once.
    ``sent``: ``(session, keyring, letters, *, now)``: called in the transaction that records that they left.
    ``failed``: ``(session, keyring, letter, fault, *, final, now)``: called in the transaction that records that a hand-over
    failed (``mail.faults.Fault``); ``final``: it is not tried again.
    ``sender``: ``(section, values, usual) -> Sender``: in whose name it leaves, by its values and ``W4R_MAIL_SENDER``.
    ``hand_over``: ``(hooks, params)``: takes the row in place of the mailer, which its ``__doc__`` says in words.
    ``always``: it leaves though its address gets no mail from the section, and what a server says of the address stops no
    other mail: it goes elsewhere, or to an office.
    ``capped``: a stranger can cause it by typing somebody's address, so it counts for the daily cap.
    ``answered``: so many of its capability's capped mails a day go to an address that answered one that day.
    ``apart``: ``(ask) -> how long``: one to an address that has not answered the last of this kind waits until so long after
    that one, and is joined by others meanwhile; ``None``: it does not wait.
    ``lapses``: over the cap it is dropped, since it asks nothing of its reader; others wait for the next day.
    ``unasked``: nobody just asked for it: it carries a link that ends such mails, in its header too (RFC 8058), and does not
    go to who pressed it.
    ``about_cases``: its parameters name cases (``cases``), whose change of status stops it.
    """

    name: str
    prepare: Callable[..., Sequence[Mapping[str, Any] | None]] | None = None
    look_up: Callable[..., tuple[Mapping[str, Any], Sequence[tuple[str, bytes]]]] | None = None
    sent: Callable[..., None] | None = None
    failed: Callable[..., None] | None = None
    sender: Callable[[Section, Mapping[str, Any], str | None], Sender] | None = None
    hand_over: Callable[[Any, Mapping[str, Any]], None] | None = None
    always: bool = False
    capped: bool = False
    answered: int = 10
    apart: Callable[[Ask], timedelta | None] | None = None
    lapses: bool = False
    unasked: bool = False
    about_cases: bool = False
    shares: Callable[[Mapping[str, Any]], Any] | None = None
    words: Any = ""


@dataclass(frozen=True)
class Link:
    """Where the link that a mail carries for a purpose leads, and what the mail's template calls it."""

    purpose: str
    endpoint: str
    variable: str = "manage_url"
