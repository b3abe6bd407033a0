"""The page after an email was written. The same for everybody, whatever became of it."""

from __future__ import annotations

from flask import Response, current_app
from sqlalchemy.orm import Session

from ...services.campaign import catalogue
from ...services.emails.targets import writable
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.responses import public_page
from ...web.templating import page
from ...web.ways import ways_of


def email_thanks(slug: str) -> Response:
    """What happens next."""
    return _thanks(slug, "email_thanks")


def email_taken(slug: str) -> Response:
    """The same for a browser that has proved its mailbox: no mail is on its way."""
    return _thanks(slug, "email_taken")


def _thanks(slug: str, endpoint: str) -> Response:
    def render(session: Session) -> str:
        case = catalogue.find_case(session, here().lens, slug)
        return page(
            "emails/thanks.html", endpoint=endpoint, values={"slug": slug}, public=True, edition=case.edition, case=case,
            mailed=endpoint == "email_thanks", targets=writable(case),
            ways=[way for way in ways_of(case) if way.name != "email"],
        )  # fmt: skip

    return public_page((endpoint, slug), lambda: read(current_app, render))


ROUTES = (
    ("/cases/<slug>/email/thanks", "email_thanks", email_thanks, ("GET",), "emails"),
    ("/cases/<slug>/email/taken", "email_taken", email_taken, ("GET",), "emails"),
)
