"""Teachers and codes of classes that are known by an earlier index key come to be known by the newest."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import School, SchoolClass
from ...seam import Reindexed
from ..people import reindex
from .classes import class_scope
from .standing import teacher_scope

_SCHOOLS = (School.id, School.section, School.email_index, School.person)
_CLASSES = (SchoolClass.id, SchoolClass.section, SchoolClass.code_index, SchoolClass.secret)


def schools(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next schools; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        canonical = reindex.mailbox_of(reindex.opened(keyring, row.person) or {})
        return {"email_index": keyring.blind(teacher_scope(row.section), canonical)} if canonical else None

    known = School.person.is_not(None) & School.email_index.is_not(None)
    return reindex.step(session, _SCHOOLS, known, fresh, after, limit, write=write)[0]


def classes(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next classes; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        secret = reindex.opened(keyring, row.secret)
        return {"code_index": keyring.blind(class_scope(row.section), secret["code"])} if secret else None

    return reindex.step(session, _CLASSES, SchoolClass.id.is_not(None), fresh, after, limit, write=write)[0]
