"""Several things in one line, in every language that a section may have."""

from __future__ import annotations

import pytest

from flask_w4r import i18n


@pytest.mark.parametrize("locale", ["en", "fr", "ar", "es", "de", "he", "hi", "fa", "ja", "ru", "zh-Hant"])
def test_as_many_as_there_are(locale: str) -> None:
    for number in range(5):
        with i18n.use_locale(locale):
            line = i18n.listing([f"w{place}" for place in range(number)])
        assert [line.count(f"w{place}") for place in range(number)] == [1] * number
