"""Portraits: only the picture is left of the file."""

from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import select
from sqlalchemy.orm import Session

from flask_w4r.errors import KitError
from flask_w4r.models import Case, Picture
from flask_w4r.services.kits.exporter import export_kit
from flask_w4r.services.kits.importer import import_kit
from flask_w4r.services.kits.pictures import PictureFault, render
from flask_w4r.services.kits.reader import read_kit

from .conftest import AU, LATER, MA, NOW, put, swap

PHOTO = '\n[photo]\nfile = "ada.jpg"\nalt = "Ada, smiling"\ncredit = "© Private"\n'
SECRET = b"Canary-Place-4711"


def jpeg(width: int = 1600, height: int = 1200, *, colour: str = "red") -> bytes:
    """A picture as a telephone makes it: with a place, a camera, a comment and a thumbnail's worth of extras."""
    image = Image.new("RGB", (width, height), colour)
    image.paste("blue", (0, 0, width // 2, height // 2))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (33.0, 51.0, 30.0), 3: "E", 4: (151.0, 12.0, 0.0)})
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=SECRET, icc_profile=SECRET * 20)
    assert SECRET in buffer.getvalue()
    return buffer.getvalue()


def with_photo(root: Path, data: bytes, name: str = "ada.jpg") -> Path:
    case = root / "cases/ada-example/case.toml"
    case.write_text(case.read_text("utf-8") + PHOTO.replace("ada.jpg", name), "utf-8")
    put(root, f"cases/ada-example/{name}", data)
    return root


def test_metadata_is_gone_and_the_picture_stands_upright(session: Session, kit_path: Path) -> None:
    kit = read_kit(with_photo(kit_path, jpeg()))
    report = import_kit(session, AU, kit, now=NOW)
    assert report.pictures == ["ada-example"]
    pictures = session.scalars(select(Picture).order_by(Picture.width)).all()
    assert [(item.width, item.height) for item in pictures] == [(320, 427), (640, 853), (1200, 1600)]
    for item in pictures:
        assert item.mime == "image/jpeg" and item.digest == hashlib.sha256(item.data).hexdigest()
        assert SECRET not in item.data and b"Exif" not in item.data and b"ICC_PROFILE" not in item.data
        with Image.open(BytesIO(item.data)) as image:
            assert image.size == (item.width, item.height)
            assert not image.getexif() and not {"exif", "icc_profile", "comment"} & set(image.info)
            red, _, blue = image.getpixel((item.width - 5, 5))  # type: ignore[misc]
            assert blue > 200 > red, "what was at the left is at the top"
    photo = session.scalars(select(Case.photo).where(Case.slug == "ada-example")).one()
    assert photo is not None and (photo["alt"], photo["credit"]) == ("Ada, smiling", "© Private")


def test_no_picture_is_made_larger() -> None:
    assert [item.width for item in render(jpeg(200, 500))] == [320, 500], "turned upright, 500 wide"
    assert [item.width for item in render(jpeg(4000, 3000))] == [320, 640, 1280]


def test_transparency_and_palettes_come_out_on_white() -> None:
    for mode in ("RGBA", "LA", "P", "L", "1"):
        buffer = BytesIO()
        Image.new(mode, (400, 400)).save(buffer, "PNG")
        (_, largest) = render(buffer.getvalue())
        with Image.open(BytesIO(largest.data)) as image:
            assert image.mode == "RGB"
            if mode in ("RGBA", "LA"):
                assert image.getpixel((3, 3)) == (255, 255, 255)


def test_again_with_the_picture_writes_nothing_and_its_words_can_change(session: Session, kit_path: Path) -> None:
    with_photo(kit_path, jpeg())
    import_kit(session, AU, read_kit(kit_path), now=NOW)
    assert not import_kit(session, AU, read_kit(kit_path), now=LATER).changed
    swap(kit_path, "cases/ada-example/case.toml", "© Private", "© A. Photographer")
    report = import_kit(session, AU, read_kit(kit_path), now=LATER)
    assert report.pictures == [] and report.cases_changed == ["ada-example"]
    put(kit_path, "cases/ada-example/ada.jpg", jpeg(colour="green"))
    assert import_kit(session, AU, read_kit(kit_path), now=LATER).pictures == ["ada-example"]
    case = kit_path / "cases/ada-example/case.toml"
    case.write_text(case.read_text("utf-8").split("\n[photo]")[0], "utf-8")
    (kit_path / "cases/ada-example/ada.jpg").unlink()
    assert import_kit(session, AU, read_kit(kit_path), now=LATER).pictures == ["ada-example"]
    assert session.scalars(select(Picture)).all() == []
    assert session.scalars(select(Case).where(Case.photo.is_not(None))).all() == []


def test_an_export_brings_its_picture_home(session: Session, kit_path: Path, tmp_path: Path) -> None:
    kit = read_kit(with_photo(kit_path, jpeg()))
    import_kit(session, AU, kit, now=NOW)
    exported = read_kit(export_kit(session, AU, "2024", tmp_path / "out"))
    assert exported == kit
    assert not import_kit(session, AU, exported, now=LATER).changed
    import_kit(session, MA, exported, now=NOW)
    assert not import_kit(session, MA, exported, now=LATER).changed


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000)) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    info = PngImagePlugin.PngInfo()
    for number in range(80):
        info.add_text(f"k{number}", "x" * 1_000_000, zip=True)
    buffer = BytesIO()
    Image.new("RGB", (300, 300)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def moving() -> bytes:
    buffer = BytesIO()
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def gif() -> bytes:
    buffer = BytesIO()
    Image.new("L", (300, 300)).save(buffer, "GIF")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bomb(60_000, 60_000), "million pixels"),
        (bomb(7000, 7000), "million pixels"),
        (text_bomb(), "damaged"),
        (moving(), "animated"),
        (gif(), "is not a JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "is not a JPEG, PNG or WebP"),
        (b"", "is not a JPEG, PNG or WebP"),
        (jpeg()[:2000], "damaged"),
        (jpeg(100, 100), "smaller than"),
    ],
    ids=["vast", "large", "text-bomb", "moving", "gif", "svg", "empty", "cut", "tiny"],
)
def test_hostile_pictures_are_faults(kit_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(PictureFault, match=message):
        render(data)
    with pytest.raises(KitError) as caught:
        read_kit(with_photo(kit_path, data))
    (fault,) = caught.value.faults
    assert fault.startswith("cases/ada-example/ada.jpg: ") and message in fault
