"""The form page, by the way that every public form goes; and a line on each case's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, request
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from flask_w4r.antiabuse.limits import Breach
from flask_w4r.forms.checks import email_check
from flask_w4r.services.campaign import catalogue
from flask_w4r.services.intake import append as intake
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.web import form_flow, here
from flask_w4r.web.form_flow import FAULTY, Refusal
from flask_w4r.web.pages import Pages
from flask_w4r.web.responses import private_page, see_other
from flask_w4r.web.templating import app_of_request

from . import service


class PostcardForm(FlaskForm):  # type: ignore[misc]
    """What a supporter fills in."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    website = StringField()
    email = StringField("Email", [InputRequired(), email_check(True, testing=True)])
    words = StringField("Your words", [InputRequired()])
    address: Any = None


def postcard(slug: str) -> Response:
    """Write a postcard."""
    place = here()
    case = read(current_app, lambda session: catalogue.find_case(session, place.lens, slug))
    form = PostcardForm(formdata=request.form if request.method == "POST" else None)
    form_id = f"postcard:{place.section.code}:{slug}"
    refusal = None
    if request.method == "POST":

        def write(age: Any, captcha: Any) -> None:
            sent = form_flow.sent_here(place, age, captcha, honeypot=bool(form.website.data), case_ids=(case.id,))
            intake.append(
                app_of_request(), place.section, service.KIND, sent, service.packed(form.address, form.words.data)
            )

        done = form_flow.press(place, "event", form_id, lambda: () if form.validate() else FAULTY, write)
        if isinstance(done, Breach):
            return form_flow.too_many(done)
        if not isinstance(done, Refusal):
            return see_other(case.url)
        refusal = done
    values = form_flow.form_values(place, form, form_id, refusal)
    return private_page(
        "postcards/form.html", refusal.status if refusal else 200, endpoint="postcard", values={"slug": slug}, **values
    )


def on_case(session: Any, case: Any) -> Mapping[str, Any]:
    """A way to act on a case's page."""
    return {"postcard_url": here().url("postcard", slug=case.slug)}


PAGES = Pages(
    routes=(("/cases/<slug>/postcard", "postcard", postcard, ("GET", "POST"), None),),
    on_case=on_case,
)
