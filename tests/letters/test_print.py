"""How sheets are printed: three scripts on two papers, long names, embedded fonts, and tags for whoever cannot see them."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdfua import validate

from flask_w4r.errors import PDFUnavailable
from flask_w4r.services.printing import small
from flask_w4r.services.printing.small import Kept, Paper, set_paper
from tests.conftest import Host

from .world import ANN, ARABIC, JAPANESE, LONG, MINISTER, change, pages_of, words_of

SHOTS = Path(__file__).parent.parent / "_shots"


def has_cjk() -> bool:
    """Whether a font here has Japanese letters."""
    try:
        small.insist_on_letters("法務大臣", ())
    except PDFUnavailable:
        return False
    return True


CASES: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "english": ("en", {"target": MINISTER}, {}),
    "arabic": ("ar", {"country": "SA", "target": ARABIC["target"], "targets": [{"title": "هيئة حقوق الإنسان"}]}, ARABIC["texts"]),
    "japanese": ("ja", {"country": "JP", "target": JAPANESE["target"]}, JAPANESE["texts"]),
    "long": ("en", {"country": "GT", **LONG["facts"]}, LONG["texts"]),
    "bare": ("en", {"country": "BY", "target": {"title": "Authorities of Belarus"}}, {"petition": ""}),
}  # fmt: skip
#: What must be read out of a sheet, in this order.
READ = {
    "english": ("Kim Example", "Dear Minister Example,", "Ask for this", "Worth saying", "Leave out", "A letter as an example"),
    "japanese": ("〒100-8977", "東京都", "千代田区霞が関1-1-1", "法務大臣", "山田太郎", "JAPAN", "安さんを直ちに無条件で釈放してください。"),
    "long": ("Arévalo de León", "01001- GUATEMALA", "Your Excellency", "Attorney General", "Ciudad de Guatemala"),
    "bare": ("Authorities of Belarus", "Address: not known here yet", "The embassy of Belarus in your country"),
}  # fmt: skip

#: What must be read on which page, whatever stands around it.
ALONE = {"arabic": ((0, "الشيخ"), (0, "الدكتور"), (0, "11137"), (0, "ARABIA"), (1, "حقوق"), (2, "2026"), (2, "الملك"))}


@pytest.mark.parametrize("size", ["a4", "letter"])
@pytest.mark.parametrize("name", CASES)
def test_every_script_on_every_paper(site: Host, name: str, size: str) -> None:
    if name == "japanese" and not has_cjk():
        pytest.skip("no font with Japanese letters is here: install fonts-noto-cjk to see this tried")
    locale, facts, texts = CASES[name]
    change(site.app, **facts)
    change(site.app, texts=texts, locale=locale)
    prefix = "/au" if locale == "en" else f"/au/{locale}"
    answer = site.app.test_client().get(f"{prefix}/cases/{ANN}/letter.pdf?size={size}")
    assert answer.status_code == 200, answer.text
    keep_pictures(answer.data, f"sheet-{name}-{size}")
    text, at = words_of(answer.data), 0
    for words in READ.get(name, ()):
        found = text.find(words, at)
        assert found >= 0, (words, text)
        at = found
    # PDFium reads lines that go both ways in an order of its own: there, page by page, the words are looked for.
    for number, words in ALONE.get(name, ()):
        assert words in words_of(answer.data, number), (number, words)
    assert_fonts_are_embedded(answer.data)
    assert_tagged(answer.data, locale)
    assert faults(answer.data) == []
    if name != "long":
        assert pages_of(answer.data) == 1 + len([facts["target"], *facts.get("targets", ())])


def keep_pictures(pdf: bytes, name: str) -> None:
    """Pictures for people to look at, where ``W4R_TEST_SHOTS`` asks for them."""
    if os.environ.get("W4R_TEST_SHOTS"):
        SHOTS.mkdir(exist_ok=True)
        document = pypdfium2.PdfDocument(io.BytesIO(pdf))
        for number, page in enumerate(document):
            page.render(scale=1.1).to_pil().save(SHOTS / f"{name}-{number}.png")
        document.close()


def assert_fonts_are_embedded(pdf: bytes) -> None:
    """Each letter is of a font that the file brings."""
    raw = pypdfium2.raw
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    seen = 0
    for page in document:
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=6):
            font = raw.FPDFTextObj_GetFont(item)
            assert raw.FPDFFont_GetIsEmbedded(font) == 1
            seen += 1
    document.close()
    assert seen


def assert_tagged(pdf: bytes, locale: str, *, lists: bool = True) -> None:
    """What PDF/UA-1 asks for that can be seen without a validator: the mark, a title that is shown, a language, a tree of
    tags, alternatives for pictures, headings that begin at the first level."""
    assert (
        b"pdfuaid:part" in pdf and b"/MarkInfo" in pdf and b"/StructTreeRoot" in pdf and b"/DisplayDocTitle true" in pdf
    )
    assert re.search(rb"/Lang ?\(" + locale.encode(), pdf)
    raw = pypdfium2.raw
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    assert document.get_metadata_dict()["Title"]
    tags, missing = [], []
    for page in document:
        tree = raw.FPDF_StructTree_GetForPage(page)
        for number in range(raw.FPDF_StructTree_CountChildren(tree)):
            _walk(raw.FPDF_StructTree_GetChildAtIndex(tree, number), tags, missing)
        raw.FPDF_StructTree_Close(tree)
    document.close()
    headings = [int(tag[1]) for tag in tags if re.fullmatch("H[1-6]", tag)]
    assert headings and headings[0] == 1 and max(headings) <= 2
    assert "Figure" in tags and not missing
    assert not lists or {"L", "LI"} <= set(tags)


def faults(pdf: bytes) -> list[str]:
    """What a checker finds of those rules of PDF/UA-1 that a machine can check without veraPDF."""
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        report = validate(file.name)
    return [f"{one.rule_id}: {one.message}" for one in report.findings if one.severity.name == "ERROR"]


def _walk(element: Any, tags: list[str], missing: list[str]) -> None:
    raw = pypdfium2.raw
    if not element:
        return
    tag = _text(raw.FPDF_StructElement_GetType, element)
    tags.append(tag)
    if tag == "Figure" and not _text(raw.FPDF_StructElement_GetAltText, element):
        missing.append(tag)
    for number in range(raw.FPDF_StructElement_CountChildren(element)):
        _walk(raw.FPDF_StructElement_GetChildAtIndex(element, number), tags, missing)


def _text(ask: Any, element: Any) -> str:
    import ctypes

    length = ask(element, None, 0)
    buffer = ctypes.create_string_buffer(length)
    ask(element, buffer, length)
    return buffer.raw.decode("utf-16-le").rstrip("\0")


def test_a_letter_that_no_font_has_is_told_and_the_page_serves(site: Host) -> None:
    change(site.app, target={"title": "\U00018b00 Minister"})
    client = site.app.test_client()
    answer = client.get(f"/au/cases/{ANN}/letter.pdf")
    assert answer.status_code == 503 and "no font here has some letters" in answer.text
    assert client.get(f"/au/cases/{ANN}/letter").status_code == 200


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Co", "Cn"), max_codepoint=0x24F), max_size=80)
)
def test_any_words_are_words_and_no_commands(site: Host, words: str) -> None:
    change(site.app, texts={"demand": f'#{words}$*_ \\ #image("x") <b>'}, target={"title": f"#[{words}]"})
    answer = site.app.test_client().get(f"/au/cases/{ANN}/letter.pdf")
    assert answer.status_code == 200
    assert '#image("x")' in words_of(answer.data)


def test_papers_are_kept_within_bounds() -> None:
    kept = Kept(1000)
    for number in range(30):
        kept.put(str(number), bytes(200))
    kept.put("huge", bytes(900))
    assert kept.size <= 1000 and kept.get("29") == bytes(200)
    assert kept.get("0") is None and kept.get("huge") is None


def test_large_papers_are_set_in_a_process_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "LARGE", 10)
    template = Path(small.__file__).parent.parent / "letters"
    data = {"lang": "en", "region": "AU", "dir": "ltr", "paper": "a4", "title": "Paper", "section": "S", "words": {}}
    paper = Paper((template / "common.typ", template / "blank.typ"), data, "en")
    assert pages_of(set_paper(paper)) == 1
