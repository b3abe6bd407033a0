"""The desk's first page: what arrives, what is far outside its own history, and where to act on it."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...services.intake.status import IntakeStatus, intake_status
from ...services.moderation import lockdown
from ...services.moderation import overview as numbers
from ...services.moderation.overview_kept import Kept
from ...services.moderation.reasons import words_for
from ...services.storage.unit_of_work import read
from ...services.webhooks import status as webhook_status
from ...services.webhooks.status import Waiting
from ...state import Permission
from ...web import here
from ...web.desk import actor_here, allowed, desk_page, may
from ...web.pages import overview_notices
from .chart import chart_of, spark

#: Seconds after which forms that wait are told: a worker takes them within one.
LATE = 60
WINDOW_WORDS = {
    "24h": lazy_gettext("Last 24 hours"),
    "72h": lazy_gettext("Last 3 days"),
    "14d": lazy_gettext("Last 14 days"),
}
SEGMENT_WORDS = {
    "confirmed": lazy_gettext("Confirmed"),
    "pending": lazy_gettext("Unconfirmed"),
    "held": lazy_gettext("Held"),
    "invalid": lazy_gettext("Invalid"),
}
FUNNEL_WORDS = {
    "opened": lazy_gettext("Forms opened"),
    "submitted": lazy_gettext("Submitted"),
    "mailed": lazy_gettext("Confirmation emails sent"),
    "confirmed": lazy_gettext("Confirmed and counted"),
    "held": lazy_gettext("Held"),
    "released": lazy_gettext("Released"),
}
TIER_WORDS = {
    "host": lazy_gettext("IP address"),
    "site": lazy_gettext("Its network"),
    "block": lazy_gettext("Neighbouring networks"),
}
#: Where a network, a domain or a reason can be acted on: endpoint, and what one must be allowed.
_WAYS = {
    "queue": ("moderation_queue", Permission.VIEW_QUEUE),
    "invalidate": ("moderation_batch_new", Permission.INVALIDATE),
    "rules": ("moderation_rules", Permission.DECIDE),
    "status": ("moderation_case", Permission.EDIT_CASES),
}


def overview() -> Response:
    """The section's numbers, or one case's."""
    actor = allowed(Permission.VIEW_QUEUE)
    place = here()
    state, section = place.state, place.section
    window, slug = request.args.get("window", ""), request.args.get("case", "") or None
    kept: Kept = state.once("overview", Kept)

    def load(session: Session) -> tuple[numbers.Overview, dict[int, str], IntakeStatus, list[Waiting], list[Any]]:
        found = numbers.overview(
            session, state.hooks, actor_here(), section, window=window, slug=slug, now=state.clock(), kept=kept
        )
        waiting = intake_status(session, now=state.clock(), section=section)
        hooks = [hook for hook in state.hooks.webhooks if not hook.sections or section.code in hook.sections]
        programs = webhook_status.waiting(session, state.keyring, hooks, now=state.clock())
        notices = overview_notices(state, session)
        return found, dict(lockdown.levels(session, section)), waiting, programs, notices

    found, levels, intake, programs, notices = read(current_app, load)
    rtl = place.dir == "rtl"
    ways = {
        name: endpoint
        for name, (endpoint, permission) in _WAYS.items()
        if f"{place.mount.name}.{endpoint}" in current_app.view_functions and may(actor, permission)
    }
    return desk_page(
        "index.html", "moderation", actor, overview=found, chart=chart_of(found.buckets, rtl=rtl), ways=ways,
        sparks={line.id: spark(line.bars, rtl=rtl) for line in found.cases}, levels=levels,
        may_decide=may(actor, Permission.DECIDE), reason_words=words_for, window_words=WINDOW_WORDS,
        segment_words=SEGMENT_WORDS, funnel_words=FUNNEL_WORDS, tier_words=TIER_WORDS,
        programs=[one for one in programs if one.is_late], intake=intake, intake_is_late=intake.oldest_age > LATE,
        notices=[(words, endpoint) for words, endpoint, permission in notices if may(actor, permission)],
    )  # fmt: skip


ROUTES = (("/moderation/", "moderation", overview, ("GET",), "moderation"),)
