"""The form to write to the person, and what comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...errors import CaseNotActive
from ...forms.messages import MessageForm, make_message_form
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.campaign.ways import why_not
from ...services.messages import rules, views
from ...services.messages.intake import take_in
from ...services.messages.written import LONGEST
from ...services.people import consents
from ...services.storage.unit_of_work import read, run
from ...web import Here, form_flow, guard, here, mailbox
from ...web.form_flow import FAULTY, Refusal
from ...web.responses import private_page, public_page, see_other
from ...web.templating import app_of_request, page
from ...web.ways import open_ways, ways_of


def on_case(session: Session, case: CaseView) -> dict[str, Any]:
    """Messages that the desk put on the case's page."""
    place = here()
    # Said where there are none too, so that the template takes no value of the host's.
    if "messages" not in place.state.config.features:
        return {"shown_messages": ()}
    return {"shown_messages": views.shown(session, place.state.keyring, place.section, case)}


def _find(slug: str) -> CaseView:
    return read(current_app, lambda session: catalogue.find_case(session, here().lens, slug))


def _form_id(place: Here, slug: str) -> str:
    return f"message:{place.section.code}:{slug}"


def _form_class(place: Here, case: CaseView) -> type[MessageForm]:
    public = rules.may_be_shown(place.section, case.solidarity)

    def make() -> type[MessageForm]:
        question = consents.question(place.section, consents.MESSAGE, place.locale)
        testing = current_app.testing or current_app.debug
        return make_message_form(
            place.section, place.locale, question, public=public, testing=testing, utf8=place.state.config.mail_utf8
        )

    found: type[MessageForm] = place.state.once(f"message_form:{place.section.code}:{place.locale}:{public}", make)
    return found


def _closed(place: Here, case: CaseView) -> str | None:
    """Why a case takes no messages now, in words; ``None``: it does. Of one that takes no actions its own page says why."""
    way = place.state.seam.ways["solidarity"]
    return why_not(way, case, place.lens) if case.takes_actions else ""


def solidarity_token(slug: str) -> Response:
    """What the script asks for on first input. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    number = read(current_app, lambda session: catalogue.insist_on_case(session, place.section, slug))
    if guard.is_paused(place, number):
        return guard.paused_answer()
    return form_flow.token_answer(place, _form_id(place, slug), (number,))


def solidarity(slug: str) -> Response:
    """The form of one case; a POST that lacks valid tokens gets it back filled."""
    place, case = here(), _find(slug)
    if _closed(place, case) is not None or guard.is_paused(place, case.id):
        return _not_open(place, case)
    if request.method == "POST":
        return _pressed(place, case)
    return _form_page(place, _form_class(place, case)(formdata=None), case)


def _pressed(place: Here, case: CaseView) -> Response:
    form = _form_class(place, case)(formdata=request.form)

    def ready() -> Sequence[int] | Refusal:
        return (case.id,) if form.validate() else FAULTY

    def write(age: FormAge, captcha: CaptchaOutcome) -> bool:
        proved = mailbox.is_proved(place, form.address)
        honeypot = bool(form.website.data)
        sent = form_flow.sent_here(place, age, captcha, honeypot=honeypot, case_ids=(case.id,), proved=proved)
        _file_question(place)
        asked = consents.question(place.section, consents.MESSAGE, place.locale)
        take_in(app_of_request(), place.section, form.written(asked.digest), sent)
        return proved or form.address is None

    try:
        done = form_flow.press(place, "message", _form_id(place, case.slug), ready, write)
    except CaseNotActive:
        return _not_open(place, _find(case.slug))
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        if done is not FAULTY:
            form.validate()
        return _form_page(place, form, case, done)
    mailed = place.section.confirmation == "email" and not done
    return see_other(place.url("solidarity_thanks" if mailed else "solidarity_sent", slug=case.slug))


def _file_question(place: Here) -> None:
    """The exact words shown are on file before the first answer that refers to them."""

    def make() -> bool:
        run(app_of_request(), lambda uow: consents.register_questions(uow.session, place.section))
        return True

    place.state.once(f"questions_filed:{place.section.code}", make)


def _form_page(place: Here, form: MessageForm, case: CaseView, refusal: Refusal | None = None) -> Response:
    return private_page(
        "messages/write.html",
        refusal.status if refusal else 200,
        endpoint="solidarity",
        values={"slug": case.slug},
        edition=case.edition,
        case=case,
        rules=rules.rules_of(case, place.lens),
        longest=LONGEST,
        **form_flow.form_values(place, form, _form_id(place, case.slug), refusal, (case.id,)),
    )


def _not_open(place: Here, case: CaseView) -> Response:
    """No messages are taken (any more): the page says why, and nothing was written."""
    why = _closed(place, case)
    if why == "" and request.method != "POST":
        return see_other(case.url)
    code, mine = 409 if request.method == "POST" else 200, guard.written("message")
    if why is None:
        response = private_page(
            "messages/closed.html", 503, case=case, edition=case.edition, why=None, ways=(), written=mine
        )
        response.headers["Retry-After"] = str(guard.COME_BACK)
        return response
    return private_page(
        "messages/closed.html", code, endpoint="solidarity", values={"slug": case.slug}, case=case, edition=case.edition, why=why,
        ways=open_ways(case), written=mine,
    )  # fmt: skip


def solidarity_thanks(slug: str) -> Response:
    """What happens next. The same page for everybody, whatever became of the message."""
    return _thanks(slug, "solidarity_thanks")


def solidarity_sent(slug: str) -> Response:
    """The same where no mail is on its way: the browser has proved its mailbox, or none is asked for."""
    return _thanks(slug, "solidarity_sent")


def _thanks(slug: str, endpoint: str) -> Response:
    def render(session: Session) -> str:
        case = catalogue.find_case(session, here().lens, slug)
        return page(
            "messages/thanks.html", endpoint=endpoint, values={"slug": slug}, public=True,
            mailed=endpoint == "solidarity_thanks", edition=case.edition, case=case,
            ways=[way for way in ways_of(case) if way.name != "solidarity"],
        )  # fmt: skip

    return public_page((endpoint, slug), lambda: read(current_app, render))


ROUTES = (
    ("/cases/<slug>/solidarity", "solidarity", solidarity, ("GET", "POST"), "messages"),
    ("/cases/<slug>/solidarity/token", "solidarity_token", solidarity_token, ("GET",), "messages"),
    ("/cases/<slug>/solidarity/thanks", "solidarity_thanks", solidarity_thanks, ("GET",), "messages"),
    ("/cases/<slug>/solidarity/sent", "solidarity_sent", solidarity_sent, ("GET",), "messages"),
)
