"""One press of the button, from the transaction to the signals: what a view, a command and a task all call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...signals import signature_confirmed, signature_created, signature_held
from ...state import get_state
from ..storage.unit_of_work import run, run_alone
from . import postgres
from .signing import Signed, Signing, sign


def sign_and_tell(app: Any, signing: Signing, case_ids: Sequence[int]) -> Signed:
    """Sign these cases in one transaction, the short way where the database has one; then tell the host.

    :raises CaseNotActive: a case takes no signatures.
    :raises ProofReplayed: the captcha solution was used before.
    """
    state = get_state(app)
    if len(case_ids) == 1 and postgres.fits(state.engines(app)[1].dialect, signing):
        signed = run_alone(app, lambda engine: postgres.sign_one(engine, state.keyring, signing, case_ids[0]))
    else:
        signed = run(app, lambda work: sign(work.session, state.keyring, signing, case_ids))
    section = signing.section.code
    for number in signed.created:
        signature_created.send(app, signature_id=number, section=section)
        if signed.held:
            signature_held.send(app, signature_id=number, section=section)
    for number in signed.confirmed:
        signature_confirmed.send(app, signature_id=number, section=section)
    return signed
