"""The petition book as it is opened: pages that can be looked at, and names that are read in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from babel import Locale

from flask_w4r import i18n
from flask_w4r.errors import PDFUnavailable
from flask_w4r.services.delivery import papers
from flask_w4r.services.printing import fonts
from flask_w4r.services.printing.typeset import typeset
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import MakeHost

from .scripts import NAMES, letters
from .world import SLUG, TO

COUNT = 60

PAPERS = Path(papers.__file__).parent


def rows_of(path: Path) -> Iterator[tuple[int, str]]:
    """Number and letters of each line of a book's pages, by where they stand on the page: from the top down."""
    with pypdfium2.PdfDocument(path) as book:
        for page in list(book)[1:]:
            text = page.get_textpage()
            height = page.get_height()
            cells: dict[int, list[tuple[float, str]]] = {}
            for at in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(at)
                if 70 < bottom < height - 70:
                    middle = round((bottom + top) / 2)
                    near = next((y for y in cells if abs(y - middle) < 6), middle)
                    cells.setdefault(near, []).append((left, text.get_text_bounded(left, bottom, right, top)))
            for y in sorted(cells, reverse=True):
                whole = " ".join(part for _, part in sorted(cells[y]))
                number = re.search(r"\d+", whole)
                if number:
                    yield int(number[0]), letters(whole)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["AU", "MA"])
def test_a_book_in_ten_scripts_and_both_directions(
    make_host: MakeHost, tmp_path: Path, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "VOLUME", 40)
    host = make_host(section={"preset": preset, "url_prefix": "/x"})
    make_campaign(host.app, (SLUG,))
    make_signatures(
        host.app, SLUG, COUNT, state="confirmed", first_name=lambda number: NAMES[(number - 1) % 10][0],
        last_name=lambda number: NAMES[(number - 1) % 10][1], withhold_name=lambda number: number > COUNT - 3,
    )  # fmt: skip
    host.run("w4r", "deliver", "prepare", SLUG, "--to", TO, "--out", str(tmp_path / "out"))
    books = sorted((tmp_path / "out").glob("book-*.pdf"))
    assert [path.name for path in books] == ["book-1.pdf", "book-2.pdf"]
    found = [row for path in books for row in rows_of(path)]
    assert [number for number, _ in found] == list(range(1, COUNT - 2))
    for number, text in found:
        name = letters("".join(NAMES[(number - 1) % 10]))
        missing = [char for char in name if text.count(char) < name.count(char)]
        assert not missing, (number, missing)
    for path in (*books, tmp_path / "out" / "certificate.pdf"):
        with pypdfium2.PdfDocument(path) as book:
            for page in book:
                shades = page.render(scale=0.5).to_pil().convert("L").histogram()
                assert sum(shades[:100]) > 50, "something is printed on every page"
    cover = pypdfium2.PdfDocument(books[0])[0].get_textpage().get_text_range()
    assert "3" in cover
    certificate = pypdfium2.PdfDocument(tmp_path / "out" / "certificate.pdf")
    assert len(certificate) == 1
    said = certificate[0].get_textpage().get_text_range()
    root = host.rows("SELECT root FROM w4r_delivery")[0][0]
    # Readers of PDFs part what runs from left to right on a page that runs from right to left.
    assert preset == "MA" or root in "".join(said.split())


def test_all_countries_fit_on_one_page() -> None:
    every = sorted(code for code in Locale.parse("en").territories if code.isalpha())[:220]
    countries = papers._beside([[i18n.country_name(code), "3"] for code in every])
    data = {
        "section": "S", "lang": "en", "dir": "ltr", "edition": "E", "title": "T", "demand": "D", "facts": [["a", "b"]] * 5,
        "counts": ["x", "y"], "country_heads": ["Country", "Signatures"], "proofs": [["SHA", "0" * 64]] * 2, "check": "c",
        **countries,
    }  # fmt: skip
    with pypdfium2.PdfDocument(typeset(PAPERS / "certificate.typ", data, font_paths=())) as made:
        assert len(made) == 1
        said = made[0].get_textpage().get_text_range()
    assert said.count("Country") == 4


def test_what_typst_cannot_do_is_said_without_the_names() -> None:
    with pytest.raises(PDFUnavailable) as caught:
        typeset(PAPERS / "book.typ", {"names": [["1", "Sam Secret"]]}, font_paths=())
    assert "Secret" not in str(caught.value)


def test_marks_and_spaces_need_no_font() -> None:
    assert fonts.missing("\u2068 \u200f\u00a0\ufe0fAé", ()) == {}


def test_folders_of_fonts_must_be_there(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(font_path=str(tmp_path))
    assert get_state(host.app).config.font_path == (str(tmp_path),)
    with pytest.raises(Exception, match="W4R_FONT_PATH: there is no folder"):
        make_host(font_path=[str(tmp_path / "nothing")], upgrade=False)
