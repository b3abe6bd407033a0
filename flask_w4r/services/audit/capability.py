"""By what the log hangs itself into the rest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...seam import Capability, Export, Job, MailKind, Personal, Retention, Sweep
from . import keep, log

#: Seconds between two looks whether the day's head was mailed.
DAILY_LOOK = 3600.0


def _let_go(session: Session, sweep: Sweep) -> int:
    before = sweep.now - timedelta(days=sweep.kept["audit_days"])
    return sum(
        keep.let_go(session, sweep.keyring, code, before=before, now=sweep.now, limit=sweep.limit)
        for code in keep.sections_with_old(session, before)
    )


CAPABILITY = Capability(
    "audit",
    models=("AuditCheckpoint", "AuditEntry", "AuditHead"),
    mails=(MailKind(keep.MAIL_KIND),),
    jobs=(Job("daily", keep.mail_heads, every=DAILY_LOOK, turn=60),),
    retention=(
        Retention(
            "log_entries", "entries of the log: ``audit_days``, with a signed checkpoint", _let_go, in_pieces=True
        ),
    ),
    personal=(
        Personal("w4r_audit", ("digest",), "log_entries", "addresses and reasons are keyed hashes in it"),
        Personal("w4r_audit_checkpoint", ("digest", "signature"), None, "proves the log; nobody's data"),
        Personal("w4r_audit_head", ("digest",), None, "proves the log; nobody's data"),
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
