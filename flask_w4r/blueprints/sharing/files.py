"""The files to take along: pictures of a case, its QR code, its poster. Made once and kept, by what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from ...errors import NotFound, PDFUnavailable
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.sharing import pictures, poster
from ...services.sharing.shapes import SHAPES, Shape
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.kept import file_cache
from ...web.qr import qr_file, qr_png
from ...web.responses import for_all, private_page


class PictureView(NamedTuple):
    """A picture as a page shows it."""

    shape: Shape
    url: str
    absolute: str
    alt: str
    width: int
    height: int


def pictures_of(case: CaseView, endpoint: str = "share_image") -> list[PictureView]:
    """The pictures of a case, at addresses that change with what they show.

    :param endpoint: where they are.
    """
    place = here()
    shown, fonts, found = pictures.picture_of(place.section, case, place.locale), place.state.config.font_path, []
    alt = pictures.alt_of(case, shown)
    for shape in SHAPES.values():
        values = {"slug": case.slug, "shape": shape.name, "v": shown.digest(shape, fonts)[:12]}
        found.append(
            PictureView(
                shape, place.url(endpoint, **values), place.absolute(endpoint, **values), alt, shape.width, shape.height
            )
        )
    return found


def picture_file(session: Session, case: CaseView, shape: str) -> tuple[str, Callable[[], bytes]]:
    """A picture of a case: what names it, and what draws it."""
    if shape not in SHAPES:
        raise NotFound(shape)
    place = here()
    shown, fonts = pictures.picture_of(place.section, case, place.locale), place.state.config.font_path
    digest = shown.digest(SHAPES[shape], fonts)
    kept = file_cache(place).get(digest)
    # Read only where it is drawn, and before: drawing holds no connection.
    photo = None
    if kept is None and case.photo is not None:
        photo = catalogue.picture(session, place.section, case.slug, case.photo.width).data
    return digest, lambda: pictures.draw_picture(shown, shape, fonts, photo)


def image(slug: str, shape: str) -> Response:
    """A picture of a case."""
    place = here()

    def load(session: Session) -> tuple[str, Callable[[], bytes]]:
        return picture_file(session, catalogue.find_case(session, place.lens, slug), shape)

    digest, make = read(current_app, load)
    return _for_all(digest, make, "image/jpeg", f"{slug}-{shape}.jpg")


def _for_all(digest: str, make: Callable[[], bytes], mimetype: str, filename: str) -> Response:
    """A file as photos are sent: within the page's own limit, so that a withdrawn case's file goes when its pages go."""
    place = here()
    seconds = place.state.config.cache_seconds
    if digest in request.headers.get("If-None-Match", ""):
        return for_all(Response(status=304), digest, seconds)
    response = Response(file_cache(place).made(digest, make), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    return for_all(response, digest, seconds)


def _qr_address(slug: str) -> str:
    place = here()
    read(current_app, lambda session: catalogue.find_case(session, place.lens, slug))
    return address_with(slug, "qr")


def address_with(slug: str, source: str) -> str:
    """The address of a case, with its source where the section counts it."""
    place = here()
    return place.absolute("case", slug=slug, **({"src": source} if source in place.section.share_sources else {}))


def qr_svg(slug: str) -> Response:
    """The QR code of a case's address, as lines."""
    address = _qr_address(slug)
    return _for_all(poster.named("svg", address), lambda: qr_file(address), "image/svg+xml", f"{slug}-qr.svg")


def qr_as_png(slug: str) -> Response:
    """The same as pixels."""
    address = _qr_address(slug)
    return _for_all(poster.named("png", address), lambda: qr_png(address), "image/png", f"{slug}-qr.png")


def poster_pdf(slug: str) -> Response:
    """A poster to print, ``?size=a4`` or ``letter``."""
    place = here()
    size = "letter" if request.args.get("size") == "letter" else "a4"

    def load(session: Session) -> tuple[CaseView, bytes | None]:
        case = catalogue.find_case(session, place.lens, slug)
        if case.photo is None:
            return case, None
        return case, catalogue.picture(session, place.section, slug, case.photo.width).data

    case, photo = read(current_app, load)
    made = poster.poster_of(
        place.section, case, photo, qr=qr_file(address_with(slug, "poster")), size=size,
        shown=place.absolute("case", slug=slug), locale=place.locale, font_paths=place.state.config.font_path,
    )  # fmt: skip
    try:
        return _for_all(made.digest, made.pdf, "application/pdf", f"{slug}-poster-{size}.pdf")
    except PDFUnavailable:
        return private_page("sharing/no_poster.html", 503, edition=case.edition, case=case)


ROUTES = (
    ("/cases/<slug>/share/<shape>.jpg", "share_image", image, ("GET",), "sharing"),
    ("/cases/<slug>/share/qr.svg", "share_qr_svg", qr_svg, ("GET",), "sharing"),
    ("/cases/<slug>/share/qr.png", "share_qr_png", qr_as_png, ("GET",), "sharing"),
    ("/cases/<slug>/share/poster.pdf", "share_poster", poster_pdf, ("GET",), "sharing"),
)
