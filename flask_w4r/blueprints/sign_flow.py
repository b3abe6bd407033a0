"""What signing one case and signing several share: tokens, checks in their order, and the one service call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic

from flask import Response, current_app, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from ..antiabuse import formtoken, rates
from ..antiabuse.captcha import CaptchaOutcome, CaptchaProvider
from ..antiabuse.limits import Breach, RateLimits
from ..antiabuse.pipeline import Finding, Verdict, judge
from ..errors import ProofReplayed
from ..forms.sign import SignForm, make_sign_form, submission_of
from ..i18n import gettext
from ..services import catalogue, consents
from ..services.consents import ConsentQuestion
from ..services.networks import DayKeyCache, day_secret, network_hashes
from ..services.signing import Judgement, Network, Signed, Signing, Submission
from ..services.signing_run import sign_and_tell
from ..services.unit_of_work import read, run
from ..templating import app_of_request
from ..web import Here
from . import guard
from .guard import client_tiers
from .responses import private_page

CSRF_KEY = "w4r_csrf_token"
#: How long a case found open is taken to be, before the database has its say.
OPEN_CASE_KEPT = timedelta(seconds=2)


@dataclass(frozen=True)
class Refusal:
    """Why a form goes back to the visitor, filled as it was."""

    notice: str
    status: int = 422


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


def form_id(place: Here, slug: str | None) -> str:
    """What a form token and a captcha solution are bound to."""
    return f"sign:{place.section.code}:{slug or '*'}"


def limits(place: Here) -> RateLimits:
    """The app's rate limits."""
    found: RateLimits = place.state.lazy["limits"]()
    return found


def captcha_provider(place: Here, case_ids: Sequence[int] = ()) -> CaptchaProvider:
    """The captcha to use for these cases now."""
    return guard.captcha_here(place, case_ids)


def fresh_tokens(place: Here, slug: str | None) -> dict[str, str]:
    """A CSRF token (kept in the host's session) and a form token."""
    name = form_id(place, slug)
    return {
        "csrf_token": generate_csrf(secret_key=place.state.secret_key, token_key=CSRF_KEY),
        "form_token": formtoken.issue(place.state.secret_key, name, place.state.clock()),
    }


def csrf_problem(place: Here) -> str | None:
    """What is wrong with the request's CSRF token, or ``None``. It holds as long as a form token."""
    try:
        validate_csrf(
            request.form.get("csrf_token", ""),
            secret_key=place.state.secret_key,
            time_limit=int(place.state.config.form_max_seconds),
            token_key=CSRF_KEY,
        )
    except ValidationError as error:
        return str(error)
    return None


def check_tokens(place: Here, slug: str | None) -> formtoken.FormAge | Refusal:
    """CSRF and form token, before anything else is looked at."""
    config = place.state.config
    token = request.form.get("form_token", "")
    age = formtoken.check(
        place.state.secret_key,
        token,
        form_id(place, slug),
        place.state.clock(),
        config.form_min_seconds,
        config.form_max_seconds,
    )
    if age.status == "ok" and csrf_problem(place) is None:
        return age
    if age.status == "expired":
        return Refusal(gettext("This form was open for a long time. Nothing is lost: press the button once more."))
    return Refusal(gettext("Almost done. Check what you typed and press the button once more."))


def check_captcha(place: Here, slug: str | None, case_ids: Sequence[int]) -> CaptchaOutcome | Refusal | Breach:
    """The captcha, and the tighter limit for those who come without one."""
    outcome = captcha_provider(place, case_ids).verify(request.form, form_id(place, slug))
    if outcome.result == "fail" and outcome.note == "expired":
        return Refusal(gettext("This form was open for a long time. Nothing is lost: press the button once more."))
    if outcome.result == "fail":
        return Refusal(gettext("The check for robots did not succeed. Please press the button once more."))
    if outcome.result in ("missing", "unavailable") and not guard.network_is_allowed(place):
        live, share = guard.live_limits(place), guard.share_here(place, case_ids)
        who = client_tiers().site
        breach = limits(place).hit("sign_uncaptcha", place.section.code, who, live=live, share=share)
        if breach is not None:
            return breach
    return outcome


