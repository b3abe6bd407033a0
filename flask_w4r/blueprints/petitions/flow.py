"""What signing one case and signing several share: the form, and the one service call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from flask import current_app

from ...antiabuse import formtoken, rates
from ...antiabuse.outcome import CaptchaOutcome
from ...forms.petitions.sign import SignForm, make_sign_form, submission_of
from ...services.campaign import catalogue
from ...services.moderation.judgement import releases_itself
from ...services.people import consents
from ...services.people.consents import ConsentQuestion
from ...services.people.networks import DayKeyCache, day_secret, network_hashes
from ...services.petitions.run import sign_and_tell
from ...services.petitions.signing import Network, Signed, Signing
from ...services.storage.unit_of_work import read, run
from ...web import Here, form_flow, here, mailbox
from ...web.form_flow import Author
from ...web.guard import client_tiers
from ...web.templating import app_of_request

#: How long a case found open is taken to be, before the database has its say.
OPEN_CASE_KEPT = timedelta(seconds=2)


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
        return make_sign_form(place.section, place.locale, asked, several=several, testing=testing)

    found: type[SignForm] = place.state.once(f"form:{place.section.code}:{place.locale}:{several}", make)
    return found


def on_case(session: Any, case: Any) -> Mapping[str, Any]:
    """The form on a case's page, without any token; see ``web.pages.Pages``."""
    return {"form": form_class(here(), several=False)(formdata=None)}


def form_id(place: Here, slug: str | None) -> str:
    """What a form token and a captcha solution are bound to."""
    return f"sign:{place.section.code}:{slug or '*'}"


def _secret_of_day(place: Here, day: date) -> bytes:
    """The day's secret, made in a transaction of its own, before anything is keyed with it."""
    app = app_of_request()

    def load(wanted: date) -> bytes:
        return run(app, lambda uow: day_secret(uow.session, place.state.keyring, wanted))

    cache: DayKeyCache = place.state.once("day_keys", lambda: DayKeyCache(load))
    return cache.secret(day)


def write(
    place: Here, form: SignForm, case_ids: Sequence[int], age: formtoken.FormAge, captcha: CaptchaOutcome
) -> Signed:
    """Judge and sign: one service call in one unit of work.

    :raises ProofReplayed: the captcha's solution was used before.
    """
    state, section = place.state, place.section
    submission = submission_of(form, section, place.locale, questions(place, place.locale))
    texts = rates.free_texts(submission.custom, section.custom_fields)
    author = Author(submission.address, submission.first_name, submission.last_name, texts)
    honeypot = bool(form["website"].data)
    verdict = form_flow.weigh(place, author, age, captcha, honeypot=honeypot, case_ids=case_ids)
    now = state.clock()
    day = now.date()
    secret = _secret_of_day(place, day)
    network = Network(day, *network_hashes(secret, client_tiers()))
    opt_ins = state.hooks.subscriber_sink is not None
    judged, proved = form_flow.judgement(verdict), mailbox.is_proved(place, submission.address)
    if proved and releases_itself(verdict.reasons_json(), judged.score, state.config.scoring["hold_at"]):
        judged = replace(judged, held=False)
    signing = Signing(section, submission, judged, network, secret, now, opt_ins, proved)
    _file_questions(place)
    return sign_and_tell(app_of_request(), signing, case_ids)


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
    now, tick = place.state.clock(), monotonic()
    known: dict[tuple[str, str], tuple[int, datetime, float]] = place.state.once("open_cases", dict)
    key = (place.section.code, slug)
    if key in known:
        number, then, before = known[key]
        if abs(now - then) < OPEN_CASE_KEPT and tick - before < OPEN_CASE_KEPT.total_seconds():
            return number
    case = read(app_of_request(), lambda session: catalogue.find_case(session, place.lens, slug))
    if not case.takes_actions:
        return None
    known[key] = (case.id, now, tick)
    return case.id
