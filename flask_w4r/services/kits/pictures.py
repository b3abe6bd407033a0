"""Portraits: decoded under limits and encoded anew, so that nothing but the picture is left of the file."""

from __future__ import annotations

import hashlib
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from .model import Rendition

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTHS = (320, 640, 1280)
MAX_PIXELS = 40_000_000
MIN_WIDTH = 160
_TOO_LARGE = f"has more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller"
#: Formats that are read, by the ending of the file's name.
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}


class PictureFault(Exception):
    """What is wrong with a picture, and the mend."""


def render(data: bytes) -> tuple[Rendition, ...]:
    """Return a picture in each width that it is wide enough for, smallest first.

    JPEG, since link previews and letter sheets read it everywhere. The camera's orientation is applied; every other
    piece of metadata (place, time, camera, comments, thumbnails) is gone.

    :param data: the bytes of a JPEG, PNG or WebP file.
    :raises PictureFault: when it is none of these, damaged, moving, too small or too large.
    """
    picture = _decode(data)
    widths = sorted({min(width, picture.width) for width in WIDTHS})
    return tuple(_encode(picture, width) for width in widths)


def _decode(data: bytes) -> Image:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes far beyond MAX_PIXELS; the check below refuses them before anything is decoded.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=sorted(set(FORMATS.values()))) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureFault(_TOO_LARGE)
                if image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False):
                    raise PictureFault("is an animated picture; use a still one")
                image.draft("RGB", (2 * WIDTHS[-1], 2 * WIDTHS[-1]))
                image.load()
                upright = ImageOps.exif_transpose(image)
                coloured = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except PictureFault:
        raise
    except Image.DecompressionBombError as error:
        raise PictureFault(_TOO_LARGE) from error
    except UnidentifiedImageError as error:
        raise PictureFault("is not a JPEG, PNG or WebP picture; save it as one") from error
    except Exception as error:  # a damaged file makes Pillow raise nearly anything
        raise PictureFault("is damaged and cannot be decoded; save it again") from error
    if coloured.width < MIN_WIDTH or coloured.height < MIN_WIDTH:
        raise PictureFault(f"is smaller than {MIN_WIDTH} pixels; find a larger one")
    # Pasting onto a fresh image leaves behind whatever the file carried beside its pixels.
    fresh = Image.new("RGB", coloured.size, "white")
    fresh.paste(coloured, mask=coloured.getchannel("A") if coloured.mode == "RGBA" else None)
    return fresh


def _encode(picture: Image, width: int) -> Rendition:
    height = max(1, round(picture.height * width / picture.width))
    scaled = picture if width == picture.width else picture.resize((width, height), reducing_gap=3.0)
    buffer = BytesIO()
    scaled.save(buffer, "JPEG", quality=82, optimize=True, progressive=True)
    data = buffer.getvalue()
    return Rendition(width, height, "image/jpeg", hashlib.sha256(data).hexdigest(), data)
