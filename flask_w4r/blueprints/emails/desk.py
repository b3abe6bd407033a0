"""The desk's part: how emails to those in power stand, tests, replies, and what becomes of those whose target is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from ...forms.checks import error_list
from ...forms.emails import ReplyForm, TestForm
from ...i18n import gettext, lazy_gettext, ngettext
from ...sections.emails import rules_of
from ...services.campaign.catalogue import cases_by_id, local_date
from ...services.emails import desk, steering
from ...services.emails.testing import send_test
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, may, staff_here, token_problem
from ...web.templating import app_of_request

_DONE = {
    "resumed": lazy_gettext("Emails go on."),
    "replies": lazy_gettext("The replies are counted."),
    "tested": lazy_gettext("The test is on its way."),
    "chosen": lazy_gettext("Saved."),
    "late": lazy_gettext("There is nothing to do: this has changed in the meantime."),
}


def emails() -> Response:
    """How emails stand, target by target."""
    return _page(allowed(Permission.DELIVER))


def _forms() -> tuple[TestForm, ReplyForm]:
    place = here()
    test, reply = TestForm(formdata=None), ReplyForm(formdata=None)
    reply.reply_on.data = local_date(place.section, place.state.clock())
    return test, reply


def _page(
    actor: Actor, code: int = 200, *, notice: str | None = None, test: TestForm | None = None,
    reply: ReplyForm | None = None,
) -> Response:  # fmt: skip
    place, (usual_test, usual_reply) = here(), _forms()
    test, reply = test or usual_test, reply or usual_reply
    view = read(current_app, lambda session: desk.overview(session, staff_here(actor)))
    for field in (test.test_case, reply.reply_case):
        field.choices = list(view.cases)
    number = request.args.get("n", "")
    count = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    return desk_page(
        "emails.html", "moderation_emails", actor, code, view=view, rules=rules_of(place.section), test=test,
        reply=reply, errors=[*error_list(test), *error_list(reply)],
        notice=notice or _done_words(request.args.get("done", ""), count), sees_queue=may(actor, Permission.VIEW_QUEUE),
    )  # fmt: skip


def _done_words(done: str, count: int) -> str | None:
    if done == "move":
        return ngettext("%(num)s email was moved.", "%(num)s emails were moved.", count)
    if done == "cancel":
        return ngettext("%(num)s email was cancelled.", "%(num)s emails were cancelled.", count)
    return str(_DONE[done]) if done in _DONE else None


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def act() -> Response:
    """One of the page's buttons."""
    actor = allowed(Permission.DELIVER)
    if problem := token_problem():
        return _page(actor, 422, notice=problem)
    chosen = _ACTS.get(request.form.get("act", ""))
    if chosen is None:
        return _page(actor, 422, notice=gettext("Choose what to do."))
    return chosen(actor)


def _do(work: Callable[[UnitOfWork], Any]) -> Any:
    return run(app_of_request(), work)


def _resume(actor: Actor) -> Response:
    case_id, key = _number("case"), request.form.get("target", "")
    done = _do(lambda uow: steering.resume(uow, staff_here(actor), case_id, key))
    return back_to("moderation_emails", done="resumed" if done else "late")


def _settle(choice: str) -> Callable[[Actor], Response]:
    def act(actor: Actor) -> Response:
        case_id, key = _number("case"), request.form.get("target", "")
        number = _do(lambda uow: steering.settle(uow, staff_here(actor), case_id, key, choice))
        return back_to("moderation_emails", done=choice if number else "late", n=number)

    return act


def _test(actor: Actor) -> Response:
    form = TestForm(request.form)
    place = here()
    cases = read(current_app, lambda session: cases_by_id(session, place.lens, [form.test_case.data or 0]))
    if not form.validate() or form.address is None or not cases:
        return _page(actor, 422, test=form)
    address = form.address.typed
    number = _do(lambda uow: send_test(uow.session, staff_here(actor), cases[0], place.locale, address))
    return back_to("moderation_emails", done="tested" if number else "late")


def _reply(actor: Actor) -> Response:
    form = ReplyForm(request.form)
    place = here()
    form.last_day = local_date(place.section, place.state.clock())
    if not form.validate():
        return _page(actor, 422, reply=form)
    case_id, count, on = form.reply_case.data or 0, form.reply_count.data, form.reply_on.data
    _do(lambda uow: steering.count_replies(uow, staff_here(actor), case_id, count, on))
    return back_to("moderation_emails", done="replies")


def _choose(chosen: bool) -> Callable[[Actor], Response]:
    def act(actor: Actor) -> Response:
        number = _number("email")
        done = _do(lambda uow: steering.choose(uow, staff_here(actor), number, chosen))
        return back_to("moderation_emails", done="chosen" if done else "late")

    return act


_ACTS: dict[str, Callable[[Actor], Response]] = {
    "resume": _resume, "move": _settle("move"), "cancel": _settle("cancel"), "test": _test, "reply": _reply,
    "choose": _choose(True), "leave_out": _choose(False),
}  # fmt: skip
_BOTH = ("emails", "moderation")
ROUTES = (
    ("/moderation/emails", "moderation_emails", emails, ("GET",), _BOTH),
    ("/moderation/emails/act", "moderation_emails_act", act, ("POST",), _BOTH),
)
