"""What is held of a supporter: signatures and the consents given with them; see ``seam.Holds``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, long_date
from ...keyring import Keyring
from ...models import Case, Consent, ConsentText, Edition, Signature
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..people import owners
from ..people.consents import NEWSLETTER, PETITION
from ..people.names import fold_name, full_name
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from ..tally import counts as tally
from ..tally.keys import day_of
from . import standing
from .reindex import name_scope
from .standing import ALIVE, details_of
from .subscribers import erase_subscriber, recall_subscriber, withdraw_subscriber

#: What the owner of a signature can correct, in the order of the form.
CORRECTABLE = ("first_name", "last_name", "phone", "postcode")
STATES: Mapping[str, Any] = {
    "pending": lazy_gettext("Waiting for you to confirm your email address"),
    "confirmed": lazy_gettext("You confirmed it"),
    "invalid": lazy_gettext("Not counted"),
}
_FIELDS: Mapping[str, Any] = {
    "first_name": lazy_gettext("First name"),
    "last_name": lazy_gettext("Last name"),
    "phone": lazy_gettext("Phone number"),
    "postcode": lazy_gettext("Postcode"),
}
_PURPOSES: Mapping[str, Any] = {
    PETITION: lazy_gettext("Consent to sign"),
    NEWSLETTER: lazy_gettext("Consent to hear from us"),
}
#: What is left of a signature when its owner is gone: that there was one.
_BLANK: Mapping[str, Any] = {
    "state": "erased", "email_index": None, "details_index": None, "name_index": None, "person": None, "newsletter": False,
    "held_at": None, "held_for": None, "reasons": [], "score": 0, "net_day": None, "net_host": None, "net_site": None,
    "net_block": None, "mail_domain": None,
}  # fmt: skip


def _places(session: Session, section: Section) -> dict[int, Any]:
    """Case and edition of each of the section's cases: ``id slug name year``."""
    query = select(Case.id, Case.slug, Case.name, Case.status, Edition.year, Case.edition_id).join(
        Edition, Edition.id == Case.edition_id
    )
    return {row.id: row for row in session.execute(query.where(Case.section == section.code))}


def _key(place: Any, row: Any) -> str:
    return f"{place.year}/{place.slug}" + (f"/{row.slot}" if row.slot else "")


