"""The two mails of "my data": the link that was asked for, and the receipt of an erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...seam import Ask, MailKind, one_by_one
from ...sections import Section
from ..mail import outbox
from ..people import tokens
from ..people.addresses import Address

#: What the link of the mail is good for, and how many days.
PURPOSE, LINK_DAYS = "my_data", 2


def enqueue(
    session: Session, keyring: Keyring, section: Section, kind: str, address: Address, locale: str, *, now: datetime
) -> None:
    """Put one of the mails in the outbox, at most one of a kind that waits for an address."""
    values = outbox.outbox_values(
        keyring, section, kind, locale, address.typed, {}, now=now, cap_index=None, cap_day=None,
        dedupe=keyring.blind("dedupe|privacy", f"{kind}|{section.code}|{address.canonical}"),
    )  # fmt: skip
    outbox.enqueue(session, values, replace=False)


def prepare(session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int) -> dict[str, Any] | None:
    """Make the link; see ``seam.one_by_one``."""
    if ask.kind != PURPOSE:
        return {}
    if PURPOSE not in ask.params.get("tokens", {}):
        payload = [ask.address.typed]
        token = tokens.issue(session, ask.section.code, PURPOSE, payload, now=now, days=LINK_DAYS)
        ask.params["tokens"] = {PURPOSE: token}
    return {"tokens": ask.params["tokens"], "expires_days": LINK_DAYS}


_prepare_all = one_by_one(prepare)
_WORDS = lazy_gettext("About your data")
MAILS = (
    MailKind(PURPOSE, _prepare_all, capped=True, words=_WORDS),
    MailKind("data_erased", _prepare_all, words=_WORDS),
)
