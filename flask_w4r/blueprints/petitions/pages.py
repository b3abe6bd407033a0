"""Signing: the form page, its tokens, thanks, and the confirmation by mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...errors import CaseNotActive, NotFound
from ...forms.petitions.press import filled
from ...forms.petitions.sign import SignForm
from ...i18n import gettext
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.moderation import funnel
from ...services.storage.unit_of_work import read
from ...web import form_flow, guard, here
from ...web.form_flow import FAULTY, Refusal
from ...web.pages import thanks_values
from ...web.responses import private_page, public_page, see_other
from ...web.templating import app_of_request, page
from ...web.ways import ways_of
from . import flow, offer


def sign_token(slug: str | None = None) -> Response:
    """What the script asks for on first input: the form token and a captcha challenge. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    number = None
    if slug is not None:
        number = read(current_app, lambda session: catalogue.insist_on_case(session, place.section, slug))
    if guard.is_paused(place, number):
        return guard.paused_answer()
    _opened(number)
    guarded = guard.cautious_cases(place) if number is None else (number,)
    return form_flow.token_answer(place, flow.form_id(place, slug), guarded)


def _opened(case_id: int | None) -> None:
    """Count a form that was opened, without telling who did."""
    app = app_of_request()
    funnel.opened(app).note(app, here().section, case_id)


def sign_all_token() -> Response:
    """The same for the form for several cases."""
    return sign_token(None)


def sign_form(slug: str) -> Response:
    """The form page of one case; a POST that lacks valid tokens gets it back filled."""
    if request.method == "POST":
        number = flow.open_case(here(), slug)
        if number is None:
            return _not_open(_find(slug))
        if guard.is_paused(here(), number):
            return guard.paused_page(_find(slug))
        return _pressed(slug, lambda form: [number])
    case = _find(slug)
    if not case.takes_actions:
        return _not_open(case)
    if guard.is_paused(here(), case.id):
        return guard.paused_page(case)
    _opened(case.id)
    return _form_page(flow.form_class(here(), several=False)(formdata=None), [case], case, slug)


def sign_all() -> Response:
    """One form for several cases."""
    if guard.is_paused(here()):
        return guard.paused_page(None)
    cases = _open_cases()
    if request.method == "POST":
        return _pressed(None, lambda form: [case.id for case in cases if case.slug in form["cases"].data])
    _opened(None)
    chosen = MultiDict([("cases", name) for name in request.args.getlist("cases")])
    return _form_page(flow.form_class(here(), several=True)(formdata=chosen), cases, None, None)


def _find(slug: str) -> CaseView:
    return read(current_app, lambda session: catalogue.find_case(session, here().lens, slug))


def _open_cases() -> list[CaseView]:
    def load(session: Session) -> list[CaseView]:
        edition = catalogue.current_edition(session, here().lens)
        return catalogue.cases_of(session, here().lens, edition) if edition else []

    place = here()
    return [case for case in read(current_app, load) if case.takes_actions and not guard.is_paused(place, case.id)]


def _pressed(slug: str | None, choose: Callable[[SignForm], Sequence[int]]) -> Response:
    """The button was pressed: the checks in their order, then one row is written down.

    What the case page shows is only read where a page is the answer.
    """
    place = here()
    form_class = flow.form_class(place, several=slug is None)
    signer = offer.signer_here() if slug is None else None
    sent = offer.filled_in(signer) if signer is not None else request.form
    pressed: list[tuple[SignForm, Sequence[int]]] = []

    def ready() -> Sequence[int] | Refusal:
        form = filled(form_class, sent)
        if form is None:
            return FAULTY
        chosen = choose(form)
        pressed.append((form, chosen))
        return chosen or Refusal(gettext("The people you chose cannot be signed for at the moment."))

    def write(age: FormAge, captcha: CaptchaOutcome) -> bool:
        form, chosen = pressed[0]
        return flow.write(place, form, chosen, age, captcha)

    try:
        done = form_flow.press(place, "sign", flow.form_id(place, slug), ready, write, proved=signer is not None)
    except CaseNotActive:
        return _not_open(_find(slug) if slug else None)
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        if signer is not None:
            why = done if done.notice else Refusal(gettext("Choose at least one person and tick the box to agree."))
            return offer.done_page(request.form[offer.LINK], (), signer, why)
        if done is FAULTY and slug is None and request.form.get(offer.LINK):
            done = offer.not_proved()
        return _form_back(form_class(formdata=request.form), slug, done)
    if signer is not None:
        return offer.done_page(request.form[offer.LINK], pressed[0][1], signer)
    endpoint = "counted" if done and place.section.confirmation == "email" else "thanks"
    return see_other(place.url(endpoint, slug=slug) if slug else place.url(f"{endpoint}_all"))


