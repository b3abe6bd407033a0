"""The desk's part: what came of links to share, and every text and picture of a case as readers will have it."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import gettext, language_name, lazy_gettext
from ...sections import text_direction
from ...services.campaign import catalogue
from ...services.campaign.catalogue import local_date
from ...services.campaign.preview import preview_cases
from ...services.campaign.views import CaseView
from ...services.sharing import table
from ...services.sharing.networks import BY_KEY
from ...services.storage.unit_of_work import read
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, desk_page, may, staff_here
from ...web.kept import file_cache
from ...web.responses import private
from .files import picture_file, pictures_of
from .pages import texts_here

#: Sources that are no network, in words; a section's own are shown as they are.
SOURCE_WORDS = {
    "copy": lazy_gettext("Copied text"),
    "device": lazy_gettext("The device’s own share menu"),
    "qr": lazy_gettext("QR code"),
    "poster": lazy_gettext("Poster"),
    "print": lazy_gettext("Printed page"),
    "newsletter": lazy_gettext("Newsletter"),
}
#: Days that the table looks back at, at choice.
SPANS = (7, 30, 365)


def source_words(source: str) -> str:
    """What a source is called."""
    network = BY_KEY.get(source)
    return str(network.words if network else SOURCE_WORDS.get(source, source))


def shares() -> Response:
    """What came of links to share, by case, source and text; of one case by day too."""
    actor = allowed(Permission.EDIT_CASES)
    place, staff = here(), staff_here(actor)
    slug, days = request.args.get("case") or None, request.args.get("days", type=int, default=30)
    days = days if days in SPANS else 30
    since = local_date(place.section, place.state.clock()) - timedelta(days=days - 1)

    def load(session: Session) -> tuple[list[table.Line], list[tuple[str, str]]]:
        return table.lines(session, staff, slug=slug, since=since), table.cases(session, staff)

    lines, cases = read(current_app, load)
    return desk_page(
        "shares.html", "moderation_shares", actor, lines=[(line, source_words(line.source)) for line in lines],
        cases=cases, chosen=slug, days=days, spans=SPANS, may_export=may(actor, Permission.EXPORT),
    )  # fmt: skip


def _case(session: Session, actor: Actor, slug: str) -> CaseView:
    """A case as it will be shared: as readers see it, or as they will once its edition is published."""
    place = here()
    editions = catalogue.editions(session, place.lens)
    for edition in editions:
        try:
            return preview_cases(session, place.state.hooks, actor, place.lens, edition.year, slug)[0]
        except NotFound:
            continue
    raise NotFound(slug)


def share(slug: str) -> Response:
    """Every text on every network with its length, and every picture, in the language of the page."""
    actor = allowed(Permission.EDIT_CASES)
    place = here()
    case = read(current_app, lambda session: _case(session, actor, slug))
    languages = [
        (locale, place.url("moderation_share", slug=slug, locale=locale), text_direction(locale), language_name(locale))
        for locale in place.section.locales
    ]
    return desk_page(
        "share_preview.html", "moderation_share", actor, values={"slug": slug}, case=case, texts=texts_here(case),
        pictures=pictures_of(case, "moderation_share_image"), languages=languages,
        own=gettext("Made of name and demand"),
    )  # fmt: skip


def image(slug: str, shape: str) -> Response:
    """A picture of a case, before it is published too."""
    actor = allowed(Permission.EDIT_CASES)
    digest, make = read(current_app, lambda session: picture_file(session, _case(session, actor, slug), shape))
    return private(Response(file_cache(here()).made(digest, make), mimetype="image/jpeg"))


_BOTH = ("sharing", "moderation")
ROUTES = (
    ("/moderation/shares", "moderation_shares", shares, ("GET",), _BOTH),
    ("/moderation/cases/<slug>/share", "moderation_share", share, ("GET",), _BOTH),
    ("/moderation/cases/<slug>/share/<shape>.jpg", "moderation_share_image", image, ("GET",), _BOTH),
)
