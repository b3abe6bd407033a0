"""People who asked for the section's newsletter, and those who want it no more: handed to the host's sinks and webhooks.

Both wait in the outbox, sealed, and are wiped once handed over. What a program was never told of somebody it is not told
because they leave either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...config_webhooks import ERASED, SUBSCRIBED, WITHDRAWN
from ...errors import DeliveryFailed
from ...keyring import Keyring
from ...models import Case, Consent, ConsentText, OutboxMail, Signature
from ...sections import Section
from ...state import Hooks
from ..mail import outbox as mail_outbox
from ..people.addresses import parse_address
from ..people.consents import NEWSLETTER
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from ..tally.counts import signature_scope
from ..webhooks import events

#: The outbox kinds that are handed to the sinks instead of the mailer.
KIND, WITHDRAWAL = "subscriber", "subscriber_withdrawn"
#: Where an opt-in came from, as consumers are told: never which case, since nobody agreed to that.
SOURCE = "petition"


@dataclass(frozen=True)
class Subscriber:
    """One opt-in, with the proof of it: when the yes was given, and the words it answered.

    A name in one piece is the ``first_name``, and ``last_name`` is empty.
    """

    section: str
    email: str
    first_name: str
    last_name: str
    locale: str
    consented_at: str
    consent_digest: str
    consent_version: str = ""
    consent_text: str = ""
    source: str = SOURCE


@dataclass(frozen=True)
class Withdrawal:
    """Somebody who wants no newsletter any more.

    :ivar emails: the address as it was typed, in each way that it was.
    :ivar at: when they said so.
    :ivar why: ``withdrawn``, or ``erased``: then they want all of it deleted.
    """

    section: str
    emails: Sequence[str]
    at: str
    why: str


Sink = Callable[[Subscriber], None]


def are_wanted(hooks: Hooks) -> bool:
    """Whether anybody takes opt-ins."""
    return hooks.subscriber_sink is not None or any(SUBSCRIBED in hook.events for hook in hooks.webhooks)


def _matter(keyring: Keyring, section: Section, canonical: str, kind: str = KIND) -> bytes:
    return keyring.blind(f"{kind}|{section.code}", canonical)


def enqueue_subscriber(
    session: Session, keyring: Keyring, section: Section, signature_id: int, *, hooks: Hooks, now: datetime
) -> bool:
    """Put a confirmed signature's newsletter opt-in in the outbox, if it gave one.

    Several signatures of one mail make one entry. Sink and webhooks are told at least once of it.

    :returns: whether there was an opt-in to hand on.
    """
    row = session.get(Signature, signature_id)
    if row is None or not row.newsletter or not row.person:
        return False
    found = session.execute(
        select(Consent.given_at, Consent.text_digest, Consent.method, ConsentText.version, ConsentText.text)
        .outerjoin(ConsentText, ConsentText.digest == Consent.text_digest)
        .where(Consent.signature_id == signature_id, Consent.purpose == NEWSLETTER, Consent.granted)
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()
    details = keyring.open_json(row.person)
    if found is None or not details.get("email"):
        return False
    subscriber = Subscriber(
        section.code,
        details["email"],
        details.get("first_name", ""),
        details.get("last_name", ""),
        row.locale,
        found.given_at.isoformat(),
        bytes(found.text_digest).hex(),
        found.version or "",
        found.text or "",
    )
    canonical = parse_address(subscriber.email, test_environment=True).canonical
    if hooks.subscriber_sink is not None:
        _enqueue(session, keyring, section, KIND, row.locale, subscriber.email, vars(subscriber), canonical, now=now)
    told = {name: value for name, value in vars(subscriber).items() if name != "section"}
    told["method"] = found.method
    events.tell_of_person(session, keyring, hooks.webhooks, section, SUBSCRIBED, canonical, told, now=now)
    return True


def _enqueue(
    session: Session, keyring: Keyring, section: Section, kind: str, locale: str, email: str, params: Mapping[str, Any],
    canonical: str, *, now: datetime,
) -> None:  # fmt: skip
    values = mail_outbox.outbox_values(
        keyring, section, kind, locale, email, params, now=now, cap_index=None, cap_day=None,
        dedupe=_matter(keyring, section, canonical, kind),
    )  # fmt: skip
    mail_outbox.enqueue(session, values, replace=True)


def withdraw_subscriber(work: UnitOfWork, keyring: Keyring, section: Section, canonical: str, *, now: datetime) -> bool:
    """Somebody wants no newsletter any more: what waits is recalled, and whoever may have been told is told so.

    Call it before the signatures lose their details: the address is told as it was typed.

    :param canonical: the address in canonical form.
    :returns: whether anybody is to be told.
    """
    return _leave(work, keyring, section, canonical, "withdrawn", now=now)


def erase_subscriber(work: UnitOfWork, keyring: Keyring, section: Section, canonical: str, *, now: datetime) -> bool:
    """Somebody wants all that is held of them deleted: as :func:`withdraw_subscriber`, and webhooks that want it are told
    ``person.erased``, with the address that they know.

    Call it before the signatures lose their details.

    :param canonical: the address in canonical form.
    :returns: whether anybody is to be told.
    """
    return _leave(work, keyring, section, canonical, "erased", now=now)


def _leave(work: UnitOfWork, keyring: Keyring, section: Section, canonical: str, why: str, *, now: datetime) -> bool:
    session, hooks = work.session, work.state.hooks
    emails, opt_ins = _handed_on(session, keyring, section, canonical)
    sink_untold = _recall(session, keyring, section, canonical)
    told = False
    for hook in hooks.webhooks:
        untold = events.recall(session, keyring, [hook], section, SUBSCRIBED, canonical)
        # All that was ever given still waited: it knows nobody whom it could forget.
        if opt_ins <= untold or not hook.wants(SUBSCRIBED, section.code):
            continue
        event = ERASED if why == "erased" and hook.wants(ERASED, section.code) else WITHDRAWN
        data = {"email": emails[0], "emails": emails, "why": why}
        told = events.tell_of_person(session, keyring, [hook], section, event, canonical, data, now=now) > 0 or told
    if hooks.withdrawal_sink is not None and opt_ins > sink_untold:
        params = {"section": section.code, "emails": emails, "at": now.isoformat(), "why": why}
        locale = section.default_locale
        _enqueue(session, keyring, section, WITHDRAWAL, locale, emails[0], params, canonical, now=now)
        told = True
    return told


def _recall(session: Session, keyring: Keyring, section: Section, canonical: str) -> int:
    """Take the sink's opt-in back that still waits. Returns how many certainly never were handed over."""
    waits = update(OutboxMail).where(
        OutboxMail.dedupe == _matter(keyring, section, canonical), OutboxMail.state.in_(("queued", "failed"))
    )
    wiped: dict[str, Any] = {"state": "dropped", "recipient": None, "params": None, "dedupe": None}
    untried = execute(session, waits.where(OutboxMail.attempts == 0, OutboxMail.claimed_by.is_(None)).values(**wiped))
    execute(session, waits.values(**wiped))
    return untried


