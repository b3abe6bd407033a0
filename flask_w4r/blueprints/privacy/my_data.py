"""My data: asked for with an address, opened by the link in the mail, read, corrected, withdrawn and erased."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, abort, current_app, request

from ...errors import TokenInvalid
from ...forms.checks import email_check, error_list
from ...forms.privacy import AskForm, corrected
from ...keyring import hash_token
from ...services.people.addresses import Address
from ...services.privacy import letters, links, my_data
from ...services.privacy.my_data import Pile
from ...services.storage.unit_of_work import read, run
from ...web import Here, form_flow, here, mailbox
from ...web import links as link_pages
from ...web.form_flow import Refusal
from ...web.responses import private, sealed_page, see_other
from ...web.templating import app_of_request
from . import session as own
from .session import Owner

#: What the page says after something was done, by ``?done=``.
SAID = frozenset({"leave", "withdraw", "correct", "gone"})


def my_data_page() -> Response:
    """All that is held of whoever came by a link, and what they can do with it; for everybody else the form to ask for one."""
    place = here()
    owner = own.owner_here(place)
    if request.method == "POST" and ("act" in request.form or request.form.get("close")):
        return (
            _act(place, owner) if owner is not None else _ask_page(place, AskForm(formdata=None), over=True, code=403)
        )
    if request.method == "POST":
        return _ask(place)
    if owner is not None and not request.args.get("sent"):
        done = request.args.get("done", "")
        return _held_page(place, owner, done=done if done in SAID else "")
    return _ask_page(place, AskForm(formdata=None), sent=bool(request.args.get("sent")))


def _form_id(place: Here) -> str:
    return f"my_data:{place.section.code}"


def _ask(place: Here) -> Response:
    """Mail a link to an address. The answer is the same, and as quick, whatever is held of it."""
    form = AskForm(formdata=request.form)
    age = form_flow.check_token(place, _form_id(place))
    if isinstance(age, Refusal):
        return _ask_page(place, form, notice=age.notice, code=422)
    testing = current_app.testing or current_app.debug
    form.validate(extra_validators={"email": [email_check(True, testing, place.state.config.mail_utf8)]})
    address = form.address
    if address is None:
        return _ask_page(place, form, code=422)
    breach = form_flow.enter_limits(place, "my_data")
    if breach is not None:
        return form_flow.too_many(breach)
    _send(place, address)
    return see_other(place.url("my_data", sent="1"))


def _send(place: Here, address: Address) -> None:
    keyring, now = place.state.keyring, place.state.clock()
    run(
        app_of_request(),
        lambda work: letters.enqueue(
            work.session, keyring, place.section, letters.PURPOSE, address, place.locale, now=now
        ),
    )


def _ask_page(
    place: Here, form: Any, *, notice: str | None = None, code: int = 200, sent: bool = False, over: bool = False
) -> Response:
    form["form_token"].data = form_flow.fresh_token(place, _form_id(place))
    return sealed_page(
        "privacy/ask.html", code, form=form, errors=error_list(form), notice=notice, sent=sent, over=over
    )


def my_data_enter(token: str) -> Response:
    """The link in the mail: a page with a button, which opens what is held without the token in the URL."""
    place = here()
    if request.method == "POST" and "act" in request.form:
        owner = own.owner_here(place)
        if owner is not None and owner.link == hash_token(token).hex():
            return _act(place, owner)
    now = place.state.clock()
    try:
        link = read(current_app, lambda session: links.look(session, place.section, token, now=now))
    except TokenInvalid:
        return link_pages.no_such_link(_enter_page(404, "invalid"))
    if link.address is None:
        return _enter_page(410, link.status, erased_at=link.erased_at)
    if request.method != "POST" or not link_pages.link_pressed(token):
        return _enter_page(200 if request.method != "POST" else 422, "open", token=token)
    own.enter(place, link.address, link.token_id, token)
    return see_other(place.url("my_data"))


def _enter_page(code: int, status: str, *, token: str = "", erased_at: Any = None) -> Response:
    form = link_pages.link_form(token) if token else None
    return sealed_page("privacy/enter.html", code, status=status, form=form, erased_at=erased_at)


def my_data_json(token: str | None = None) -> Response:
    """The same for programs, while the link's session lasts."""
    place = here()
    owner = own.owner_here(place)
    if owner is None or (token is not None and owner.link != hash_token(token).hex()):
        abort(404)
    found = my_data.as_json(place.section, _piles(place, owner), now=place.state.clock())
    response = private(Response(json.dumps(found, ensure_ascii=False, indent=2) + "\n", mimetype="application/json"))
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _piles(place: Here, owner: Owner) -> Sequence[Pile]:
    state = place.state
    return read(
        current_app,
        lambda session: my_data.collect(session, state.seam, state.keyring, place.lens, owner.address.canonical),
    )


def _held_page(
    place: Here, owner: Owner, *, code: int = 200, done: str = "", notice: str | None = None, sure: bool = False,
    item: str = "", typed: Mapping[str, str] | None = None, faults: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    piles = _piles(place, owner)
    handed_over = [held for pile in piles for held in pile.held if held.data.get("handed_over_on")]
    errors = [(f"w4r-correct-{name}", text) for name, text in (faults or {}).items()]
    return sealed_page(
        "privacy/erase.html" if sure else "privacy/held.html", code, piles=piles, address=owner.address.typed, done=done,
        notice=notice, handed_over=handed_over, item=item, typed=typed or {}, faults=faults or {}, errors=errors,
        csrf=form_flow.fresh_csrf(place),
    )  # fmt: skip


def _act(place: Here, owner: Owner) -> Response:
    """One of the page's forms was sent."""
    notice = form_flow.session_problem(place)
    if notice is not None:
        return _held_page(place, owner, code=422, notice=notice)
    if request.form.get("close"):
        own.leave()
        return see_other(place.url("campaign"))
    way, item = request.form.get("act", ""), request.form.get("item", "")
    if way == "erase_all":
        return _erase(place, owner) if request.form.get("sure") == "yes" else _held_page(place, owner, sure=True)
    values: Mapping[str, str] = {}
    if way == "correct":
        values, faults = corrected(request.form)
        if faults:
            return _held_page(place, owner, code=422, item=item, typed=request.form, faults=faults)
    changed = run(
        app_of_request(),
        lambda work: my_data.act(work, place.section, owner.address.canonical, way, item, values),
    )
    return see_other(place.url("my_data", done=way if changed else "gone"))


def _erase(place: Here, owner: Owner) -> Response:
    """All of it goes, at once; what this browser knew of its owner goes too."""
    run(
        app_of_request(),
        lambda work: my_data.erase_all(
            work, place.section, owner.address, locale=place.locale, token_id=owner.token_id
        ),
    )  # fmt: skip
    own.leave()
    return mailbox.forget(_enter_page(200, "erased", erased_at=place.state.clock()), place)


ROUTES = (
    ("/my-data", "my_data", my_data_page, ("GET", "POST"), None),
    ("/my-data.json", "my_data_file", my_data_json, ("GET",), None),
    ("/my-data/<token>", "my_data_enter", my_data_enter, ("GET", "POST"), None),
    ("/my-data/<token>.json", "my_data_json", my_data_json, ("GET",), None),
)
