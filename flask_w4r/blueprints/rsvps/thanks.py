"""The page after somebody asked to come to an event."""

from __future__ import annotations

from flask import Response

from ...web.responses import public_page
from ...web.templating import page
from . import pages


def rsvp_thanks(slug: str) -> Response:
    """What happens next. The same page for everybody, whatever became of the RSVP."""
    return _thanks(slug, "rsvp_thanks")


def rsvp_taken(slug: str) -> Response:
    """The same for a browser that has proved its mailbox: nothing is to be confirmed."""
    return _thanks(slug, "rsvp_taken")


def _thanks(slug: str, endpoint: str) -> Response:
    def render() -> str:
        event = pages.find(slug)
        values = {"slug": slug}
        return page(
            "events/rsvp_thanks.html", endpoint=endpoint, values=values, public=True, event=event,
            when=pages.when(event), taken=endpoint == "rsvp_taken",
        )  # fmt: skip

    return public_page((endpoint, slug), render)


ROUTES = (
    ("/events/<slug>/rsvp/thanks", "rsvp_thanks", rsvp_thanks, ("GET",), "events"),
    ("/events/<slug>/rsvp/taken", "rsvp_taken", rsvp_taken, ("GET",), "events"),
)
