"""The section's own texts of a case at the desk, beside the centre's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import Response, abort, current_app, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from ...i18n import gettext, language_name, lazy_gettext, long_date
from ...sections import Section, text_direction
from ...services.campaign import status as desk
from ...services.campaign import texts as case_texts
from ...services.campaign.catalogue import render_story
from ...services.campaign.texts import CaseTexts, Edit, Saved, TextPair
from ...services.kits.model import UPDATE_PREFIX
from ...services.storage.unit_of_work import UnitOfWork, read, run
from ...signals import case_changed
from ...state import Actor, Permission
from ...web import here, purge_url
from ...web.desk import allowed, back_to, desk_page, token_problem
from ...web.kept import page_cache
from ...web.templating import app_of_request
from .way_labels import way_label

LABELS = {
    "title": lazy_gettext("Title"),
    "summary": lazy_gettext("Summary"),
    "demand": lazy_gettext("Demand"),
    "petition": lazy_gettext("Petition"),
    "story": lazy_gettext("Story"),
}
HINTS = {
    "title": lazy_gettext("One line, shown above the story and when the page is shared."),
    "summary": lazy_gettext("One line, shown when the page is shared and on the card of a case that has ended."),
    "demand": lazy_gettext(
        "One sentence saying what those in power should do. These are the most prominent words on the page."
    ),
    "petition": lazy_gettext("What people sign, exactly as it will be handed over."),
    "story": lazy_gettext("Markdown: paragraphs, headings, lists, links. No HTML, no pictures."),
    "update": lazy_gettext("One line, under “What has happened since”."),
}


@dataclass(frozen=True)
class Row:
    """One text on the page: the pair, and what is in its box."""

    pair: TextPair
    id: str
    label: str
    hint: str
    typed: str
    stamp: str
    keep: bool
    error: str | None
    #: Somebody else saved this meanwhile: what stands now, to compare.
    conflict: bool


def texts(slug: str) -> Response:
    """See, preview and save the section's own texts of a case in one language."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    year = request.args.get("edition") or None
    locale = request.args.get("lang") or place.locale
    hooks = place.state.hooks
    found = read(
        current_app,
        lambda session: case_texts.texts_of(session, hooks, actor, place.section, slug, locale, year=year),
    )
    if locale not in _locales(place.section, found):
        abort(404)
    if request.method != "POST":
        return _page(actor, found)
    return _pressed(actor, found)


def _pressed(actor: Actor, found: CaseTexts) -> Response:
    """A button was pressed: look at it, take the centre's words over into a box, or save."""
    edits = _edits(found)
    if problem := token_problem():
        return _page(actor, found, 422, edits=edits, notice=problem)
    if name := request.form.get("take"):
        pair = next((pair for pair in found.pairs if pair.name == name), None)
        if pair is not None and pair.centre and name in edits:
            edits[name] = Edit(pair.centre, edits[name].stamp, edits[name].keep)
        return _page(actor, found, edits=edits, notice=gettext("Nothing has been saved yet."))
    if request.form.get("look"):
        faults = [
            fault
            for pair in found.pairs
            if pair.name in edits
            for fault in case_texts.faults_of(pair, case_texts.clean(edits[pair.name].own))
        ]
        if faults:
            return _page(actor, found, 422, edits=edits, saved=Saved(faults=faults))
        notice = gettext("This is how it will look. Nothing has been saved yet.")
        return _page(actor, found, edits=edits, notice=notice, look=True)
    saved = _save(actor, found, edits)
    if saved.faults or saved.conflicts:
        # As it stands now, not as it stood before somebody else saved.
        now = read(current_app, partial(_again, found, actor))
        return _page(actor, now, 409 if saved.conflicts else 422, edits=edits, saved=saved)
    return back_to(
        "moderation_texts", slug=found.slug, lang=found.locale, edition=found.edition,
        saved=len(saved.changed),
    )  # fmt: skip


def _again(found: CaseTexts, actor: Actor, session: Session) -> CaseTexts:
    place = here()
    return case_texts.texts_of(
        session, place.state.hooks, actor, place.section, found.slug, found.locale, year=found.edition
    )


def _edits(found: CaseTexts) -> dict[str, Edit]:
    form = request.form
    return {
        pair.name: Edit(form[f"own-{pair.name}"], form.get(f"was-{pair.name}", "."), f"keep-{pair.name}" in form)
        for pair in found.pairs
        if f"own-{pair.name}" in form
    }


def _save(actor: Actor, found: CaseTexts, edits: Mapping[str, Edit]) -> Saved:
    place, app = here(), app_of_request()
    state = place.state

    def work(uow: UnitOfWork) -> Saved:
        saved = case_texts.save(
            uow.session, state.hooks, actor, state.keyring, place.section, found.slug, found.locale, edits,
            year=found.edition, now=state.clock(),
        )  # fmt: skip
        if saved.shown_differs:
            urls = desk.case_urls(
                uow.session, place.section, found.slug, partial(purge_url, app, place.section), place.state.seam.urls
            )
            uow.emit(
                case_changed, section=place.section.code, slug=found.slug, case_ids=[saved.case_id], urls=urls,
                status=saved.status,
            )  # fmt: skip
        return saved

    saved = run(app, work)
    if saved.shown_differs:
        page_cache(place).clear()
    return saved


