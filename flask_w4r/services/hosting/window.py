"""From when people may host events."""

from __future__ import annotations

from datetime import date

from ..campaign.catalogue import local_date
from ..campaign.views import EditionView, Lens


def opens_on(edition: EditionView | None, lens: Lens) -> date | None:
    """The day from which people may host events, if that is still ahead: the one in the section's ``window``, else the
    edition's first.

    :param edition: the current one; where there is none, hosting is open.
    """
    if edition is None:
        return None
    day: date = lens.section.window.get("hosting_opens_on", edition.starts_on)
    return day if local_date(lens.section, lens.now) < day else None
