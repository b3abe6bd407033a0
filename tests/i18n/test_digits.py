"""Numbers as people type them: in the digits of every script that Unicode knows, with the signs that go with them."""

from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, date, datetime

import pytest

from flask_w4r.i18n import plain_digits, read_decimal, read_number
from flask_w4r.services.events.query import read_query
from flask_w4r.services.moderation.filters import parse_filters
from flask_w4r.services.moderation.live_limits import parse_limit
from flask_w4r.services.places.names import fold_postcode
from tests.conftest import Host, MakeHost
from tests.rsvps.pages import Clock, ask, make_site, parties


def test_every_digit_that_unicode_knows_is_read() -> None:
    digits = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Nd"]
    assert len(digits) >= 650
    assert [read_number(digit, 0, 9) for digit in digits] == [unicodedata.decimal(digit) for digit in digits]
    assert [read_decimal(f"-{digit}.{digit}") for digit in digits[10:20]] == [-float(f"{n}.{n}") for n in range(10)]


@pytest.mark.parametrize(
    ("text", "whole", "decimal"),
    [
        ("٤", 4, 4.0), (" ۱۲ ", 12, 12.0), ("\u200f٤٠\u200f", 40, 40.0), ("１２", 12, 12.0), ("१०", 10, 10.0),
        ("١٬٠٠٠", 1000, 1000.0), ("٣٫٥", None, 3.5), ("−٣٫٥", None, -3.5), ("48,8566", None, 48.8566), ("+2.5", None, 2.5),
        ("", None, None), (None, None, None), ("²", None, None), ("Ⅻ", None, None), ("十", None, None), ("1e3", None, None),
        ("nan", None, None), ("1.2.3", None, None), ("0x10", None, None), ("9" * 12, None, None),
    ],
)  # fmt: skip
def test_what_is_a_number(text: str | None, whole: int | None, decimal: float | None) -> None:
    assert read_number(text, 0, 10**9) == whole
    assert read_decimal(text) == (pytest.approx(decimal) if decimal is not None else None)


def test_searches_and_filters_read_them_too() -> None:
    query = read_query({"km": "٢٥", "from": "٢٠٢٦-١٢-٠١", "to": "۲۰۲۶-۱۲-۰۵", "page": "२"})
    assert (query.km, query.since, query.until, query.page) == (25, date(2026, 12, 1), date(2026, 12, 5), 2)
    assert query.faults == ()
    filters, bad = parse_filters({"score": "٤٠", "since": "٢٠٢٦-١٢-٠١T١٨:٠٠"}, "UTC")
    assert (filters.score, filters.since, bad) == (40, datetime(2026, 12, 1, 18, tzinfo=UTC), [])
    assert fold_postcode("٧٥٠١١") == "75011"
    assert parse_limit("sign_host", "٦٠/minute") == "60/minute"
    assert plain_digits("+٢١٣ ٥٥٥") == "+213 555"


def test_forms_read_them_too(make_host: MakeHost) -> None:
    host: Host = make_site(make_host, Clock())
    assert ask(host.app.test_client(), party_size="٣").status_code == 303
    assert parties(host)[0].party_size == 3
