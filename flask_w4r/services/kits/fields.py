"""The fields of a kit's tables: types, lengths, vocabularies. Each check notes its fault and goes on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError

from .source import Faults, KitFolder, LinePath, line_of, toml_lines

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_SLUG = 80
EDITION = re.compile(r"[0-9]{4}(?:-[0-9]{2,4})?")
#: Controls, line and paragraph separators, direction overrides, lone surrogates: none has a place in a text.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"<[A-Za-z/!?]")
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
#: CLDR counts these among territories; nobody is prosecuted by them.
_NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_DOTTED = re.compile(r"[\s\[]*(?:[^=.\s]+\s*\.\s*){8}")
_MISSING = object()
MAX_LINE = 2000


def closest(word: str, known: Collection[str]) -> str:
    """A hint for a mistyped word: the nearest known one, else all of them."""
    near = get_close_matches(word.lower(), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(item for item in known if item))}"


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """ISO 3166-1 two-letter codes."""
    territories = [str(code) for code in Locale("en").territories]
    return frozenset(code for code in territories if re.fullmatch("[A-Z]{2}", code)) - _NOT_COUNTRIES


def locale_fault(code: str) -> str | None:
    """Say what is wrong with a locale code, or return ``None``."""
    try:
        canonical = str(Locale.parse(code, sep="-")).replace("_", "-")
    except (ValueError, TypeError, UnknownLocaleError):
        return f"{code!r} is not a locale; name it like 'fr' or 'pt-BR'"
    if canonical != code or len(code) > 16:
        return f"{code!r} is not the usual form of the locale; name it {canonical!r}"
    return None


def unfit_fault(text: str) -> str | None:
    """Say which character no text may hold, or return ``None``."""
    bad = _UNFIT.search(text)
    return f"contains the unsupported character U+{ord(bad[0]):04X}; remove it" if bad else None


def text_fault(text: str) -> str | None:
    """Say what no plain text of a kit may hold, or return ``None``."""
    return unfit_fault(text) or ("HTML is not allowed; write plain text" if _TAG.search(text) else None)


def url_fault(url: str) -> str | None:
    """Say what is wrong with a link, or return ``None``."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"\\]", url)
    except ValueError:
        good = False
    return None if good else f"{url[:80]!r} is not a link; give a full one that starts with https://"


