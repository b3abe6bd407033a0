"""What signing one case and signing several share: the form, and what is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from ...antiabuse import formtoken
from ...antiabuse.outcome import CaptchaOutcome
from ...errors import CaseNotActive
from ...forms.petitions.sign import SignForm, make_sign_form, submission_of
from ...services.campaign import catalogue
from ...services.people import consents
from ...services.people.consents import ConsentQuestion
from ...services.petitions.intake import take_in
from ...services.storage.unit_of_work import read, run
from ...web import Here, form_flow, here, mailbox, moment
from ...web.templating import app_of_request


def questions(place: Here, locale: str) -> dict[str, ConsentQuestion]:
    """The section's consent questions in a language."""

    def make() -> dict[str, ConsentQuestion]:
        return {
            name: consents.question(place.section, name, locale) for name in (consents.PETITION, consents.NEWSLETTER)
        }

    found: dict[str, ConsentQuestion] = place.state.once(f"questions:{place.section.code}:{locale}", make)
    return found


def form_class(place: Here, *, several: bool) -> type[SignForm]:
    """The section's form class in the page's language."""

    def make() -> type[SignForm]:
        asked = questions(place, place.locale)
        testing = current_app.testing or current_app.debug
        return make_sign_form(
            place.section, place.locale, asked, several=several, testing=testing, utf8=place.state.config.mail_utf8
        )

    found: type[SignForm] = place.state.once(f"form:{place.section.code}:{place.locale}:{several}", make)
    return found


def on_case(session: Any, case: Any) -> Mapping[str, Any]:
    """The form on a case's page, without any token; see ``web.pages.Pages``."""
    return {"form": form_class(here(), several=False)(formdata=None)}


def form_id(place: Here, slug: str | None) -> str:
    """What a form token and a captcha solution are bound to."""
    return f"sign:{place.section.code}:{slug or '*'}"


def write(
    place: Here, form: SignForm, case_ids: Sequence[int], age: formtoken.FormAge, captcha: CaptchaOutcome
) -> bool:
    """Write the press down, for the worker to sign.

    :returns: whether no mail is to be answered, since the visitor has proved the mailbox or gave none.
    :raises CaseNotActive: a case takes no signatures.
    """
    submission = submission_of(form, place.section, place.locale, questions(place, place.locale))
    proved = mailbox.is_proved(place, submission.address)
    honeypot = bool(form["website"].data)
    sent = form_flow.sent_here(place, age, captcha, honeypot=honeypot, case_ids=case_ids, proved=proved)
    _file_questions(place)
    take_in(app_of_request(), place.section, submission, sent)
    return proved or submission.address is None


def _file_questions(place: Here) -> None:
    """The exact words shown are on file before the first answer that refers to them."""
    app = app_of_request()

    def make() -> bool:
        run(app, lambda uow: consents.register_questions(uow.session, place.section))
        return True

    place.state.once(f"questions_filed:{place.section.code}", make)


def open_case(place: Here, slug: str) -> int | None:
    """The id of a case that takes signatures, else ``None``.

    Remembered for a moment. That a case was closed or withdrawn since is seen by the statement that would write.

    :raises NotFound: there is no such case.
    :raises CaseWithdrawn: it was withdrawn.
    """

    def load() -> int:
        case = read(app_of_request(), lambda session: catalogue.find_case(session, place.lens, slug))
        if not case.takes_actions:
            raise CaseNotActive
        return case.id

    try:
        return moment.kept(place, "open_cases", (place.section.code, slug), load)
    except CaseNotActive:
        return None
