"""An email as the intake has it, written down at the press; and what the worker makes of it: a row for each target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, TargetEmail
from ...seam import IntakeKind
from ...sections import Section
from ...sections.emails import rules_of
from ..intake import append as intake
from ..intake.sent import Author, Entry, Sent
from ..mail import caps, outbox
from ..moderation.judgement import Judgement, main_reason, releases_itself
from ..people.addresses import Address
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork
from ..storage.upsert import insert_new
from .enough import still_written_to
from .prepared import Prepared, added, is_edited
from .rows import case_rows, email_scope
from .targets import Target, targets_of

KIND = "email"
#: The mail that asks for the proof of the mailbox.
CONFIRM = "email_confirm"
#: What holds an email whose words are its writer's own.
EDITED: Mapping[str, Any] = {"check": "text_edited", "score": 0, "hold": True}
#: What a later press takes the place of, as long as nobody proved the mailbox.
_REPLACED = (
    "state", "person", "words", "edited", "locale", "text_locale", "held_at", "held_for", "released_at", "reasons", "score",
    "updated_at", "confirmed_at",
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What a supporter wrote, checked and cleaned.

    :ivar prepared: what it was made from, if from anything.
    :ivar consent: digest of the words agreed to, in hex.
    """

    first_name: str
    last_name: str
    address: Address
    locale: str
    text_locale: str
    subject: str
    body: str
    prepared: Prepared | None = None
    consent: str = ""

    @property
    def edited(self) -> bool:
        """Whether it says something else than what was prepared."""
        return is_edited(self.prepared, self.subject, self.body)

    def packed(self) -> dict[str, Any]:
        """The same as JSON values, for the intake."""
        address, made_from = self.address, self.prepared
        return {
            "first_name": self.first_name, "last_name": self.last_name, "locale": self.locale,
            "address": [address.typed, address.canonical, address.domain, address.provider],
            "text_locale": self.text_locale, "subject": self.subject, "body": self.body,
            "prepared": [made_from.subject, made_from.text] if made_from else None, "consent": self.consent,
        }  # fmt: skip

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Written:
        """Read what :meth:`packed` made."""
        made_from = Prepared(*values["prepared"]) if values["prepared"] else None
        return cls(**{**values, "address": Address(*values["address"]), "prepared": made_from})

    def person(self) -> dict[str, Any]:
        """Who wrote it, as its row seals it."""
        return {
            "first_name": self.first_name, "last_name": self.last_name, "email": self.address.typed,
            "consent": self.consent,
        }  # fmt: skip

    def words(self, target: Target) -> dict[str, Any]:
        """What it says, as its row seals it."""
        found: dict[str, Any] = {"subject": self.subject, "body": self.body, "target": target.label}
        if self.edited and self.prepared:
            found["prepared"] = [self.prepared.subject, self.prepared.text]
        return found


def take_in(app: Any, section: Section, written: Written, sent: Sent) -> None:
    """Write a press of the button down.

    :raises CaseNotActive: the case takes no emails.
    """
    intake.append(app, section, KIND, sent, written.packed())


def _author(entry: Entry) -> Author:
    given = Written.unpacked(entry.values)
    own = added(given.prepared, given.subject, given.body) if given.edited else []
    text = ["\n".join(own)] if own else []
    return Author(given.address, given.first_name, given.last_name, text, text)


def _write(work: UnitOfWork, section: Section, judged: Sequence[tuple[Entry, Judgement]]) -> None:
    state, session = work.state, work.session
    secrets = {day: day_secret(session, state.keyring, day) for day in {entry.sent.network.day for entry, _ in judged}}
    proved = [(section, Written.unpacked(entry.values).address.canonical) for entry, _ in judged if entry.sent.proved]
    # Who said that it was somebody else is not taken at their browser's word.
    unwanted = caps.suppressed_among(session, state.keyring, proved) if proved else set()
    cases = case_rows(session, {number for entry, _ in judged for number in entry.sent.case_ids})
    for entry, judgement in judged:
        written = Written.unpacked(entry.values)
        at_once = entry.sent.proved and (section.code, written.address.canonical) not in unwanted
        press = _Press(section, written, entry.sent, _held(written, judgement, at_once, state), at_once)
        for number in entry.sent.case_ids:
            if number in cases and cases[number].status == "active":
                _write_one(session, state.keyring, cases[number], press, secrets[entry.sent.network.day])


