"""The poster of a case: portrait or initials, the demand, and a QR code that leads to the page. Set with Typst, by its own sizes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...i18n import gettext
from ...sections import Section
from ..campaign.views import CaseView
from ..printing.typeset import typeset
from .pictures import initials, picture_of, signal_of

TEMPLATE = Path(__file__).parent / "poster.typ"


@dataclass(frozen=True)
class Poster:
    """What is set.

    :ivar digest: names what comes of it.
    """

    digest: str
    data: dict[str, Any]
    files: dict[str, bytes]
    font_paths: tuple[str, ...]

    def pdf(self) -> bytes:
        """Set it.

        :raises PDFUnavailable: the extra is missing.
        """
        return typeset(TEMPLATE, self.data, font_paths=self.font_paths, files=self.files)


def poster_of(
    section: Section,
    case: CaseView,
    photo: bytes | None,
    *,
    qr: bytes,
    size: str,
    shown: str,
    locale: str,
    font_paths: tuple[str, ...],
) -> Poster:
    """The poster of a case as it stands now, in the page's language.

    :param photo: the portrait's file; ``None``: initials.
    :param qr: the QR code of the case's address, as SVG.
    :param size: ``a4`` or ``letter``.
    :param shown: the address in words, without its source.
    """
    picture = picture_of(section, case, locale)
    call = gettext("Scan to take action") if case.takes_actions else gettext("Scan to read the story")
    data = {
        "paper": {"a4": "a4", "letter": "us-letter"}[size], "lang": locale.split("-")[0], "dir": picture.direction,
        "text_lang": picture.lang.split("-")[0], "title": f"{case.name}: {picture.sentence}", "name": case.name,
        "country": case.country_name, "sentence": picture.sentence, "credit": picture.credit, "foot": section.name,
        "signal": signal_of(section), "call": call,
        "address": shown.partition("://")[2], "alt": case.photo.alt if case.photo else "", "portrait": "photo.jpg" if photo is not None else "initials.png",
        "qr_alt": gettext("QR code: %(address)s", address=shown),
    }  # fmt: skip
    files = {"qr.svg": qr, data["portrait"]: photo if photo is not None else initials(picture, font_paths)}
    parts = [json.dumps(data, sort_keys=True).encode(), *files.values(), repr(font_paths).encode()]
    return Poster(hashlib.sha256(b"\0".join(parts)).hexdigest(), data, files, font_paths)


def named(kind: str, text: str) -> str:
    """Names a file that is made of a text alone."""
    return hashlib.sha256(f"{kind}|{text}".encode()).hexdigest()
