"""What anybody reports: written down at the press, and looked at by the worker. Nobody sees it before its mailbox is proved, and
nothing counts before the desk has looked at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Event, Report
from ...seam import IntakeKind
from ...sections import Section
from ..intake import append as intake
from ..intake.sent import Author, Entry, Sent
from ..mail import outbox
from ..moderation.judgement import Judgement
from ..people.addresses import Address
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork
from .counting import kept_counts
from .mails import confirm_values
from .plausible import reasons_for
from .standing import digests_of, of_address, reporter_scope, submit

KIND = "report"


@dataclass(frozen=True)
class Told:
    """What somebody reports.

    :param counts: by case and type.
    :param on: the day; ``None``: not said.
    :param event_id: of the event that the code names.
    """

    name: str
    address: Address
    locale: str
    people: int
    counts: Mapping[int, Mapping[str, int]]
    on: date | None
    place: str
    note: str
    event_id: int | None = None

    def packed(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "on": self.on.isoformat() if self.on else None}

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Told:
        """Read what :meth:`packed` made."""
        counts = {int(case_id): dict(numbers) for case_id, numbers in values["counts"].items()}
        on = date.fromisoformat(values["on"]) if values["on"] else None
        return cls(**{**values, "address": Address(**values["address"]), "counts": counts, "on": on})


def take_in(app: Any, section: Section, told: Told, sent: Sent) -> None:
    """Write a press of the button down. Cases need not be open: paper is counted when it is counted."""
    intake.append(app, section, KIND, replace(sent, case_ids=()), told.packed())


def _author(entry: Entry) -> Author:
    told = Told.unpacked(entry.values)
    return Author(told.address, told.name, texts=[text for text in (told.place, told.note) if text])


def _write(work: UnitOfWork, section: Section, judged: Sequence[tuple[Entry, Judgement]]) -> None:
    session, keyring = work.session, work.state.keyring
    mails = []
    for entry, judgement in judged:
        told, sent = Told.unpacked(entry.values), entry.sent
        at_once = sent.proved or section.confirmation == "none"
        row = report_of(session, keyring, section, told, judgement, now=sent.at)
        if row is None:
            continue
        session.add(row)
        session.flush()
        if at_once:
            submit(work, section, [row], now=sent.at)
        else:
            secret = day_secret(session, keyring, sent.network.day)
            mails.append(confirm_values(keyring, section, told, secret=secret, day=sent.network.day, now=sent.at))
    outbox.enqueue_all(session, mails)


def report_of(
    session: Session, keyring: Keyring, section: Section, told: Told, judgement: Judgement, *, now: datetime
) -> Report | None:
    """The row of a report; ``None`` where the same was reported before.

    One of the same address about the same event, or the same day and place, takes the place of the one before.
    """
    cases = session.scalars(
        select(Case.id).where(Case.section == section.code, Case.id.in_(list(told.counts)), Case.status != "withdrawn")
    )
    event = session.get(Event, told.event_id) if told.event_id else None
    row = Report(
        section=section.code, role="person", event_id=event.id if event and event.section == section.code else None,
        source="self_reported", status="interim", state="unconfirmed", is_counted=False, people=told.people,
        counts=kept_counts(told.counts, cases), on_date=told.on, place=told.place or None,
        note=keyring.seal(told.note) if told.note else None,
        person=keyring.seal_json({"name": told.name, "email": told.address.typed, "locale": told.locale}),
        email_index=keyring.blind(reporter_scope(section.code), told.address.canonical), score=judgement.score,
        created_at=now, updated_at=now,
    )  # fmt: skip
    row.reasons = [*(dict(item) for item in judgement.reasons), *reasons_for(row.people, row.counts)]
    canonical = told.address.canonical
    earlier = of_address(session, keyring, section, canonical, lock=True)[::-1]
    known = digests_of(keyring, section.code, canonical, row)
    if not row.counts or any(one.digest is not None and bytes(one.digest) in known for one in earlier):
        return None
    row.digest = known[0]
    same = [one for one in earlier if _is_about_the_same(one, row)]
    waiting = next((one for one in same if one.state == "unconfirmed"), None)
    if waiting is not None:
        # Nobody has seen it: it is written anew.
        session.delete(waiting)
        session.flush()
    row.replaces_id = next((one.id for one in same if one.state in ("submitted", "approved")), None)
    return row


def _is_about_the_same(one: Report, other: Report) -> bool:
    if one.event_id is not None or other.event_id is not None:
        return one.event_id == other.event_id
    return (one.on_date, one.place) == (other.on_date, other.place)


REPORTS = IntakeKind(KIND, _author, _write)
