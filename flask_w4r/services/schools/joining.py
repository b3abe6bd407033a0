"""A school joins: written down at the press, and looked at by the worker. Nobody sees it before the teacher's mailbox is proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Edition, School
from ...seam import IntakeKind
from ...sections import Section
from ..intake import append as intake
from ..intake.sent import Author, Entry, Sent
from ..mail import outbox
from ..moderation.judgement import Judgement
from ..people.addresses import Address
from ..people.names import fold_name
from ..people.networks import day_secret
from ..storage.unit_of_work import UnitOfWork
from . import mails
from .standing import of_address, submit, teacher_scope

KIND = "school"
#: Pupils of one school; more is a slip of the finger.
MOST = 5000


@dataclass(frozen=True)
class Joined:
    """What a teacher says of their school.

    :param name: the teacher's.
    :param size: how many pupils take part.
    :param cases: those that they chose, by id.
    """

    name: str
    address: Address
    locale: str
    school: str
    town: str
    country: str
    size: int
    cases: Sequence[int]
    edition_id: int

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Joined:
        """Read what was written down."""
        return cls(**{**values, "address": Address(**values["address"])})


def take_in(app: Any, section: Section, joined: Joined, sent: Sent) -> None:
    """Write a press of the button down."""
    intake.append(app, section, KIND, replace(sent, case_ids=()), asdict(joined))


def _author(entry: Entry) -> Author:
    joined = Joined.unpacked(entry.values)
    return Author(joined.address, joined.name, texts=[joined.school, joined.town])


def _write(work: UnitOfWork, section: Section, judged: Sequence[tuple[Entry, Judgement]]) -> None:
    session, keyring = work.session, work.state.keyring
    queued = []
    for entry, judgement in judged:
        joined, sent = Joined.unpacked(entry.values), entry.sent
        secret = day_secret(session, keyring, sent.network.day)
        row = _row(session, keyring, section, joined, judgement, entry)
        if row is None:
            continue
        if row.state == "approved":
            # Whoever joins again has lost their link.
            queued.append(mails.link_values(keyring, section, row, secret=secret, day=sent.network.day, now=sent.at))
        elif sent.proved or section.confirmation == "none":
            submit(session, [row], now=sent.at)
        else:
            queued.append(
                mails.confirm_values(keyring, section, joined, secret=secret, day=sent.network.day, now=sent.at)
            )
    outbox.enqueue_all(session, queued)


def _row(
    session: Session, keyring: Keyring, section: Section, joined: Joined, judgement: Judgement, entry: Entry
) -> School | None:
    """The school: a new one, or the same that is in already; ``None`` where it waits for the desk, or its edition is gone."""
    canonical, now = joined.address.canonical, entry.sent.at
    edition = session.get(Edition, joined.edition_id)
    if edition is None or edition.section != section.code:
        return None
    same = [
        one
        for one in of_address(session, keyring, section, canonical, lock=True)
        if one.edition_id == edition.id and fold_name(one.name, "") == fold_name(joined.school, "")
    ]
    there = next((one for one in same if one.state in ("approved", "submitted")), None)
    if there is not None:
        return there if there.state == "approved" else None
    for one in same:
        # Nobody has seen what was not confirmed: it is written anew.
        if one.state == "unconfirmed":
            session.delete(one)
    cases = session.scalars(
        select(Case.id).where(Case.edition_id == edition.id, Case.id.in_(joined.cases), Case.status != "withdrawn")
    )
    row = School(
        section=section.code, edition_id=edition.id, state="unconfirmed", name=joined.school, town=joined.town,
        country=joined.country, size=joined.size, cases=sorted(cases), locale=joined.locale,
        person=keyring.seal_json({"name": joined.name, "email": joined.address.typed}),
        email_index=keyring.blind(teacher_scope(section.code), canonical), score=judgement.score,
        reasons=[dict(item) for item in judgement.reasons], created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


SCHOOLS = IntakeKind(KIND, _author, _write)
