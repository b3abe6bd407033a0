"""The page of a link that proves a mailbox: all that waits for the address, one button, and "this was not me"."""

from __future__ import annotations

from flask import Response, current_app, request

from ...errors import TokenInvalid
from ...services.mail import proving
from ...services.storage.unit_of_work import read, run
from ...web import guard, here, links, mailbox, together
from ...web.responses import sealed_page
from ...web.templating import app_of_request


def prove(token: str) -> Response:
    """GET lists what waits, ticked; POST confirms what is ticked, or says that it was somebody else."""
    place = here()
    state = place.state
    shown_at = links.shown_at(token) if request.method == "POST" else None
    try:
        proof = read(
            current_app,
            lambda session: proving.look(session, state.seam, state.keyring, place.lens, token, shown_at=shown_at),
        )
    except TokenInvalid:
        return links.no_such_link(sealed_page("proof.html", 404, status="invalid", others=(), form=None))
    if shown_at is None or proof.status != "ask":
        code = 422 if request.method == "POST" and proof.status == "ask" else 200
        return sealed_page("proof.html", code, status=proof.status, others=proof.waiting, form=links.link_form(token))
    if request.form.get("not_me"):
        undo = run(app_of_request(), lambda uow: together.disown(uow, place, proof.canonical))
        return together.disowned_page(place, undo)
    secret = guard.day_secret_here(place, state.clock())
    ticked = request.form.getlist(together.FIELD)
    done = run(app_of_request(), lambda uow: proving.confirm(uow, place.section, proof, ticked, secret=secret))
    # Whoever presses holds the mail: this browser has proved the mailbox, for a while.
    return mailbox.remember(sealed_page("proof.html", status="done", others=done, form=None), place, proof.canonical)


ROUTES = (("/prove/<token>", "prove", prove, ("GET", "POST"), None),)