def _held(written: Written, judgement: Judgement, proved: bool, state: Any) -> Judgement:
    """Own words are always looked at; what the proof of the mailbox makes up for holds nothing else."""
    if written.edited:
        return replace(judgement, held=True, reasons=[*judgement.reasons, EDITED])
    if proved and releases_itself(judgement.reasons, judgement.score, state.config.scoring["hold_at"]):
        return replace(judgement, held=False)
    return judgement


@dataclass(frozen=True)
class _Press:
    section: Section
    written: Written
    sent: Sent
    judgement: Judgement
    proved: bool

    def values(self, keyring: Keyring, case: Case, target: Target) -> dict[str, Any]:
        """The columns of its email to one target."""
        given, judged, now = self.written, self.judgement, self.sent.at
        return {
            "section": self.section.code, "case_id": case.id, "target_key": target.key, "version": 1,
            "state": "confirmed" if self.proved else "pending", "confirmed_at": now if self.proved else None,
            "email_index": keyring.blind(email_scope(self.section, case.id), given.address.canonical),
            "person": keyring.seal_json(given.person()), "words": keyring.seal_json(given.words(target)),
            "edited": given.edited, "chosen": False, "locale": given.locale, "text_locale": given.text_locale,
            "held_at": now if judged.held else None, "released_at": None,
            "held_for": main_reason(judged.reasons) if judged.held else None, "reasons": list(judged.reasons),
            "score": judged.score, "created_at": now, "updated_at": now,
        }  # fmt: skip


def _write_one(session: Session, keyring: Keyring, case: Case, press: _Press, secret: bytes) -> None:
    """The emails of one press, and the mail that asks for the proof of the mailbox, if one is to be asked for."""
    asks, targets = False, [one for one in targets_of(case) if one.email]
    # The form says which of several have enough; one that filled up since the form was opened gets what was written all the same.
    if len(targets) > 1:
        open_to = still_written_to(session, case.id, targets, rules_of(press.section), kept={}, now=press.sent.at)
        targets = open_to or targets
    for target in targets:
        asks |= _put(session, keyring, press.section, press.values(keyring, case, target), press)
    if asks and not press.proved:
        outbox.enqueue(session, confirm_values(keyring, press.section, press.written, press.sent, secret), replace=True)


def _put(session: Session, keyring: Keyring, section: Section, values: dict[str, Any], press: _Press) -> bool:
    """Insert an email, or let it take the place of one that nobody confirmed. Returns whether it stands."""
    indexes = keyring.blinds(email_scope(section, values["case_id"]), press.written.address.canonical)
    mine = (
        TargetEmail.case_id == values["case_id"],
        TargetEmail.target_key == values["target_key"],
        TargetEmail.email_index.in_(indexes),
    )
    query = select(TargetEmail).where(*mine).order_by(TargetEmail.id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None and insert_new(session, TargetEmail.__table__, values) is not None:
        return True
    row = row or session.scalars(query.execution_options(populate_existing=True)).one()
    if row.state != "pending" or row.updated_at > values["created_at"]:
        return False
    row.email_index = values["email_index"]
    for name in _REPLACED:
        setattr(row, name, values[name])
    row.version += 1
    session.flush()
    return True


def confirm_values(keyring: Keyring, section: Section, written: Written, sent: Sent, secret: bytes) -> dict[str, Any]:
    """The outbox row of the one mail that asks for the proof: it lists all that waits when it leaves."""
    address = written.address
    return outbox.outbox_values(
        keyring, section, CONFIRM, written.locale, address.typed, {}, now=sent.at,
        cap_index=caps.cap_index(secret, section, address.canonical), cap_day=sent.network.day,
        dedupe=keyring.blind("dedupe|email_confirm", f"{section.code}|{address.canonical}"),
    )  # fmt: skip


EMAILS = IntakeKind(KIND, _author, _write)