def write(
    place: Here, form: SignForm, case_ids: Sequence[int], age: formtoken.FormAge, captcha: CaptchaOutcome
) -> Signed | Refusal:
    """Judge and sign: one service call in one unit of work."""
    state, section = place.state, place.section
    submission = submission_of(form, section, place.locale, questions(place, place.locale))
    rule = guard.rule_here(place, submission.address)
    trusted = rule is not None and rule.effect == "allow"
    further = [*guard.findings_here(place, rule, case_ids, captcha.result)]
    if not trusted:
        further += _rate_findings(place, submission, case_ids)
    verdict = judge(
        config_scoring=state.config.scoring,
        form_age=age,
        captcha_outcome=captcha,
        honeypot_filled=bool(form["website"].data),
        first_name=submission.first_name,
        last_name=submission.last_name,
        address=submission.address,
        further=further,
        trusted=trusted,
    )
    now = state.clock()
    day = now.date()
    secret = _day_secret(place, day)
    network = Network(day, *network_hashes(secret, client_tiers()))
    opt_ins = state.hooks.subscriber_sink is not None
    signing = Signing(section, submission, _judgement(verdict), network, secret, now, opt_ins)
    _file_questions(place)
    try:
        return sign_and_tell(app_of_request(), signing, case_ids)
    except ProofReplayed:
        return Refusal(gettext("The check for robots did not succeed. Please press the button once more."))


def _rate_findings(place: Here, submission: Submission, case_ids: Sequence[int]) -> Sequence[Finding]:
    """What is out of the ordinary about how much of this arrives."""
    section = place.section
    arrival = rates.Arrival(
        section_code=section.code,
        case_ids=case_ids,
        tiers=client_tiers(),
        address=submission.address,
        first_name=submission.first_name,
        last_name=submission.last_name,
        texts=rates.free_texts(submission.custom, section.custom_fields),
        now=place.state.clock(),
    )
    usual, scoring = guard.settings_here(place).usual, place.state.config.scoring
    return rates.findings(limits(place), arrival, scoring=scoring, usual=usual, holds=guard.holds_here(place, case_ids))


def _judgement(verdict: Verdict) -> Judgement:
    return Judgement(
        score=verdict.score,
        held=verdict.hold,
        reasons=verdict.reasons_json(),
        captcha=verdict.captcha,
        proof=verdict.digest,
        proof_expires_at=verdict.expires_at,
    )


def _day_secret(place: Here, day: date) -> bytes:
    """The day's secret, made in a transaction of its own, before anything is keyed with it."""
    app = app_of_request()

    def load(wanted: date) -> bytes:
        return run(app, lambda uow: day_secret(uow.session, place.state.keyring, wanted))

    cache: DayKeyCache = place.state.once("day_keys", lambda: DayKeyCache(load))
    return cache.secret(day)


def _file_questions(place: Here) -> None:
    """The exact words shown are on file before the first answer that refers to them."""
    app = app_of_request()

    def make() -> bool:
        run(app, lambda uow: consents.register_questions(uow.session, place.section))
        return True

    place.state.once(f"questions_filed:{place.section.code}", make)


def too_many(breach: Breach) -> Response:
    """Answer 429, with the time to wait."""
    response = private_page("errors/429.html", 429, retry_after=breach.retry_after)
    response.headers["Retry-After"] = str(breach.retry_after)
    return response


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


def enter_limits(place: Here, case_ids: Sequence[int] = ()) -> Breach | None:
    """Count this POST against its network, at three tiers, unless the network is on the allow list."""
    if guard.network_is_allowed(place):
        return None
    live, share = guard.live_limits(place), guard.share_here(place, case_ids)
    return limits(place).hit_tiers(place.section.code, client_tiers(), "sign", live=live, share=share)
