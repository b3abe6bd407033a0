"""What every public form shares, by the form's id: tokens, limits, captcha and verdict.

:func:`press` is the way of a POST, the same for every form; :func:`form_values` is what the page of any form needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, jsonify, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from ..antiabuse import formtoken
from ..antiabuse import weighing as judging
from ..antiabuse.limits import Breach, RateLimits
from ..antiabuse.outcome import CaptchaOutcome, CaptchaProvider
from ..errors import ProofReplayed
from ..forms.checks import error_list
from ..i18n import gettext
from ..services.intake.sent import Author, Sent
from ..services.moderation.judgement import Judgement
from . import Here, guard
from .errors import error_response
from .guard import client_tiers
from .responses import private
from .templating import app_of_request

T = TypeVar("T")

CSRF_KEY = "w4r_csrf_token"


@dataclass(frozen=True)
class Refusal:
    """Why a form goes back to the visitor, filled as it was."""

    notice: str
    status: int = 422


#: Something typed is missing or wrong; the form's own errors say what.
FAULTY = Refusal("")


def limits(place: Here) -> RateLimits:
    """The app's rate limits."""
    found: RateLimits = place.state.lazy["limits"]()
    return found


def too_many(breach: Breach) -> Response:
    """Answer 429, with the time to wait."""
    return error_response(429, breach.retry_after)


def enter_limits(place: Here, prefix: str, case_ids: Sequence[int] = ()) -> Breach | None:
    """Count this POST against its network, at three tiers, unless the network is on the allow list.

    :param prefix: of the limits' names, ``<prefix>_host``, ``_site`` and ``_block``.
    :param case_ids: the cases it is about, which may be guarded more than usual.
    """
    if guard.network_is_allowed(place):
        return None
    live, share = guard.live_limits(place), guard.share_here(place, case_ids)
    return limits(place).hit_tiers(place.section.code, client_tiers(), prefix, live=live, share=share)


def captcha_provider(place: Here, case_ids: Sequence[int] = ()) -> CaptchaProvider:
    """The captcha to use now."""
    return guard.captcha_here(place, case_ids)


def challenge(place: Here, form_id: str, case_ids: Sequence[int] = ()) -> dict[str, Any] | None:
    """A captcha challenge that is good for one form."""
    found: dict[str, Any] | None = captcha_provider(place, case_ids).challenge(form_id)
    return found


def fresh_csrf(place: Here) -> str:
    """A CSRF token, kept in the host's session."""
    token: str = generate_csrf(secret_key=place.state.secret_key, token_key=CSRF_KEY)
    return token


def fresh_tokens(place: Here, form_id: str) -> dict[str, str]:
    """A CSRF token and a form token.

    :param form_id: what the form token and a captcha solution are bound to, such as ``sign:AU:ann``.
    """
    token = formtoken.issue(place.state.secret_key, form_id, place.state.clock())
    return {"csrf_token": fresh_csrf(place), "form_token": token}


def token_answer(place: Here, form_id: str, case_ids: Sequence[int] = ()) -> Response:
    """What the script asks for on first input: CSRF token, form token, captcha challenge."""
    return private(jsonify({**fresh_tokens(place, form_id), "captcha": challenge(place, form_id, case_ids)}))


def token_refusal(place: Here) -> Response | None:
    """What to answer a script that may not have tokens, asked before anything else: other origins, too many."""
    if not _same_origin():
        abort(403)
    breach = limits(place).hit("token_host", place.section.code, client_tiers().host)
    if breach is None:
        return None
    response = private(Response(status=429))
    response.headers["Retry-After"] = str(breach.retry_after)
    return response


def _same_origin() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


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


def check_tokens(place: Here, form_id: str) -> formtoken.FormAge | Refusal:
    """CSRF and form token, before anything else is looked at."""
    config = place.state.config
    token = request.form.get("form_token", "")
    age = formtoken.check(
        place.state.secret_key, token, form_id, place.state.clock(), config.form_min_seconds, config.form_max_seconds
    )
    if age.status == "ok" and csrf_problem(place) is None:
        return age
    if age.status == "expired":
        return Refusal(gettext("This form was open for a long time. Nothing is lost: press the button once more."))
    return Refusal(gettext("Almost done. Check what you typed and press the button once more."))


