"""Did this address sign? And what is held of it, for somebody who asked by post. Asked rarely, with a reason, and logged."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from ...i18n import gettext, lazy_gettext
from ...services.people.addresses import AddressFault, parse_address
from ...services.privacy import find as find_person
from ...services.privacy import for_staff
from ...services.storage.unit_of_work import UnitOfWork, run
from ...state import Actor, Permission
from ...web import form_flow, here
from ...web.desk import allowed, desk_page, token_problem
from ...web.form_flow import too_many
from ...web.templating import app_of_request

REASON_WORDS = {
    "asked_by_person": lazy_gettext("The person asked us"),
    "complaint": lazy_gettext("Someone says that they did not sign"),
    "abuse": lazy_gettext("I am investigating abuse"),
    "authority": lazy_gettext("An authority or a court asked for it"),
}
STATE_WORDS = {
    "pending": lazy_gettext("Email address not verified yet"),
    "confirmed": lazy_gettext("Counted"),
    "invalid": lazy_gettext("Marked as invalid"),
    "erased": lazy_gettext("Erased"),
}


def find() -> Response:
    """The form; and, posted, the answer, on a page that nothing keeps: neither it nor the address is in any URL."""
    actor = allowed(Permission.FIND_PERSON)
    return _answer(actor) if request.method == "POST" else _form(actor)


def _form(actor: Actor, code: int = 200, **context: Any) -> Response:
    shown = {"typed": "", "chosen": "", "found": None, "piles": None, "erased": None, "asked": False, **context}
    return desk_page(
        "find.html", "moderation_find", actor, code, reasons=REASON_WORDS.items(), states=STATE_WORDS, **shown
    )


def _answer(actor: Actor) -> Response:
    place = here()
    typed, reason = request.form.get("address", "").strip()[:400], request.form.get("why", "")
    kept: dict[str, Any] = {"typed": typed, "chosen": reason}
    problem = token_problem()
    if problem is not None:
        return _form(actor, 422, notice=problem, **kept)
    errors = []
    try:
        address = parse_address(typed, test_environment=current_app.testing or current_app.debug)
    except AddressFault:
        errors.append(("w4r-find-address", gettext("Enter the full email address, such as name@example.org.")))
    if reason not in find_person.REASONS:
        errors.append(("w4r-find-reason-asked_by_person", gettext("Say why you are searching.")))
    if errors:
        return _form(actor, 422, errors=errors, **kept)
    breach = form_flow.limits(place).hit("desk_find", place.section.code, actor.id)
    if breach is not None:
        return too_many(breach)

    act = request.form.get("act", "")
    if act == "show":
        piles = run(app_of_request(), lambda uow: for_staff.show(uow, actor, place.lens, address, reason))
        return _form(actor, piles=piles, **kept)
    if act == "erase" and not request.form.get("sure"):
        return _form(actor, 422, errors=[("w4r-find-sure", gettext("Tick the box to confirm"))], asked=True, **kept)
    if act == "erase":
        gone = run(app_of_request(), lambda uow: for_staff.erase(uow, actor, place.section, address, reason))
        return _form(actor, erased=sum(gone.values()), **kept)

    def work(uow: UnitOfWork) -> Any:
        return find_person.find(
            uow.session, place.state.hooks, actor, place.state.keyring, place.section, address, reason,
            now=place.state.clock(),
        )  # fmt: skip

    return _form(actor, found=run(app_of_request(), work), **kept)


ROUTES = (("/moderation/find", "moderation_find", find, ("GET", "POST"), "moderation"),)
