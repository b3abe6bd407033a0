"""Pictures: drawn in any script, and without the words that nothing here can draw."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flask_w4r.services.printing import faces
from flask_w4r.services.sharing import setting
from flask_w4r.services.sharing.pictures import Picture, draw_picture
from flask_w4r.services.sharing.setting import set_in, words_for
from flask_w4r.services.sharing.shapes import SHAPES
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from flask_w4r.web.kept import FileCache
from tests.embedding.conftest import AU, MakeSite

PLAIN = Picture(
    "Ann Example", "Release her.", "Write for Rights", "AE", 0, "ltr", "en", "#ffe100", photo="", credit="", good=False
)  # fmt: skip


def colours(data: bytes, box: tuple[int, int, int, int]) -> int:
    return len(Image.open(io.BytesIO(data)).convert("L").crop(box).getcolors(256) or ())


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (900, 1200), "#4060a0").save(made, "JPEG")
    return made.getvalue()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pattern", range(6))
def test_every_shape_on_every_pattern(shape: str, pattern: int) -> None:
    made = draw_picture(replace(PLAIN, pattern=pattern), shape, (), None)
    assert Image.open(io.BytesIO(made)).size == (SHAPES[shape].width, SHAPES[shape].height)
    assert made == draw_picture(replace(PLAIN, pattern=pattern), shape, (), None), "the same bytes each time"
    assert len(made) < 300_000, "some apps show none that is larger"


def test_a_portrait_stands_with_its_credit() -> None:
    with_photo = replace(PLAIN, photo="/photo", credit="Photo: Sam Sample")
    made = Image.open(io.BytesIO(draw_picture(with_photo, "wide", (), photo())))
    red, green, blue = made.getpixel((240, 200))
    assert blue > green > red
    assert max(made.crop((0, 590, 480, 630)).convert("L").getextrema()) > 120, "the credit is written"
    rtl = Image.open(io.BytesIO(draw_picture(replace(with_photo, direction="rtl", lang="ar"), "wide", (), photo())))
    assert rtl.getpixel((1000, 200))[2] > 100, "the portrait is where the lines begin"


def test_words_that_nothing_can_draw_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unknown = replace(PLAIN, sentence="Release \U000f0001\U000f0002 now", name="\U000f0003")
    written = draw_picture(PLAIN, "wide", (), None)
    left_out = draw_picture(unknown, "wide", (), None)
    box = (536, 52, 1150, 400)
    assert colours(written, box) > 50 > colours(left_out, box)
    monkeypatch.setattr(faces, "_SYSTEM", ())
    faces._in_order.cache_clear()
    faces._face_for.cache_clear()
    try:
        bare = draw_picture(PLAIN, "wide", (str(tmp_path),), None)
    finally:
        faces._in_order.cache_clear()
        faces._face_for.cache_clear()
    assert Image.open(io.BytesIO(bare)).size == (1200, 630)


def test_scripts_that_need_raqm_are_left_out_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    arabic = replace(PLAIN, sentence="أفرجوا عنها فورًا", direction="rtl", lang="ar")
    monkeypatch.setattr(faces, "has_raqm", lambda: False)
    monkeypatch.setattr(setting, "has_raqm", lambda: False)
    assert words_for(arabic.sentence, bold=True, direction="rtl", lang="ar", font_paths=()) is None
    assert words_for("再審請求", bold=True, direction="ltr", lang="ja", font_paths=()) is not None
    assert draw_picture(arabic, "wide", (), None)


def test_lines_are_as_wide_as_they_may_be() -> None:
    words = words_for(
        "word " * 60 + "Donaudampfschifffahrtsgesellschaft" * 4, bold=True, direction="ltr", lang="de", font_paths=()
    )
    assert words is not None
    lines = set_in(words, 400, 300, largest=60, smallest=20)
    assert lines.height <= 300
    assert all(setting._length(words, line, lines.size) <= 400 for line in lines.lines)
    assert lines.lines[-1].endswith("…")


@settings(max_examples=12, deadline=None)
@given(name=st.text(max_size=60), sentence=st.text(max_size=200), direction=st.sampled_from(["ltr", "rtl"]))
def test_no_text_breaks_a_picture(name: str, sentence: str, direction: str) -> None:
    given = replace(PLAIN, name=name, sentence=sentence, direction=direction, initials=name[:2])
    assert draw_picture(given, "square", (), None)[:2] == b"\xff\xd8"


def test_files_are_made_once_and_the_oldest_go() -> None:
    cache, made = FileCache(most=100), []

    def make(name: str) -> bytes:
        made.append(name)
        return name.encode() * 40

    for name in ("a", "b", "a", "c", "a", "b"):
        assert cache.made(name, lambda name=name: make(name)) == name.encode() * 40
    assert made == ["a", "b", "c", "b"]


def test_the_doctor_names_what_no_font_has(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])

    def said() -> list[tuple[str, str]]:
        from flask_w4r.services.sharing.doctor import check

        return [(found.level, found.text) for found in check(host.app, get_state(host.app))]

    assert said() == [("ok", "every name and demand can be drawn")]
    host.rows("SELECT 1")
    with host.engine.begin() as connection:
        from sqlalchemy import text

        connection.execute(text("UPDATE w4r_case SET name = :name"), {"name": "Ann \U000f0001"})
    assert said()[0][0] == "warn"
    assert "\U000f0001" in said()[0][1]
    assert "W4R_FONT_PATH" in said()[0][1]
    from flask_w4r.services.sharing import doctor

    monkeypatch.setattr(doctor, "has_raqm", lambda: False)
    assert [level for level, text in said() if "FriBiDi" in text] == ["warn"]
