"""What the links in a confirmation mail do: confirm, ask for a new link, or say "this was not me"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, TokenInvalid
from ...keyring import Keyring
from ...sections import Section
from ...state import Hooks
from ..mail import send as mail
from ..moderation.judgement import Judgement
from ..people import tokens
from ..people.addresses import Address, parse_address
from ..people.networks import Network
from ..storage.unit_of_work import UnitOfWork
from . import standing, states
from .signing import Signing, Submission
from .standing import Standing
from .subscribers import are_wanted, enqueue_subscriber, withdraw_subscriber

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
    pending: Sequence[Any]
    #: By case, with which name it was signed.
    names: Mapping[int, str] = field(default_factory=dict)
    #: The address, where something waits.
    canonical: str | None = None


def look(session: Session, keyring: Keyring, section: Section, raw: str, purpose: str, *, now: datetime) -> LinkView:
    """Say what a link stands for, changing nothing: what was signed with its address and waits, all of it.

    :raises TokenInvalid: it is no link of this section for this purpose.
    :raises CaseWithdrawn: all it was for has been withdrawn.
    """
    token = tokens.find(session, section.code, purpose, raw, now=now)
    return _view(keyring, token, *_stand(session, keyring, section, token))


def _stand(
    session: Session, keyring: Keyring, section: Section, token: tokens.TokenView, *, lock: bool = False
) -> tuple[list[Any], Standing]:
    """The signatures that a link was made for, and all of their address."""
    cases, rows = standing.with_cases(session, section, [int(number) for number, _ in token.payload])
    address = standing.address_of(keyring, rows)
    canonical = address.canonical if address else None
    stand = standing.of_address(session, keyring, section, canonical, lock=lock, known=rows, cases=cases)
    return [stand.rows.get(row.id, row) for row in rows], stand


def _view(keyring: Keyring, token: tokens.TokenView, rows: Sequence[Any], stand: Standing) -> LinkView:
    versions = _versions(token)
    rows = sorted(rows, key=lambda row: stand.cases[row.case_id].position)
    if rows and all(stand.status(row) == "withdrawn" for row in rows):
        raise CaseWithdrawn
    live = [row for row in rows if row.version == versions[row.id] and stand.status(row) != "withdrawn"]
    confirmed = [row for row in live if row.state == "confirmed"]
    # Who has the link of one mail reads the address' mail: there is no need to open them all.
    pending = stand.pending() if token.revoked_at is None else []
    shown = pending or confirmed or [row for row in live if row.state == "pending"]
    if not shown or token.revoked_at is not None:
        return LinkView("invalid", "", (), ())
    status = ("expired" if token.expired else "ask") if pending else "done" if confirmed else "closed"
    if status != "ask":
        return LinkView(status, "", [row.case_id for row in shown], pending)
    names = {row.case_id: standing.name_of(keyring, row) for row in shown}
    return LinkView(status, names[shown[0].case_id], list(names), pending, names, stand.canonical)


def _versions(token: tokens.TokenView) -> dict[int, int]:
    return {int(number): int(version) for number, version in token.payload}


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
    #: All cases that were signed with the address.
    signed: Collection[int] = ()
    #: The address.
    canonical: str | None = None


def confirm(
    session: Session,
    keyring: Keyring,
    section: Section,
    raw: str,
    *,
    hold_at: int,
    now: datetime,
    secret: bytes,
    fast_score: int = 0,
    hooks: Hooks | None = None,
    slugs: Collection[str] | None = None,
    shown_at: datetime | None = None,
) -> Confirmed | None:
    """The button was pressed: confirm what waits for the link's address. Pressing twice changes nothing.

    :param secret: the day's, see ``people.networks.day_secret``.
    :param fast_score: points for doing so within seconds of signing.
    :param hooks: where newsletter opt-ins go; ``None``: nowhere.
    :param slugs: the cases that were ticked; the others go on waiting. ``None``: all.
    :param shown_at: when the page with the button was made; what was signed, or changed, since then was not on it and goes
        on waiting. ``None``: now.
    :returns: what was confirmed now or before; ``None`` when the link is expired or stands for nothing (any more) that
        can be confirmed.
    :raises TokenInvalid: it is no such link.
    :raises CaseWithdrawn: all it was for has been withdrawn.
    """
    token = tokens.find(session, section.code, CONFIRM, raw, now=now)
    rows, stand = _stand(session, keyring, section, token, lock=True)
    view = _view(keyring, token, rows, stand)
    if view.status not in ("ask", "done"):
        return None
    wanted = _versions(token)
    for row in view.pending:
        if wanted.get(row.id) != row.version and (shown_at is None or row.updated_at <= shown_at):
            wanted[row.id] = row.version
    left_out = {row.id for row in view.pending if slugs is not None and stand.cases[row.case_id].slug not in slugs}
    ticked = {number: version for number, version in wanted.items() if number not in left_out}
    if not ticked:
        return Confirmed((), (), None, stand.signed(), stand.canonical)
    done = states.confirm_signatures(
        session, keyring, section, stand, ticked, hold_at=hold_at, now=now, fast_score=fast_score
    )
    if all(item.outcome == "gone" for item in done):
        return None
    fresh = [item.signature_id for item in done if item.outcome == "confirmed"]
    who = _signer(keyring, stand.rows[fresh[0]]) if fresh else None
    if who is not None:
        mail.answered(session, section, who.address.canonical, secret=secret, now=now)
    if hooks is not None and are_wanted(hooks):
        for number in fresh:
            enqueue_subscriber(session, keyring, section, number, hooks=hooks, now=now)
    case_ids = [item.case_id for item in done if item.outcome in ("confirmed", "already")]
    return Confirmed(fresh, case_ids, who, stand.signed(), stand.canonical)


def signer(session: Session, keyring: Keyring, section: Section, raw: str, *, now: datetime) -> Signer | None:
    """Who a confirmation link belongs to, where something by it is confirmed.

    :param raw: the link's token.
    :raises TokenInvalid: it is no such link.
    """
    token = tokens.find(session, section.code, CONFIRM, raw, now=now)
    rows = standing.by_id(session, section, list(_versions(token)))
    row = next((row for row in rows if row.state == "confirmed"), None)
    return _signer(keyring, row) if row is not None and token.revoked_at is None else None


def _signer(keyring: Keyring, row: Any) -> Signer | None:
    details = standing.details_of(keyring, row)
    if not details.get("email"):
        return None
    return Signer(details, row.withhold_name, parse_address(details["email"], test_environment=True))


def signed_by(session: Session, keyring: Keyring, section: Section, canonical: str) -> set[int]:
    """Which cases an address has signed."""
    return standing.of_address(session, keyring, section, canonical).signed()


def resend(session: Session, keyring: Keyring, section: Section, raw: str, *, secret: bytes, now: datetime) -> None:
    """Send a new link for what an expired one stands for, to the address that was signed with, within its cap.

    :param secret: the day's.
    """
    view = look(session, keyring, section, raw, CONFIRM, now=now)
    if not view.pending:
        return
    first = view.pending[0]
    details = standing.details_of(keyring, first)
    submission = Submission(
        first_name=details.get("first_name", ""),
        last_name=details.get("last_name", ""),
        address=parse_address(details["email"], test_environment=True),
        locale=first.locale,
    )
    # Only the mail is made anew: the signature and what was judged of it stand.
    signing = Signing(
        section, submission, Judgement(0, False, (), "off"), Network(now.date(), b"", b"", b""), secret, now
    )
    values = signing.mail_values(keyring, CONFIRM, [row.case_id for row in view.pending])
    mail.enqueue(session, values, replace=True)


def disown(work: UnitOfWork, keyring: Keyring, section: Section, raw: str, *, now: datetime) -> str | None:
    """The mailbox's owner did not sign, or takes it back: the signatures lose their details and cease to count.

    Holding any link of a mail proves the mailbox, and a later version was signed with the same one, so it goes too. What
    waits for the address goes by ``mail.together.disown``, and that no more mail is wanted is said by ``mail.owners_word``.

    :param raw: the token of a mail's link, for confirming or for this.
    :returns: the address in canonical form; ``None`` where nothing holds it any more.
    :raises TokenInvalid: it is no such link.
    """
    session = work.session
    token = find_either(session, section, raw, now=now)
    rows, stand = _stand(session, keyring, section, token)
    if stand.canonical is not None:
        withdraw_subscriber(work, keyring, section, stand.canonical, now=now)
    for row in sorted(rows, key=lambda row: row.id):
        states.disown_signature(session, keyring, section, row.id, now=now)
    return stand.canonical


def find_either(session: Session, section: Section, raw: str, *, now: datetime) -> tokens.TokenView:
    """A mail's link, whichever of its two it is.

    :raises TokenInvalid: it is neither.
    """
    try:
        return tokens.find(session, section.code, NOT_ME, raw, now=now)
    except TokenInvalid:
        return tokens.find(session, section.code, CONFIRM, raw, now=now)
