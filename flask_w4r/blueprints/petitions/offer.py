"""What the page that confirmed offers: the other open cases, signed with the same details in one press.

The details stay on the server, behind the link that was pressed; the visitor's proof of the mailbox lets them be used. So
the page names no address, and whoever else sits down at the machine says so and ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ...errors import TokenInvalid
from ...services.campaign import catalogue
from ...services.petitions import confirming
from ...services.petitions.confirming import Signer
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, guard, here, links, mailbox
from ...web.form_flow import Refusal
from ...web.responses import sealed_page
from . import flow

#: The form field that names the link.
LINK = "link"
#: The form field that says what was signed on this page before.
SIGNED = "signed"
#: What the token of "I am somebody else" is bound to. It holds longer than any proof.
ELSE = "somebody-else"


def signer_here() -> Signer | None:
    """Who signs by the link that the form names, where this visitor has proved that mailbox."""
    place, raw = here(), request.form.get(LINK, "")
    if not raw:
        return None
    found = _signer(place, raw)
    return found if found is not None and mailbox.is_proved(place, found.address) else None


def _signer(place: Here, raw: str) -> Signer | None:
    now = place.state.clock()
    try:
        return read(
            current_app,
            lambda session: confirming.signer(session, place.state.keyring, place.section, raw, now=now),
        )
    except TokenInvalid:
        return None


def filled_in(signer: Signer) -> MultiDict[str, Any]:
    """What was sent, with the details of whoever signs in place of what the form did not ask for."""
    sent: MultiDict[str, Any] = MultiDict(request.form)
    custom: Mapping[str, Any] = signer.details.get("custom") or {}
    known = {name: value for name, value in signer.details.items() if name != "custom"}
    for name, value in {**custom, **known}.items():
        if value:
            sent[name] = "y" if value is True else str(value)
    if signer.withhold_name:
        sent["withhold_name"] = "y"
    # However much its domain looks like a slip, a mail was answered there.
    sent["asked"] = signer.address.domain
    return sent


def done_page(token: str, case_ids: Collection[int], signer: Signer | None, refusal: Refusal | None = None) -> Response:
    """These cases are counted; here are the others, none of them ticked.

    :param token: of the link.
    :param case_ids: what was confirmed or signed.
    :param signer: who may sign the others; ``None``: nothing is offered.
    :param refusal: why the form for the others comes back.
    """
    place = here()

    def load(session: Session) -> tuple[list[Any], list[Any]]:
        cases = catalogue.cases_by_id(session, place.lens, case_ids) if case_ids else []
        if signer is None:
            return cases, []
        edition = catalogue.current_edition(session, place.lens)
        found = catalogue.cases_of(session, place.lens, edition) if edition else []
        still_open = [case for case in found if case.takes_actions and not guard.is_paused(place, case.id)]
        ids = [case.id for case in still_open]
        left = confirming.not_signed(session, place.state.keyring, place.section, signer.address.canonical, ids)
        return cases, [case for case in still_open if case.id in left]

    cases, others = read(current_app, load)
    # What was signed a moment ago the worker may not have looked at yet.
    signed = {case.slug for case in cases}.union(request.form.getlist(SIGNED))
    others = [case for case in others if case.slug not in signed]
    if not others:
        return sealed_page("petitions/confirm.html", cases=cases, person_name="", form=None, status="done", others=())
    tokens = form_flow.fresh_tokens(place, flow.form_id(place, None))
    chosen = request.form.getlist("cases") if refusal else []
    return sealed_page(
        "petitions/confirm.html", refusal.status if refusal else 200, cases=cases, person_name="", form=None,
        status="done", others=others, tokens=tokens, link=token, signed=sorted(signed), notice=refusal.notice if refusal else "",
        chosen=chosen, somebody_else=links.link_form(ELSE), consent=flow.questions(place, place.locale)["petition"].text,
    )  # fmt: skip