def slug_fault(slug: str) -> str | None:
    """Say what is wrong with a slug, or return ``None``."""
    if SLUG.fullmatch(slug) and len(slug) <= MAX_SLUG:
        return None
    return (
        f"{slug[:90]!r} cannot be used in a URL; use lower case letters, digits and single hyphens ({MAX_SLUG} at most)"
    )


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was given."""
    return {key: value for key, value in values.items() if value}


class Table:
    """A table of a TOML file, and where it stands there."""

    def __init__(
        self, file: str, data: Mapping[str, Any], faults: Faults, lines: Mapping[LinePath, int], path: LinePath = ()
    ) -> None:
        self.file, self.data, self.path = file, data, path
        self._faults, self._lines = faults, lines

    @classmethod
    def load(cls, folder: KitFolder, file: str) -> Table | None:
        """Read a TOML file of the kit, or note why it cannot be read."""
        text = folder.read_text(file)
        if text is None:
            return None
        for number, words in enumerate(text.split("\n"), start=1):
            # Python's TOML reader takes minutes over a key of thousands of dotted parts.
            if len(words) > MAX_LINE or _DOTTED.match(words):
                folder.faults.add(
                    file, number, f"is longer than {MAX_LINE} characters or too deep; write shorter lines"
                )
                return None
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            reason = re.sub(r"\s*\(at .*", "", str(error))
            folder.faults.add(file, line, f"is not TOML ({reason}); correct the line")
            return None
        except (ValueError, RecursionError):
            folder.faults.add(file, None, "is not usable TOML (numbers too long or tables too deep); rewrite it")
            return None
        return cls(file, data, folder.faults, toml_lines(text))

    def fault(self, key: str | None, message: str) -> None:
        """Note a fault at a key, or at the table itself."""
        path = self.path if key is None else (*self.path, key)
        self._faults.add(self.file, line_of(self._lines, path), f"{key}: {message}" if key else message)

    def only(self, *known: str) -> None:
        """Note every key that is not one of these."""
        for key in self.data:
            if key not in known:
                self.fault(key[:60], f"is not a key here; {closest(key, known)}")

    def _get(self, key: str, kind: type, what: str, required: bool) -> Any:
        value = self.data.get(key, _MISSING)
        if value is _MISSING:
            if required:
                self.fault(None, f"{key} is missing; add it")
            return None
        # A bool is an int and a datetime is a date to Python, but not to who fills in a kit.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)) or isinstance(value, datetime):
            self.fault(key, f"must be {what}")
            return None
        return value

    def text(self, key: str, longest: int, *, required: bool = True, lines: bool = False) -> str | None:
        """A text without space around it; ``lines`` allows several lines. Empty counts as missing."""
        value = self._get(key, str, "text, in quotes", required)
        if value is None:
            return None
        return self._fit(key, value, longest, required, lines)

    def _fit(self, key: str, value: str, longest: int, required: bool, lines: bool) -> str | None:
        text = "\n".join(line.rstrip() for line in value.split("\n")).strip()
        if fault := text_fault(text):
            self.fault(key, fault)
        elif not lines and ("\n" in text or "\t" in text):
            self.fault(key, "must be on one line")
        elif len(text) > longest:
            self.fault(key, f"has {len(text)} characters; the limit is {longest}")
        elif not text and required:
            self.fault(key, "is empty; fill it in")
        else:
            return text or None
        return None

    def choice(self, key: str, known: Collection[str], *, default: str | None = None) -> str | None:
        """One of a vocabulary."""
        value = self._get(key, str, "text, in quotes", default is None)
        if value is None:
            return default
        if value not in known:
            self.fault(key, f"{value[:60]!r} is not known; {closest(value, known)}")
            return None
        return str(value)

    def choices(self, key: str, known: Collection[str]) -> tuple[str, ...]:
        """A list out of a vocabulary, each once."""
        found: list[str] = []
        for value in self._get(key, list, 'a list, such as ["a", "b"]', False) or ():
            if not isinstance(value, str) or value not in known:
                self.fault(key, f"{str(value)[:60]!r} is not known; {closest(str(value), known)}")
            elif value in found:
                self.fault(key, f"names {value!r} twice; once is enough")
            else:
                found.append(value)
        return tuple(found)

    def strings(self, key: str) -> list[str]:
        """A list of short texts."""
        values = self._get(key, list, 'a list, such as ["a", "b"]', False) or []
        if not all(isinstance(value, str) for value in values):
            self.fault(key, "must be a list of texts, in quotes")
            return []
        return list(values)

    def integer(self, key: str, least: int, most: int, *, default: int | None = None) -> int | None:
        """A whole number within bounds; optional."""
        value = self._get(key, int, "a whole number, without quotes", False)
        if value is None:
            return default
        if not least <= value <= most:
            self.fault(key, f"must be between {least} and {most}")
            return default
        return int(value)

    def flag(self, key: str) -> bool:
        """``true`` or ``false``; absent is false."""
        return bool(self._get(key, bool, "true or false", False))

    def day(self, key: str, *, required: bool = True) -> date | None:
        """A date, such as ``2024-11-04`` without quotes."""
        value: date | None = self._get(key, date, "a date without quotes, such as 2024-11-04", required)
        if value is not None and not 1961 <= value.year <= 2100:
            self.fault(key, "is before this movement began; correct the date")
            return None
        return value

    def moment(self, key: str) -> str | None:
        """A date, or as much of one as is known (``"2025"``, ``"2025-03"``), as ISO text."""
        value = self.data.get(key)
        if isinstance(value, str) and (parts := _PARTIAL_DATE.fullmatch(value)):
            try:
                date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
            except ValueError:
                self.fault(key, f"{value!r} is not a real date; correct it")
                return None
            return value
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            self.fault(key, 'must be a date, or as much of it as is known, in quotes: "2025" or "2025-03"')
            return None
        found = self.day(key)
        return found.isoformat() if found else None

    def url(self, key: str, *, required: bool = False) -> str | None:
        """A full http or https link."""
        value = self.text(key, 500, required=required)
        if value is not None and (fault := url_fault(value)):
            self.fault(key, fault)
            return None
        return value

    def country(self, key: str = "country") -> str | None:
        """An ISO 3166-1 code."""
        value = self._get(key, str, 'a country\'s code in quotes, such as "AR"', True)
        if value is not None and value not in countries():
            self.fault(key, f"{value[:60]!r} is not a country; give its ISO code of two capitals, such as 'AR'")
            return None
        return None if value is None else str(value)

    def table(self, key: str) -> Table:
        """A table below this one; an empty one where there is none."""
        return Table(
            self.file, self._get(key, dict, "a table", False) or {}, self._faults, self._lines, (*self.path, key)
        )

    def tables(self, key: str) -> Iterable[Table]:
        """The tables of a list."""
        for number, item in enumerate(self._get(key, list, f"a list of tables, [[{key}]]", False) or ()):
            if isinstance(item, dict):
                yield Table(self.file, item, self._faults, self._lines, (*self.path, key, number))
            else:
                self.fault(key, f"must be a list of tables, [[{key}]]")
                return


def edition_of(table: Table) -> str | None:
    """The ``edition`` key: a label that starts with a year."""
    edition = table.text("edition", 16)
    if edition and not EDITION.fullmatch(edition):
        table.fault("edition", f'{edition!r} is not an edition; name its year in quotes, such as "2024"')
        return None
    return edition