def _rows(session: Session, keyring: Keyring, section: Section, canonical: str, *, lock: bool = False) -> list[Any]:
    found = standing.of_address(session, keyring, section, canonical, lock=lock, every=True)
    return [row for row in found.rows.values() if row.state != "erased"]


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The signatures of an address, the newest first."""
    places = _places(session, lens.section)
    rows = sorted(_rows(session, keyring, lens.section, canonical), key=lambda row: row.created_at, reverse=True)
    return [_held(keyring, places[row.case_id], row) for row in rows]


def _held(keyring: Keyring, place: Any, row: Any) -> Held:
    person = details_of(keyring, row)
    name = full_name(person)
    # Nothing names a case that was withdrawn, for the sake of the person at risk.
    withdrawn = place.status == "withdrawn"
    title = gettext("A case that was withdrawn") if withdrawn else place.name
    custom = {str(key): value for key, value in (person.get("custom") or {}).items()}
    facts = [
        (gettext("Status"), str(STATES[row.state])),
        (gettext("Signed on"), long_date(row.created_at)),
        (gettext("Confirmed on"), long_date(row.confirmed_at) if row.confirmed_at else ""),
        (gettext("Handed over on"), long_date(row.delivered_at) if row.delivered_at else ""),
        (gettext("Name"), name),
        (gettext("Email address"), person.get("email", "")),
        (str(_FIELDS["phone"]), person.get("phone", "")),
        (str(_FIELDS["postcode"]), person.get("postcode", "")),
        *((key, str(value)) for key, value in custom.items()),
        (gettext("Your name is kept back"), gettext("Yes") if row.withhold_name else ""),
    ]
    data = {
        "case": None if withdrawn else place.slug, "edition": place.year, "state": row.state, "name": name,
        "email": person.get("email"), "phone": person.get("phone"), "postcode": person.get("postcode"),
        "custom": custom, "withhold_name": row.withhold_name, "newsletter": row.newsletter, "locale": row.locale,
        "signed_at": _iso(row.created_at), "confirmed_at": _iso(row.confirmed_at),
        "delivered_at": _iso(row.delivered_at),
    }  # fmt: skip
    alive = row.state in ALIVE and bool(row.person)
    return Held(
        _key(place, row), title, [pair for pair in facts if pair[1]], data,
        ways=("leave", "correct") if alive else (),
        fields={name: (str(_FIELDS[name]), str(person.get(name, ""))) for name in CORRECTABLE} if alive else {},
    )  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """Nothing tells any more who signed; what counted goes on counting."""
    session, keyring, now = work.session, work.state.keyring, work.state.clock()
    every = _rows(session, keyring, section, canonical, lock=True)
    rows = [row for row in every if before is None or row.created_at <= before]
    if len(rows) == len(every):
        erase_subscriber(work, keyring, section, canonical, now=now)
    else:
        # Whoever signed again since was erased before, and those who must know were told then.
        recall_subscriber(session, keyring, section, canonical)
    if rows:
        _wipe(session, rows, now)
    tally.forget_person(session, keyring, section, canonical)
    return len(rows)


def _wipe(session: Session, rows: Sequence[Any], now: datetime) -> None:
    ids = [row.id for row in rows]
    execute(session, delete(Consent).where(Consent.signature_id.in_(ids)))
    counted = {row.id for row in rows if row.state == "confirmed" and row.held_at is None}
    for some, more in ((counted, {}), (set(ids) - counted, {"confirmed_at": None})):
        if some:
            change = update(Signature).where(Signature.id.in_(sorted(some)))
            execute(session, change.values(**_BLANK, **more, version=Signature.version + 1, updated_at=now))


def act(work: UnitOfWork, section: Section, canonical: str, way: str, key: str, values: Mapping[str, str]) -> bool:
    """Leave one petition, or correct what one signature says."""
    session, keyring, now = work.session, work.state.keyring, work.state.clock()
    places = _places(session, section)
    rows = _rows(session, keyring, section, canonical, lock=True)
    mine = [row for row in rows if row.state in ALIVE and row.person and _key(places[row.case_id], row) == key]
    if way == "leave" and any(row.newsletter for row in mine):
        others = {row.id for row in rows if row.newsletter} - {row.id for row in mine}
        if not others:
            # The proof of the only yes goes with it.
            withdraw_subscriber(work, keyring, section, canonical, now=now)
    for row in mine:
        if way == "leave":
            _leave(session, keyring, section, places[row.case_id], row, canonical, now)
        elif way == "correct":
            _correct(session, keyring, section, row, values, now)
    return bool(mine)


def _leave(
    session: Session, keyring: Keyring, section: Section, place: Any, row: Any, canonical: str, now: datetime
) -> None:
    counted = row.state == "confirmed" and row.held_at is None
    execute(session, delete(Consent).where(Consent.signature_id == row.id))
    blank = {**_BLANK, "confirmed_at": None, "version": row.version + 1, "updated_at": now}
    execute(session, update(Signature).where(Signature.id == row.id).values(**blank))
    if counted:
        day = day_of(section, row.confirmed_at)
        tally.uncount_signatures(session, keyring, section, place.edition_id, {(row.case_id, day): [canonical]})


def _correct(
    session: Session, keyring: Keyring, section: Section, row: Any, values: Mapping[str, str], now: datetime
) -> None:
    person = {**details_of(keyring, row), **{name: values[name] for name in CORRECTABLE if name in values}}
    name = fold_name(person.get("first_name", ""), person.get("last_name", ""))
    changed = {
        "person": keyring.seal_json({key: value for key, value in person.items() if value}),
        "name_index": keyring.blind(name_scope(section.code, row.case_id), name),
        # What was typed when signing is not known any more, so that signing again with it is a change.
        "details_index": None,
        "updated_at": now,
    }
    execute(session, update(Signature).where(Signature.id == row.id).values(**changed))


def show_consents(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """Each question that was answered, in its exact words, and the last answer to it."""
    rows = {row.id: row for row in _rows(session, keyring, lens.section, canonical)}
    if not rows:
        return []
    query = (
        select(Consent, ConsentText.text, ConsentText.version, ConsentText.locale)
        .join(ConsentText, ConsentText.digest == Consent.text_digest)
        .where(Consent.signature_id.in_(rows))
        .order_by(Consent.given_at, Consent.id)
    )
    answers: dict[tuple[str, bytes, bool], list[Any]] = defaultdict(list)
    for row in session.execute(query):
        answers[row.Consent.purpose, row.Consent.text_digest, row.Consent.granted].append(row)
    subscribed = any(row.newsletter for row in rows.values())
    found = []
    for (purpose, _, granted), some in answers.items():
        first, last = some[0], some[-1]
        facts = [
            (gettext("The exact words"), first.text),
            (gettext("Your answer"), gettext("Yes") if granted else gettext("No")),
            (gettext("Given on"), long_date(first.Consent.given_at)),
            (gettext("Last given on"), long_date(last.Consent.given_at) if len(some) > 1 else ""),
        ]
        data = {
            "purpose": purpose, "granted": granted, "text": first.text, "version": first.version,
            "locale": first.locale, "method": last.Consent.method, "given_at": _iso(first.Consent.given_at),
            "last_given_at": _iso(last.Consent.given_at), "times": len(some),
        }  # fmt: skip
        ways = ("withdraw",) if purpose == NEWSLETTER and granted and subscribed else ()
        title = str(_PURPOSES.get(purpose, purpose))
        found.append(Held(purpose, title, [pair for pair in facts if pair[1]], data, ways=ways))
    return found


def act_on_consent(
    work: UnitOfWork, section: Section, canonical: str, way: str, key: str, values: Mapping[str, str]
) -> bool:
    """Withdraw the consent to be written to: all signatures of the address say no from now on."""
    if way != "withdraw" or key != NEWSLETTER:
        return False
    session, keyring, now = work.session, work.state.keyring, work.state.clock()
    rows = [row for row in _rows(session, keyring, section, canonical, lock=True) if row.newsletter]
    withdraw_subscriber(work, keyring, section, canonical, now=now)
    if not rows:
        return False
    ids = [row.id for row in rows]
    execute(session, update(Signature).where(Signature.id.in_(ids)).values(newsletter=False, updated_at=now))
    last = select(Consent.signature_id, Consent.text_digest).where(
        Consent.signature_id.in_(ids), Consent.purpose == NEWSLETTER, Consent.granted
    )
    digests = {row.signature_id: row.text_digest for row in session.execute(last.order_by(Consent.id))}
    told = [
        {"signature_id": number, "purpose": NEWSLETTER, "text_digest": digest, "granted": False, "method": "my_data",
         "given_at": now}
        for number, digest in digests.items()
    ]  # fmt: skip
    if told:
        session.execute(insert(Consent), told)
    return True


SIGNATURES = Holds(
    "signatures", lazy_gettext("Signatures"), show, erase, act, owners.addresses(Signature, Signature.person, "email")
)
CONSENTS = Holds("consents", lazy_gettext("What you agreed to"), show_consents, act=act_on_consent)
