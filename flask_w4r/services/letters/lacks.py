"""What the letters of an edition still lack, case by case, so that it can be seen to before the edition opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ...i18n import gettext, language_name
from ...state import Actor, Hooks, Permission
from ..campaign import catalogue
from ..campaign.ready import every_lack
from ..campaign.views import CaseView, EditionView, Lens
from ..campaign.ways import closed_by_kit
from ..kits.lacking import Lack
from ..people.permissions import require

_WAY = "letter"


@dataclass(frozen=True)
class CaseLetters:
    """One case at the desk.

    :param lacks: what is missing, in words.
    :param closed: why letters are not open for it, if they are not.
    """

    case: CaseView
    lacks: Sequence[str]
    closed: str | None


def to_do(
    session: Session, hooks: Hooks, actor: Actor | None, lens: Lens
) -> list[tuple[EditionView, list[CaseLetters]]]:
    """Every edition that is running or to come, with its open cases and what their letters lack.

    :raises PermissionDenied: they may not edit cases here.
    """
    require(hooks, actor, Permission.EDIT_CASES, lens.section)
    found = []
    for edition, looked in every_lack(session, lens, ways=(_WAY,)):
        lacks = {case.id: case.lacks for case in looked}
        cases = [case for case in catalogue.cases_of(session, lens, edition) if case.id in lacks]
        found.append((edition, [_one(case, lacks[case.id]) for case in cases]))
    return found


def _one(case: CaseView, lacks: Sequence[Lack]) -> CaseLetters:
    closed = closed_by_kit(case, _WAY)
    return CaseLetters(
        case,
        [] if closed else [_words(one) for one in lacks],
        None if closed is None else str(closed),
    )


def _words(lack: Lack) -> str:
    if lack.locale is None:
        return lack.words
    return gettext("%(language)s: %(words)s", language=language_name(lack.locale), words=lack.words)
