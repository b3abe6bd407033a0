"""What of the pictures to share cannot be drawn here, before somebody posts one without its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ...models import Case, CaseText
from ...seam import Finding
from ...state import W4RState
from ..printing.faces import has_raqm, undrawable
from ..storage.unit_of_work import read

SUBJECT = "pictures to share"
#: So many characters are named; who reads them knows which script it is.
_NAMED = 20


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """Whether Pillow and the fonts can write every case's name and demand; see ``seam.Capability``."""
    if "sharing" not in state.config.features:
        return
    if not has_raqm():
        yield Finding(
            "warn", SUBJECT,
            "Pillow has no Raqm here, so words in Arabic, Hebrew, Thai and scripts of India are left out; install FriBiDi"
            " (Debian: libfribidi0) beside Pillow's own wheel",
        )  # fmt: skip
    try:
        texts = read(app, lambda session: _texts(session, sorted(state.sections)))
    except SQLAlchemyError:
        # The check of the tables says so.
        return
    lacking = undrawable(texts, state.config.font_path)
    if lacking and has_raqm():
        yield Finding(
            "warn", SUBJECT,
            f"no font here has {lacking[:_NAMED]}: names and demands with them are left out; install fonts (Debian: fonts-noto,"
            " fonts-noto-cjk) or name a folder in W4R_FONT_PATH",
        )  # fmt: skip
    elif has_raqm():
        yield Finding("ok", SUBJECT, "every name and demand can be drawn")


def _texts(session: Session, codes: list[str]) -> set[str]:
    mine = (Case.section.in_(codes), Case.status == "active")
    names = set(session.scalars(select(Case.name).where(*mine)))
    demands = select(CaseText).join(Case, Case.id == CaseText.case_id).where(*mine, CaseText.field == "demand")
    return names | {row.shown for row in session.scalars(demands)}
