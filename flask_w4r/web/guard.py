"""What the desk's rules, live limits and lockdown mean for the request at hand."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from flask import Response, current_app, g, request

from ..antiabuse.altcha_provider import AltchaProvider
from ..antiabuse.outcome import CaptchaProvider
from ..antiabuse.weighing import share_at
from ..services.campaign.views import CaseView
from ..services.moderation.rules import RuleMatch
from ..services.moderation.settings import CAUTIOUS, CLOSED, NORMAL, DeskSettings, settings_of
from ..services.people.networks import DayKeyCache, Network, NetworkTiers, day_secret, network_of, network_tiers
from ..services.storage.unit_of_work import run
from . import Here
from .responses import private_page
from .templating import app_of_request

log = logging.getLogger("flask_w4r")
#: Seconds after which somebody who came while signing is paused may try again.
COME_BACK = 900


def settings_here(place: Here) -> DeskSettings:
    """The section's settings: one look a request, so that a request sees one state of them."""
    known: dict[str, DeskSettings] = g.setdefault("w4r_desk_settings", {})
    if place.section.code not in known:
        known[place.section.code] = settings_of(app_of_request(), place.section)
    return known[place.section.code]


def level_here(place: Here, case_ids: Iterable[int] = ()) -> str:
    """How guarded these cases are now: ``normal``, ``cautious`` or ``closed``."""
    return settings_here(place).level(case_ids)


def is_paused(place: Here, case_id: int | None = None) -> bool:
    """Whether signing is closed in the section or for a case."""
    return level_here(place, () if case_id is None else (case_id,)) == CLOSED


def cautious_cases(place: Here) -> tuple[int, ...]:
    """The cases that are guarded more than usual, for a form that offers several."""
    return tuple(case_id for case_id, level in settings_here(place).lockdowns.items() if level == CAUTIOUS)


def page_key(place: Here) -> tuple[int, ...]:
    """What a public page's rendering depends on: which cases are paused, 0 for the section."""
    return tuple(sorted(case for case, level in settings_here(place).lockdowns.items() if level == CLOSED))


def client_tiers() -> NetworkTiers:
    """The visitor's network. Behind a proxy the host's ``ProxyFix`` sets ``remote_addr``; we read no header."""
    if "w4r_tiers" not in g:
        g.w4r_tiers = network_tiers(request.remote_addr)
    found: NetworkTiers = g.w4r_tiers
    return found


def rule_here(place: Here) -> RuleMatch | None:
    """The entry of the block and allow lists that decides, as far as only the request knows: by network and country."""
    settings = settings_here(place)
    if not settings.rules:
        return None
    return settings.rules.ask(
        tiers=client_tiers(),
        day_secrets=settings.day_secrets,
        address=None,
        country=_country(place) if settings.rules.asks_country else None,
        now=place.state.clock(),
    )


def network_here(place: Here, now: datetime) -> Network:
    """The visitor's network as it is kept: hashes under the key of the day."""
    return network_of(day_secret_here(place, now), now.date(), client_tiers())


def day_secret_here(place: Here, now: datetime) -> bytes:
    """The day's secret, made in a transaction of its own before anything is keyed with it.

    Ask for it before the transaction that uses it.
    """
    app = app_of_request()

    def load(wanted: date) -> bytes:
        return run(app, lambda uow: day_secret(uow.session, place.state.keyring, wanted))

    cache: DayKeyCache = place.state.once("day_keys", lambda: DayKeyCache(load))
    return cache.secret(now.date())


def _country(place: Here) -> str | None:
    if "w4r_country" not in g:
        g.w4r_country = None
        lookup = place.state.hooks.country_lookup
        if lookup is not None and request.remote_addr:
            try:
                g.w4r_country = lookup(request.remote_addr)
            except Exception as error:
                # The host's database of networks may be missing: nobody is kept from signing for that.
                log.error("country_lookup: %s", type(error).__name__)
    found: str | None = g.w4r_country
    return found


def network_is_allowed(place: Here) -> bool:
    """Whether this network is on the allow list, so that no limit is counted for it.

    A typed address or domain never lifts these limits: whoever writes it could have it.
    """
    found = rule_here(place)
    return found is not None and found.effect == "allow"


def live_limits(place: Here) -> Mapping[str, str]:
    """The section's limits that the desk set, by name."""
    return {name: value for (case_id, name), value in settings_here(place).limits.items() if case_id == 0}


def share_here(place: Here, case_ids: Iterable[int] = ()) -> int:
    """By how much the limits of networks are divided now."""
    return share_at(settings_here(place), case_ids)


def captcha_here(place: Here, case_ids: Iterable[int] = ()) -> CaptchaProvider:
    """The captcha to use: the app's; on guard ALTCHA too where the app has none."""
    usual: CaptchaProvider = place.state.lazy["captcha"]()
    if usual.kind != "none" or level_here(place, case_ids) == NORMAL:
        return usual

    found: CaptchaProvider = place.state.once(
        "captcha_on_guard", lambda: AltchaProvider(place.state.keyring.sub_key("altcha"))
    )
    return found


def written(*names: str) -> str:
    """What somebody wrote into a form that takes nothing (any more), for its answer to give back; empty: nothing was sent.

    :param names: of the fields, as they stand in the form.
    """
    texts = (request.form.get(name, "").strip() for name in names)
    return "\n\n".join(text for text in texts if text)


def paused_page(case: CaseView | None, given_back: str = "") -> Response:
    """Signing is closed for now: say so kindly, and when to come back.

    :param given_back: see :func:`written`.
    """
    edition = case.edition if case else None
    response = private_page("petitions/paused.html", 503, case=case, edition=edition, written=given_back)
    response.headers["Retry-After"] = str(COME_BACK)
    return response


def paused_answer() -> Response:
    """The same for the script that asks for tokens."""
    response = current_app.response_class(status=503)
    response.headers["Retry-After"] = str(COME_BACK)
    response.headers["Cache-Control"] = "private, no-store"
    return response
