"""The desk's rules, live limits and lockdown."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, read_number
from ...models.moderation import LOCKDOWN_LEVELS
from ...services.moderation import live_limits, lockdown, rule_list
from ...services.moderation import settings as desk_settings
from ...services.moderation.live_limits import LimitFault
from ...services.moderation.rules import RuleFault
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, token_problem
from ...web.kept import page_cache
from ...web.templating import app_of_request

KINDS = {
    "network": lazy_gettext("Network"),
    "seen_network": lazy_gettext("Network code shown on the desk"),
    "domain": lazy_gettext("Email domain"),
    "address": lazy_gettext("Email address"),
    "country": lazy_gettext("Country"),
}
FAULTS = {
    "empty": lazy_gettext("Enter a value for the rule"),
    "kind": lazy_gettext("Choose what the rule applies to, and whether to block or allow it"),
    "network": lazy_gettext("Enter a network, such as 198.51.100.0/24 or 2001:db8::/48"),
    "seen_network": lazy_gettext("This network is no longer known; choose one from the overview or the queue"),
    "domain": lazy_gettext("Enter a domain, such as example.org or *.example.org"),
    "address": lazy_gettext("Enter an email address in the format name@example.org, without spaces"),
    "country": lazy_gettext("Enter a two-letter country code, such as NZ"),
    "too_wide": lazy_gettext("This would apply to everyone. To stop all signing, use the protection level above."),
    "again": lazy_gettext("There is already a rule for this; delete it first"),
    "too_many": lazy_gettext("The list is full; delete rules that are no longer needed"),
}
LIMITS = {
    "sign_host": lazy_gettext("Forms sent from one IP address"),
    "sign_site": lazy_gettext("Forms sent from one network (/24, IPv6 /64)"),
    "sign_block": lazy_gettext("Forms sent from one block (/16, IPv6 /48)"),
    "sign_uncaptcha": lazy_gettext("Forms sent from one network without the robot check"),
    "hold_host": lazy_gettext("Hold above: people signing a case from one IP address"),
    "hold_site": lazy_gettext("Hold above: people signing a case from one network (/24, IPv6 /64)"),
    "hold_case": lazy_gettext("Hold above: people signing a case"),
}
DAYS = (0, 1, 7, 30)
#: The form of a new rule, empty.
NOTHING_TYPED = dict.fromkeys(("effect", "kind", "value", "note", "days"), "")
#: Pages that a change of the lockdown may be made from.
BACK = ("moderation", "moderation_cases", "moderation_rules")


def rules() -> Response:
    """The lists, the limits and the switch; a POST adds a rule."""
    actor = allowed(Permission.DECIDE)
    if request.method == "POST":
        return _add(actor)
    seen = request.args.get("net", "")
    typed = {"kind": "seen_network" if seen else "", "value": seen, "effect": "block"}
    return _page(actor, typed=typed)


def _page(
    actor: Actor,
    code: int = 200,
    *,
    typed: dict[str, str] | None = None,
    typed_limits: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    place = here()
    state, section = place.state, place.section
    slug = (request.form if request.method == "POST" else request.args).get("case", "")

    def load(session: Session) -> dict[str, Any]:
        settings = desk_settings.load(session, state.keyring, section)
        return {
            "rules": rule_list.rules_of(session, state.keyring, state.hooks, actor, section),
            "cases": lockdown.open_cases(session, section),
            "settings": settings,
        }

    found = read(current_app, load)
    settings = found["settings"]
    case = next((item for item in found["cases"] if item.slug == slug), None)
    case_id = case.id if case else 0
    limits = [
        {
            "name": name,
            "words": LIMITS[name],
            "own": (typed_limits or {}).get(name, settings.limits.get((case_id, name), "")),
            "usual": (case_id and settings.limits.get((0, name))) or state.config.rate_limits[name],
        }
        for name in live_limits.names_for(case_id)
    ]
    return desk_page(
        "rules.html", "moderation_rules", actor, code, kinds=KINDS, days=DAYS, typed={**NOTHING_TYPED, **(typed or {})}, limits=limits,
        case=case, levels=settings.lockdowns, knows_countries=state.hooks.country_lookup is not None,
        **found, **context,
    )  # fmt: skip


def _add(actor: Actor) -> Response:
    place, app = here(), app_of_request()
    state = place.state
    typed = {name: request.form.get(name, "") for name in NOTHING_TYPED}
    problem = token_problem()
    if problem:
        return _page(actor, 422, typed=typed, notice=problem)
    days = read_number(typed["days"], 0, max(DAYS))
    days = days if days in DAYS else 0

    def work(uow: UnitOfWork) -> None:
        rule_list.add_rule(
            uow.session, state.keyring, state.hooks, actor, place.section, effect=typed["effect"], kind=typed["kind"],
            value=typed["value"], note=typed["note"], days=days, testing=app.testing or app.debug, now=state.clock(),
        )  # fmt: skip

    try:
        run(app, work)
    except RuleFault as fault:
        field = "w4r-rule-kind" if fault.key == "kind" else "w4r-rule-value"
        return _page(actor, 422, typed=typed, errors=[(field, FAULTS[fault.key])])
    return _changed("moderation_rules")


def _changed(endpoint: str, **values: Any) -> Response:
    """This process shows the change at once; the others see it within two seconds."""
    place = here()
    desk_settings.forget(app_of_request(), place.section)
    page_cache(place).clear()
    return back_to(endpoint, **values)


def delete_rule(rule: int) -> Response:
    """Take a rule away."""
    actor = allowed(Permission.DECIDE)
    problem = token_problem()
    if problem:
        return _page(actor, 422, notice=problem)
    place = here()
    state = place.state
    run(
        app_of_request(),
        lambda uow: rule_list.delete_rule(
            uow.session, state.keyring, state.hooks, actor, place.section, rule, now=state.clock()
        ),
    )
    return _changed("moderation_rules")


def set_limits() -> Response:
    """Set the limits of the section or of a case; an empty field goes back to the wider setting."""
    actor = allowed(Permission.DECIDE)
    place = here()
    state = place.state
    typed = {name: request.form[name] for name in LIMITS if name in request.form}
    problem = token_problem()
    if problem:
        return _page(actor, 422, typed_limits=typed, notice=problem)
    if not typed:
        return _page(actor, 422, notice=gettext("You did not enter anything."))
    slug = request.form.get("case") or None

    def work(uow: UnitOfWork) -> None:
        live_limits.set_limits(
            uow.session, state.keyring, state.hooks, actor, place.section, slug, typed, now=state.clock()
        )

    try:
        run(app_of_request(), work)
    except LimitFault as fault:
        words = gettext("Enter a limit in this format: 10/minute; 60/hour")
        return _page(actor, 422, typed_limits=typed, errors=[(f"w4r-limit-{fault.name}", words)])
    return _changed("moderation_rules", **({"case": slug} if slug else {}), _anchor="w4r-limits")


def set_lockdown() -> Response:
    """Set how guarded the section or a case is: one click."""
    actor = allowed(Permission.DECIDE)
    place = here()
    state = place.state
    problem = token_problem()
    if problem:
        return _page(actor, 422, notice=problem)
    level = request.form.get("level", "")
    if level not in LOCKDOWN_LEVELS:
        return _page(actor, 422, notice=gettext("Choose one of the three levels."))
    slug = request.form.get("case") or None

    def work(uow: UnitOfWork) -> None:
        lockdown.set_level(
            uow.session, state.keyring, state.hooks, actor, place.section, slug, level, now=state.clock()
        )

    run(app_of_request(), work)
    back = request.form.get("back", "")
    if back == "moderation" and slug:
        return _changed(back, case=slug)
    return _changed(back if back in BACK else "moderation_rules")


ROUTES = (
    ("/moderation/rules", "moderation_rules", rules, ("GET", "POST"), "moderation"),
    ("/moderation/rules/<int:rule>/delete", "moderation_rule_delete", delete_rule, ("POST",), "moderation"),
    ("/moderation/limits", "moderation_limits", set_limits, ("POST",), "moderation"),
    ("/moderation/lockdown", "moderation_lockdown", set_lockdown, ("POST",), "moderation"),
)