def _handed_on(session: Session, keyring: Keyring, section: Section, canonical: str) -> tuple[list[str], int]:
    """How an address was typed in signatures that opted in, and how many opt-ins were handed on."""
    cases = session.scalars(select(Case.id).where(Case.section == section.code)).all()
    indexes = {case_id: keyring.blind(signature_scope(section, case_id), canonical) for case_id in cases}
    if not indexes:
        return [canonical], 0
    rows = session.execute(
        select(Signature.id, Signature.person, Consent.id.label("consent"))
        .join(Consent, Consent.signature_id == Signature.id)
        .where(
            Signature.section == section.code,
            Signature.case_id.in_(indexes),
            Signature.email_index.in_(indexes.values()),
            Signature.person.is_not(None),
            Signature.confirmed_at.is_not(None),
            # Where no mail is confirmed, what is held is not handed on before it is released.
            *((Signature.held_at.is_(None),) if section.confirmation == "none" else ()),
            Consent.purpose == NEWSLETTER,
            Consent.granted,
        )
        .order_by(Consent.id.desc())
    ).all()
    typed = dict.fromkeys(keyring.open_json(row.person).get("email") for row in rows if row.person)
    return [email for email in typed if email] or [canonical], len(rows)


def hand_over(hooks: Hooks, params: Mapping[str, Any]) -> None:
    """handed to ``subscriber_sink``

    :raises DeliveryFailed: there is none.
    """
    if hooks.subscriber_sink is None:
        raise DeliveryFailed("no subscriber_sink is registered")
    hooks.subscriber_sink(Subscriber(**params))


def hand_over_withdrawal(hooks: Hooks, params: Mapping[str, Any]) -> None:
    """handed to ``withdrawal_sink``

    :raises DeliveryFailed: there is none.
    """
    if hooks.withdrawal_sink is None:
        raise DeliveryFailed("no withdrawal_sink is registered")
    hooks.withdrawal_sink(Withdrawal(**params))
