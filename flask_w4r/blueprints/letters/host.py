"""For an event: all its sheets in one file, and the writer's kit on its host's pages."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from ...action_types import type_words
from ...i18n import gettext
from ...models import Event
from ...services.campaign import codes
from ...services.events.cases import cases_of
from ...services.events.views import event_view, has_page
from ...services.letters import standing
from ...services.letters.host_kit import host_kit
from ...services.printing.small import Paper
from ...services.printing.typeset import can_typeset
from ...services.reports.counting import asked_first
from ...web import here
from ...web.pages import EventLink
from ..hosting.session import hosts_only
from .papers import Closed, answer, press


def links(event_id: int, own: bool) -> list[EventLink]:
    """What an event's page, and its host's, link to; see ``web.pages.Pages``."""
    place = here()
    if "letters" not in place.state.config.features or not can_typeset():
        return []
    code = codes.write(place.state.keyring, None, event_id)
    sheets = EventLink(
        gettext("Letter sheets of this event (PDF)"), place.url("letters_pdf", event=code),
        gettext("The pages to write on alone, to print again for further guests."),
    )  # fmt: skip
    whole = EventLink(
        gettext("Writer's kit (PDF)"), place.url("host_kit"),
        gettext("All of it in one file: what to do, a poster, lists, address labels, and the letter sheets."),
    )  # fmt: skip
    return [whole, sheets] if own else [sheets]


@hosts_only
def kit(event: Event) -> Response:
    """The writer's kit of the host's event."""

    def make(session: Session) -> Paper:
        place, made = here(), press(event.id)
        sheets = standing.event_sheets(session, made.lens, event.id)
        if not sheets:
            raise Closed(gettext("There are no letters to write at the moment."))
        cases = cases_of(session, made.lens, [event.id]).get(event.id, [])
        view = event_view(event, cases, made.lens, place.state.keyring)
        counted = [type_words(place.section, name) for name in asked_first(place.section)]
        # An unlisted event's page is found by whoever has its link: its poster is such a one.
        return host_kit(made, view, sheets, counted, has_page=has_page(event))

    return answer(make, "writers-kit", to_all=False)


ROUTES = (("/host/kit.pdf", "host_kit", kit, ("GET",), ("letters", "events")),)
