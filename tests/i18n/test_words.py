"""Words, numbers and dates as a page or a mail shows them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from flask_w4r import i18n

MOMENT = datetime(2026, 1, 2, 13, 4, tzinfo=UTC)


def plain(text: str) -> str:
    """With plain spaces: which one CLDR takes differs from release to release."""
    return re.sub(r"\s", " ", text)


def catalogue_in(folder: Path, locale: str, **words: str) -> str:
    """A host's translation directory with these words."""
    catalogue = Catalog(locale=locale)
    for word, text in words.items():
        catalogue.add(word, text)
    place = folder / locale / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "flask_w4r.mo").open("wb") as file:
        write_mo(file, catalogue)
    return str(folder)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "لم يُجمع هنا أي توقيع."), (1, "جُمع هنا توقيع واحد."), (2, "جُمع هنا توقيعان."),
        (3, "جُمعت هنا 3 توقيعات."), (10, "جُمعت هنا 10 توقيعات."), (11, "جُمع هنا 11 توقيعًا."),
        (99, "جُمع هنا 99 توقيعًا."), (100, "جُمع هنا 100 توقيع."), (102, "جُمع هنا 102 توقيع."),
        (103, "جُمعت هنا 103 توقيعات."), (1000, "جُمع هنا 1,000 توقيع."),
    ],
)  # fmt: skip
def test_arabic_has_six_forms(number: int, text: str) -> None:
    with i18n.use_locale("ar"):
        words = i18n.ngettext(
            "%(num)s signature was collected here.", "%(num)s signatures were collected here.", number
        )
    assert words == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 signature"), (1, "1 signature"), (2, "2 signatures")])
def test_french_counts_none_as_one(number: int, text: str) -> None:
    with i18n.use_locale("fr"):
        assert text + " " in i18n.ngettext(
            "%(num)s signature was collected here.", "%(num)s signatures were collected here.", number
        )


@pytest.mark.parametrize(
    ("locale", "number", "day", "month", "moment"),
    [
        ("ar-MA", "1.234.567", "1 نونبر 2026", "مارس 2026", ("2 يناير 2026", "14:04")),
        ("fr", "1 234 567", "1 novembre 2026", "mars 2026", ("2 janvier 2026", "14:04")),
        ("en-AU", "1,234,567", "1 November 2026", "March 2026", ("2 January 2026", "2:04 pm")),
    ],
)
def test_numbers_and_dates(locale: str, number: str, day: str, month: str, moment: tuple[str, str]) -> None:
    with i18n.use_locale(locale):
        assert plain(i18n.number(1_234_567)) == number
        assert plain(i18n.long_date(date(2026, 11, 1))) == day
        assert plain(i18n.long_date("2026-11-01")) == day
        assert plain(i18n.long_date("2026-03")) == month
        assert i18n.long_date("2026") == "2026"
        shown = plain(i18n.long_datetime(MOMENT, "Africa/Casablanca"))
    assert all(part in shown for part in moment), shown


def test_a_country_of_a_language_has_the_languages_words() -> None:
    for locale, thanks in (("ar-MA", "شكرًا"), ("fr-CA", "Merci"), ("en-AU", "Thank you")):
        with i18n.use_locale(locale):
            assert i18n.gettext("Thank you") == thanks


@pytest.mark.parametrize("locale", ["de", "pt-BR", "zh-Hant"])
def test_a_language_without_a_catalogue_falls_back_to_english(locale: str) -> None:
    with i18n.use_locale(locale):
        assert i18n.gettext("Sign for %(name)s", name="Ann Example") == "Sign for Ann Example"
        assert i18n.ngettext("%(num)s minute", "%(num)s minutes", 5) == "5 minutes"


def test_the_hosts_directories_win_the_last_one_first(tmp_path: Path) -> None:
    first = catalogue_in(tmp_path / "first", "fr", **{"Thank you": "Mille mercis", "Share": "Diffuser"})
    second = catalogue_in(tmp_path / "second", "fr", **{"Thank you": "Un grand merci"})
    with i18n.use_locale("fr-FR", [first, second]):
        assert i18n.gettext("Thank you") == "Un grand merci"
        assert i18n.gettext("Share") == "Diffuser"
        assert i18n.gettext("Sign") == "Signer", "what the host leaves out stays ours"
    with i18n.use_locale("fr-FR"):
        assert i18n.gettext("Thank you") == "Merci"


def test_a_host_brings_a_language_of_its_own(tmp_path: Path) -> None:
    folder = catalogue_in(tmp_path, "de", **{"Thank you": "Danke"})
    with i18n.use_locale("de", [folder]):
        assert (i18n.gettext("Thank you"), i18n.gettext("Share")) == ("Danke", "Share")


def test_the_package_speaks_three_languages() -> None:
    assert i18n.available_locales() == ["ar", "en", "fr"]


def test_names_stand_in_sentences_unchanged() -> None:
    for locale in ("ar", "fr"):
        with i18n.use_locale(locale):
            words = i18n.gettext("We have received your signature for %(name)s.", name="Şebnem Korur Fincancı")
            assert "Şebnem Korur Fincancı" in words
