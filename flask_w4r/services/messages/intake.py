"""The form as the intake has it, and what the worker makes of a batch: rows that wait for their mailbox, or for the desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ...models import Message
from ...seam import IntakeKind
from ...sections import Section
from ...signals import message_submitted
from ..intake import append as intake
from ..intake.sent import Author, Entry, Sent
from ..mail import outbox
from ..moderation.judgement import Judgement, main_reason
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork
from . import rules, standing
from .mails import confirm_values
from .written import KIND, Written, email_scope


def take_in(app: Any, section: Section, written: Written, sent: Sent) -> None:
    """Write a press of the button down.

    :raises CaseNotActive: the case takes no messages.
    """
    intake.append(app, section, KIND, sent, written.packed())


def _author(entry: Entry) -> Author:
    given = Written.unpacked(entry.values)
    # A first name alone is the same for many.
    return Author(given.address, "", texts=(given.text,))


def _write(work: UnitOfWork, section: Section, judged: Sequence[tuple[Entry, Judgement]]) -> None:
    """One row a message. What waits for its mailbox already on the same case is written anew; what was proved stays as it is,
    whoever typed the address since."""
    session, keyring = work.session, work.state.keyring
    cases = {number: case for number, case in standing.cases_of(session, section).items() if case.status != "withdrawn"}
    presses = [(entry, judgement, Written.unpacked(entry.values)) for entry, judgement in judged]
    presses = [one for one in presses if one[0].sent.case_ids[0] in cases]
    waiting = _waiting(work, section, presses)
    asked: dict[str, tuple[Entry, Written]] = {}
    done: list[Message] = []
    for entry, judgement, written in presses:
        (case_id,) = entry.sent.case_ids
        key = (case_id, written.address.canonical if written.address else None)
        row = waiting.get(key)
        at_once = entry.sent.proved or section.confirmation == "none" or written.address is None
        if row is None:
            row = Message(section=section.code, case_id=case_id, version=0, created_at=entry.sent.at)
            session.add(row)
        _fill(work, section, row, written, judgement, cases[case_id].solidarity, entry, at_once=at_once)
        if at_once:
            waiting.pop(key, None)
            done.append(row)
        elif written.address is not None:
            waiting[key] = row
            asked[written.address.canonical] = (entry, written)
    session.flush()
    secrets = {
        day: day_secret(session, keyring, day) for day in {entry.sent.network.day for entry, _ in asked.values()}
    }
    mails = [
        confirm_values(
            keyring, section, written, entry.sent.case_ids, secret=secrets[entry.sent.network.day],
            day=entry.sent.network.day, now=entry.sent.at,
        )
        for entry, written in asked.values()
    ]  # fmt: skip
    outbox.enqueue_all(session, mails)
    for row in done:
        work.emit(message_submitted, message_id=row.id, section=section.code)


def _waiting(
    work: UnitOfWork, section: Section, presses: Sequence[tuple[Entry, Judgement, Written]]
) -> dict[tuple[int, str | None], Message]:
    """What waits for the mailboxes of a batch, by case and address, locked."""
    cases: dict[str, set[int]] = defaultdict(set)
    for entry, _, written in presses:
        if written.address is not None:
            cases[written.address.canonical] |= set(entry.sent.case_ids)
    found: dict[tuple[int, str | None], Message] = {}
    for canonical, case_ids in sorted(cases.items()):
        rows = standing.of_address(
            work.session, work.state.keyring, section, canonical, case_ids, states=("pending",), lock=True
        )
        found |= {(row.case_id, canonical): row for row in rows}
    return found


def _fill(
    work: UnitOfWork,
    section: Section,
    row: Message,
    written: Written,
    judgement: Judgement,
    solidarity: Mapping[str, Any],
    entry: Entry,
    *,
    at_once: bool,
) -> None:
    keyring, now, address = work.state.keyring, entry.sent.at, written.address
    row.state, row.version, row.updated_at = "submitted" if at_once else "pending", row.version + 1, now
    row.email_index = keyring.blind(email_scope(section, row.case_id), address.canonical) if address else None
    row.words, row.person = keyring.seal(written.text), keyring.seal_json(written.person())
    row.locale, row.public, row.consent_digest = written.locale, written.public, written.consent
    reasons: list[dict[str, Any]] = [
        *rules.findings(f"{written.text}\n{written.name}", solidarity),
        *map(dict, judgement.reasons),
    ]
    row.reasons, row.score, row.held_for = reasons, judgement.score, main_reason(reasons)
    row.held_at = row.confirmed_at = now if at_once else None


MESSAGES = IntakeKind(KIND, _author, _write)
