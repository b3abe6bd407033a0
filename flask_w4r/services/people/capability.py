"""By what is known of people hangs itself into the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import DayKey, SpentProof, Token
from ...seam import Capability, Indexed, Personal, Retention, Sweep
from ..storage import ages
from ..storage.rows import execute
from . import lost_keys, networks, tokens

#: A link that expired still finds its page, which offers a new one, for so long.
EXPIRED_TOKENS_KEPT = timedelta(days=30)


def _proofs(session: Session, sweep: Sweep) -> int:
    return execute(session, delete(SpentProof).where(SpentProof.expires_at < sweep.now))


def _over_tokens(sweep: Sweep) -> Any:
    return ages.mine(sweep, Token.section) & (Token.expires_at < sweep.now - EXPIRED_TOKENS_KEPT)


def _over_keys(sweep: Sweep) -> Any:
    return select(DayKey.day).where(DayKey.day < networks.first_day_kept(sweep.now.date()))


CAPABILITY = Capability(
    "people",
    purpose="To prove whose an email address is, to count networks for a day, and to prove what was agreed to",
    models=("Consent", "ConsentText", "DayKey", "SpentProof", "Token"),
    retention=(
        ages.rule(
            "tokens", lazy_gettext("links in emails: 30 days after they expire"), Token, _over_tokens, tokens.let_go
        ),
        Retention(
            "proofs",
            lazy_gettext("solved captchas: until they would expire anyway"),
            _proofs,
            ages.counting(lambda sweep: select(SpentProof.digest).where(SpentProof.expires_at < sweep.now)),
            of_site=True,
        ),
        Retention(
            "day_keys",
            lazy_gettext("daily keys, used to count networks and emails to an address: 14 days"),
            lambda session, sweep: networks.purge_day_keys(session, sweep.now.date()),
            ages.counting(_over_keys),
            of_site=True,
        ),
    ),
    personal=(
        Personal("w4r_token", ("token_hash", "payload"), "tokens"),
        Personal("w4r_spent_proof", ("digest",), "proofs"),
        Personal("w4r_day_key", ("secret",), "day_keys"),
        Personal("w4r_consent", ("text_digest",), "pending_signatures", "goes with its signature"),
        Personal("w4r_consent_text", ("digest",), None, "the section's own words, kept once; nobody's answer"),
    ),
    indexed=(
        Indexed("w4r_token", ("token_hash",), why="made without a key"),
        Indexed("w4r_spent_proof", ("digest",), why="made without a key"),
        Indexed("w4r_consent", ("text_digest",), why="made without a key"),
        Indexed("w4r_consent_text", ("digest",), why="made without a key"),
    ),
    checks=(lost_keys.check,),
    stays={
        "w4r_day_key": "keys of days, which would tell networks apart elsewhere",
        "w4r_spent_proof": "solved captchas of the last minutes",
    },
    commands={"keys": "flask_w4r.cli.keys:keys", "keygen": "flask_w4r.cli.keys:keygen"},
)
