"""The picture of a case: portrait or initials, the name, what is demanded, in three shapes and in the script of its text."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...i18n import gettext
from ...sections import Section, text_direction
from ..campaign.views import CaseView
from ..printing.faces import face_for, has_raqm
from . import patterns
from .setting import Words, draw, set_in, words_for
from .shapes import SHAPES, Shape

#: Raised when the drawing changes, so that what was kept before is not served on.
_EDITION = 1
_INK, _PAPER, _SIGNAL, _MUTED = "#0b0b0b", "#ffffff", "#ffe100", "#c6c4bb"
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
QUALITY = 88


@dataclass(frozen=True)
class Picture:
    """What a picture shows: all that it depends on.

    :param sentence: what is demanded, or how the case stands.
    :param photo: the address of the portrait, which changes with it; empty: initials.
    :param credit: who took it.
    :param foot: the campaign's name.
    """

    name: str
    sentence: str
    foot: str
    initials: str
    pattern: int
    direction: str
    lang: str
    signal: str
    photo: str
    credit: str
    good: bool

    def digest(self, shape: Shape, font_paths: tuple[str, ...]) -> str:
        """Names what comes of it: another picture has another."""
        parts = (_EDITION, shape.name, shape.width, shape.height, vars(self), font_paths, has_raqm())
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def signal_of(section: Section) -> str:
    """The section's signal colour, where its theme gives it as a plain number; else ours."""
    colour = str(section.theme.get("signal", _SIGNAL))
    return colour if _HEX.fullmatch(colour) else _SIGNAL


def picture_of(section: Section, case: CaseView, locale: str) -> Picture:
    """What the picture of a case shows as it stands now.

    :param locale: of the page, and so of words of ours.
    """
    direction, lang = case.text_dir, case.text_lang
    if case.takes_actions:
        sentence = case.demand or case.title
    elif case.status == "freed":
        sentence = gettext("Good news. Thank you to everyone who took action.")
        direction, lang = _direction(sentence, text_direction(locale)), section.lang_tag(locale)
    else:
        sentence = case.title
    return Picture(
        name=case.name, sentence=sentence, foot=section.name, initials=case.initials, pattern=case.pattern,
        direction=direction, lang=lang, signal=signal_of(section),
        photo=case.photo.url if case.photo else "", good=case.status == "freed",
        credit=gettext("Photo: %(credit)s", credit=case.photo.credit) if case.photo and case.photo.credit else "",
    )  # fmt: skip


def _direction(text: str, usual: str) -> str:
    """Of words of ours, which may not be translated: by their first letter."""
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next(("ltr" if kind == "L" else "rtl" for kind in kinds if kind in ("L", "R", "AL")), usual)


def alt_of(case: CaseView, picture: Picture) -> str:
    """What the picture shows, in words."""
    seen = case.photo.alt if case.photo else ""
    return ". ".join(part.rstrip(".") for part in (seen, picture.name, picture.sentence) if part) + "."


@dataclass(frozen=True)
class _Layout:
    """Where things stand, in pixels: the portrait's box and the words' box, by left, top, width and height."""

    portrait: tuple[int, int, int, int]
    words: tuple[int, int, int, int]
    name: tuple[int, int]
    sentence: tuple[int, int]


#: Largest and smallest sizes of name and sentence. The edges of a story belong to the app that shows it.
_LAYOUTS: Mapping[str, _Layout] = {
    "wide": _Layout((0, 0, 480, 630), (536, 52, 612, 526), (46, 28), (84, 28)),
    "square": _Layout((0, 0, 1080, 520), (64, 564, 952, 456), (52, 32), (88, 32)),
    "story": _Layout((0, 0, 1080, 960), (72, 1024, 936, 620), (62, 38), (104, 38)),
}


def draw_picture(picture: Picture, shape: str, font_paths: tuple[str, ...], photo: bytes | None) -> bytes:
    """Draw it, as a JPEG, which every network reads.

    Words that no font here can draw are left out whole: a row of boxes would tell nothing.

    :param photo: the portrait's file, where the picture has one.
    """
    # Loaded where a picture is made, and nowhere else.
    from PIL import Image, ImageDraw

    size, layout = SHAPES[shape], _LAYOUTS[shape]
    canvas = Image.new("RGB", (size.width, size.height), _INK)
    pen = ImageDraw.Draw(canvas)
    rtl = picture.direction == "rtl"
    portrait, box = _mirrored(layout.portrait, size, rtl), _mirrored(layout.words, size, rtl)

    def words(text: str, *, bold: bool) -> Words | None:
        return words_for(text, bold=bold, direction=picture.direction, lang=picture.lang, font_paths=font_paths)

    name, sentence, foot = (words(text, bold=True) for text in (picture.name, picture.sentence, picture.foot))
    if name is None and sentence is None and foot is None:
        # Nothing can be written: the portrait is all there is.
        portrait = (0, 0, size.width, size.height)
    _portrait(canvas, pen, picture, portrait, words, photo)
    left, top, width, height = box
    base = top + height
    if foot is not None:
        set_foot = set_in(foot, width, 60, largest=30, smallest=20)
        base -= set_foot.height
        draw(pen, set_foot, (left, base), width, _MUTED)
        base -= 32
    if name is not None:
        room = int((base - top) * (0.3 if sentence else 1))
        top = draw(pen, set_in(name, width, room, largest=layout.name[0], smallest=layout.name[1], leading=1.15),
                   (left, top), width, _PAPER)  # fmt: skip
    if sentence is not None:
        top += 14
        start = left + width - 112 if rtl else left
        pen.rectangle((start, top, start + 111, top + 9), fill=picture.signal)
        top += 30
        text = set_in(
            sentence, width, base - top, largest=layout.sentence[0], smallest=layout.sentence[1], leading=1.16
        )
        draw(pen, text, (left, top), width, _PAPER)
    made = io.BytesIO()
    canvas.save(made, "JPEG", quality=QUALITY, subsampling=0, optimize=True, progressive=True)
    return made.getvalue()


def initials(picture: Picture, font_paths: tuple[str, ...]) -> bytes:
    """The initials on their pattern alone, as a PNG, for paper."""
    face = face_for(picture.initials, bold=True, font_paths=font_paths)
    made = io.BytesIO()
    patterns.field(picture.pattern, 1240, 800, picture.initials, face).quantize(32).save(made, "PNG")
    return made.getvalue()


def _mirrored(box: tuple[int, int, int, int], size: Shape, rtl: bool) -> tuple[int, int, int, int]:
    left, top, width, height = box
    return (size.width - left - width if rtl else left, top, width, height)


def _portrait(
    canvas: Any, pen: Any, picture: Picture, box: tuple[int, int, int, int], words: Any, photo: bytes | None
) -> None:
    left, top, width, height = box
    if photo is None:
        letters = words(picture.initials, bold=True)
        written = (letters.text, letters.face) if letters else ("", None)
        canvas.paste(patterns.field(picture.pattern, width, height, *written), (left, top))
        return
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(photo)) as opened:
        # Faces are above the middle.
        fitted = ImageOps.fit(opened.convert("RGB"), (width, height), Image.Resampling.LANCZOS, centering=(0.5, 0.25))
    canvas.paste(fitted, (left, top))
    credit = words(picture.credit, bold=False)
    if credit is not None:
        lines = set_in(credit, width - 40, 52, largest=22, smallest=16)
        pen.rectangle((left, top + height - lines.height - 12, left + width, top + height), fill=_INK)
        draw(pen, lines, (left + 20, top + height - lines.height - 8), width - 40, _MUTED)
