"""The tables, all of them, so that importing this package completes the metadata.

Their modules do without ``from __future__ import annotations``: SQLAlchemy reads the annotations of each column, and
evaluating them as text would make up a quarter of the time that the tables take at every start.
"""

from __future__ import annotations

from sqlalchemy import Column, String, Table
from sqlalchemy.schema import PrimaryKeyConstraint
from sqlalchemy.sql.elements import conv

from .audit import AuditCheckpoint, AuditEntry, AuditHead
from .base import VERSION_TABLE, Base
from .campaign import Case, CaseText, Edition, ImpactStory, Picture, YearTotal
from .delivery import Delivery, DeliveryName
from .emails import EmailDrip, EmailReply, TargetEmail
from .events import Event, EventCase, EventChange
from .intake import Intake
from .jobs import WorkerSign
from .mail import MailStop, OutboxMail, Suppression, Unsubscribed
from .messages import Message
from .moderation import Alert, Batch, BatchRow, DeskState, LiveLimit, Lockdown, Pulse, Rule
from .people import Consent, ConsentText, DayKey, SpentProof, Token
from .petitions import GoodNews, Signature
from .places import Place, PlaceName, Postcode
from .privacy import Erasure
from .reports import Report
from .rollup import FeedEntry, RollupKey, RollupPart, SignedDocument, Witness
from .rsvps import Rsvp
from .schools import Pupil, School, SchoolClass
from .sharing import ShareCount
from .tally import EditionPerson, TallySlot

# Alembic's own table, declared so that a host's autogenerate does not propose to drop it.
version_table = Table(
    VERSION_TABLE,
    Base.metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=conv(f"{VERSION_TABLE}_pkc")),
)

metadata = Base.metadata

__all__ = [
    "Alert", "AuditCheckpoint", "AuditEntry", "AuditHead", "Base", "Batch", "BatchRow", "Case", "CaseText",
    "Consent", "ConsentText", "DayKey", "Delivery", "DeliveryName", "DeskState", "Edition", "EditionPerson",
    "EmailDrip", "EmailReply", "Erasure", "Event", "EventCase", "EventChange", "FeedEntry", "GoodNews", "ImpactStory", "Intake",
    "LiveLimit", "Lockdown", "MailStop", "Message", "OutboxMail", "Picture", "Place", "PlaceName", "Postcode",
    "Pulse", "Pupil", "Report", "RollupKey", "RollupPart", "Rsvp", "Rule", "School", "SchoolClass", "ShareCount",
    "Signature", "SignedDocument", "SpentProof", "Suppression", "TallySlot", "TargetEmail", "Token", "Unsubscribed", "Witness", "WorkerSign",
    "YearTotal", "metadata", "version_table",
]  # fmt: skip
