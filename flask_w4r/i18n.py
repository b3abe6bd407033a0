"""Words in the reader's language. Independent of Flask and of Flask-Babel: the locale is a context variable.

Catalogues are GNU gettext files: ours in ``flask_w4r/translations``, then the host's directories (later wins), both
under the domain ``flask_w4r``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from babel.numbers import format_decimal, format_percent
from babel.support import LazyProxy, Translations

DOMAIN = "flask_w4r"
SOURCE_LOCALE = "en"
_OWN = Path(__file__).parent / "translations"
#: What a keyboard of another script gives for a sign of numbers; direction marks, which come along with pasted ones.
_SIGNS = {
    0x066B: ".",
    0x066C: "",
    0x060C: ",",
    0x2212: "-",
    0xFE63: "-",
    0xFF0D: "-",
    0xFF0B: "+",
    0xFF0E: ".",
    0xFF0C: ",",
}
_SIGNS |= dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{1,17})?")
#: The locale, and the host's translation directories.
_words: ContextVar[tuple[str, tuple[str, ...]]] = ContextVar("w4r_words", default=(SOURCE_LOCALE, ()))


def get_locale() -> str:
    """The locale that texts are given in now, such as ``ar`` or ``pt-BR``."""
    return _words.get()[0]


@contextmanager
def use_locale(locale: str, directories: Sequence[str] | None = None) -> Iterator[None]:
    """Give texts in ``locale`` within the block.

    :param locale: a locale code.
    :param directories: a host's translation directories, whose words win over ours; default: those in use already.
    """
    began = begin_locale(locale, _words.get()[1] if directories is None else tuple(directories))
    try:
        yield
    finally:
        end_locale(began)


def begin_locale(locale: str, directories: tuple[str, ...]) -> Token[tuple[str, tuple[str, ...]]]:
    """:func:`use_locale` in two halves, for a request: until :func:`end_locale` is given what this returns."""
    return _words.set((locale, directories))


def end_locale(began: Token[tuple[str, tuple[str, ...]]]) -> None:
    """Give texts again in the locale that was in use before."""
    _words.reset(began)


def available_locales() -> list[str]:
    """The locales that have a catalogue of ours, English (the source) among them."""
    found = {path.parent.parent.name.replace("_", "-") for path in _OWN.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return sorted(found | {SOURCE_LOCALE})


@lru_cache(maxsize=64)
def _catalogue(locale: str, directories: tuple[str, ...]) -> NullTranslations:
    parsed = babel_locale(locale)
    names = [str(parsed), parsed.language]
    merged: Translations | None = None
    for directory in (str(_OWN), *directories):
        found = Translations.load(directory, names, DOMAIN)
        if isinstance(found, Translations):
            # A fallback rather than one merged catalogue: each keeps its own plural rule.
            if merged is not None:
                found.add_fallback(merged)
            merged = found
    return merged or NullTranslations()


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    """The CLDR data of a locale code; of its language where CLDR does not know it in that country."""
    try:
        return Locale.parse(locale, sep="-")
    except UnknownLocaleError:
        return Locale.parse(locale.split("-")[0])


def _current() -> NullTranslations:
    return _catalogue(*_words.get())


def gettext(message: str, **variables: Any) -> str:
    """Translate a literal; ``%(name)s`` placeholders are filled from ``variables``."""
    text = _current().gettext(message) if message else ""
    return text % variables if variables else text


def ngettext(singular: str, plural: str, num: int, **variables: Any) -> str:
    """Translate a literal by number; ``%(num)s`` is the number as the locale writes it."""
    text = _current().ngettext(singular, plural, num)
    return text % {"num": number(num), **variables}


def lazy_gettext(message: str, **variables: Any) -> LazyProxy:
    """Translate when shown rather than when defined."""
    return LazyProxy(gettext, message, enable_cache=False, **variables)


def number(value: int | float) -> str:
    """A number as the locale writes it."""
    return str(format_decimal(value, locale=babel_locale(get_locale())))


def plain_digits(text: str) -> str:
    """A text with Western digits for the digits of every script (Unicode's category ``Nd``), and Western signs for the
    decimal separators and minus signs that go with them."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char, char)) for char in text.translate(_SIGNS))


def read_number(text: str | None, lowest: int, highest: int) -> int | None:
    """A whole number within bounds, in any digits; ``None`` when it is anything else."""
    plain = plain_digits((text or "")[:50]).strip()
    found = int(plain) if plain.isdecimal() and len(plain) < 10 else None
    return found if found is not None and lowest <= found <= highest else None


def read_decimal(text: str | None) -> float | None:
    """A number with or without decimals, in any digits, after a point or a comma; ``None`` when it is anything else."""
    plain = plain_digits((text or "")[:50]).strip()
    return float(plain.replace(",", ".")) if _DECIMAL.fullmatch(plain) else None


def percent(value: float) -> str:
    """A share as the locale writes it, in whole per cent."""
    return str(format_percent(value, locale=babel_locale(get_locale())))


def long_date(value: date | datetime | str) -> str:
    """A date as the locale writes it; also a partial ISO text such as ``2025`` or ``2025-03``."""
    locale = babel_locale(get_locale())
    if isinstance(value, str):
        parts = [int(part) for part in value.split("-")]
        if len(parts) == 1:
            return value
        day = date(parts[0], parts[1], parts[2] if len(parts) > 2 else 1)
        return format_skeleton("yMMMM", day, locale=locale) if len(parts) == 2 else format_date(day, "long", locale)
    return format_date(value, "long", locale=locale)


def long_datetime(value: datetime, time_zone: str = "UTC") -> str:
    """A moment as the locale writes it, to the minute, in a time zone."""
    locale = babel_locale(get_locale())
    local = value.astimezone(ZoneInfo(time_zone))
    return str(locale.datetime_formats["long"]).format(
        format_time(local, "short", locale=locale), format_date(local, "long", locale=locale)
    )


def time_span(starts: datetime, ends: datetime, time_zone: str) -> str:
    """From when to when, as the locale writes it on the clock of a time zone, which is named.

    :param starts: a moment, in whatever zone; so is ``ends``.
    :param time_zone: an IANA name.
    """
    locale, zone = babel_locale(get_locale()), ZoneInfo(time_zone)
    first, last = starts.astimezone(zone), ends.astimezone(zone)
    times = [format_time(moment, "short", locale=locale) for moment in (first, last)]
    days = [format_date(moment, "full", locale=locale) for moment in (first, last)]
    join = str(locale.datetime_formats["full"]).format
    if days[0] == days[1]:
        words = join(f"{times[0]} – {times[1]}", days[0])
    else:
        words = f"{join(times[0], days[0])} – {join(times[1], days[1])}"
    names = [get_timezone_name(moment, "long", locale=locale) for moment in (first, last)]
    return f"{words} ({' – '.join(dict.fromkeys(names))})"


def moment_part(value: datetime, time_zone: str, skeleton: str) -> str:
    """A part of a moment as the locale writes it, in a time zone.

    :param skeleton: which parts, as CLDR names them: ``Hm`` hour and minute, ``MMMd`` day and month.
    """
    return str(format_skeleton(skeleton, value.astimezone(ZoneInfo(time_zone)), locale=babel_locale(get_locale())))


@lru_cache(maxsize=32)
def _list_patterns(locale: str) -> tuple[str, str, str, str]:
    """How two things are parted, and the first, the middle and the last of more."""
    every = babel_locale(locale).list_patterns
    # Of some languages Babel has a style without all of its parts (Arabic, German, Spanish, ...), and its own function then
    # fails, or says the second of two things twice.
    for style in ("unit", "unit-short", "unit-narrow", "standard"):
        found = every.get(style, {})
        if {"start", "middle", "end"} <= set(found):
            return found.get("2") or found["end"], found["start"], found["middle"], found["end"]
    return ("{0}, {1}",) * 4


def listing(items: Iterable[object]) -> str:
    """Several things in one line, parted as the locale does."""
    words = [str(item) for item in items]
    if len(words) < 2:
        return "".join(words)
    two, start, middle, end = _list_patterns(get_locale())
    if len(words) == 2:
        return two.format(*words)
    line = start.format(words[0], words[1])
    for word in words[2:-1]:
        line = middle.format(line, word)
    return end.format(line, words[-1])


def country_name(code: str) -> str:
    """A country's name in the current language."""
    return str(babel_locale(get_locale()).territories.get(code, code))


def language_name(locale: str) -> str:
    """A language's name in that language, such as ``Français``."""
    parsed = babel_locale(locale)
    name = parsed.get_display_name(parsed) or locale
    return name[:1].upper() + name[1:]
