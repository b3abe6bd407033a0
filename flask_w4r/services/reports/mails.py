"""The mail that asks whoever reports whether it was them. One for all that they reported and that waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...seam import Ask, MailKind, one_by_one
from ...sections import Section
from ..campaign.views import Lens
from ..mail import caps, outbox, proving
from .standing import of_address

if TYPE_CHECKING:
    from .telling import Told

CONFIRM = "report_confirm"
DAYS = 7


def confirm_values(
    keyring: Keyring, section: Section, told: Told, *, secret: bytes, day: date, now: datetime
) -> dict[str, Any]:
    """The outbox row of the mail.

    :param secret: the day's, which keys the count of mails an address gets.
    """
    address = told.address
    return outbox.outbox_values(
        keyring, section, CONFIRM, told.locale, address.typed, {}, now=now,
        cap_index=caps.cap_index(secret, section, address.canonical), cap_day=day,
        dedupe=keyring.blind("dedupe|report", f"{section.code}|{address.canonical}"),
    )  # fmt: skip


def _prepare(session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int) -> dict[str, Any] | None:
    """Not where nothing waits any more; see ``seam.one_by_one``."""
    if not of_address(session, keyring, ask.section, ask.address.canonical, state="unconfirmed"):
        return None
    until = ask.params.get("until")
    if until is None or datetime.fromisoformat(until) - now < timedelta(days=1):
        ask.params["until"] = (now + timedelta(days=DAYS)).isoformat()
        token = proving.link(session, ask.section, ask.address.canonical, now=now, days=DAYS)
        ask.params["tokens"] = {proving.PURPOSE: token}
    return {"tokens": ask.params["tokens"]}


def _look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    return {}, ()


MAILS = (MailKind(CONFIRM, one_by_one(_prepare), _look_up, words=lazy_gettext("About what you reported"), capped=True),)
