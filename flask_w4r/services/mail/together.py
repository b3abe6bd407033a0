"""All that waits for the proof of one address, whichever capability it is of.

Whoever opens the link of one mail reads the address' mail: there is no need to open the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...seam import Seam, Waiting
from ...sections import Section
from ..storage.unit_of_work import UnitOfWork
from .caps import was_mailed


@dataclass(frozen=True)
class Found:
    """Something that waits.

    :ivar kind: of ``Seam.waits``.
    """

    kind: str
    what: Waiting

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.kind}:{self.what.id}"


def find(
    session: Session,
    seam: Seam,
    keyring: Keyring,
    lens: Any,
    canonical: str,
    *,
    secrets: Collection[bytes],
    without: str = "",
    shown_at: datetime | None = None,
) -> list[Found]:
    """What waits for an address. Looked for is only what a mail was written about today or the day before.

    :param lens: a ``campaign.views.Lens``.
    :param canonical: the address in canonical form.
    :param secrets: of today and the day before, see ``people.networks.known_secrets``.
    :param without: a kind, or a key, that the caller has by itself.
    :param shown_at: what came since is left out.
    """
    kinds = [one for one in seam.waits.values() if one.name != without]
    mails = {name for one in kinds for name in one.mails}
    if not was_mailed(session, lens.section, canonical, mails, secrets=secrets):
        return []
    found = [Found(one.name, what) for one in kinds for what in one.find(session, keyring, lens, canonical)]
    return [one for one in found if one.key != without and (shown_at is None or one.what.since <= shown_at)]


def confirm(work: UnitOfWork, section: Section, canonical: str, chosen: Sequence[Found]) -> list[Found]:
    """Confirm some of what waits for an address, whose mailbox was proved.

    :param chosen: from :func:`find`.
    :returns: those that were confirmed; what changed meanwhile goes on waiting.
    """
    done: dict[str, Collection[int]] = {}
    for name, one in work.state.seam.waits.items():
        ids = [found.what.id for found in chosen if found.kind == name]
        done[name] = one.confirm(work, section, canonical, ids) if ids else ()
    return [found for found in chosen if found.what.id in done[found.kind]]


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """The owner of an address did none of what waits for it: all of it goes."""
    waits: Mapping[str, Any] = work.state.seam.waits
    for one in waits.values():
        one.disown(work, section, canonical)
