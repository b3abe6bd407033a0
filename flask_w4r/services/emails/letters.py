"""The mails: the proof of the mailbox, the email itself as it leaves for the target, and what its writer and the desk are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ...errors import W4RError
from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, TargetEmail
from ...seam import Ask, MailKind, one_by_one
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
from ..people import tokens
from ..people.names import full_name
from . import confirming, digest, leaving
from .drip import lock_drip
from .outgoing import DIGEST, SINGLE
from .refusals import told
from .rows import case_rows
from .targets import Target, targets_of
from .writing import CONFIRM

#: A link that ends sooner than this is not worth sending.
_WORTH_SENDING = timedelta(days=1)
HELD, CANCELLED, REFUSED, COPY = "email_held", "email_cancelled", "email_refused", "email_copy"
#: When what a mail tells an email's writer is so.
_IS_SO: Mapping[str, Callable[[TargetEmail], bool]] = {
    HELD: lambda row: row.held_at is not None,
    CANCELLED: lambda row: row.state == "cancelled",
    REFUSED: lambda row: row.state == "refused",
    COPY: lambda row: row.state == "sent",
}
Said = tuple[dict[str, Any], Sequence[tuple[str, bytes]]]


class NoLongerWanted(W4RError):
    """Something changed since the mail was prepared, a moment ago; it is looked at again before it leaves."""


def row_of(session: Session, number: Any) -> TargetEmail | None:
    """An email as it stands in the database now."""
    return session.get(TargetEmail, int(number), populate_existing=True)


def prepare_confirm(
    session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int
) -> dict[str, Any] | None:
    """All that waits for the address, in one mail with one link; see ``seam.one_by_one``."""
    waiting = confirming.pending(session, keyring, ask.section, ask.address.canonical)
    active = {row.id for row in case_rows(session, {row.case_id for row in waiting}).values() if row.status == "active"}
    versions = [[row.id, row.version] for row in waiting if row.case_id in active]
    if not versions:
        return None
    params, until = ask.params, ask.params.get("until")
    if params.get("emails") != versions or until is None or datetime.fromisoformat(until) - now < _WORTH_SENDING:
        params["emails"], params["until"] = versions, (now + timedelta(days=token_days)).isoformat()
        link = tokens.issue(session, ask.section.code, CONFIRM, versions, now=now, days=token_days)
        params["tokens"] = {CONFIRM: link}
    return {"emails": versions, "tokens": params["tokens"], "expires_days": token_days}


def say_confirm(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> Said:
    """Which cases, and whom the emails go to."""
    found = [row for row in (row_of(session, number) for number, _ in context["emails"]) if row is not None]
    return {"written": confirming.by_case(session, keyring, lens, found)}, ()


def _still(session: Session, row: TargetEmail | None, params: Mapping[str, Any]) -> tuple[Case, Target] | None:
    """The case and target of an email that may leave now; ``None`` where it may not."""
    if row is None or row.state != "confirmed" or row.held_at is not None or row.version != params["version"]:
        return None
    if row.leaves_at is None or row.leaves_at.isoformat() != params["leaves_at"]:
        return None
    case = case_rows(session, {row.case_id})[row.case_id]
    target = next((one for one in targets_of(case) if one.key == row.target_key), None)
    if case.status != "active" or target is None or target.mailbox != row.mailbox:
        return None
    return case, target


def prepare_out(
    session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int
) -> dict[str, Any] | None:
    """Whether an email may leave for its target still. One that may not goes back to those that wait."""
    row = row_of(session, ask.params["email"])
    mine = row is not None and row.leaves_at is not None and row.leaves_at.isoformat() == ask.params["leaves_at"]
    still = _still(session, row, ask.params)
    if still is not None and lock_drip(session, ask.section, still[1].mailbox).paused_at is None:
        return dict(ask.params)
    if mine and row is not None:
        for one in digest.stands_for(session, row) if ask.kind == DIGEST else [row]:
            one.leaves_at = one.mailbox = None
        session.flush()
    return None


def say_out(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> Said:
    """The email as its writer wrote it. Asked in the very moment that it leaves, so that nothing leaves after a close."""
    row = row_of(session, context["email"])
    still = _still(session, row, context)
    if row is None or still is None or not row.person or not row.words:
        raise NoLongerWanted
    words, name = keyring.open_json(row.words), full_name(keyring.open_json(row.person))
    more = digest.said(session, keyring, row) if kind == DIGEST else {"writer": name}
    return {
        "email_subject": words["subject"], "email_body": words["body"], "target": still[1], "case_name": still[0].name,
        "test": False, **more,
    }, ()  # fmt: skip


def say_test(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> Said:
    """What is prepared, as staff tries it out."""
    case = case_rows(session, {context["case"]})[context["case"]]
    target = next((one for one in targets_of(case) if one.key == context["target"]), None)
    return {
        "email_subject": context["subject"], "email_body": context["body"], "writer": context["writer"], "test": True,
        "target": target, "case_name": case.name,
    }, ()  # fmt: skip


def about_one(session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int) -> dict[str, Any] | None:
    """A mail to whoever wrote an email, as long as it says what is so. Nothing names a case that was withdrawn."""
    row = row_of(session, ask.params["email"])
    if row is None or not row.person or not row.words or not _IS_SO[ask.kind](row):
        return None
    is_gone = case_rows(session, {row.case_id})[row.case_id].status == "withdrawn"
    return None if is_gone else dict(ask.params)


def say_about(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> Said:
    """Its case, whom it was for, and its words."""
    row = row_of(session, context["email"])
    if row is None or not row.words:
        raise NoLongerWanted
    words = keyring.open_json(row.words)
    cases = cases_by_id(session, lens, [row.case_id])
    return {
        "cases": cases, "to": words["target"], "email_subject": words["subject"], "email_body": words["body"],
        "writer": full_name(keyring.open_json(row.person)) if row.person else "", "why": told(context.get("why", "")),
    }, ()  # fmt: skip


def say_paused(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> Said:
    """For the desk: whose mailbox refused an email, and what its server said."""
    case = case_rows(session, {context["case"]}).get(context["case"])
    to = next((one.label for one in targets_of(case) if one.key == context["target"]), "") if case else ""
    return {"case_name": case.name if case else "", "to": to, "said": context["said"]}, ()


#: They go to a target: what is known of supporters' addresses is nothing to them.
_out = partial(
    MailKind, prepare=one_by_one(prepare_out), look_up=say_out, sent=leaving.sent, failed=leaving.failed,
    sender=leaving.sender, always=True, about_cases=True, words=lazy_gettext("Emails to those in power"),
)  # fmt: skip
_about = partial(
    MailKind,
    prepare=one_by_one(about_one),
    look_up=say_about,
    words=lazy_gettext("About your emails to those in power"),
)
MAILS = (
    MailKind(
        CONFIRM, one_by_one(prepare_confirm), say_confirm, words=lazy_gettext("About your emails to those in power"),
        capped=True,
    ),
    _out(SINGLE),
    _out(DIGEST, sender=leaving.digest_sender),
    MailKind("email_test", look_up=say_test, sender=leaving.sender, always=True, words=lazy_gettext("Tests of emails")),
    *(_about(name) for name in _IS_SO),
    MailKind("email_paused", look_up=say_paused, words=lazy_gettext("For the moderation desk")),
)  # fmt: skip
