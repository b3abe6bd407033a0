"""How many opened the form: counted in the process, and added to the hour's numbers a few seconds later.

It counts what the server was asked for (a form's page or its tokens), without telling visitors apart.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Any

from ...sections import Section
from ...state import get_state
from ..storage.gathered import Gathered
from ..storage.unit_of_work import UnitOfWork
from . import pulse

log = logging.getLogger("flask_w4r.funnel")

_Key = tuple[str, datetime, int]


class Opened(Gathered[_Key]):
    """One process's forms opened and not yet written."""

    def note(self, app: Any, section: Section, case_id: int | None) -> None:
        """A form was opened.

        :param app: the Flask app.
        :param section: whose form.
        :param case_id: the case it is for; ``None`` for the form for several.
        """
        hour = pulse.hour_of(get_state(app).clock())
        self.add(app, [(section.code, hour, one) for one in {case_id or pulse.WHOLE_SECTION, pulse.WHOLE_SECTION}])


def _write(work: UnitOfWork, counts: Counter[_Key]) -> None:
    # In the order of the key, so that two processes do not wait for each other in a ring.
    for key in sorted(counts):
        pulse.add_opened(work.session, *key, counts[key])


def opened(app: Any) -> Opened:
    """The count of this process for an app."""
    found: Opened = get_state(app).once("forms_opened", lambda: Opened(_write, log))
    return found