def _form_back(form: SignForm, slug: str | None, refusal: Refusal) -> Response:
    """The form with everything typed, and all that is wrong with it, for a case as it stands now."""
    form.validate()
    if slug is None:
        return _form_page(form, _open_cases(), None, None, refusal)
    case = _find(slug)
    return _form_page(form, [case], case, slug, refusal) if case.takes_actions else _not_open(case)


def _form_page(
    form: SignForm,
    cases: Sequence[CaseView],
    case: CaseView | None,
    slug: str | None,
    refusal: Refusal | None = None,
) -> Response:
    """The form page with fresh tokens, and with everything typed where it comes back."""
    place = here()
    guarded = [case.id] if case is not None else guard.cautious_cases(place)
    context = form_flow.form_values(place, form, flow.form_id(place, slug), refusal, guarded)
    status = refusal.status if refusal else 200
    if case is not None:
        values = {"slug": slug}
        return private_page(
            "petitions/sign.html", status, endpoint="sign", values=values, edition=case.edition, case=case, **context
        )
    edition = cases[0].edition if cases else None
    return private_page("petitions/sign_all.html", status, endpoint="sign_all", edition=edition, cases=cases, **context)


def _not_open(case: CaseView | None) -> Response:
    """The case takes no signatures (any more): its page says why, and nothing was written."""
    if request.method != "POST" and case is not None:
        return see_other(case.url)
    return private_page("petitions/not_open.html", 409, case=case, edition=case.edition if case else None)


def thanks(slug: str) -> Response:
    """What happens next. The same page for everybody, whatever became of the signature."""
    return _thanks(slug, "thanks")


def counted(slug: str) -> Response:
    """The same for a browser that has proved its mailbox: no mail is on its way."""
    return _thanks(slug, "counted")


def _thanks(slug: str, endpoint: str) -> Response:
    def render(session: Session) -> str:
        case = catalogue.find_case(session, here().lens, slug)
        others = [
            other
            for other in catalogue.cases_of(session, here().lens, case.edition)
            if other.takes_actions and other.slug != slug
        ]
        # The case after this one on the page, so that somebody who goes on meets each of them.
        after = next((other for other in others if _position(case, other)), others[0] if others else None)
        return page(
            "petitions/thanks.html",
            endpoint=endpoint,
            values={"slug": slug},
            public=True,
            mailed=_is_mailed(endpoint),
            edition=case.edition,
            case=case,
            next_case=after,
            cases_left=len(others),
            ways=[way for way in ways_of(case) if way.name != "petition"],
            **{"share": None, **thanks_values(here().state, session, case)},
        )

    return public_page((endpoint, slug), lambda: read(current_app, render))


def _is_mailed(endpoint: str) -> bool:
    return endpoint.startswith("thanks") and here().section.confirmation == "email"


def _position(case: CaseView, other: CaseView) -> bool:
    return (other.position, other.name) > (case.position, case.name)


def thanks_all() -> Response:
    """The same after signing several cases."""
    return _thanks_all("thanks_all")


def counted_all() -> Response:
    """The same for a browser that has proved its mailbox."""
    return _thanks_all("counted_all")


def _thanks_all(endpoint: str) -> Response:
    def render(session: Session) -> str:
        edition = catalogue.current_edition(session, here().lens)
        if edition is None:
            raise NotFound("edition")
        return page(
            "petitions/thanks.html", endpoint=endpoint, public=True, mailed=_is_mailed(endpoint), edition=edition,
            case=None, next_case=None, cases_left=0, ways=(), share=None,
        )  # fmt: skip

    return public_page((endpoint,), lambda: read(current_app, render))


ROUTES = (
    ("/cases/<slug>/sign", "sign", sign_form, ("GET", "POST"), "petitions"),
    ("/cases/<slug>/sign/token", "sign_token", sign_token, ("GET",), "petitions"),
    ("/sign", "sign_all", sign_all, ("GET", "POST"), "petitions"),
    ("/sign/token", "sign_all_token", sign_all_token, ("GET",), "petitions"),
    ("/cases/<slug>/thanks", "thanks", thanks, ("GET",), "petitions"),
    ("/cases/<slug>/counted", "counted", counted, ("GET",), "petitions"),
    ("/sign/thanks", "thanks_all", thanks_all, ("GET",), "petitions"),
    ("/sign/counted", "counted_all", counted_all, ("GET",), "petitions"),
)
