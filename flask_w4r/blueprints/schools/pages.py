"""What schools can do, and the form by which one joins. Its answer is the same whatever becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...forms.messages import countries
from ...forms.schools import SchoolForm
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView, EditionView
from ...services.schools import joining
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, guard, here, mailbox
from ...web.form_flow import FAULTY, Refusal
from ...web.responses import private_page, public_page, see_other
from ...web.templating import app_of_request, page


def _form_id(place: Here) -> str:
    return f"school:{place.section.code}"


def _edition() -> tuple[EditionView | None, list[CaseView]]:
    """The edition that a school can join, and its cases."""

    def load(session: Session) -> tuple[EditionView | None, list[CaseView]]:
        found = catalogue.current_edition(session, here().lens)
        if found is None or found.phase not in ("before", "running"):
            return None, []
        return found, [case for case in catalogue.cases_of(session, here().lens, found) if case.takes_actions]

    return read(current_app, load)


def schools() -> Response:
    """What a school does, and how it joins."""

    def render() -> str:
        return page(
            "schools/index.html", endpoint="schools", public=True, edition=_edition()[0],
            class_mode=here().section.class_mode,
        )  # fmt: skip

    return public_page(("schools",), render)


def school_new() -> Response:
    """The form; a POST that lacks valid tokens, or anything, gets it back filled."""
    place = here()
    edition, cases = _edition()
    if edition is None:
        code = 200 if request.method != "POST" else 409
        return private_page("schools/index.html", code, endpoint="schools", edition=None, class_mode="off")
    if request.method != "POST":
        form = _form(cases, None)
        form["country"].data, form["cases"].data = place.section.country, [case.slug for case in cases]
        return _page(form, None)
    form = _form(cases, request.form)

    def ready() -> Sequence[int] | Refusal:
        return () if form.validate() else FAULTY

    def write(age: FormAge, captcha: CaptchaOutcome) -> None:
        _write(place, form, edition, cases, age, captcha)

    done = form_flow.press(place, "school", _form_id(place), ready, write)
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        return _page(form, done)
    return see_other(place.url("school_new_thanks"))


def _form(cases: Sequence[CaseView], formdata: object) -> SchoolForm:
    form = SchoolForm(formdata=formdata)
    form.testing = current_app.testing or current_app.debug
    form.utf8 = here().state.config.mail_utf8
    form.offer([(case.slug, case.name) for case in cases], countries(here().locale))
    return form


def _write(
    place: Here,
    form: SchoolForm,
    edition: EditionView,
    cases: Sequence[CaseView],
    age: FormAge,
    captcha: CaptchaOutcome,
) -> None:
    assert form.address is not None
    wanted = set(form["cases"].data)
    joined = joining.Joined(
        name=form["name"].data, address=form.address, locale=place.locale, school=form["school"].data,
        town=form["town"].data, country=form["country"].data, size=form.numbers["size"],
        cases=[case.id for case in cases if case.slug in wanted], edition_id=edition.id,
    )  # fmt: skip
    sent = form_flow.sent_here(
        place, age, captcha, honeypot=bool(form["website"].data), proved=mailbox.is_proved(place, form.address)
    )
    joining.take_in(app_of_request(), place.section, joined, sent)


def _page(form: SchoolForm, refusal: Refusal | None) -> Response:
    place = here()
    values = form_flow.form_values(place, form, _form_id(place), refusal)
    return private_page("schools/new.html", refusal.status if refusal else 200, endpoint="school_new", **values)


def school_new_token() -> Response:
    """What the script asks for on first input. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    return guard.paused_answer() if guard.is_paused(place) else form_flow.token_answer(place, _form_id(place))


def school_new_thanks() -> Response:
    """What happens next. The same page for everybody."""
    return public_page(
        ("school_new_thanks",),
        lambda: page(
            "schools/new_thanks.html", endpoint="school_new_thanks", public=True,
            mailed=here().section.confirmation == "email",
        ),
    )  # fmt: skip


ROUTES = (
    ("/schools", "schools", schools, ("GET",), "schools"),
    ("/schools/new", "school_new", school_new, ("GET", "POST"), "schools"),
    ("/schools/new/token", "school_new_token", school_new_token, ("GET",), "schools"),
    ("/schools/new/thanks", "school_new_thanks", school_new_thanks, ("GET",), "schools"),
)
