"""Signing petitions: one transaction that writes signature, consents and the mail to send.

What a stranger can learn from the answer is nothing: :func:`sign` returns the same for a new, a pending, a confirmed
and a blocked address, and callers answer alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import CaseNotActive
from ...keyring import Keyring
from ...models import Case, Signature
from ...sections import Section
from ..mail import send as mail
from ..moderation.judgement import Judgement, spend_proof
from ..people.addresses import Address
from ..people.consents import ConsentAnswer, record_answers
from ..people.names import fold_name
from ..tally import counts as tally
from .sql import SignedRow, write_signature
from .subscribers import enqueue_subscriber

#: Pressing the button again within this time, with nothing changed, is one signature and one mail.
SAME_PRESS = timedelta(minutes=10)


@dataclass(frozen=True)
class Network:
    """Where a request came from, as keyed hashes of that day."""

    day: date
    host: bytes
    site: bytes
    block: bytes


@dataclass(frozen=True)
class Submission:
    """What a supporter filled in, checked and cleaned."""

    first_name: str
    last_name: str
    address: Address | None
    locale: str
    phone: str = ""
    postcode: str = ""
    custom: Mapping[str, Any] | None = None
    withhold_name: bool = False
    newsletter: bool = False
    consents: Sequence[ConsentAnswer] = ()

    def person(self) -> dict[str, Any]:
        """What is sealed in the signature."""
        values = {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.address.typed if self.address else None,
            "phone": self.phone,
            "postcode": self.postcode,
            "custom": dict(self.custom or {}),
        }
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True)
class Signed:
    """What was written, for signals: never for the answer."""

    created: tuple[int, ...]
    confirmed: tuple[int, ...]
    held: bool
    #: No mail is to be answered.
    at_once: bool = False


@dataclass(frozen=True)
class Signing:
    """One press of the button: everything that is written for it, worked out before the database is asked."""

    section: Section
    submission: Submission
    judgement: Judgement
    network: Network
    #: The day's secret, which keys the count of mails an address gets.
    cap_secret: bytes
    now: datetime
    #: The host takes newsletter opt-ins.
    to_subscribers: bool = False
    #: Whoever signs has shown that they read the address' mail.
    proved: bool = False

    @property
    def at_once(self) -> bool:
        """Counted without a mail: the mailbox is proved, the section asks for none, or there is no address."""
        return self.proved or self.section.confirmation == "none" or self.submission.address is None

    def email_index(self, keyring: Keyring, case_id: int) -> bytes | None:
        """What the address is known by on a case."""
        address = self.submission.address
        return keyring.blind(tally.signature_scope(self.section, case_id), address.canonical) if address else None

    def signature_values(self, keyring: Keyring, case_id: int, sealed: str, *, held: bool) -> dict[str, Any]:
        """The signature's columns for one case."""
        given, section = self.submission, self.section
        plain = json.dumps([given.person(), given.withhold_name, given.newsletter], sort_keys=True)
        name = fold_name(given.first_name, given.last_name)
        address = given.address
        return {
            "section": section.code,
            "case_id": case_id,
            "state": "confirmed" if self.at_once else "pending",
            "version": 1,
            "email_index": self.email_index(keyring, case_id),
            "slot": 0,
            "details_index": keyring.blind(f"details|{section.code}|{case_id}", plain),
            "name_index": keyring.blind(f"name|{section.code}|{case_id}", name),
            "person": sealed,
            "withhold_name": given.withhold_name,
            "newsletter": given.newsletter,
            "locale": given.locale,
            "held_at": self.now if held else None,
            "held_for": (self.judgement.held_for or "suppressed") if held else None,
            "released_at": None,
            "reasons": list(self.judgement.reasons),
            "score": self.judgement.score,
            "captcha": self.judgement.captcha,
            "net_day": self.network.day,
            "net_host": self.network.host,
            "net_site": self.network.site,
            "net_block": self.network.block,
            "mail_domain": address.provider if address else None,
            "created_at": self.now,
            "updated_at": self.now,
            "confirmed_at": self.now if self.at_once else None,
        }

    def mail_values(self, keyring: Keyring, kind: str, case_ids: Sequence[int]) -> dict[str, Any]:
        """The outbox row of the one mail for these cases."""
        given, section = self.submission, self.section
        assert given.address is not None
        params: dict[str, Any] = {"cases": list(case_ids)}
        if section.shared_mailbox:
            params["name"] = fold_name(given.first_name, given.last_name)
        # What asks for a confirmation is joined, by address and day; other matters are told once each.
        what = params.get("name") if kind == "confirm" else params
        matter = f"{kind}|{section.code}|{given.address.canonical}|{what}"
        return mail.outbox_values(
            keyring,
            section,
            kind,
            given.locale,
            given.address.typed,
            params,
            now=self.now,
            cap_index=mail.cap_index(self.cap_secret, section, given.address.canonical),
            cap_day=self.network.day,
            dedupe=keyring.blind(f"dedupe|{self.network.day}", matter),
        )


