"""What the page that confirmed offers: the other open cases, signed with the same details in one press.

The details stay on the server, behind the link that was pressed; the visitor's proof of the mailbox lets them be used. So
the page names no address, and whoever else sits down at the machine says so and ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ...errors import TokenInvalid
from ...i18n import gettext
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.mail.together import Found
from ...services.people.names import full_name
from ...services.petitions import confirming
from ...services.petitions.confirming import Signer
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, guard, here, links, mailbox, moment
from ...web.form_flow import Refusal
from ...web.responses import sealed_page
from ...web.ways import ways_of
from . import flow

#: The form field that names the link.
LINK = "link"
#: The form field that says what was signed on this page before.
SIGNED = "signed"
#: What the token of "I am somebody else" is bound to. It holds longer than any proof.
ELSE = "somebody-else"


def _current() -> Sequence[CaseView]:
    """The current edition's cases, as every page that confirms shows them."""
    place = here()

    def load(session: Session) -> Sequence[CaseView]:
        edition = catalogue.current_edition(session, place.lens)
        return catalogue.cases_of(session, place.lens, edition) if edition else ()

    # Links differ where the app answers under several roots.
    key = (place.section.code, place.locale, request.script_root)
    return moment.kept(place, "cases_to_confirm", key, lambda: read(current_app, load))


def cases_named(case_ids: Collection[int]) -> Sequence[CaseView]:
    """Some cases as a page shows them, in their order, without the withdrawn ones."""
    found = [case for case in _current() if case.id in case_ids]
    if len(found) == len(set(case_ids)):
        return found
    return read(current_app, lambda session: catalogue.cases_by_id(session, here().lens, case_ids))


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


def not_proved() -> Refusal:
    """What to tell whoever pressed that page's button in a browser that does not show the proof of the mailbox."""
    return Refusal(
        gettext(
            "We can only use the details you gave before if your browser accepts cookies: without one, anyone with your"
            " link could sign in your name. Your choices are kept. Fill in your details and press the button."
        )
    )


def filled_in(signer: Signer) -> MultiDict[str, Any]:
    """What was sent, with the details of whoever signs in place of what the form did not ask for."""
    sent: MultiDict[str, Any] = MultiDict(request.form)
    custom: Mapping[str, Any] = signer.details.get("custom") or {}
    known = {name: value for name, value in signer.details.items() if name != "custom"}
    for name, value in {**custom, **known}.items():
        if value:
            sent[name] = "y" if value is True else str(value)
    # The section's form may ask for the name in another way than the one that was signed with.
    sent["full_name"] = full_name(signer.details)
    if not known.get("last_name"):
        sent["one_name"] = "y"
    if signer.withhold_name:
        sent["withhold_name"] = "y"
    # However much its domain looks like a slip, a mail was answered there.
    sent["asked"] = signer.address.domain
    return sent


def done_page(
    token: str,
    case_ids: Collection[int],
    signer: Signer | None,
    refusal: Refusal | None = None,
    signed: Collection[int] | None = None,
    also: Sequence[Found] = (),
) -> Response:
    """These cases are counted; here are the others, none of them ticked.

    :param token: of the link.
    :param case_ids: what was confirmed or signed.
    :param signer: who may sign the others; ``None``: nothing is offered.
    :param refusal: why the form for the others comes back.
    :param signed: all cases that they have signed; looked up where that is not known.
    :param also: what else was confirmed.
    """
    place = here()
    cases = cases_named(case_ids)
    others: Sequence[CaseView] = ()
    if signer is not None:
        still_open = [case for case in _current() if case.takes_actions and not guard.is_paused(place, case.id)]
        keyring, canonical = place.state.keyring, signer.address.canonical
        if signed is None:
            signed = read(current_app, lambda session: confirming.signed_by(session, keyring, place.section, canonical))
        others = [case for case in still_open if case.id not in signed]
    # What was signed a moment ago the worker may not have looked at yet.
    just_signed = {case.slug for case in cases}.union(request.form.getlist(SIGNED))
    others = [case for case in others if case.slug not in just_signed]
    # For one case there is more to do; for many the list of the campaign is the next step.
    ways = [way for way in ways_of(cases[0]) if way.name != "petition"] if len(cases) == 1 else []
    if not others:
        return sealed_page(
            "petitions/confirm.html", cases=cases, person_name="", form=None, status="done", left=(), also=also,
            ways=ways,
        )  # fmt: skip
    token_of_form = form_flow.fresh_token(place, flow.form_id(place, None))
    chosen = request.form.getlist("cases") if refusal else []
    return sealed_page(
        "petitions/confirm.html", refusal.status if refusal else 200, cases=cases, person_name="", form=None,
        status="done", left=others, also=also, ways=ways, form_token=token_of_form, link=token, signed=sorted(just_signed), notice=refusal.notice if refusal else "",
        chosen=chosen, somebody_else=links.link_form(ELSE), consent=flow.questions(place, place.locale)["petition"].text,
    )  # fmt: skip
