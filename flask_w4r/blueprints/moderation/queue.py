"""The desk's queue: what is held, why, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, current_app, jsonify, request
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, ngettext
from ...i18n import number as format_number
from ...models.petitions import CAPTCHA_RESULTS
from ...seam import QueueKind
from ...services.moderation import decisions, queue
from ...services.moderation.filters import Filters, NetworkMark, parse_filters
from ...services.moderation.reasons import REASON_WORDS
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...state import Actor, Permission, W4RState
from ...web import here
from ...web.desk import allowed, back_to, desk_page, may, token_problem
from ...web.kept import page_cache
from ...web.responses import private
from ...web.templating import app_of_request

CAPTCHA_WORDS = {
    "pass": lazy_gettext("Passed"),
    "missing": lazy_gettext("Missing"),
    "unavailable": lazy_gettext("Unavailable"),
    "off": lazy_gettext("Not required"),
}
TIER_WORDS = {
    "host": lazy_gettext("IP address"),
    "site": lazy_gettext("Its network"),
    "block": lazy_gettext("Neighbouring networks"),
}
#: How each filter is called where it cannot be understood; all have the field id ``w4r-q-<name>``.
FILTER_WORDS = {
    "kind": lazy_gettext("Type"),
    "case": lazy_gettext("Case"),
    "held_for": lazy_gettext("Reason held"),
    "state": lazy_gettext("Email address"),
    "mail_domain": lazy_gettext("Email domain"),
    "score": lazy_gettext("Minimum score"),
    "captcha": lazy_gettext("Robot check"),
    "since": lazy_gettext("Held on or after"),
    "until": lazy_gettext("Held before"),
    "net": lazy_gettext("Network"),
    "order": lazy_gettext("Sort by"),
}


def show_queue() -> Response:
    """What waits, with why; filters and the place travel in the URL."""
    return _queue(allowed(Permission.VIEW_QUEUE))


def _queue(actor: Actor, code: int = 200, notice: str | None = None, reason: str = "") -> Response:
    place = here()
    state, section = place.state, place.section
    filters, bad = _filters()
    kinds = _kinds(state)
    kind = next((one for one in kinds if one.name == filters.kind), kinds[0])

    def load(session: Session) -> Any:
        found = queue.page_of(session, state.hooks, actor, state.keyring, section, filters, request.values.get("after"))
        past = decisions.recent(session, state.hooks, actor, section)
        return found, past, queue.case_choices(session, section)

    found, past, cases = read(current_app, load)
    errors = [
        (
            f"w4r-q-{name}",
            gettext("%(field)s: we could not understand this, so it was ignored.", field=FILTER_WORDS[name]),
        )
        for name in bad
    ]
    return desk_page(
        "queue.html", "moderation_queue", actor, code, kind=kind, kinds=kinds, **kind.row_words,
        may=lambda name: may(actor, Permission(name)),
        queue=found, waits=_waits_words(found.count, found.more), past=past, cases=cases, filters=filters, query=filters.query(section.time_zone), errors=errors,
        notice=notice or _outcome(past), reason=reason, may_decide=may(actor, Permission.DECIDE),
        may_invalidate=may(actor, Permission.INVALIDATE), hold_at=state.config.scoring["hold_at"],
        reason_words=sorted(REASON_WORDS.items(), key=lambda pair: str(pair[1]).casefold()),
        captcha_words=CAPTCHA_WORDS, captcha_results=CAPTCHA_RESULTS, tier_words=TIER_WORDS,
        ticked=set(request.form.getlist("items")), link_with=_link_with(filters), at_start=not request.values.get("after"),
    )  # fmt: skip


def _filters() -> tuple[Filters, list[str]]:
    filters, bad = parse_filters(request.values, here().section.time_zone)
    names = [one.name for one in _kinds(here().state)]
    if filters.kind and filters.kind not in names:
        return replace(filters, kind=""), [*bad, "kind"]
    return replace(filters, kind="" if filters.kind == names[0] else filters.kind), bad


def _kinds(state: W4RState) -> list[QueueKind]:
    """What may wait here: what the site has no part for cannot."""
    features = state.config.features
    return [one for one in state.seam.queue.values() if one.feature is None or one.feature in features]


def _link_with(filters: Filters) -> Any:
    """Makes a link to the queue narrowed to a network as well."""

    def link(mark: NetworkMark | None) -> str:
        values = {**filters.query(here().section.time_zone), "net": str(mark) if mark else None}
        return here().url("moderation_queue", **values)

    return link


def _outcome(past: Sequence[decisions.PastDecision]) -> str | None:
    """After a decision without scripts: what it did, told from the batch that the URL names."""
    words = []
    done = {str(one.id): one for one in past}.get(request.args.get("done", ""))
    undone = {str(one.id): one for one in past}.get(request.args.get("undone", ""))
    if done is not None and done.state == "done":
        words.append(_done_words(done.act, done.applied))
    if undone is not None and undone.state == "undone":
        words.append(_undone_words(undone.undone, undone.skipped))
    already = request.args.get("already", "")
    if already.isascii() and already.isdigit() and 0 < int(already[:4]) <= decisions.MOST:
        words.append(_already_words(int(already[:4])))
    return " ".join(words) or None


def _waits_words(count: int, more: bool) -> str:
    if more:
        return gettext("More than %(count)s waiting", count=format_number(count))
    return ngettext("%(num)s waiting", "%(num)s waiting", count)


def _done_words(act: str, number: int) -> str:
    if act == "approve":
        return ngettext("%(num)s approved.", "%(num)s approved.", number)
    return ngettext("%(num)s rejected.", "%(num)s rejected.", number)


def _undone_words(restored: int, skipped: int) -> str:
    words = ngettext("%(num)s restored.", "%(num)s restored.", restored)
    if skipped:
        words += " " + ngettext(
            "%(num)s was left unchanged because it had changed in the meantime.",
            "%(num)s were left unchanged because they had changed in the meantime.",
            skipped,
        )
    return words


def _already_words(number: int) -> str:
    return ngettext(
        "%(num)s was no longer waiting: someone else had decided, or it had been erased.",
        "%(num)s were no longer waiting: someone else had decided, or they had been erased.",
        number,
    )


def decide() -> Response:
    """Approve or reject rows: those ticked, or the one whose own button was pressed."""
    actor = allowed(Permission.DECIDE)
    problem = token_problem()
    one, _, item = request.form.get("one", "").partition(" ")
    act = one or request.form.get("decision", "")
    named = [item] if one else request.form.getlist("items")
    items = decisions.parse_items(here().state.hooks, named)
    reason = request.form.get("reason", "").strip()[:500]
    if problem is None and act not in decisions.ACTS:
        problem = gettext("Choose whether to approve or reject.")
    if problem is None and items is None:
        problem = (
            gettext("That is too many at once. Select no more than %(most)s.", most=decisions.MOST)
            if len(named) > decisions.MOST
            else gettext("Select at least one item.")
        )
    if problem is None and items is not None and not reason and decisions.must_say_why(here().state.hooks, items, act):
        problem = gettext("Give a reason: it is emailed to the host.")
    if problem is not None or items is None:
        return _refused(actor, problem or "", reason)
    place, now = here(), here().state.clock()

    def work(uow: UnitOfWork) -> list[decisions.Decided]:
        decided = decisions.decide(
            uow.session, place.state.hooks, actor, place.state.keyring, place.section, items, act, reason or None,
            now=now,
        )  # fmt: skip
        for one in decided:
            signals = place.state.seam.queue[one.kind].signals
            for told in map(partial(signals, act), one.ids) if signals else ():
                if told is not None:
                    uow.emit(told[0], section=place.section.code, **told[1])
        return decided

    done = run(app_of_request(), work)
    if any(one.ids for one in done):
        # What is public has changed: pages of events, a case's count.
        page_cache(place).clear()
    number, already = sum(one.done for one in done), sum(one.already for one in done)
    batch = next((one.batch_id for one in done if one.batch_id is not None), None)
    if _wants_json():
        words = [_done_words(act, number)] if number else []
        words += [_already_words(already)] if already else []
        undo = place.url("moderation_decision_undo", batch=batch) if batch is not None else None
        return _json(
            {"done": number, "already": already, "undo": undo, "message": " ".join(words), "waits": _waits_now(actor)}
        )
    return _back(done=batch, already=already or None)


def _waits_now(actor: Actor) -> str:
    place, (filters, _) = here(), _filters()
    # Who may decide may perhaps not look; then there is nothing to say.
    if not may(actor, Permission.VIEW_QUEUE):
        return ""
    return _waits_words(
        *read(
            current_app,
            lambda session: queue.count_of(session, place.state.hooks, actor, place.section, filters),
        )
    )


def undo_decision(batch: int) -> Response:
    """Take a decision back."""
    actor = allowed(Permission.DECIDE)
    problem = token_problem()
    if problem is not None:
        return _refused(actor, problem, "")
    place, now = here(), here().state.clock()

    def work(uow: UnitOfWork) -> Any:
        return decisions.undo(uow.session, place.state.hooks, actor, place.state.keyring, place.section, batch, now=now)

    undone = run(app_of_request(), work)
    page_cache(place).clear()
    if _wants_json():
        words = _undone_words(undone.restored, undone.skipped) if undone else gettext("This has already been undone.")
        return _json({"restored": undone.restored if undone else 0, "message": words})
    return _back(undone=batch)


def _refused(actor: Actor, problem: str, reason: str) -> Response:
    return _json({"message": problem}, 422) if _wants_json() else _queue(actor, 422, problem, reason)


def _back(**outcome: Any) -> Response:
    """To the queue as it was filtered; from its beginning, since what was decided is gone from it."""
    filters, _ = _filters()
    told = {name: value for name, value in outcome.items() if value is not None}
    return back_to("moderation_queue", **filters.query(here().section.time_zone), **told)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _json(data: dict[str, Any], code: int = 200) -> Response:
    response = jsonify(data)
    response.status_code = code
    return private(response)


ROUTES = (
    ("/moderation/queue", "moderation_queue", show_queue, ("GET",), "moderation"),
    ("/moderation/decisions", "moderation_decisions", decide, ("POST",), "moderation"),
    (
        "/moderation/decisions/<int:batch>/undo", "moderation_decision_undo", undo_decision, ("POST",), "moderation",
    ),
)  # fmt: skip
