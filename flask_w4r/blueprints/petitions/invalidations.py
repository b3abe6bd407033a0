"""Invalidations: preview, run, approve, cancel, undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ...forms.petitions.invalidation import SEALED, STATE_WORDS, InvalidationForm
from ...i18n import gettext, lazy_gettext, long_datetime
from ...keyring import Keyring
from ...models import Batch, Case
from ...sections import Section
from ...services.moderation.reasons import words_for
from ...services.petitions import invalidation
from ...services.petitions.invalidation import ConditionFault, Conditions, Preview, StateMoved
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, may, token_problem
from ...web.pages import Route
from ...web.templating import app_of_request

PAGE = 25
#: While the worker is at it, the page looks again after so many seconds.
LOOK_AGAIN = 5
BUSY = ("queued", "running", "undo_queued", "undoing")
EMPTY = lazy_gettext("Enter at least one condition that narrows the selection.")
BATCH_WORDS = {
    "draft": lazy_gettext("Draft"),
    "waiting": lazy_gettext("Waiting for a second person"),
    "queued": lazy_gettext("Waiting for the worker"),
    "running": lazy_gettext("Running"),
    "done": lazy_gettext("Done"),
    "cancelled": lazy_gettext("Cancelled"),
    "undo_queued": lazy_gettext("Undo waiting for the worker"),
    "undoing": lazy_gettext("Being undone"),
    "undone": lazy_gettext("Undone"),
}


@dataclass(frozen=True)
class BatchView:
    """An invalidation as the pages show it."""

    row: Batch
    words: str
    #: The conditions, one sentence each.
    conditions: list[str]
    why: str
    acts: tuple[str, ...]

    @property
    def busy(self) -> bool:
        """Whether the worker will do, or does, something with it."""
        return self.row.state in BUSY


def _view(keyring: Keyring, section: Section, batch: Batch, actor: Actor, names: dict[str, str]) -> BatchView:
    return BatchView(
        row=batch,
        words=str(BATCH_WORDS[batch.state]),
        conditions=in_words(invalidation.conditions_of(keyring, batch), names),
        why=keyring.open(batch.reason) if batch.reason else "",
        acts=tuple(act for act in invalidation.ACTS if invalidation.can(batch, act, actor.id)),
    )


def in_words(conditions: Conditions, names: dict[str, str]) -> list[str]:
    """Conditions as sentences.

    :param names: the cases' names by slug.
    """
    given, zone = conditions, here().section.time_zone
    said: list[tuple[Any, str]] = [
        (given.case, gettext("Case: %(value)s", value=names.get(given.case or "", given.case))),
        (given.since, gettext("Signed on or after %(value)s", value=given.since and long_datetime(given.since, zone))),
        (given.until, gettext("Signed before %(value)s", value=given.until and long_datetime(given.until, zone))),
        (given.network, gettext("From network %(value)s", value=given.network)),
        (given.seen_network, gettext("From the network shown on the desk as %(value)s", value=_short(given))),
        (given.mail_domain, gettext("Email provider matching %(value)s", value=given.mail_domain)),
        (given.email, gettext("Email address matching %(value)s", value=given.email)),
        (given.name, gettext("Name matching %(value)s", value=given.name)),
        (given.min_score, gettext("Score of at least %(value)s", value=given.min_score)),
        (given.reason, gettext("Check: %(value)s", value=words_for(given.reason))),
        (given.state, gettext("Status: %(value)s", value=STATE_WORDS.get(given.state or "", ""))),
        (given.only_held, gettext("Only those waiting in the queue")),
    ]
    return [words for value, words in said if value not in (None, False)]


def _short(conditions: Conditions) -> str:
    day, _, rest = (conditions.seen_network or "").partition("/")
    tier, _, digits = rest.partition("/")
    return f"{day}/{tier}/{digits[:8]}…"


def _case_names(session: Session) -> dict[str, str]:
    rows = session.execute(select(Case.slug, Case.name).where(Case.section == here().section.code).order_by(Case.name))
    return dict(rows.all())


def batches() -> Response:
    """The section's invalidations, newest first."""
    actor = allowed(Permission.INVALIDATE)
    place = here()
    before = request.args.get("before", type=int)

    def load(session: Session) -> tuple[list[Batch], dict[str, str]]:
        rows = invalidation.page(session, place.state.hooks, actor, place.section, before=before, limit=PAGE + 1)
        return rows, _case_names(session)

    rows, names = read(current_app, load)
    shown = [_view(place.state.keyring, place.section, row, actor, names) for row in rows[:PAGE]]
    older = rows[PAGE - 1].id if len(rows) > PAGE else None
    return desk_page("batches.html", "moderation_batches", actor, batches=shown, older=older, first=before is None)


def batch_new() -> Response:
    """Conditions, what they mean, and the button that has it done."""
    actor = allowed(Permission.INVALIDATE)
    place = here()
    names = read(current_app, _case_names)
    if request.method != "POST":
        offered = MultiDict((key, value) for key, value in request.args.items(multi=True) if key not in SEALED)
        form = _form(offered, names)
        form.localise(place.section)
        return _new_page(actor, form)
    form = _form(request.form, names)
    if problem := token_problem():
        return _new_page(actor, form, 422, notice=problem)
    conditions = _conditions(form, actor)
    if isinstance(conditions, str):
        return _new_page(actor, form, 422, errors=[(None, conditions)])
    if conditions is None:
        return _new_page(actor, form, 422)
    act = request.form.get("act", "preview")
    try:
        if act == "preview":
            return _previewed(actor, form, conditions, names)
        if form.seen.data != _mark(conditions):
            notice = gettext("The conditions have changed since you reviewed them. Check what they match now.")
            return _previewed(actor, form, conditions, names, notice=notice, code=422)
        return _proposed(actor, form, conditions, start=act != "draft")
    except ConditionFault as fault:
        if fault.field is None:
            return _new_page(actor, form, 422, errors=[(None, str(EMPTY))])
        form.fault(fault)
        if fault.field == "why":
            return _previewed(actor, form, conditions, names, code=422)
        return _new_page(actor, form, 422)


