"""Cases with somebody to write to, and what a sheet of them must say."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import date
from typing import Any

import pypdfium2
from flask import Flask
from sqlalchemy import select

from flask_w4r.models import Case, CaseText
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run

ANN, BO = "ann-example", "bo-example"
MINISTER = {
    "name": "Kim Example", "title": "Minister of Justice", "salutation": "Dear Minister,", "verified_on": "2026-11-01",
    "address": {"organisation": "Ministry of Justice", "street": "19 Aitken Street", "city": "Wellington", "postal_code": "6011"},
}  # fmt: skip
SECTION: dict[str, Any] = {
    "preset": "AU",
    "url_prefix": "/au",
    "locales": ["en", "ar", "ja"],
    "embassy_addresses": {"NZ": {"lines": ["High Commission of New Zealand", "Commonwealth Avenue"], "verified_on": date(2026, 10, 2)}},
    "postage_hint": {"en": "A letter abroad costs 3 dollars."},
}  # fmt: skip
TEXTS = {
    "letter.salutation": "Dear Minister Example,",
    "letter.points": "She put up a poster.\nYou can release her today.",
    "letter.never": "Name no political party.",
    "letter.model": "I am writing about Ann Example.\n\nPlease release her.",
}

ARABIC: dict[str, Any] = {
    "target": {
        "name": "الشيخ الدكتور وليد بن محمد المثالي الطويل الاسم جدًا", "title": "وزير العدل", "salutation": "معالي الوزير،",
        "address": {"street": "طريق الملك فهد", "city": "الرياض", "postal_code": "11137"}, "verified_on": "2026-11-01",
    },
    "texts": {
        "title": "سُجنت بسبب ملصق", "summary": "علّقت آن ملصقًا.", "demand": "أفرجوا عن آن فورًا.",
        "petition": "أطلب الإفراج عنها.", "story": "حكاية.", "letter.salutation": "معالي الوزير،",
        "letter.points": "هي في السجن منذ أن علّقت ملصقًا.", "letter.never": "لا تذكروا حزبًا سياسيًا.",
        "letter.model": "أكتب إليكم بشأن آن المسجونة بسبب ملصق.\n\nأرجو الإفراج عنها.",
    },
}  # fmt: skip
JAPANESE: dict[str, Any] = {
    "target": {
        "name": "山田太郎", "title": "法務大臣", "salutation": "山田太郎様", "verified_on": "2026-11-01",
        "address": {"street": "霞が関1-1-1", "city": "千代田区", "region": "東京都", "postal_code": "100-8977"},
    },
    "texts": {
        "title": "ポスターで投獄", "demand": "安さんを直ちに無条件で釈放してください。", "petition": "釈放を求めます。",
        "letter.points": "ポスターを貼っただけで投獄されています。", "letter.never": "政党の名前を出さないでください。",
        "letter.model": "安さんについてお便りします。\n\nどうか釈放してください。",
    },
}  # fmt: skip
LONG: dict[str, Any] = {
    "facts": {
        "name": "Maria Aurelia Concepción Fernández-Villavicencio y Goyeneche de los Montes Altos",
        "target": {
            "name": "Dr. Bernardo Maximiliano Arévalo de León y Fernández de la Cuesta Montenegro",
            "title": "President of the Republic and Commander in Chief of the Armed Forces of the Republic",
            "salutation": "Your Excellency", "verified_on": "2026-11-01",
            "address": {"street": "6a Avenida 4-41, Zona 1, Palacio Nacional de la Cultura", "city": "Guatemala", "postal_code": "01001"},
        },
        "targets": [{"title": "Attorney General", "address": "8a Avenida 10-67\nZona 1\nCiudad de Guatemala", "verified_on": "2026-11-01"}],
    },
    "texts": {
        "letter.salutation": "", "demand": "Release her, and see that those who did it are brought to justice. " * 4,
        "letter.model": "A paragraph that goes on and on. " * 90, "letter.points": "\n".join(["A point in a sentence that is long enough to wrap."] * 6),
    },
}  # fmt: skip


def change(
    app: Flask, slug: str = ANN, *, texts: dict[str, str] | None = None, locale: str = "en", **facts: Any
) -> None:
    """Give a case facts and texts, as an import or the desk would."""

    def work(uow: UnitOfWork) -> None:
        for case in uow.session.scalars(select(Case).where(Case.slug == slug)):
            for name, value in facts.items():
                setattr(case, name, value)
            for field, words in (texts or {}).items():
                key = (CaseText.case_id == case.id, CaseText.locale == locale, CaseText.field == field)
                row = uow.session.scalars(select(CaseText).where(*key)).one_or_none()
                if row is None:
                    row = CaseText(case_id=case.id, locale=locale, field=field)
                    uow.session.add(row)
                row.centre_base = words

    run(app, work)


def words_of(pdf: bytes, page: int | None = None) -> str:
    """A PDF's text, without the marks and line ends that depend on its layout."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        chosen = range(len(document)) if page is None else [page]
        text = "\n".join(document[number].get_textpage().get_text_range() for number in chosen)
    finally:
        document.close()
    kept = "".join(char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return re.sub(r"\s+", " ", kept.replace("\ufffe", "")).strip()


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF has."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        return len(document)
    finally:
        document.close()


def sizes_of(pdf: bytes) -> set[tuple[int, int]]:
    """The sizes of its pages, in points."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        return {(round(page.get_width()), round(page.get_height())) for page in document}
    finally:
        document.close()
