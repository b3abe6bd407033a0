"""What the doctor says of emails to those in power: whom there is no address of, and what nobody looked at for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Case, EmailDrip
from ...seam import Finding
from ...sections import Section
from ...sections.emails import rules_of
from ...state import W4RState
from ..campaign.catalogue import local_date
from ..storage.unit_of_work import read
from .leaving import address_of
from .targets import Target, targets_of


def unverified(target: Target, today: date, days: int) -> bool:
    """Whether nobody looked for so long whether a target's address is right."""
    return target.verified_on is None or (today - target.verified_on).days > days


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    if "emails" not in state.config.features:
        return
    for section in state.sections.values():
        found = read(app, lambda session, section=section: list(_of(session, section, state)))  # type: ignore[misc]
        yield from found or [Finding("ok", f"emails {section.code}", "every open case has someone to write to")]


def _of(session: Session, section: Section, state: W4RState) -> Iterator[Finding]:
    about, rules = f"emails {section.code}", rules_of(section)
    if not address_of(section, state.config.mail_sender):
        yield Finding("error", about, "no address to send from; set W4R_MAIL_SENDER, or sender in the section's emails")
    today = local_date(section, state.clock())
    query = select(Case).where(Case.section == section.code, Case.status == "active").order_by(Case.position)
    for case in session.scalars(query):
        if case.ways is not None and "email" not in case.ways:
            continue
        targets = [one for one in targets_of(case) if one.email]
        if not targets:
            yield Finding(
                "warn", about, f"{case.slug}: no target has an email address; add one to the kit, or close the way"
            )
        for target in targets:
            if unverified(target, today, rules.verified_days):
                yield Finding(
                    "warn", about,
                    f"{case.slug}: the address of {target.label} was last verified {target.verified_on or 'never'};"
                    " verify it and set verified_on in the kit",
                )  # fmt: skip
    paused = select(EmailDrip.mailbox).where(EmailDrip.section == section.code, EmailDrip.paused_at.is_not(None))
    number = len(session.scalars(paused).all())
    if number:
        yield Finding("error", about, f"{number} mailboxes of targets refused an email; look at the desk's Emails")
