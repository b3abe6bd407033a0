"""People who asked for the section's newsletter, and those who want it no more: handed to the host's sinks and webhooks.

Both wait in the outbox, sealed, and are wiped once handed over. What a program was never told of somebody it is not told
because they leave either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...config_webhooks import ERASED, SUBSCRIBED, WITHDRAWN
from ...errors import DeliveryFailed
from ...keyring import Keyring
from ...models import Case, Consent, ConsentText, Signature
from ...sections import Section
from ...state import Hooks
from ..mail import outbox as mail_outbox
from ..people.addresses import parse_address
from ..people.consents import NEWSLETTER
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


def _matters(keyring: Keyring, section: Section, canonical: str, kind: str = KIND) -> tuple[bytes, ...]:
    return keyring.blinds(f"{kind}|{section.code}", canonical)


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
        dedupe=_matters(keyring, section, canonical, kind)[0],
    )  # fmt: skip
    mail_outbox.enqueue(session, values, replace=True)


def recall_subscriber(session: Session, keyring: Keyring, section: Section, canonical: str) -> None:
    """Take the sink's opt-in back that still waits; nobody is told anything.

    :param canonical: the address in canonical form.
    """
    mail_outbox.recall(session, _matters(keyring, section, canonical))


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
    waited = mail_outbox.recall(session, _matters(keyring, section, canonical))
    if not hooks.webhooks and hooks.withdrawal_sink is None:
        return False
    emails, first = _handed_on(session, keyring, section, canonical)

    def knows(since: datetime | None) -> bool:
        """Whether somebody may have been told, for whom an opt-in has waited since then."""
        return first is not None and (since is None or first < since)

    told = False
    for hook in hooks.webhooks:
        if not knows(events.recall(session, keyring, hook, section, SUBSCRIBED, canonical)):
            continue
        if hook.wants(SUBSCRIBED, section.code):
            event = ERASED if why == "erased" and hook.wants(ERASED, section.code) else WITHDRAWN
            data = {"email": emails[0], "emails": emails, "why": why}
            told = (
                bool(events.tell_of_person(session, keyring, [hook], section, event, canonical, data, now=now)) or told
            )
    if hooks.withdrawal_sink is not None and knows(waited):
        params = {"section": section.code, "emails": emails, "at": now.isoformat(), "why": why}
        # What was on its way to an address when it was erased does not leave: this comes after.
        later, locale = now + timedelta(microseconds=1), section.default_locale
        _enqueue(session, keyring, section, WITHDRAWAL, locale, emails[0], params, canonical, now=later)
        told = True
    return told


def _handed_on(
    session: Session, keyring: Keyring, section: Section, canonical: str
) -> tuple[list[str], datetime | None]:
    """How an address was typed in signatures that opted in, and when the first opt-in was handed on."""
    cases = session.scalars(select(Case.id).where(Case.section == section.code)).all()
    indexes = [index for case_id in cases for index in keyring.blinds(signature_scope(section, case_id), canonical)]
    at_once = section.confirmation == "none"
    rows = session.execute(
        select(Signature.person, Signature.confirmed_at, Signature.released_at)
        .join(Consent, Consent.signature_id == Signature.id)
        .where(
            Signature.section == section.code,
            Signature.case_id.in_(cases),
            Signature.email_index.in_(indexes),
            Signature.person.is_not(None),
            Signature.confirmed_at.is_not(None),
            # Where no mail is confirmed, what is held is not handed on before it is released.
            *((Signature.held_at.is_(None),) if at_once else ()),
            Consent.purpose == NEWSLETTER,
            Consent.granted,
        )
        .order_by(Consent.id.desc())
    ).all()
    typed = dict.fromkeys(keyring.open_json(row.person).get("email") for row in rows)
    moments = [(row.released_at if at_once else None) or row.confirmed_at for row in rows]
    return [email for email in typed if email] or [canonical], min(moments, default=None)


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
