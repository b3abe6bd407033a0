"""How long teachers and pupils are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import Edition, Pupil, School, SchoolClass
from ...seam import Sweep
from ..storage import ages
from ..storage.rows import execute

#: Presses without a name can be taken back for so long: until a class meets again.
UNNAMED_KEPT = timedelta(days=7)


def _unconfirmed(sweep: Sweep) -> Any:
    old = ages.over(sweep, "pending_days", School.section, lambda moment: School.updated_at < moment)
    return and_(School.state == "unconfirmed", old)


def _schools_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, delete(School).where(School.id.in_(ids)))


def _ended_before(moment: datetime) -> Any:
    return School.edition_id.in_(select(Edition.id).where(Edition.ends_on < moment.date()))


def _teachers(sweep: Sweep) -> Any:
    old = ages.over(sweep, "event_days", School.section, _ended_before)
    not_in = ages.over(sweep, "event_days", School.section, lambda moment: School.updated_at < moment)
    known = School.person.is_not(None)
    return and_(known, or_(and_(School.state == "approved", old), and_(School.state == "rejected", not_in)))


def _teachers_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, update(School).where(School.id.in_(ids)).values(person=None, email_index=None))


def _pupils(sweep: Sweep) -> Any:
    def older(moment: datetime) -> Any:
        over = select(SchoolClass.id).join(School, School.id == SchoolClass.school_id).where(_ended_before(moment))
        return Pupil.class_id.in_(over)

    return ages.over(sweep, "pupil_days", Pupil.section, older)


def _unnamed(sweep: Sweep) -> Any:
    return and_(ages.mine(sweep, Pupil.section), Pupil.person.is_(None), Pupil.created_at < sweep.now - UNNAMED_KEPT)


def _pupils_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, delete(Pupil).where(Pupil.id.in_(ids)))


RULES = (
    ages.rule(
        "pending_schools",
        lazy_gettext("schools whose teacher's email address was not confirmed: ``pending_days``"),
        School,
        _unconfirmed,
        _schools_go,
    ),
    ages.rule(
        "schools",
        lazy_gettext("teachers: ``event_days`` after the edition, or after the desk said no; schools and numbers stay"),
        School,
        _teachers,
        _teachers_go,
    ),
    ages.rule(
        "pupils",
        lazy_gettext("first names and ages of pupils: ``pupil_days`` after the edition; numbers stay"),
        Pupil,
        _pupils,
        _pupils_go,
    ),
    ages.rule(
        "presses",
        lazy_gettext("when somebody pressed the button of a class and for whom, without a name: 7 days; numbers stay"),
        Pupil,
        _unnamed,
        _pupils_go,
    ),
)
