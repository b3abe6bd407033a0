"""The kits that ship: each case in three languages, with words for each way to act that keep to the rules they give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from flask_w4r.services.kits.lacking import lacking
from flask_w4r.services.kits.model import KitCase
from flask_w4r.services.kits.reader import read_kit
from flask_w4r.services.kits.shipped import resolve_kit, shipped_kits
from flask_w4r.services.kits.way_texts import items, variants

LOCALES = ("en", "fr", "ar")
#: Only facts with a source ship, so these may be unknown.
UNKNOWN = {"address", "email_address"}
#: Fewer words say the same in Arabic.
WORDS = {"en": (115, 185), "fr": (115, 190), "ar": (80, 180)}


def cases() -> Iterator[tuple[str, KitCase]]:
    for year in shipped_kits():
        yield from ((f"{year}/{case.slug}", case) for case in read_kit(resolve_kit(year)).cases)


@pytest.fixture(scope="module")
def shipped() -> dict[str, KitCase]:
    return dict(cases())


def test_each_case_is_written_in_three_languages(shipped: dict[str, KitCase]) -> None:
    assert {where: sorted(case.texts) for where, case in shipped.items()} == dict.fromkeys(shipped, sorted(LOCALES))
    for where, case in shipped.items():
        updates = {key for words in case.texts.values() for key in words if key.startswith("update:")}
        for locale, words in case.texts.items():
            assert updates <= set(words), (where, locale)
            assert case.texts["en"]["story"].count("\n\n") == words["story"].count("\n\n"), (where, locale)


def test_nothing_is_missing_but_what_no_source_says(shipped: dict[str, KitCase]) -> None:
    for where, case in shipped.items():
        found = {lack.what for lack in lacking(case, LOCALES, today=date(2026, 11, 28))}
        assert found <= UNKNOWN, where


def test_a_model_makes_the_demand_and_puts_nobody_in_danger(shipped: dict[str, KitCase]) -> None:
    for where, case in shipped.items():
        for locale, words in case.texts.items():
            if case.status != "active":
                assert not any(name.startswith(("letter.", "email.")) for name in words), (where, locale)
                continue
            least, most = WORDS[locale]
            assert words["demand"] in words["letter.model"], (where, locale)
            assert least <= len(words["letter.model"].split()) <= most, (where, locale)
            assert len(items(words, "letter.points")) == 3, (where, locale)
            # Sheets say by themselves that party politics and insults are left out.
            assert len(items(words, "letter.never")) == (2 if case.signer_warning else 1), (where, locale)
            emails = variants(words, "email.#.text")
            assert len(emails) == len(variants(words, "email.#.subject")) == len(set(emails)) == 2, (where, locale)
            assert all(words["demand"] in text for text in emails), (where, locale)
            assert all(text.startswith(words["letter.salutation"]) for text in emails), (where, locale)


def test_a_text_to_share_fits_everywhere(shipped: dict[str, KitCase]) -> None:
    for where, case in shipped.items():
        for locale, words in case.texts.items():
            texts = variants(words, "share.#")
            assert len(texts) == 2, (where, locale)
            assert all(len(text) <= 180 and "http" not in text for text in texts), (where, locale)


def test_french_and_arabic_are_set_as_they_are_read(shipped: dict[str, KitCase]) -> None:
    for where, case in shipped.items():
        for name, text in case.texts["fr"].items():
            assert not re.search("[^\u202f][?!;]|[^\u00a0]:(?!//)|«[^\u00a0]|[^\u00a0]»|'", text), (where, name)
        for name, text in case.texts["ar"].items():
            assert not re.search(r"[;?]|(?<!\d),|,(?!\d)", text), (where, name)
