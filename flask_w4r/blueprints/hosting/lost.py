"""The link to an event was lost: its host asks for it again."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField

from ...forms.checks import email_check, error_list
from ...i18n import lazy_gettext
from ...services.hosting import lost
from ...services.people.addresses import Address
from ...services.storage.unit_of_work import run
from ...web import Here, form_flow, here
from ...web.form_flow import Refusal
from ...web.responses import sealed_page, see_other
from ...web.templating import app_of_request


class LostForm(FlaskForm):  # type: ignore[misc]
    """The address that hosts."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    address: Address | None = None
    host_email = StringField(lazy_gettext("Your email address"), render_kw={"required": True})


def _form_id(place: Here) -> str:
    return f"lost:{place.section.code}"


def host_lost() -> Response:
    """Ask for the links to one's events. The answer is the same, whoever hosts or does not."""
    place = here()
    if request.method != "POST":
        # After the press: in a page of its own, so that going back sends nothing again.
        return _page(place, LostForm(formdata=None), sent=bool(request.args.get("sent")))
    form = LostForm(formdata=request.form)
    age = form_flow.check_token(place, _form_id(place))
    if isinstance(age, Refusal):
        return _page(place, form, age.notice, code=422)
    testing = current_app.testing or current_app.debug
    form.validate(extra_validators={"host_email": [email_check(True, testing, place.state.config.mail_utf8)]})
    if form.address is None:
        return _page(place, form, code=422)
    breach = form_flow.enter_limits(place, "event")
    if breach is not None:
        return form_flow.too_many(breach)
    # How often one address is written to changes no answer.
    if form_flow.limits(place).hit("host_message", place.section.code, f"lost {form.address.canonical}") is None:
        _send(place, form.address)
    return see_other(place.url("host_lost", sent="1"))


def _send(place: Here, address: Address) -> None:
    keyring, now = place.state.keyring, place.state.clock()
    run(app_of_request(), lambda uow: lost.send_links(uow.session, keyring, place.section, address, now=now))


def _page(place: Here, form: Any, notice: str | None = None, *, code: int = 200, sent: bool = False) -> Response:
    form["form_token"].data = form_flow.fresh_token(place, _form_id(place))
    return sealed_page("events/host_lost.html", code, form=form, errors=error_list(form), notice=notice, sent=sent)


ROUTES = (("/host/lost", "host_lost", host_lost, ("GET", "POST"), "events"),)
