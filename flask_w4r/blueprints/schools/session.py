"""The teacher's session: two hours on this device after the link's button was pressed, for one school."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, request, session

from ...models import School
from ...services.schools import classes
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, here
from ...web.responses import sealed_page, see_other

KEY = "w4r_school"
HOLDS = timedelta(hours=2)


def enter(place: Here, school: School) -> None:
    """Let this visitor see to a school for two hours."""
    until = (place.state.clock() + HOLDS).timestamp()
    session[KEY] = {
        "section": place.section.code, "school": school.id, "version": school.link_version, "until": until,
    }  # fmt: skip


def leave() -> None:
    """End it."""
    session.pop(KEY, None)


def school_here(place: Here) -> School | None:
    """The school that this visitor teaches at, as it stands; ``None`` for whoever did not come by a link that still holds."""
    kept = session.get(KEY)
    if not isinstance(kept, dict) or kept.get("section") != place.section.code:
        return None
    number, version, until = kept.get("school"), kept.get("version"), kept.get("until")
    if not isinstance(number, int) or not isinstance(version, int) or not isinstance(until, int | float):
        return None
    if until <= place.state.clock().timestamp():
        return None
    which, link = number, version
    return read(current_app, lambda db: classes.taught(db, place.section, which, link))


def teachers_only(view: Callable[..., Response]) -> Callable[..., Response]:
    """Give a view the school of the teacher who asks; everybody else learns how to come in.

    Each form says which school it is of: one that stands open while the teacher opens another must not act on that.
    """

    @wraps(view)
    def guarded(**values: Any) -> Response:
        school = school_here(here())
        if school is None:
            return away_page()
        return (
            view(school, **values) if request.form.get("school", str(school.id)) == str(school.id) else away_page(409)
        )

    return guarded


def away_page(code: int = 403) -> Response:
    """Whoever has no link that holds learns where to find it."""
    return sealed_page("schools/enter.html", code, status="away", form=None, school=None)


def token_problem() -> str | None:
    """What to say where a POST lacks its token, or ``None``."""
    return form_flow.session_problem(here())


def show(template: str, school: School, code: int = 200, **context: Any) -> Response:
    """One of the teacher's pages, with what all of them need."""
    return sealed_page(
        f"schools/{template}", code, school=school, csrf=form_flow.fresh_csrf(here()),
        **{"errors": (), "notice": None, **context},
    )  # fmt: skip


def back(endpoint: str = "school", **values: Any) -> Response:
    """On to one of the teacher's pages, once something was done."""
    return see_other(here().url(endpoint, **values))
