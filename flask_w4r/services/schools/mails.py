"""The mails to teachers: was it you, your school is in with the link to its page, it is not, and the link once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Edition, School
from ...seam import Ask, MailKind, one_by_one
from ...sections import Section
from ..campaign.views import Lens
from ..mail import caps, outbox, proving
from ..people import tokens
from ..people.addresses import canonical_of
from .standing import of_address, teacher_of

if TYPE_CHECKING:
    from .joining import Joined

CONFIRM, LET_IN, NOT_LET_IN, LINK_AGAIN = "school_confirm", "school_let_in", "school_not_let_in", "school_link"
#: What the link to a teacher's page is good for.
PURPOSE = "school"
CONFIRM_DAYS = 7
#: A teacher's link holds for so long after the edition: until then numbers are reported and names erased.
AFTER = timedelta(days=60)


def confirm_values(
    keyring: Keyring, section: Section, joined: Joined, *, secret: bytes, day: date, now: datetime
) -> dict[str, Any]:
    """The outbox row of the mail that asks for the proof.

    :param secret: the day's, which keys the count of mails an address gets.
    """
    address = joined.address
    return outbox.outbox_values(
        keyring, section, CONFIRM, joined.locale, address.typed, {}, now=now,
        cap_index=caps.cap_index(secret, section, address.canonical), cap_day=day,
        dedupe=keyring.blind("dedupe|school", f"{section.code}|{address.canonical}"),
    )  # fmt: skip


def link_values(
    keyring: Keyring, section: Section, row: School, *, secret: bytes, day: date, now: datetime
) -> dict[str, Any]:
    """The outbox row of the mail with the link once more: a stranger can cause it, so that it is capped."""
    email = str(teacher_of(keyring, row).get("email", ""))
    return outbox.outbox_values(
        keyring, section, LINK_AGAIN, row.locale, email, {"school": row.id}, now=now,
        cap_index=caps.cap_index(secret, section, canonical_of(email)), cap_day=day,
        dedupe=keyring.blind("dedupe|school-link", f"{section.code}|{row.id}"),
    )  # fmt: skip


def tell(
    session: Session, keyring: Keyring, section: Section, row: School, kind: str, *, now: datetime, text: str = ""
) -> None:
    """Queue what the desk decided, once for each decision.

    :param text: the desk's own words.
    """
    email = teacher_of(keyring, row).get("email")
    if not email:
        return
    params = {"school": row.id, "text": text}
    values = outbox.outbox_values(
        keyring, section, kind, row.locale, email, params, now=now, cap_index=None, cap_day=None,
        dedupe=keyring.blind("dedupe|school-told", f"{kind}|{section.code}|{row.id}|{now.isoformat()}"),
    )  # fmt: skip
    outbox.enqueue(session, values)


def _prepare_confirm(
    session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int
) -> dict[str, Any] | None:
    """Not where nothing waits any more; see ``seam.one_by_one``."""
    if not of_address(session, keyring, ask.section, ask.address.canonical, state="unconfirmed"):
        return None
    if _lacks_link(ask, now):
        token = proving.link(session, ask.section, ask.address.canonical, now=now, days=CONFIRM_DAYS)
        _keep_link(ask, proving.PURPOSE, token, now + timedelta(days=CONFIRM_DAYS))
    return {"tokens": ask.params["tokens"]}


def _lacks_link(ask: Ask, now: datetime) -> bool:
    until = ask.params.get("until")
    return until is None or datetime.fromisoformat(until) - now < timedelta(days=1)


def _keep_link(ask: Ask, purpose: str, token: str, until: datetime) -> None:
    ask.params["until"], ask.params["tokens"] = until.isoformat(), {purpose: token}


def _prepare(session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int) -> dict[str, Any] | None:
    """The link to the teacher's page, while the school is in."""
    row = session.get(School, ask.params["school"], populate_existing=True)
    if row is None or row.section != ask.section.code or row.state != "approved":
        return None
    if _lacks_link(ask, now):
        days = link_days(session, row, now)
        token = tokens.issue(session, row.section, PURPOSE, [row.id, row.link_version], now=now, days=days)
        _keep_link(ask, PURPOSE, token, now + timedelta(days=days))
    return {"school": row.id, "tokens": ask.params["tokens"]}


def link_days(session: Session, row: School, now: datetime) -> int:
    """How long a teacher's link made now holds, in days."""
    edition = session.get(Edition, row.edition_id)
    left = (edition.ends_on + AFTER - now.date()).days if edition else 0
    return max(left, 2)


def _prepare_no(
    session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int
) -> dict[str, Any] | None:
    row = session.get(School, ask.params["school"], populate_existing=True)
    if row is None or row.section != ask.section.code or row.state != "rejected":
        return None
    return {"school": row.id, "text": ask.params.get("text", "")}


def _look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    row = session.get(School, context["school"]) if "school" in context else None
    return {"school_name": row.name if row else "", "text": context.get("text", "")}, ()


_WORDS = lazy_gettext("About your school")
MAILS = (
    MailKind(CONFIRM, one_by_one(_prepare_confirm), _look_up, words=_WORDS, capped=True),
    MailKind(LET_IN, one_by_one(_prepare), _look_up, words=_WORDS),
    MailKind(NOT_LET_IN, one_by_one(_prepare_no), _look_up, words=_WORDS),
    MailKind(LINK_AGAIN, one_by_one(_prepare), _look_up, words=_WORDS, capped=True),
)
