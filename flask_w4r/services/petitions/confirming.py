"""What the links in a confirmation mail do: confirm, ask for a new link, or say "this was not me"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, TokenInvalid
from ...keyring import Keyring
from ...models import Case, Signature
from ...sections import Section
from ..mail import send as mail
from ..moderation.judgement import Judgement
from ..people import tokens
from ..people.addresses import Address, parse_address
from ..people.names import fold_name, full_name
from ..people.networks import Network, day_secret
from ..tally.counts import signature_scope
from . import states
from .signing import Signing, Submission
from .subscribers import enqueue_subscriber, recall_subscriber

CONFIRM, NOT_ME = "confirm", "not_me"


@dataclass(frozen=True)
class LinkView:
    """What a confirmation link stands for now.

    ``status``: ``ask`` (something waits to be confirmed), ``done`` (all was), ``expired``, ``closed`` (what waits is
    for cases that take no signatures any more) or ``invalid``.
    """

    status: str
    person_name: str
    case_ids: Sequence[int]
    pending: Sequence[Signature]
    #: By case, with which name it was signed.
    names: Mapping[int, str] = field(default_factory=dict)
    #: The link itself.
    token: tokens.TokenView | None = None


def look(session: Session, keyring: Keyring, section: Section, raw: str, purpose: str, *, now: datetime) -> LinkView:
    """Say what a link stands for, changing nothing: what was signed with its address and waits, all of it.

    :raises TokenInvalid: it is no link of this section for this purpose.
    :raises CaseWithdrawn: all it was for has been withdrawn.
    """
    token = tokens.find(session, section.code, purpose, raw, now=now)
    versions = {int(number): int(version) for number, version in token.payload}
    rows = session.execute(
        select(Signature, Case.status)
        .join(Case, Case.id == Signature.case_id)
        .where(Signature.section == section.code, Signature.id.in_(versions))
        .order_by(Case.position)
    ).all()
    if rows and all(status == "withdrawn" for _, status in rows):
        raise CaseWithdrawn
    live = [(row, status) for row, status in rows if row.version == versions[row.id] and status != "withdrawn"]
    confirmed = [row for row, _ in live if row.state == "confirmed"]
    # Who has the link of one mail reads the address' mail: there is no need to open them all.
    pending = _waiting(session, keyring, section, [row for row, _ in rows]) if token.revoked_at is None else []
    shown = pending or confirmed or [row for row, _ in live if row.state == "pending"]
    if not shown or token.revoked_at is not None:
        return LinkView("invalid", "", (), (), token=token)
    status = ("expired" if token.expired else "ask") if pending else "done" if confirmed else "closed"
    if status != "ask":
        return LinkView(status, "", [row.case_id for row in shown], pending, token=token)
    names = {row.case_id: _name(keyring, row) for row in shown}
    return LinkView(status, names[shown[0].case_id], list(names), pending, names, token)


def _waiting(session: Session, keyring: Keyring, section: Section, rows: Sequence[Signature]) -> list[Signature]:
    """What was signed with the address of some signatures and waits for its proof, on cases that take signatures."""
    canonical = _canonical(keyring, rows)
    if canonical is None:
        return []
    cases = session.scalars(select(Case.id).where(Case.section == section.code, Case.status == "active")).all()
    indexes = [keyring.blind(signature_scope(section, case_id), canonical) for case_id in cases]
    found = session.scalars(
        select(Signature)
        .join(Case, Case.id == Signature.case_id)
        .where(Signature.email_index.in_(indexes), Signature.state == "pending")
        .order_by(Case.position, Signature.slot)
    ).all()
    if not section.shared_mailbox:
        return list(found)
    # Each of the two has a mail of their own.
    names = {_folded(keyring, row) for row in rows}
    return [row for row in found if _folded(keyring, row) in names]


def _folded(keyring: Keyring, row: Signature) -> str:
    details = keyring.open_json(row.person) if row.person else {}
    return fold_name(full_name(details), "")


def _name(keyring: Keyring, row: Signature) -> str:
    return full_name(keyring.open_json(row.person)) if row.person else ""


def _not_ticked(session: Session, view: LinkView, slugs: Collection[str]) -> set[int]:
    waiting = {row.case_id: row.id for row in view.pending}
    named = session.execute(select(Case.id, Case.slug).where(Case.id.in_(waiting)))
    return {waiting[number] for number, slug in named if slug not in slugs}


@dataclass(frozen=True)
class Signer:
    """Who signed by a link, as it stands in the signature: what the next form need not ask for again."""

    details: Mapping[str, Any]
    withhold_name: bool
    address: Address


@dataclass(frozen=True)
class Confirmed:
    """Ids for signals, and whose mailbox is proved now."""

    signature_ids: Sequence[int]
    case_ids: Sequence[int]
    #: Who confirmed, where something was confirmed now.
    signer: Signer | None = None


def confirm(
    session: Session,
    keyring: Keyring,
    section: Section,
    raw: str,
    *,
    hold_at: int,
    now: datetime,
    fast_score: int = 0,
    to_subscribers: bool = False,
    slugs: Collection[str] | None = None,
    shown_at: datetime | None = None,
) -> Confirmed | None:
    """The button was pressed: confirm what waits for the link's address. Pressing twice changes nothing.

    :param fast_score: points for doing so within seconds of signing.
    :param to_subscribers: the host takes newsletter opt-ins.
    :param slugs: the cases that were ticked; the others go on waiting. ``None``: all.
    :param shown_at: when the page with the button was made; what was signed, or changed, since then was not on it and goes
        on waiting. ``None``: now.
    :returns: what was confirmed now or before; ``None`` when the link is expired or stands for nothing (any more) that
        can be confirmed.
    :raises TokenInvalid: it is no such link.
    :raises CaseWithdrawn: all it was for has been withdrawn.
    """
    view = look(session, keyring, section, raw, CONFIRM, now=now)
    token = view.token
    if token is None or view.status not in ("ask", "done"):
        return None
    left_out = set() if slugs is None else _not_ticked(session, view, slugs)
    wanted = {int(number): int(version) for number, version in token.payload}
    for row in view.pending:
        if wanted.get(row.id) != row.version and (shown_at is None or row.updated_at <= shown_at):
            wanted[row.id] = row.version
    ticked = {number: version for number, version in wanted.items() if number not in left_out}
    done = states.confirm_signatures(session, keyring, section, ticked, hold_at=hold_at, now=now, fast_score=fast_score)
    if all(item.outcome == "gone" for item in done):
        return None
    tokens.mark_used(session, token.id, now=now)
    confirmed = {item.signature_id for item in done if item.outcome == "confirmed"}
    who = next((found for row in view.pending if row.id in confirmed and (found := _signer(keyring, row))), None)
    if who is not None:
        mail.answered(session, keyring, section, who.address.canonical, now=now)
    fresh = [item.signature_id for item in done if item.outcome == "confirmed"]
    if to_subscribers:
        for number in fresh:
            enqueue_subscriber(session, keyring, section, number, now=now)
    return Confirmed(
        fresh,
        [item.case_id for item in done if item.outcome in ("confirmed", "already")],
        who,
    )


def _canonical(keyring: Keyring, rows: Sequence[Signature]) -> str | None:
    """The address that signatures of one link were made with."""
    sealed = next((row.person for row in rows if row.person), None)
    email = keyring.open_json(sealed).get("email") if sealed else None
    return parse_address(email, test_environment=True).canonical if email else None


def signer(session: Session, keyring: Keyring, section: Section, raw: str, *, now: datetime) -> Signer | None:
    """Who a confirmation link belongs to, where something by it is confirmed.

    :param raw: the link's token.
    :raises TokenInvalid: it is no such link.
    """
    token = tokens.find(session, section.code, CONFIRM, raw, now=now)
    numbers = [int(number) for number, _ in token.payload]
    row = session.scalars(
        select(Signature)
        .where(Signature.id.in_(numbers), Signature.section == section.code, Signature.state == "confirmed")
        .order_by(Signature.id)
        .limit(1)
    ).first()
    return _signer(keyring, row) if row is not None and token.revoked_at is None else None


def _signer(keyring: Keyring, row: Signature) -> Signer | None:
    details = keyring.open_json(row.person) if row.person else {}
    if not details.get("email"):
        return None
    return Signer(details, row.withhold_name, parse_address(details["email"], test_environment=True))


def not_signed(
    session: Session, keyring: Keyring, section: Section, canonical: str, case_ids: Sequence[int]
) -> set[int]:
    """Which of some cases an address has not signed yet."""
    indexes = {keyring.blind(signature_scope(section, case_id), canonical): case_id for case_id in case_ids}
    there = session.scalars(
        select(Signature.email_index).where(
            Signature.email_index.in_(indexes), Signature.state.in_(("pending", "confirmed"))
        )
    )
    return set(case_ids) - {indexes[bytes(index)] for index in there if index is not None}


def resend(session: Session, keyring: Keyring, section: Section, raw: str, *, now: datetime) -> None:
    """Send a new link for what an expired one stands for, to the address that was signed with, within its cap."""
    view = look(session, keyring, section, raw, CONFIRM, now=now)
    if not view.pending:
        return
    first = view.pending[0]
    details = keyring.open_json(first.person or "")
    submission = Submission(
        first_name=details.get("first_name", ""),
        last_name=details.get("last_name", ""),
        address=parse_address(details["email"], test_environment=True),
        locale=first.locale,
    )
    secret = day_secret(session, keyring, now.date())
    # Only the mail is made anew: the signature and what was judged of it stand.
    signing = Signing(
        section, submission, Judgement(0, False, (), "off"), Network(now.date(), b"", b"", b""), secret, now
    )
    values = signing.mail_values(keyring, CONFIRM, [row.case_id for row in view.pending])
    mail.enqueue(session, values, replace=True)


def disown(session: Session, keyring: Keyring, section: Section, raw: str, *, now: datetime) -> bool:
    """The mailbox's owner did not sign, or takes it back: the signatures lose their details and cease to count, whatever
    else waits for the address goes too, and it gets no more mail.

    Holding any link of a mail proves the mailbox, and a later version was signed with the same one, so it goes too.

    :param raw: the token of a mail's link, for confirming or for this.
    :returns: whether there was anything to undo.
    :raises TokenInvalid: it is no such link.
    """
    token = find_either(session, section, raw, now=now)
    numbers = sorted(int(number) for number, _ in token.payload)
    rows = session.scalars(select(Signature).where(Signature.id.in_(numbers), Signature.section == section.code)).all()
    waiting = [row.id for row in _waiting(session, keyring, section, rows)]
    canonicals = [
        states.disown_signature(session, keyring, section, number, now=now) for number in sorted({*numbers, *waiting})
    ]
    for canonical in {found for found in canonicals if found is not None}:
        mail.suppress(session, keyring, section, canonical, "not_me", now=now)
        recall_subscriber(session, keyring, section, canonical)
    tokens.mark_used(session, token.id, now=now)
    return any(found is not None for found in canonicals)


def find_either(session: Session, section: Section, raw: str, *, now: datetime) -> tokens.TokenView:
    """A mail's link, whichever of its two it is.

    :raises TokenInvalid: it is neither.
    """
    try:
        return tokens.find(session, section.code, NOT_ME, raw, now=now)
    except TokenInvalid:
        return tokens.find(session, section.code, CONFIRM, raw, now=now)
