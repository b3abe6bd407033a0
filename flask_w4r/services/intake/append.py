"""Writing a form down: the one statement that a press of a public form costs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, exists, insert, literal_column, select

from ...errors import CaseNotActive
from ...models import Case, Intake
from ...sections import Section
from ...state import get_state
from ..storage.bell import ring
from ..storage.unit_of_work import run_statement
from .sent import Sent

_TABLE: Any = Intake.__table__
_COLUMNS = ("section", "kind", "sealed", "received_at")


@lru_cache(maxsize=64)
def _statement(cases: int) -> Any:
    """The row, as a SELECT that yields it only while so many cases take actions."""
    values = [bindparam(name, type_=_TABLE.c[name].type) for name in _COLUMNS]
    section = bindparam("section", type_=_TABLE.c.section.type)
    active = [
        exists().where(
            Case.id == bindparam(f"case_{number}"), Case.section == section, Case.status == literal_column("'active'")
        )
        for number in range(cases)
    ]
    return insert(_TABLE).from_select(list(_COLUMNS), select(*values).where(*active), include_defaults=False)


def append(app: Any, section: Section, kind: str, sent: Sent, values: Mapping[str, Any]) -> None:
    """Write down what somebody sent; the worker does the rest.

    :param app: the Flask app.
    :param kind: the name of an ``seam.IntakeKind``.
    :param sent: what only the request knew; its cases must take actions.
    :param values: what was typed, checked and cleaned, as JSON values.
    :raises CaseNotActive: a case takes none (asked of the database, not of a cache). Nothing is written.
    """
    sealed = get_state(app).keyring.seal_json({"sent": sent.packed(), "values": values})
    row = {"section": section.code, "kind": kind, "sealed": sealed, "received_at": sent.at}
    cases = {f"case_{number}": case_id for number, case_id in enumerate(sent.case_ids)}
    if not run_statement(app, _statement(len(cases)), {**row, **cases}):
        raise CaseNotActive
    ring(app)