def _form(data: Any, names: dict[str, str]) -> InvalidationForm:
    form = InvalidationForm(formdata=data)
    form.offer(list(names.items()))
    # So that the view can put messages on fields.
    form.validate()
    return form


def _conditions(form: InvalidationForm, actor: Actor) -> Conditions | str | None:
    """What was typed, or why not: in a sentence, or with ``None`` on the fields."""
    found = form.conditions(here().section)
    if found is None:
        return None
    if found.names_a_mailbox and not may(actor, Permission.FIND_PERSON):
        form.blame("email", gettext("You do not have permission to search for a complete address"))
        return None
    try:
        found.check()
    except ConditionFault:
        return str(EMPTY)
    return found


def _mark(conditions: Conditions) -> str:
    """Tells whether two sets of conditions are the same."""
    section = here().section
    return here().state.keyring.blind(f"invalidation-seen|{section.code}", repr(conditions)).hex()[:32]


def _previewed(
    actor: Actor,
    form: InvalidationForm,
    conditions: Conditions,
    names: dict[str, str],
    *,
    notice: str | None = None,
    code: int = 200,
) -> Response:
    state, section = here().state, here().section

    def work(uow: UnitOfWork) -> Preview:
        return invalidation.preview(
            uow.session, state.keyring, section, conditions, now=state.clock(), hooks=state.hooks, actor=actor
        )

    found = run(app_of_request(), work)
    form.last_id.data, form.seen.data = str(found.last_id), _mark(conditions)
    return _new_page(actor, form, code, notice=notice, preview=found, words=in_words(conditions, names))


def _proposed(actor: Actor, form: InvalidationForm, conditions: Conditions, *, start: bool) -> Response:
    state, section = here().state, here().section
    last_id = form.last_id.data or ""

    def work(uow: UnitOfWork) -> int:
        batch = invalidation.propose(
            uow.session, state.keyring, section, conditions, now=state.clock(), hooks=state.hooks, actor=actor,
            reason=form.why.data or "", start=start, last_id=int(last_id) if last_id.isdecimal() else None,
        )  # fmt: skip
        return int(batch.id)

    return back_to("moderation_batch", batch=run(app_of_request(), work))


def _new_page(
    actor: Actor,
    form: InvalidationForm,
    code: int = 200,
    *,
    errors: list[tuple[str | None, str]] | None = None,
    notice: str | None = None,
    preview: Preview | None = None,
    words: list[str] | None = None,
) -> Response:
    return desk_page(
        "batch_new.html", "moderation_batch_new", actor, code, fields=form, errors=errors or form.problems,
        notice=notice, preview=preview, words=words or [], zone=here().section.time_zone,
        alone_at_most=invalidation.ALONE_AT_MOST, state_words=STATE_WORDS,
    )  # fmt: skip


def batch(batch: int) -> Response:
    """One invalidation: its conditions, how far it is, and what can be done with it."""
    actor = allowed(Permission.INVALIDATE)
    return _batch_page(actor, batch)


def _batch_page(actor: Actor, wanted: int, code: int = 200, notice: str | None = None) -> Response:
    place = here()

    def load(session: Session) -> tuple[Batch, dict[str, str]]:
        return invalidation.shown(session, place.state.hooks, actor, place.section, wanted), _case_names(session)

    row, names = read(current_app, load)
    shown = _view(place.state.keyring, place.section, row, actor, names)
    still = "still" in request.args
    answer = desk_page(
        "batch.html", "moderation_batch", actor, code, values={"batch": wanted}, batch=shown, notice=notice,
        still=still, look_again=LOOK_AGAIN,
    )  # fmt: skip
    if shown.busy and not still and code == 200:
        # A header, since it needs no script; the page has a link for whom it disturbs.
        answer.headers["Refresh"] = str(LOOK_AGAIN)
    return answer


def batch_act(batch: int, act: str) -> Response:
    """Start, approve, cancel or undo."""
    actor = allowed(Permission.INVALIDATE)
    if problem := token_problem():
        return _batch_page(actor, batch, 422, problem)
    state, section = here().state, here().section

    def work(uow: UnitOfWork) -> None:
        invalidation.do(
            uow.session, state.keyring, section, batch, act, now=state.clock(), hooks=state.hooks, actor=actor
        )

    try:
        run(app_of_request(), work)
    except StateMoved:
        notice = gettext("Someone else acted first: the status of this invalidation has changed.")
        return _batch_page(actor, batch, 409, notice)
    return back_to("moderation_batch", batch=batch)


ROUTES: tuple[Route, ...] = (
    ("/moderation/batches", "moderation_batches", batches, ("GET",), "moderation"),
    ("/moderation/batches/new", "moderation_batch_new", batch_new, ("GET", "POST"), "moderation"),
    ("/moderation/batches/<int:batch>", "moderation_batch", batch, ("GET",), "moderation"),
    (
        "/moderation/batches/<int:batch>/<any(start, approve, cancel, undo):act>", "moderation_batch_act", batch_act,
        ("POST",), "moderation",
    ),
)  # fmt: skip
