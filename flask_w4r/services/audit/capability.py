"""By what the log hangs itself into the rest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import AuditEntry
from ...seam import Capability, Export, Indexed, Job, MailKind, Personal, Retention, Sweep
from ...sections.days import days_of
from ..storage import ages
from . import keep, log

#: Seconds between two looks whether the day's head was mailed.
DAILY_LOOK = 3600.0


def _let_go(session: Session, sweep: Sweep) -> int:
    known = {section.code: section for section in sweep.sections}
    usual = {days_of(section, "audit_days", sweep.kept) for section in (None, *sweep.sections)}
    moments = {days: sweep.now - timedelta(days=days) for days in usual}
    gone = 0
    for code in keep.sections_with_old(session, max(moments.values())):
        before = moments[days_of(known.get(code), "audit_days", sweep.kept)]
        gone += keep.let_go(session, sweep.keyring, code, before=before, now=sweep.now, limit=sweep.limit)
    return gone


_due = ages.counting(
    lambda sweep: select(AuditEntry.seq).where(
        ages.over(sweep, "audit_days", AuditEntry.section, lambda moment: AuditEntry.at < moment)
    )
)


CAPABILITY = Capability(
    "audit",
    purpose="To prove what staff did with what people entrusted to us",
    models=("AuditCheckpoint", "AuditEntry", "AuditHead"),
    mails=(MailKind(keep.MAIL_KIND),),
    jobs=(Job("daily", keep.mail_heads, every=DAILY_LOOK, turn=60),),
    retention=(
        Retention(
            "log_entries",
            lazy_gettext("entries of the log: ``audit_days``, with a signed checkpoint"),
            _let_go,
            _due,
            in_pieces=True,
        ),
    ),
    personal=(
        Personal("w4r_audit", ("digest",), "log_entries", "addresses and reasons are keyed hashes in it"),
        Personal("w4r_audit_checkpoint", ("digest", "signature"), None, "proves the log; nobody's data"),
        Personal("w4r_audit_head", ("digest",), None, "proves the log; nobody's data"),
    ),
    indexed=(
        Indexed(
            "w4r_audit",
            ("digest",),
            why="a chain stays as it was written, and is proved by the key of its time",
            earlier=True,
        ),
        Indexed("w4r_audit_head", ("digest",), why="the end of that chain", earlier=True),
        Indexed("w4r_audit_checkpoint", ("digest", "signature"), why="the beginning of that chain", earlier=True),
    ),
    exports=(
        Export(
            "audit", lazy_gettext("The log of what staff and commands did"), lambda section: log.HEADINGS, log.file_rows,
            permissions=("read_audit", "export"),
        ),
    ),
    pages="flask_w4r.blueprints.audit",
    commands={"audit": "flask_w4r.cli.audit:audit"},
)  # fmt: skip
