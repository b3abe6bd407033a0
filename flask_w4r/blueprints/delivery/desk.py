"""The desk's part: prepare, take the files away, and say that it was handed over."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from tempfile import TemporaryFile
from typing import Any

from flask import Response, current_app, request

from ...errors import DeliveryClosed, FilesOutdated, NotFound, PDFUnavailable
from ...forms.delivery import OUTCOME_WORDS, HandOverForm, PrepareForm
from ...i18n import gettext, lazy_gettext
from ...services.campaign.catalogue import local_date
from ...services.campaign.views import Lens
from ...services.delivery import claim, desk, files, papers
from ...services.delivery.views import StaffRow
from ...services.storage.unit_of_work import read
from ...state import Actor, Permission
from ...web import here, purge_url
from ...web.desk import allowed, back_to, desk_page, staff_here, token_problem
from ...web.kept import page_cache
from ...web.responses import private
from ...web.templating import app_of_request

STATE_WORDS = {
    "prepared": lazy_gettext("Prepared"),
    "handed_over": lazy_gettext("Handed over"),
    "called_off": lazy_gettext("Called off"),
    "refused": lazy_gettext("Refused"),
}
_CHUNK = 64 * 1024


def _state(row: Any) -> str:
    return str(STATE_WORDS["refused" if row.outcome == "refused" else row.state])


def _outdated() -> str:
    return gettext(
        "Someone has left this delivery, or changed their name, since its files were made. Make the files again, and"
        " hand over the new ones."
    )


def deliveries() -> Response:
    """All deliveries, and the form to prepare more."""
    actor = allowed(Permission.DELIVER)
    if request.method != "POST":
        form = PrepareForm(formdata=None)
        form.recipients.data = here().section.delivery_to or ""
        return _list(actor, form)
    form = PrepareForm(request.form)
    if problem := token_problem():
        return _list(actor, form, 422, notice=problem)
    return _prepare(actor, form)


def _prepare(actor: Actor, form: PrepareForm) -> Response:
    staff = staff_here(actor)
    ready, _ = read(current_app, lambda session: desk.overview(session, staff))
    form.cases.choices = [(one.case_id, one.name) for one in ready]
    if not form.validate():
        return _list(actor, form, 422)
    try:
        made = desk.prepare(app_of_request(), staff, form.cases.data, form.whom, book=not form.list_only.data)
    except PDFUnavailable as error:
        words = gettext("Nothing was prepared, since the petition book cannot be made here: %(reason)s", reason=error)
        return _list(actor, form, 422, notice=words)
    if not made:
        return _list(actor, form, 409, notice=gettext("There was nothing left to deliver."))
    if len(made) == 1:
        return back_to("moderation_delivery", id=made[0])
    return back_to("moderation_deliveries")


def _list(actor: Actor, form: PrepareForm, code: int = 200, **context: Any) -> Response:
    ready, rows = read(current_app, lambda session: desk.overview(session, staff_here(actor)))
    form.cases.choices = [(one.case_id, one.name) for one in ready]
    errors = [(field.id, field.errors[0]) for field in form if field.errors]
    return desk_page(
        "deliveries.html", "moderation_deliveries", actor, code, fields=form, ready=ready,
        deliveries=[(one, _state(one.row)) for one in rows], errors=errors, **context,
    )  # fmt: skip


def delivery(id: str) -> Response:
    """One delivery: its files, and its hand-over."""
    actor = allowed(Permission.DELIVER)
    form = HandOverForm(formdata=None)
    place = here()
    form.on.data = local_date(place.section, place.state.clock())
    form.receipts.data = place.section.delivery_receipts
    return _one(actor, id, form)


def _one(actor: Actor, id: str, form: HandOverForm, code: int = 200, **context: Any) -> Response:
    found = read(current_app, lambda session: desk.one(session, staff_here(actor), id))
    row, keyring = found.row, here().state.keyring
    shown = {
        "delivery": found, "row": row, "fields": form, "state": _state(row), "is_open": claim.is_open(row),
        "errors": [(field.id, field.errors[0]) for field in form if field.errors], "volumes": papers.volumes(row),
        "countries": papers.by_country(row.countries), "outcome": OUTCOME_WORDS.get(row.outcome or "", ""),
        "by": keyring.open(row.handed_over_by) if row.handed_over_by else "",
    }  # fmt: skip
    return desk_page("delivery.html", "moderation_delivery", actor, code, values={"id": id}, **{**shown, **context})


def act(id: str) -> Response:
    """One of the delivery's buttons."""
    actor = allowed(Permission.DELIVER)
    form = HandOverForm(request.form if request.form.get("act") == "hand_over" else None)
    if problem := token_problem():
        return _one(actor, id, form, 422, notice=problem)
    do: dict[str, Callable[..., Response]] = {"make": _make, "call_off": _call_off, "hand_over": _hand_over}
    chosen = do.get(request.form.get("act", ""))
    if chosen is None:
        return _one(actor, id, form, 422, notice=gettext("Choose what to do."))
    try:
        return chosen(actor, id, form)
    except DeliveryClosed:
        return _one(actor, id, form, 409, notice=gettext("This was handed over or called off already."))
    except FilesOutdated:
        return _one(actor, id, form, 409, notice=_outdated())


