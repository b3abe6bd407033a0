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

ARABIC = {
    "title": "سُجنت بسبب ملصق", "summary": "علّقت آن ملصقًا.", "demand": "أفرجوا عن آن فورًا.", "petition": "أطلب الإفراج عنها.",
    "story": "حكاية.", "letter.salutation": "معالي الوزير،", "letter.points": "هي في السجن منذ أن علّقت ملصقًا.",
    "letter.never": "لا تذكروا حزبًا سياسيًا.", "letter.model": "أكتب إليكم بشأن آن المسجونة بسبب ملصق.\n\nأرجو الإفراج عنها.",
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
