"""What every public form shares, by the form's id: its token, limits, captcha and verdict.

:func:`press` is the way of a POST, the same for every form; :func:`form_values` is what the page of any form needs.

A public form needs no cookie. What it does is done by anybody, for nobody who is signed in, so there is no session for
another site to abuse: the form token, which only a page or script of ours gives out, and the browser's word that the
press came from this site are enough. Pages that know their visitor (a host's, the desk) ask for a token of the session:
:func:`session_problem`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, jsonify, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from ..antiabuse import formtoken
from ..antiabuse import weighing as judging
from ..antiabuse.limits import Breach, RateLimits
from ..antiabuse.outcome import CaptchaOutcome, CaptchaProvider
from ..errors import ProofReplayed
from ..forms.checks import error_list
from ..i18n import gettext
from ..sections.sources import source_of
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
    """Count a form that is in order against its network, at three tiers, unless the network is on the allow list.

    One that goes back to the visitor is not counted: it does nothing, and costs what opening the form costs. A class
    behind one address mistypes more often in a minute than it signs.

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


def fresh_token(place: Here, form_id: str) -> str:
    """A form token.

    :param form_id: what it and a captcha solution are bound to, such as ``sign:AU:ann``.
    """
    return formtoken.issue(place.state.secret_key, form_id, place.state.clock())


def token_answer(place: Here, form_id: str, case_ids: Sequence[int] = ()) -> Response:
    """What the script asks for on first input: the form token and a captcha challenge.

    Scripts of a host may copy ``csrf_token`` too, so it is there, and is the same.
    """
    token = fresh_token(place, form_id)
    captcha = challenge(place, form_id, case_ids)
    return private(jsonify({"csrf_token": token, "form_token": token, "captcha": captcha}))


def token_refusal(place: Here) -> Response | None:
    """What to answer a script that may not have tokens, asked before anything else: other origins, too many."""
    if not same_origin():
        abort(403)
    breach = limits(place).hit("token_host", place.section.code, client_tiers().host)
    if breach is None:
        return None
    response = private(Response(status=429))
    response.headers["Retry-After"] = str(breach.retry_after)
    return response


def sent_elsewhere() -> bool:
    """Whether the browser says that another site's page sent this: anybody can fetch a token and put it into theirs.

    ``Origin`` is not asked. Behind a proxy it may name another host than ours, and our pages of secret URLs have none; a
    form that never gets through is worse than an old browser's missing word.
    """
    return request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")


def same_origin() -> bool:
    """Whether a script of a page of ours sent this, as far as its browser says."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def fresh_csrf(place: Here) -> str:
    """A CSRF token, kept in the host's session: for pages that know their visitor."""
    token: str = generate_csrf(secret_key=place.state.secret_key, token_key=CSRF_KEY)
    return token


def session_problem(place: Here) -> str | None:
    """What to tell somebody whose press lacks the token of their session, or ``None``. It holds as long as a form's."""
    if CSRF_KEY not in session:
        return gettext(
            "This page was open for a long time, or your browser did not send our cookie. Nothing was changed: press the"
            " button once more. If this page comes back, allow cookies for this site: the cookie tells us that it was you"
            " who pressed the button, and not another website in your name."
        )
    try:
        validate_csrf(
            request.form.get("csrf_token", ""),
            secret_key=place.state.secret_key,
            time_limit=int(place.state.config.form_max_seconds),
            token_key=CSRF_KEY,
        )
    except ValidationError:
        return gettext("This page was open for a long time. Nothing has been lost: press the button again.")
    return None


def check_token(place: Here, form_id: str) -> formtoken.FormAge | Refusal:
    """The form token, and that no other site sent the form, before anything else is looked at."""
    config = place.state.config
    token = request.form.get("form_token", "")
    age = formtoken.check(
        place.state.secret_key, token, form_id, place.state.clock(), config.form_min_seconds, config.form_max_seconds
    )
    if age.status == "expired":
        return Refusal(gettext("This form was open for a long time. Nothing has been lost: press the button again."))
    if age.status != "ok" or sent_elsewhere():
        return Refusal(gettext("Almost done. Check what you typed and press the button again."))
    return age


def captcha_replayed() -> Refusal:
    """The solution of the captcha was used before."""
    return Refusal(gettext("We could not check that you are not a robot. Please press the button again."))


def check_captcha(
    place: Here, form_id: str, limit: str, case_ids: Sequence[int] = ()
) -> CaptchaOutcome | Refusal | Breach:
    """The captcha, and the tighter limit for those who come without one.

    :param limit: that limit's name, such as ``sign_uncaptcha``.
    """
    outcome = captcha_provider(place, case_ids).verify(request.form, form_id)
    if outcome.result == "fail" and outcome.note == "expired":
        return Refusal(gettext("This form was open for a long time. Nothing has been lost: press the button again."))
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
    proved: bool = False,
) -> T | Refusal | Breach:
    """The button of a public form was pressed: the checks in their order, then the one service call.

    :param prefix: of the limits' names, such as ``sign``.
    :param ready: the form's own checks; gives the cases it is about, or why it goes back.
    :param write: judges and writes, when all is in order.
    :param proved: whoever presses has just answered a mail of ours, which is more than a captcha proves.
    :returns: what ``write`` returned; or why the form goes back; or which limit was met.
    """
    age = check_token(place, form_id)
    if isinstance(age, Refusal):
        return age
    about = ready()
    if isinstance(about, Refusal):
        return about
    # Before the captcha, which may ask a service of others: what fails there is counted.
    breach = enter_limits(place, prefix, about)
    if breach is not None:
        return breach
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
    """What the page of a public form needs: a fresh token in it, what is wrong, and a captcha challenge."""
    form["form_token"].data = fresh_token(place, form_id)
    return {
        "form": form,
        "errors": error_list(form),
        "notice": refusal.notice if refusal and refusal.notice else None,
        "captcha": challenge(place, form_id, case_ids),
        "via": _said(via_here(place)),
    }


def via_here(place: Here) -> tuple[str, int] | None:
    """What the form says of the link that led its sender here, where the section counts it."""
    return source_of(place.section, request.form.get("via", ""))


def _said(via: tuple[str, int] | None) -> str:
    return f"{via[0]}:{via[1]}" if via else ""


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
        via=via_here(place),
    )


def weigh(place: Here, author: Author, age: formtoken.FormAge, captcha: CaptchaOutcome, *, honeypot: bool) -> Judgement:
    """What the checks make of a form that must be decided at once."""
    sent = sent_here(place, age, captcha, honeypot=honeypot)
    return judging.weigh(app_of_request(), place.section, [(sent, author, token_hex(8))])[0]