def _make(actor: Actor, id: str, form: HandOverForm) -> Response:
    desk.make(app_of_request(), staff_here(actor), id)
    return back_to("moderation_delivery", id=id)


def _call_off(actor: Actor, id: str, form: HandOverForm) -> Response:
    desk.call_off(app_of_request(), staff_here(actor), id)
    page_cache(here()).clear()
    return back_to("moderation_delivery", id=id)


def _hand_over(actor: Actor, id: str, form: HandOverForm) -> Response:
    place = here()
    form.set_last_day(local_date(place.section, place.state.clock()) + timedelta(days=1))
    if not form.validate():
        return _one(actor, id, form, 422)
    desk.hand_it_over(
        app_of_request(), staff_here(actor), id, on=form.on.data, by=form.by.data, outcome=form.outcome.data,
        note=form.note.data or "", receipts=form.receipts.data,
        absolute=partial(purge_url, app_of_request(), place.section),
    )  # fmt: skip
    page_cache(place).clear()
    return back_to("moderation_delivery", id=id)


def download(id: str, name: str) -> Response:
    """A file of a delivery. It is made for this answer, and logged; nothing of it stays here."""
    actor = allowed(Permission.DELIVER)
    form = HandOverForm(formdata=None)
    if problem := token_problem():
        return _one(actor, id, form, 422, notice=problem)
    found = read(current_app, lambda session: desk.one(session, staff_here(actor), id))
    # Names are not given out again once they were handed over.
    if found.row.root is None or not (claim.is_open(found.row) or name in ("certificate.pdf", "batch.json")):
        raise NotFound(name)
    try:
        made = _made(found, name)
    except FilesOutdated:
        return _one(actor, id, form, 409, notice=_outdated())
    except PDFUnavailable as error:
        words = gettext("The petition book cannot be made here: %(reason)s", reason=error)
        return _one(actor, id, form, 409, notice=words)
    desk.note_download(app_of_request(), staff_here(actor), id, name)
    made.headers["Content-Disposition"] = f'attachment; filename="{found.case_slug}-{id}-{name}"'
    return private(made)


def _made(found: StaffRow, name: str) -> Response:
    place, app, row = here(), app_of_request(), found.row
    if name == "names.csv":
        return Response(_whole_list(row), mimetype="text/csv")
    if name == "batch.json":
        return Response(json.dumps(files.batch(app, row), ensure_ascii=False, indent=2), mimetype="application/json")
    lens = Lens(place.section, place.section.default_locale, place.state.clock(), place.url)
    case = files.case_of(app, lens, row)
    if name == "certificate.pdf":
        return Response(files.certificate_pdf(app, place.section, row, case), mimetype="application/pdf")
    wanted = re.fullmatch(r"book-([1-9][0-9]{0,4})\.pdf", name)
    if wanted is None or int(wanted[1]) > papers.volumes(row):
        raise NotFound(name)
    return Response(files.volume_pdf(app, place.section, row, case, int(wanted[1])), mimetype="application/pdf")


def _whole_list(row: Any) -> Iterator[bytes]:
    """``names.csv`` in pieces, once all of it was seen to be what is certified. Its file has no name on the disk."""
    digest = hashlib.sha256()
    file = TemporaryFile()  # noqa: SIM115  closed once it was sent
    try:
        for line in files.csv_lines(app_of_request(), here().section, row):
            digest.update(line.encode())
            file.write(line.encode())
        if digest.hexdigest() != row.digest:
            raise FilesOutdated(row.public_id)
    except BaseException:
        file.close()
        raise
    file.seek(0)

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(_CHUNK):
                yield piece

    return pieces()


_BOTH = ("petitions", "moderation")
ROUTES = (
    ("/moderation/deliveries", "moderation_deliveries", deliveries, ("GET", "POST"), _BOTH),
    ("/moderation/deliveries/<id>", "moderation_delivery", delivery, ("GET",), _BOTH),
    ("/moderation/deliveries/<id>/act", "moderation_delivery_act", act, ("POST",), _BOTH),
    ("/moderation/deliveries/<id>/files/<name>", "moderation_delivery_file", download, ("POST",), _BOTH),
)
