"""What happens as an email leaves: from whom, that it counts, and what is done when the target's mailbox refuses it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, TargetEmail
from ...seam import Sender
from ...sections import Section
from ...sections.emails import rules_of
from ..mail import outbox
from ..mail.letters import Letter
from ..tally import counts as tally
from ..tally.keys import Key
from . import digest
from .drip import lock_drip
from .outgoing import DIGEST

log = logging.getLogger("flask_w4r.emails")

#: The type of the tally.
ACTION = "email"


def address_of(section: Section, usual: str | None) -> str:
    """The section's sender: its own for such emails, else the site's."""
    return rules_of(section).sender or usual or ""


def sender(section: Section, values: Mapping[str, Any], usual: str | None) -> Sender:
    """A supporter's name before the section's address; replies come to the section too."""
    own = address_of(section, usual)
    return Sender(str(values["writer"]), parseaddr(own)[1], own, personal=True)


def digest_sender(section: Section, values: Mapping[str, Any], usual: str | None) -> Sender:
    """A digest is the section's own."""
    own = address_of(section, usual)
    return Sender(parseaddr(own)[0] or section.name, parseaddr(own)[1], own)


def sent(session: Session, keyring: Keyring, letters: Sequence[Letter], *, now: datetime) -> None:
    """They left: each counts, once, in the transaction that records it."""
    counted: Counter[tuple[int, int]] = Counter()
    for letter in letters:
        row = session.get(TargetEmail, letter.params["email"], populate_existing=True, with_for_update=True)
        if row is None or row.state != "confirmed" or row.version != letter.params["version"]:
            continue
        edition = session.scalars(select(Case.edition_id).where(Case.id == row.case_id)).one()
        single = letter.facts["kind"] != DIGEST
        for one in [row] if single else digest.stands_for(session, row):
            one.state, one.sent_at, one.updated_at = "sent", now, now
            counted[edition, row.case_id] += 1
        session.flush()
        if single:
            _copies(session, keyring, letter.section, row, now=now)
    for (edition, case_id), number in sorted(counted.items()):
        section = letters[0].section
        tally.add_all(session, section, edition, {Key(case_id, ACTION, day=section.local_date(now)): number})


def _copies(session: Session, keyring: Keyring, section: Section, row: TargetEmail, *, now: datetime) -> None:
    """What the section, and the supporter, want of each email that left."""
    rules = rules_of(section)
    own = keyring.open_json(row.person).get("email") if row.person and rules.copy_to_supporter else None
    wanted = [(rules.copy_to, section.default_locale), (own, row.locale)]
    for address, locale in wanted:
        if not address:
            continue
        values = outbox.outbox_values(
            keyring, section, "email_copy", locale, parseaddr(address)[1] or address, {"email": row.id}, now=now,
            cap_index=None, cap_day=None,
            dedupe=keyring.blind("dedupe|email", f"email_copy|{section.code}|{row.id}|{address}"),
        )  # fmt: skip
        outbox.enqueue(session, values)


def failed(session: Session, keyring: Keyring, letter: Letter, fault: Any, *, final: bool, now: datetime) -> None:
    """The target's mailbox refused it: nothing more leaves for it until the desk has looked."""
    if not (fault.at_recipient or final):
        return
    row = session.get(TargetEmail, letter.params["email"], populate_existing=True)
    if row is None or row.mailbox is None:
        return
    drip = lock_drip(session, letter.section, row.mailbox)
    for one in digest.stands_for(session, row) if letter.facts["kind"] == DIGEST else [row]:
        one.leaves_at = one.mailbox = None
    if drip.paused_at is not None:
        return
    drip.paused_at, drip.paused_for = now, fault.text[:200]
    session.flush()
    log.error("emails to a target of case %s are paused (%s)", row.case_id, fault.text)
    section = letter.section
    if not section.desk_email:
        return
    params = {"case": row.case_id, "target": row.target_key, "said": fault.text}
    values = outbox.outbox_values(
        keyring, section, "email_paused", section.default_locale, section.desk_email, params, now=now, cap_index=None,
        cap_day=None, dedupe=keyring.blind("dedupe|email", f"email_paused|{section.code}|{drip.mailbox}|{now.date()}"),
    )  # fmt: skip
    outbox.enqueue(session, values)
