"""The form that tells what was done. Its answer is the same whatever becomes of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...action_types import type_words
from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...forms.reports import ReportForm, count_fields, read_counts, typed_counts
from ...i18n import gettext
from ...models import Event, EventCase
from ...services.campaign import catalogue, codes
from ...services.campaign.views import CaseView, EditionView
from ...services.reports import telling
from ...services.reports.telling import Told
from ...services.storage.unit_of_work import read
from ...web import Here, form_flow, guard, here, mailbox
from ...web.form_flow import FAULTY, Refusal
from ...web.responses import private_page, public_page, see_other
from ...web.templating import app_of_request, page


@dataclass(frozen=True)
class About:
    """What a code names.

    :param cases: those that can be reported of: the event's, the sheet's, else all of the edition.
    :param edition: the current one, whose pages say where it is a demonstration.
    :param is_wrong: the code is none of ours.
    """

    cases: Sequence[CaseView]
    edition: EditionView | None
    event: Event | None = None
    is_wrong: bool = False


def _form_id(place: Here) -> str:
    return f"report:{place.section.code}"


def _about(code: str) -> About:
    place = here()

    def load(session: Session) -> About:
        edition = catalogue.current_edition(session, place.lens)
        every = catalogue.cases_of(session, place.lens, edition) if edition else []
        if not code.strip():
            return About(every, edition)
        sheet = codes.read(place.state.keyring, code)
        event = session.get(Event, sheet.event_id) if sheet and sheet.event_id else None
        if event is not None and (event.section != place.section.code or event.state not in ("published", "over")):
            event = None
        if sheet is None or (sheet.event_id and event is None):
            return About(every, edition, is_wrong=True)
        named = {sheet.case_id} if sheet.case_id else _of_event(session, event)
        mine = [case for case in every if case.id in named]
        # A sheet of an earlier edition is reported of too.
        mine = mine or catalogue.cases_by_id(session, place.lens, named)
        return About(mine or every, edition, event)

    return read(current_app, load)


def _of_event(session: Session, event: Event | None) -> set[int]:
    if event is None:
        return set()
    return set(session.scalars(select(EventCase.case_id).where(EventCase.event_id == event.id)))


def report() -> Response:
    """The form; a POST that lacks valid tokens, or anything, gets it back filled."""
    if request.method == "POST":
        return _pressed()
    code = request.args.get("code", "")[:40]
    form = ReportForm(formdata=None)
    form.code.data = code
    return _page(form, _about(code), {}, ())


def _pressed() -> Response:
    place = here()
    form = ReportForm(formdata=request.form)
    form.testing = current_app.testing or current_app.debug
    form.utf8 = place.state.config.mail_utf8
    form.today = catalogue.local_date(place.section, place.state.clock())
    about = _about((form.code.data or "")[:40])
    typed = typed_counts(place.section, request.form)
    counts, faulty = read_counts(typed, [case.slug for case in about.cases])

    def ready() -> Sequence[int] | Refusal:
        good = form.validate()
        if about.is_wrong:
            form.code.errors = [gettext("We do not know this code. Check each character, or leave it blank")]
            good = False
        if not good or faulty:
            return FAULTY
        return () if counts else Refusal(gettext("Enter what was done for at least one person"))

    def write(age: FormAge, captcha: CaptchaOutcome) -> None:
        _write(place, form, about, counts, age, captcha)

    done = form_flow.press(place, "report", _form_id(place), ready, write)
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        return _page(form, about, typed, faulty, done)
    return see_other(place.url("report_thanks"))


def _write(
    place: Here,
    form: ReportForm,
    about: About,
    counts: Mapping[str, Mapping[str, int]],
    age: FormAge,
    captcha: CaptchaOutcome,
) -> None:
    assert form.address is not None
    ids = {case.slug: case.id for case in about.cases}
    told = Told(
        name=form.name.data, address=form.address, locale=place.locale, people=form.people_number,
        counts={ids[slug]: numbers for slug, numbers in counts.items()}, on=form.on, place=form.where.data,
        note=form.note.data, event_id=about.event.id if about.event else None,
    )  # fmt: skip
    sent = form_flow.sent_here(
        place, age, captcha, honeypot=bool(form.website.data), proved=mailbox.is_proved(place, form.address)
    )
    telling.take_in(app_of_request(), place.section, told, sent)


def _page(
    form: ReportForm,
    about: About,
    typed: Mapping[str, Mapping[str, str]],
    faulty: Sequence[tuple[str, str]],
    refusal: Refusal | None = None,
) -> Response:
    place = here()
    values: dict[str, Any] = form_flow.form_values(place, form, _form_id(place), refusal)
    fields, more_fields = count_fields(place.section)
    names = {case.slug: case.name for case in about.cases}
    wrong = gettext("Enter a whole number")
    values["errors"] = [
        *values["errors"],
        *((f"{slug}-{kind}", f"{names[slug]} – {type_words(place.section, kind)}: {wrong}") for slug, kind in faulty),
    ]
    return private_page(
        "reports/report.html", refusal.status if refusal else 200, endpoint="report", edition=about.edition,
        cases=about.cases, event=about.event, is_wrong=about.is_wrong, typed=typed, faulty={f"{slug}-{kind}" for slug, kind in faulty}, fields=fields,
        more_fields=more_fields, wrong=wrong, **values,
    )  # fmt: skip


def report_token() -> Response:
    """What the script asks for on first input. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    if guard.is_paused(place):
        return guard.paused_answer()
    return form_flow.token_answer(place, _form_id(place))


def report_thanks() -> Response:
    """What happens next. The same page for everybody."""

    def render(session: Session) -> str:
        edition = catalogue.current_edition(session, here().lens)
        return page("reports/thanks.html", endpoint="report_thanks", public=True, edition=edition, mailed=_is_mailed())

    return public_page(("report_thanks",), lambda: read(current_app, render))


def _is_mailed() -> bool:
    return here().section.confirmation == "email"


ROUTES = (
    ("/report", "report", report, ("GET", "POST"), "tally"),
    ("/report/token", "report_token", report_token, ("GET",), "tally"),
    ("/report/thanks", "report_thanks", report_thanks, ("GET",), "tally"),
)
