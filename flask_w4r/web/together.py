"""What else waits for the address of a mail whose link was opened: listed on the link's page, ticked, and confirmed by its
button."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ..services.mail import owners_word, together
from ..services.mail.together import Found
from ..services.people.networks import known_secrets
from ..services.storage.unit_of_work import UnitOfWork, read, run
from . import Here, mailbox, moment
from .responses import sealed_page
from .templating import app_of_request

#: The form field with the keys of what was ticked.
FIELD = "others"
#: Mails are opened on the day that they came, or on the next.
_OPENED_WITHIN = timedelta(days=1)


def waiting_here(
    place: Here, session: Session, canonical: str, *, without: str, shown_at: datetime | None = None
) -> list[Found]:
    """What waits for an address beside what the page has by itself; see ``mail.together.find``."""
    seam, keyring = place.state.seam, place.state.keyring
    since = (place.state.clock() - _OPENED_WITHIN).date()
    secrets = moment.kept(place, "known_secrets", since, lambda: known_secrets(session, keyring, since))
    return together.find(
        session, seam, keyring, place.lens, canonical, secrets=secrets, without=without, shown_at=shown_at
    )


def disown(work: UnitOfWork, place: Here, canonical: str) -> str:
    """The owner of an address did none of what waits for it, and wants no mail; returns what takes that back."""
    together.disown(work, place.section, canonical)
    state = place.state
    return owners_word.wants_none(work.session, state.keyring, place.section, canonical, now=state.clock())


def disowned_page(place: Here, undo: str) -> Response:
    """All of it is gone, and so is the proof of the mailbox.

    :param undo: from :func:`disown`.
    """
    with_button = undo if f"{place.mount.name}.not_me_undo" in current_app.view_functions else ""
    return mailbox.forget(sealed_page("petitions/not_me.html", form=None, status="done", undo=with_button), place)


def confirm_here(place: Here, canonical: str, *, without: str, shown_at: datetime | None) -> list[Found]:
    """Confirm what was ticked, in a transaction of its own: what the page is for stands already.

    :param canonical: the address, whose mailbox was proved.
    """
    ticked = set(request.form.getlist(FIELD))
    if not ticked:
        return []
    found = read(
        current_app,
        lambda session: waiting_here(place, session, canonical, without=without, shown_at=shown_at),
    )
    chosen = [one for one in found if one.key in ticked]
    return run(app_of_request(), lambda uow: together.confirm(uow, place.section, canonical, chosen)) if chosen else []
