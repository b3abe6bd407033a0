"""The sign form as the intake has it: written down at the press, and signed by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...seam import IntakeKind
from ...sections import Section
from ...signals import signature_confirmed, signature_created, signature_held
from ..intake import append as intake
from ..intake.sent import Author, Entry, Sent
from ..moderation.judgement import Judgement, releases_itself
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork
from .signing import Signing, Submission
from .subscribers import are_wanted
from .writing import sign

KIND = "signature"


def take_in(app: Any, section: Section, submission: Submission, sent: Sent) -> None:
    """Write a press of the button down.

    What a stranger can learn from the answer is nothing: it is one row for a new, a pending, a confirmed and a blocked
    address.

    :raises CaseNotActive: a case takes no signatures.
    """
    intake.append(app, section, KIND, sent, submission.packed())


def _author(entry: Entry) -> Author:
    given = Submission.unpacked(entry.values)
    names = {item.name for item in entry.section.custom_fields if item.type not in ("select", "checkbox")}
    texts = [value for name, value in (given.custom or {}).items() if name in names and isinstance(value, str)]
    return Author(given.address, given.first_name, given.last_name, texts)


def _write(work: UnitOfWork, section: Section, judged: Sequence[tuple[Entry, Judgement]]) -> None:
    state, session = work.state, work.session
    secrets = {day: day_secret(session, state.keyring, day) for day in {entry.sent.network.day for entry, _ in judged}}
    hold_at = state.config.scoring["hold_at"]
    presses = []
    for entry, judgement in judged:
        sent = entry.sent
        if sent.proved and releases_itself(judgement.reasons, judgement.score, hold_at):
            judgement = replace(judgement, held=False)
        presses.append(
            Signing(
                section, Submission.unpacked(entry.values), judgement, sent.network, secrets[sent.network.day], sent.at,
                state.hooks if are_wanted(state.hooks) else None, sent.proved, sent.case_ids,
            )
        )  # fmt: skip
    for signed in sign(session, state.keyring, section, presses):
        for number in signed.created:
            work.emit(signature_created, signature_id=number, section=section.code)
            if signed.held:
                work.emit(signature_held, signature_id=number, section=section.code)
        for number in signed.confirmed:
            work.emit(signature_confirmed, signature_id=number, section=section.code)


SIGNATURES = IntakeKind(KIND, _author, _write)