def captcha_replayed() -> Refusal:
    """The solution of the captcha was used before."""
    return Refusal(gettext("The check for robots did not succeed. Please press the button once more."))


def check_captcha(
    place: Here, form_id: str, limit: str, case_ids: Sequence[int] = ()
) -> CaptchaOutcome | Refusal | Breach:
    """The captcha, and the tighter limit for those who come without one.

    :param limit: that limit's name, such as ``sign_uncaptcha``.
    """
    outcome = captcha_provider(place, case_ids).verify(request.form, form_id)
    if outcome.result == "fail" and outcome.note == "expired":
        return Refusal(gettext("This form was open for a long time. Nothing is lost: press the button once more."))
    if outcome.result == "fail":
        return captcha_replayed()
    if outcome.result in ("missing", "unavailable") and not guard.network_is_allowed(place):
        live, share = guard.live_limits(place), guard.share_here(place, case_ids)
        breach = limits(place).hit(limit, place.section.code, client_tiers().site, live=live, share=share)
        if breach is not None:
            return breach
    return outcome


def press(
    place: Here,
    prefix: str,
    form_id: str,
    ready: Callable[[], Sequence[int] | Refusal],
    write: Callable[[formtoken.FormAge, CaptchaOutcome], T],
    *,
    case_ids: Sequence[int] = (),
    proved: bool = False,
) -> T | Refusal | Breach:
    """The button of a public form was pressed: the checks in their order, then the one service call.

    :param prefix: of the limits' names, such as ``sign``.
    :param ready: the form's own checks; gives the cases it is about, or why it goes back.
    :param write: judges and writes, when all is in order.
    :param case_ids: the cases it is about, where that is known before.
    :param proved: whoever presses has just answered a mail of ours, which is more than a captcha proves.
    :returns: what ``write`` returned; or why the form goes back; or which limit was met.
    """
    breach = enter_limits(place, prefix, case_ids)
    if breach is not None:
        return breach
    age = check_tokens(place, form_id)
    if isinstance(age, Refusal):
        return age
    about = ready()
    if isinstance(about, Refusal):
        return about
    captcha = CaptchaOutcome("off") if proved else check_captcha(place, form_id, f"{prefix}_uncaptcha", about)
    if isinstance(captcha, Breach | Refusal):
        return captcha
    try:
        return write(age, captcha)
    except ProofReplayed:
        return captcha_replayed()


def form_values(
    place: Here, form: Any, form_id: str, refusal: Refusal | None = None, case_ids: Sequence[int] = ()
) -> dict[str, Any]:
    """What the page of a public form needs: fresh tokens in it, what is wrong, and a captcha challenge."""
    for name, value in fresh_tokens(place, form_id).items():
        form[name].data = value
    return {
        "form": form,
        "errors": error_list(form),
        "notice": refusal.notice if refusal and refusal.notice else None,
        "captcha": challenge(place, form_id, case_ids),
    }


def sent_here(
    place: Here,
    age: formtoken.FormAge,
    captcha: CaptchaOutcome,
    *,
    honeypot: bool,
    case_ids: Sequence[int] = (),
    proved: bool = False,
) -> Sent:
    """What only this request knows of a form that is in order.

    :param honeypot: the field that nobody sees was filled in.
    :param proved: whoever sent it has shown that they read the address' mail.
    """
    now, rule = place.state.clock(), guard.rule_here(place)
    return Sent(
        at=now,
        network=guard.network_here(place, now),
        captcha=captcha.result,
        case_ids=tuple(case_ids),
        too_fast=age.too_fast,
        proof=captcha.digest,
        proof_expires_at=captcha.expires_at,
        honeypot=honeypot,
        rule=(rule.effect, rule.kind, rule.rule_id) if rule is not None else None,
        proved=proved,
    )


def weigh(place: Here, author: Author, age: formtoken.FormAge, captcha: CaptchaOutcome, *, honeypot: bool) -> Judgement:
    """What the checks make of a form that must be decided at once."""
    sent = sent_here(place, age, captcha, honeypot=honeypot)
    return judging.weigh(app_of_request(), place.section, [(sent, author, token_hex(8))])[0]
