"""A page with a button, for people; and the POST that their mail program makes without showing it."""

from __future__ import annotations

from flask import Response, current_app, request

from ...errors import TokenInvalid
from ...services.mail import unsubscribing
from ...services.storage.unit_of_work import read, run
from ...web import here, links
from ...web.responses import sealed_page
from ...web.templating import app_of_request


def unsubscribe(token: str) -> Response:
    """The page, and its button. The POST carries no token of a form: a mail program has none, and it can only end mails, or let them come again."""
    place = here()
    now = place.state.clock()
    try:
        if request.method == "POST":
            again = request.form.get("again") == "y"
            act = unsubscribing.resubscribe if again else unsubscribing.unsubscribe
            run(app_of_request(), lambda work: act(work.session, place.section, token, now=now))
            return sealed_page("unsubscribe.html", status="again" if again else "done")
        done = read(current_app, lambda session: unsubscribing.is_unsubscribed(session, place.section, token, now=now))
    except TokenInvalid:
        return links.no_such_link(sealed_page("unsubscribe.html", 404, status="invalid"))
    return sealed_page("unsubscribe.html", status="done" if done else "ask")


ROUTES = (("/unsubscribe/<token>", "unsubscribe", unsubscribe, ("GET", "POST"), None),)
