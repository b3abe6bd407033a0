"""The button behind a link in a mail: only its press changes anything, and it needs no cookie."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, request
from flask_wtf import FlaskForm
from wtforms import HiddenField

from ..antiabuse import formtoken
from ..keyring import hash_token
from . import here
from .form_flow import limits, sent_elsewhere, too_many
from .guard import client_tiers


class LinkForm(FlaskForm):  # type: ignore[misc]
    """The button's hidden proof that a link's page was opened first. Bound to the link, so no cookie is needed."""

    class Meta:
        csrf = False

    form_token = HiddenField()


def _link_id(token: str) -> str:
    return f"link:{hash_token(token).hex()}"


def link_form(token: str) -> LinkForm:
    """The form for the page behind a link."""
    place = here()
    form = LinkForm(formdata=None)
    form.form_token.data = formtoken.issue(place.state.secret_key, _link_id(token), place.state.clock())
    return form


def link_pressed(token: str) -> bool:
    """Whether this POST came from the page of this very link."""
    return shown_at(token) is not None


def shown_at(token: str) -> datetime | None:
    """When the page of this very link was made that this POST came from; ``None``: it came from elsewhere."""
    if sent_elsewhere():
        return None
    place = here()
    typed, longest = request.form.get("form_token", ""), place.state.config.form_max_seconds
    now = place.state.clock()
    age = formtoken.check(place.state.secret_key, typed, _link_id(token), now, 0, longest)
    return now - timedelta(seconds=age.seconds or 0) if age.status == "ok" else None


def no_such_link(page: Response) -> Response:
    """Answer a visit to a link that does not exist: tokens are not to be guessed. One that exists counts for nothing,
    so that a class behind one address can open theirs all at once.

    :param page: says so. Once the network has tried too many, the answer is 429 in its place.
    """
    place = here()
    breach = limits(place).hit("confirm_host", place.section.code, client_tiers().host)
    return page if breach is None else too_many(breach)