def _locales(section: Section, found: CaseTexts) -> list[str]:
    """The section's languages, then others the case is written in, which readers meet where theirs is missing."""
    return [*section.locales, *sorted(found.written - set(section.locales))]


def _page(
    actor: Actor,
    found: CaseTexts,
    code: int = 200,
    *,
    edits: Mapping[str, Edit] | None = None,
    saved: Saved | None = None,
    notice: str | None = None,
    look: bool = False,
) -> Response:
    reference = None if any(pair.centre for pair in found.pairs) else _reference(found, actor)
    rows = [_row(pair, edits, saved) for pair in found.pairs]
    if edits is None and (count := request.args.get("saved", type=int)) is not None:
        notice = gettext("Saved.") if count else gettext("You made no changes, so nothing was saved.")
    if saved and saved.conflicts:
        notice = gettext(
            "Someone else saved changes while you were writing. Your text is still here, but it has not been saved."
        )
    languages = [
        {
            "locale": locale,
            "name": language_name(locale),
            "dir": text_direction(locale),
            "written": locale in found.written,
        }
        for locale in _locales(here().section, found)
    ]
    return desk_page(
        "case_texts.html", "moderation_texts", actor, code, values={"slug": found.slug},
        texts=found, rows=rows, reference=reference, languages=languages, text_dir=text_direction(found.locale),
        errors=[(row.id, f"{row.label}: {row.error}") for row in rows if row.error],
        notice=notice, looks=_looks(rows) if look else None,
    )  # fmt: skip


def _reference(found: CaseTexts, actor: Actor) -> dict[str, str] | None:
    """Where the centre wrote nothing in this language: what it wrote in another, to translate from."""
    section, hooks = here().section, here().state.hooks
    for locale in (section.default_locale, "en", *sorted(found.written)):
        if locale in found.written and locale != found.locale:
            look = partial(
                case_texts.texts_of, hooks=hooks, actor=actor, section=section, slug=found.slug, locale=locale,
                year=found.edition,
            )  # fmt: skip
            other = read(current_app, look)
            words = {pair.name: pair.own or pair.centre or "" for pair in other.pairs}
            return {**words, "lang": locale, "dir": text_direction(locale), "language": language_name(locale)}
    return None


def field_id(name: str) -> str:
    """The id of a text's box on the page."""
    return f"w4r-own-{re.sub('[:.]', '-', name)}"


def _row(pair: TextPair, edits: Mapping[str, Edit] | None, saved: Saved | None) -> Row:
    edit = edits.get(pair.name) if edits else None
    if edit is not None and edit.is_untouched and not edit.keep:
        edit = None
    conflict = bool(saved and pair.name in saved.conflicts)
    label, hint = _label(pair)
    return Row(
        pair=pair,
        id=field_id(pair.name),
        label=label,
        hint=hint,
        typed=edit.own if edit else (pair.own or ""),
        # With a conflict both stand on the page, so the next press is over what stands there now.
        stamp=pair.stamp if conflict or edit is None else edit.stamp,
        keep=bool(edit and edit.keep),
        error=_error(pair, saved.faults if saved else (), conflict),
        conflict=conflict,
    )


def _label(pair: TextPair) -> tuple[str, str]:
    if pair.way_text:
        return way_label(pair.name)
    if pair.kind == "update":
        on = long_date(pair.name.removeprefix(UPDATE_PREFIX))
        return gettext("What happened on %(date)s", date=on), str(HINTS["update"])
    return str(LABELS[pair.name]), str(HINTS[pair.name])


def _error(pair: TextPair, faults: Sequence[tuple[str, str, int]], conflict: bool) -> str | None:
    for name, fault, number in faults:
        if name == pair.name:
            return _fault_words(fault, number)
    if conflict:
        return gettext("Someone else has changed this in the meantime. Compare the two versions, then save again.")
    return None


def _fault_words(fault: str, number: int) -> str:
    if fault == "long":
        return gettext("This is too long. Use no more than %(most)s characters.", most=number)
    if fault == "story":
        return gettext(
            "Line %(line)s contains something that is not allowed here: HTML, a picture, a link"
            " without https:// or an unsupported character.",
            line=number,
        )
    if fault == "one_line":
        return gettext("Write this on a single line.")
    if fault == "missing":
        return gettext("Fill this in too: once there is a demand in this language, readers can see it.")
    return gettext("Use plain text, without HTML or control characters.")


def _looks(rows: Sequence[Row]) -> dict[str, str | Markup]:
    """The texts as the page will show them."""
    words: dict[str, str | Markup] = {
        row.pair.name: case_texts.clean(row.typed) or row.pair.centre or "" for row in rows
    }
    words["story"] = render_story(words["story"], below=2)
    return words


ROUTES = (("/moderation/cases/<slug>/texts", "moderation_texts", texts, ("GET", "POST"), "moderation"),)
