"""The tables, all of them, so that importing this package completes the metadata."""

from __future__ import annotations

from sqlalchemy import Column, String, Table
from sqlalchemy.schema import PrimaryKeyConstraint
from sqlalchemy.sql.elements import conv

from .base import VERSION_TABLE, Base
from .campaign import Case, CaseText, Edition, ImpactStory, Picture, YearTotal
from .consent import Consent, ConsentText
from .outbox import OutboxMail, Suppression
from .signature import DayKey, Signature, SpentProof
from .tally import EditionPerson, TallySlot
from .token import Token

# Alembic's own table, declared so that a host's autogenerate does not propose to drop it.
version_table = Table(
    VERSION_TABLE,
    Base.metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=conv(f"{VERSION_TABLE}_pkc")),
)

metadata = Base.metadata

__all__ = [
    "Base", "Case", "CaseText", "Consent", "ConsentText", "DayKey", "Edition", "EditionPerson", "ImpactStory",
    "OutboxMail", "Picture", "Signature", "SpentProof", "Suppression", "TallySlot", "Token", "YearTotal", "metadata",
    "version_table",
]  # fmt: skip
