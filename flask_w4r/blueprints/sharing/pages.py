"""The share page, and the way to a Mastodon server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...i18n import gettext
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.campaign.ways import why_not
from ...services.printing.typeset import can_typeset
from ...services.sharing.networks import Sent, mastodon_link
from ...services.sharing.posts import Text, texts_of
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.responses import private_page, public_page, see_other
from ...web.templating import case_metadata, page
from .files import pictures_of

#: The links of the short list, on pages that are about something else.
SHORT = ("whatsapp", "telegram", "bluesky", "email")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SERVER = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")


def address_of(slug: str) -> Any:
    """``(source, variant) -> URL`` of a case, with its source where the section counts it."""
    place = here()

    def address(source: str, variant: int) -> str:
        if source not in place.section.share_sources:
            return place.absolute("case", slug=slug)
        values: dict[str, Any] = {"v": variant} if variant else {}
        return place.absolute("case", slug=slug, src=source, **values)

    return address


def texts_here(case: CaseView) -> list[Text]:
    """The texts of a case for this page."""
    return texts_of(case, address_of(case.slug))


def _is_there() -> bool:
    return "sharing" in here().state.config.features


def _closed(case: CaseView) -> str | None:
    """Why a case is not to be passed on now, in its own words where it has any; ``None``: it is."""
    return why_not(here().state.seam.ways["share"], case, here().lens)


def on_case(session: Session, case: CaseView) -> dict[str, Any]:
    """The short list of links, and the picture, for a case's own page."""
    if not _is_there():
        return {}
    picture = pictures_of(case)[0]
    return {"share": None if _closed(case) else _short(case), "og_picture": picture._replace(url=picture.absolute)}


def on_thanks(session: Session, case: CaseView) -> dict[str, Any]:
    """The short list of links for a page that thanks for what was done for a case."""
    return {"share": _short(case)} if _is_there() and not _closed(case) else {}


def _short(case: CaseView) -> Mapping[str, Any]:
    place = here()
    text = texts_here(case)[0]
    return {
        "links": [text.on(key) for key in SHORT],
        "page": place.url("share", slug=case.slug),
        "title": case.name,
        "text": text.text,
        "address": address_of(case.slug)("device", text.variant),
        "visit_url": place.url("share_visit", slug=case.slug),
        "sources": place.section.share_sources,
    }


def share(slug: str) -> Response:
    """Texts by network, plain links, pictures and papers: the same for everybody."""

    def render(session: Session) -> str:
        place = here()
        case = catalogue.find_case(session, place.lens, slug)
        if closed := _closed(case):
            return page(
                "sharing/closed.html", endpoint="share", values={"slug": slug}, public=True, edition=case.edition,
                case=case, closed=closed,
            )  # fmt: skip
        pictures = pictures_of(case)
        og, _ = case_metadata(case, pictures[0]._replace(url=pictures[0].absolute))
        return page(
            "sharing/share.html", endpoint="share", values={"slug": slug}, public=True, edition=case.edition, case=case,
            texts=(texts := texts_here(case)), chosen=texts[0], typed="", error=None, pictures=pictures, has_poster=can_typeset(), device=address_of(slug), og=og,
        )  # fmt: skip

    return public_page(("share", slug), lambda: read(current_app, render))


def mastodon(slug: str) -> Response:
    """From the name of a server to the link that begins a post there. It is shown and not followed: an address of ours that
    led anywhere by itself would serve whoever wants to mislead. Nothing is asked of that server by us."""
    place = here()
    case = read(current_app, lambda session: catalogue.find_case(session, place.lens, slug))
    if _closed(case):
        return see_other(place.url("share", slug=slug))
    texts, typed = texts_here(case), request.args.get("server", "")[:300]
    number = request.args.get("text", type=int, default=texts[0].variant)
    text = next((one for one in texts if one.variant == number), texts[0])
    server = server_of(typed)
    post, link, error = text.on("mastodon"), None, None
    if server is not None:
        link = mastodon_link(server, Sent(post.text, address_of(slug)("mastodon", text.variant), case.name))
    elif typed:
        error = gettext("Enter the name of your server, such as mastodon.social")
    return private_page(
        "sharing/mastodon.html", 422 if error else 200, endpoint="share_mastodon", values={"slug": slug},
        edition=case.edition, case=case, texts=texts, chosen=text, post=post, typed=typed, server=server, link=link,
        error=error, errors=[("w4r-server", error)] if error else [],
    )  # fmt: skip


def server_of(typed: str) -> str | None:
    """The name of a server, of what people type for it: with ``https://``, or as the end of their own name.

    :returns: a host name and nothing else, in ASCII; ``None``: it is none.
    """
    name = typed.strip().removeprefix("https://").removeprefix("http://").rpartition("@")[2].rstrip("/").rstrip(".")
    try:
        name = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return name if len(name) <= 253 and _SERVER.fullmatch(name) else None


ROUTES = (
    ("/cases/<slug>/share", "share", share, ("GET",), "sharing"),
    ("/cases/<slug>/share/mastodon", "share_mastodon", mastodon, ("GET",), "sharing"),
)
