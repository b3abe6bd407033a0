"""A signature on a petition."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

SIGNATURE_STATES = ("pending", "confirmed", "invalid", "erased")
CAPTCHA_RESULTS = ("pass", "missing", "unavailable", "off")
_WAITING = text("state IN ('pending', 'invalid')")
_WAITING_ONLY = {"postgresql_where": _WAITING, "sqlite_where": _WAITING}
#: The rows that are not held, nearly all, cost nothing where the database has partial indexes.
_HELD_ONLY = {"postgresql_where": text("held_at IS NOT NULL"), "sqlite_where": text("held_at IS NOT NULL")}


class Signature(Base):
    """One supporter's signature on one case. Nothing here joins it to the same person's other acts.

    ``held_at`` is a flag beside the state: a held signature is mailed and confirmed like any other, and counts once
    it is released. Counted means confirmed and not held.
    """

    __tablename__ = "w4r_signature"
    __table_args__ = (
        primary("signature", "id"),
        foreign("signature_case", "case_id", "w4r_case.id", ondelete="RESTRICT"),
        unique("signature_case_email_slot", "case_id", "email_index", "slot"),
        index("signature_section_held", "section", "held_at", "id"),
        index("signature_case_held", "case_id", "held_at", "id", **_HELD_ONLY),
        index("signature_reason_held", "section", "held_for", "held_at", "id", **_HELD_ONLY),
        index("signature_domain_held", "section", "mail_domain", "held_at", "id", **_HELD_ONLY),
        index("signature_section_created", "section", "created_at"),
        index("signature_net_day", "net_day"),
        index("signature_ages", "case_id", "let_go_at", "delivered_at"),
        index("signature_waiting", "state", "updated_at", **_WAITING_ONLY),
        one_of("signature_state", "state", SIGNATURE_STATES),
        one_of("signature_captcha", "captcha", CAPTCHA_RESULTS),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    #: Raised when someone signs again with other details while pending; the confirmation link belongs to one version.
    version: Mapped[int] = mapped_column(Integer, default=1)
    #: Scope: this case. ``None`` once erased.
    email_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: 0, or 1 for the second person of a shared mailbox where the section allows it.
    slot: Mapped[int] = mapped_column(SmallInteger, default=0)
    #: Keyed hash of everything typed, to tell a double press from a change.
    details_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Keyed hash of the folded name, for shared mailboxes.
    name_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Sealed JSON: first_name (all of it where it is in one piece), last_name, email, phone, postcode, custom.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    withhold_name: Mapped[bool] = mapped_column(Boolean, default=False)
    newsletter: Mapped[bool] = mapped_column(Boolean, default=False)
    locale: Mapped[str] = mapped_column(String(16))
    #: Set while it waits for the desk; cleared when it is released or becomes invalid.
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The check that weighed most among those that hold it, so that the queue can be filtered by it.
    held_for: Mapped[str | None] = mapped_column(String(32))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Each check's contribution: ``[{"check": "no_captcha", "score": 0, "hold": true}, ...]``.
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer, default=0)
    captcha: Mapped[str] = mapped_column(String(16))
    #: Keyed hashes of the network at three tiers, under the key of ``net_day`` (architecture 11).
    net_day: Mapped[date | None] = mapped_column(Date)
    net_host: Mapped[bytes | None] = mapped_column(BlindIndex)
    net_site: Mapped[bytes | None] = mapped_column(BlindIndex)
    net_block: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Only a listed public or disposable provider is kept in clear.
    mail_domain: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When it was handed over.
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When all that is personal of it was wiped, because its time was over: it counts still.
    let_go_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class GoodNews(Base):
    """That a freed person's story is mailed to those who signed and agreed: once a case, in pieces, in the order of ids."""

    __tablename__ = "w4r_good_news"
    __table_args__ = (
        primary("good_news", "case_id"),
        foreign("good_news_case", "case_id", "w4r_case.id", ondelete="CASCADE"),
        index("good_news_open", "finished_at"),
    )

    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id, autoincrement=False)
    asked_by: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: What the preview counted, and how many mails were written into the outbox.
    expected: Mapped[int] = mapped_column(Integer)
    queued: Mapped[int] = mapped_column(Integer, default=0)
    #: The last signature looked at, and the one where it ends.
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    last_id: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
