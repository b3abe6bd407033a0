"""A test: what is prepared goes to an address that staff typed, marked as a test, at once. The target gets nothing."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import gettext, use_locale
from ...state import Permission
from ..audit import record as audit
from ..campaign.views import CaseView
from ..mail import outbox
from ..people.permissions import Staff
from .prepared import variants_of
from .targets import writable


def send_test(session: Session, staff: Staff, case: CaseView, locale: str, address: str) -> int:
    """Put each variant that is prepared in a language in the outbox.

    :param case: in that language.
    :returns: how many there are.
    :raises PermissionDenied: they may not send emails here.
    :raises NotFound: nobody of the case can be written to.
    """
    actor = staff.allowed(Permission.DELIVER)
    section, target = staff.section, next(iter(writable(case)), None)
    if target is None:
        raise NotFound("target")
    with use_locale(section.lang_tag(locale)):
        writer = gettext("A supporter")
    variants = variants_of(case.words)
    for one in variants:
        params = {
            "case": case.id, "target": target.key, "subject": one.subject, "body": one.text, "writer": writer,
        }  # fmt: skip
        values = outbox.outbox_values(
            staff.keyring, section, "email_test", case.text_locale, address, params, now=staff.now, cap_index=None,
            cap_day=None, dedupe=None,
        )  # fmt: skip
        outbox.enqueue(session, values)
    audit.append(
        session, staff.keyring, section, actor.id, "email_tested", f"case:{case.slug}",
        changes={"address": [None, audit.typed(staff.keyring, section, address)]}, count=len(variants), now=staff.now,
    )  # fmt: skip
    return len(variants)