def sign(session: Session, keyring: Keyring, signing: Signing, case_ids: Sequence[int]) -> Signed:
    """Write one signature per case, the consents given, and one mail for them all.

    :param case_ids: the cases signed, all of the section.
    :returns: what was created.
    :raises CaseNotActive: a case takes no signatures (asked of the database, not of a cache).
    :raises ProofReplayed: the captcha solution was used before.
    """
    section, judgement, address = signing.section, signing.judgement, signing.submission.address
    spend_proof(session, judgement)
    held = judgement.held
    if signing.at_once and address is not None and mail.is_suppressed(session, keyring, section, address.canonical):
        held = True
    sealed = keyring.seal_json(signing.submission.person())
    created: list[tuple[int, int]] = []
    known: list[int] = []
    for case_id in case_ids:
        values = signing.signature_values(keyring, case_id, sealed, held=held)
        stale = signing.now - SAME_PRESS
        if section.shared_mailbox and address is not None:
            row = _write_in_shared_mailbox(session, values, stale)
        else:
            row = write_signature(session, values, stale=stale)
        if row is None:
            _insist_active(session, section, case_id)
            if _is_confirmed(session, values):
                known.append(case_id)
            continue
        created.append((row.id, case_id))
        record_answers(session, row.id, signing.submission.consents, now=signing.now)
        if signing.at_once and not held:
            edition_id = session.scalars(select(Case.edition_id).where(Case.id == case_id)).one()
            canonical = address.canonical if address else None
            tally.count_signature(session, keyring, section, edition_id, case_id, canonical)
            if signing.to_subscribers:
                enqueue_subscriber(session, keyring, section, row.id, now=signing.now)
    if address is not None and not signing.at_once:
        if created:
            mail.enqueue(session, signing.mail_values(keyring, "confirm", [case for _, case in created]), replace=True)
        elif known:
            mail.enqueue(session, signing.mail_values(keyring, "already_signed", known), replace=False)
    ids = tuple(number for number, _ in created)
    return Signed(ids, ids if signing.at_once and not held else (), held, signing.at_once)


def _write_in_shared_mailbox(session: Session, values: dict[str, Any], stale: datetime) -> SignedRow | None:
    # A place that looks free may be taken by the other name before ours is written; then it is looked for anew.
    for _ in range(3):
        values["slot"], replace = _mailbox_slot(session, values)
        row = write_signature(session, values, stale=stale, replace=replace)
        if row is not None or replace:
            return row
    return None


def _mailbox_slot(session: Session, values: Mapping[str, Any]) -> tuple[int, bool]:
    """Which of a shared mailbox's two places this name has: its own, else a free one, else the second.

    :returns: the place, and whether the signature that stands there may be replaced.
    """
    taken = session.execute(
        select(Signature.name_index, Signature.slot).where(
            Signature.case_id == values["case_id"], Signature.email_index == values["email_index"]
        )
    ).all()
    for name, slot in taken:
        if name == values["name_index"]:
            return slot, True
    free = {0, 1} - {slot for _, slot in taken}
    return (min(free), False) if free else (1, True)


def _insist_active(session: Session, section: Section, case_id: int) -> None:
    status = session.scalars(select(Case.status).where(Case.id == case_id, Case.section == section.code)).first()
    if status != "active":
        raise CaseNotActive


def _is_confirmed(session: Session, values: Mapping[str, Any]) -> bool:
    found = session.scalars(
        select(Signature.id).where(
            Signature.case_id == values["case_id"],
            Signature.email_index == values["email_index"],
            Signature.slot == values["slot"],
            Signature.state == "confirmed",
        )
    ).first()
    return found is not None
