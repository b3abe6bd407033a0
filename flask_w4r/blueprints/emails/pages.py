"""Writing to those in power: the form page and its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Any

from flask import Response, current_app, request
from wtforms import ValidationError

from ...antiabuse.formtoken import FormAge
from ...antiabuse.limits import Breach
from ...antiabuse.outcome import CaptchaOutcome
from ...errors import CaseNotActive
from ...forms.emails import EmailForm, check_name, filled_with, make_email_form
from ...sections.emails import EmailRules, rules_of
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.campaign.ways import why_not
from ...services.emails.enough import Counted, still_written_to
from ...services.emails.prepared import Prepared, nearest, variants_of
from ...services.emails.targets import Target, writable
from ...services.emails.writing import Written, take_in
from ...services.people import consents
from ...services.storage.unit_of_work import read, run
from ...web import Here, form_flow, guard, here, mailbox
from ...web.form_flow import FAULTY, Refusal
from ...web.responses import private_page, see_other
from ...web.templating import app_of_request
from ...web.ways import open_ways

WAY = "email"
#: The fields that hold what somebody wrote.
WORDS = ("subject", "body")


def _form_id(place: Here, slug: str) -> str:
    return f"email:{place.section.code}:{slug}"


def _find(slug: str) -> CaseView:
    return read(current_app, lambda session: catalogue.find_case(session, here().lens, slug))


def _closed(case: CaseView) -> str | None:
    """Why nothing can be written now for a case that takes actions."""
    place = here()
    return why_not(place.state.seam.ways[WAY], case, place.lens)


def email_token(slug: str) -> Response:
    """What the script asks for on first input. Same origin only."""
    place = here()
    refused = form_flow.token_refusal(place)
    if refused is not None:
        return refused
    number = read(current_app, lambda session: catalogue.insist_on_case(session, place.section, slug))
    if guard.is_paused(place, number):
        return guard.paused_answer()
    return form_flow.token_answer(place, _form_id(place, slug), (number,))


def email(slug: str) -> Response:
    """The form page of one case; a POST that lacks valid tokens gets it back filled."""
    case = _find(slug)
    rules = rules_of(here().section)
    if not case.takes_actions:
        return see_other(case.url) if request.method != "POST" else _not_open(case, None)
    reason = _closed(case)
    if reason is not None:
        return _not_open(case, reason)
    if rules.mode == "mailto":
        return _own_program(case)
    if guard.is_paused(here(), case.id):
        return guard.paused_page(case, guard.written(*WORDS))
    if not _still_written_to(case, rules):
        return _not_open(case, None, enough=rules.in_all)
    if request.method == "POST":
        return _pressed(case, rules)
    prepared = _next(case)
    return _form_page(filled_with(_form_class(case, rules), prepared), case, rules, prepared)


def _still_written_to(case: CaseView, rules: EmailRules) -> list[Target]:
    """Those in power whose offices have not had as many emails as the section sends them."""
    place, targets = here(), writable(case)
    kept: Counted = place.state.once("emails_counted", dict)
    ask = partial(still_written_to, case_id=case.id, targets=targets, rules=rules, kept=kept, now=place.state.clock())
    return read(current_app, ask)


def _next(case: CaseView) -> Prepared | None:
    """The variant whose turn it is in this process."""
    variants = variants_of(case.words)
    turns = here().state.once(f"email_turns:{case.id}", count)
    return variants[next(turns) % len(variants)] if variants else None


def _question(place: Here) -> consents.ConsentQuestion:
    found: consents.ConsentQuestion = place.state.once(
        f"email_question:{place.section.code}:{place.locale}",
        lambda: consents.question(place.section, consents.EMAIL, place.locale),
    )
    return found


def _form_class(case: CaseView, rules: EmailRules) -> type[EmailForm]:
    place = here()
    longest = max([rules.longest, *(len(one.text) for one in variants_of(case.words))])
    return make_email_form(
        place.section, rules, _question(place).text, longest=longest, testing=current_app.testing or current_app.debug,
        utf8=place.state.config.mail_utf8,
    )  # fmt: skip


def _pressed(case: CaseView, rules: EmailRules) -> Response:
    place = here()
    form = _form_class(case, rules)(formdata=request.form)
    proved: list[bool] = []

    def ready() -> Sequence[int] | Refusal:
        return (case.id,) if _is_valid(form) else FAULTY

    def write(age: FormAge, captcha: CaptchaOutcome) -> None:
        written = _written(form, case)
        proved.append(mailbox.is_proved(place, written.address))
        sent = form_flow.sent_here(
            place, age, captcha, honeypot=bool(form.website.data), case_ids=(case.id,), proved=proved[-1]
        )
        _file_question(place)
        take_in(app_of_request(), place.section, written, sent)

    try:
        done = form_flow.press(place, "email", _form_id(place, case.slug), ready, write)
    except CaseNotActive:
        return _not_open(_find(case.slug), None)
    if isinstance(done, Breach):
        return form_flow.too_many(done)
    if isinstance(done, Refusal):
        _is_valid(form)
        return _form_page(form, case, rules, _made_from(case), done)
    return see_other(place.url("email_taken" if proved[-1] else "email_thanks", slug=case.slug))


def _is_valid(form: EmailForm) -> bool:
    if not form.validate():
        return False
    try:
        check_name(form)
    except ValidationError as error:
        name = next(name for name in ("full_name", "first_name", "last_name") if name in form)
        form[name].errors = [str(error)]
        return False
    return True


def _typed(name: str) -> str:
    return request.form.get(name, "")


def _made_from(case: CaseView) -> Prepared | None:
    """The variant that what was sent was made from: where it cannot be changed, the one that the page showed."""
    return nearest(variants_of(case.words), _typed("subject"), _typed("body"))


def _written(form: EmailForm, case: CaseView) -> Written:
    place = here()
    assert form.address is not None
    first, last = form.named()
    prepared = _made_from(case)
    if "body" in form:
        subject, body = str(form["subject"].data), str(form["body"].data)
    else:
        assert prepared is not None
        subject, body = prepared.subject, prepared.text
    return Written(
        first,
        last,
        form.address,
        place.locale,
        case.text_locale,
        subject,
        body,
        prepared,
        _question(place).digest.hex(),
    )


def _file_question(place: Here) -> None:
    """The exact words shown are on file before the first answer that refers to them."""
    app = app_of_request()

    def make() -> bool:
        run(app, lambda uow: consents.register_questions(uow.session, place.section))
        return True

    place.state.once(f"questions_filed:{place.section.code}", make)


def _form_page(
    form: EmailForm, case: CaseView, rules: EmailRules, prepared: Prepared | None, refusal: Refusal | None = None
) -> Response:
    place = here()
    context: dict[str, Any] = form_flow.form_values(place, form, _form_id(place, case.slug), refusal, (case.id,))
    targets = _still_written_to(case, rules) or writable(case)
    return private_page(
        "emails/write.html", refusal.status if refusal else 200, endpoint="email", values={"slug": case.slug},
        edition=case.edition, case=case, targets=targets, governments=_governments(targets), rules=rules,
        prepared=prepared, **context,
    )  # fmt: skip


def _governments(targets: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(one.government for one in targets))


def _own_program(case: CaseView) -> Response:
    """The supporter's own mail program sends it: nothing is taken here."""
    targets = writable(case)
    return private_page(
        "emails/own_program.html", 200 if request.method != "POST" else 409, endpoint="email",
        values={"slug": case.slug}, edition=case.edition, case=case, targets=targets,
        governments=_governments(targets), prepared=_next(case),
    )  # fmt: skip


def _not_open(case: CaseView, reason: str | None, *, enough: int | None = None) -> Response:
    """Nothing can be written (any more): the page says why, and nothing was taken.

    :param enough: so many emails is what an office gets, and it has them.
    """
    code = 409 if request.method == "POST" else 200
    return private_page(
        "emails/not_open.html", code, case=case, edition=case.edition, reason=reason, enough=enough,
        ways=[way for way in open_ways(case) if way.name != WAY], written=guard.written(*WORDS),
    )  # fmt: skip


ROUTES = (
    ("/cases/<slug>/email", "email", email, ("GET", "POST"), "emails"),
    ("/cases/<slug>/email/token", "email_token", email_token, ("GET",), "emails"),
)
