"""Reads what a kit tells of change: the impact stories, and the totals by year."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ...topics import QUALIFIERS
from .fields import Table, closest, countries, edition_of, locale_fault, present, slug_fault, text_fault
from .model import KitStory, KitTotal
from .source import KitFolder
from .texts import read_texts

TOTALS_FILE = "totals.csv"
TOTALS_HEADER = ["year", "total", "qualifier", "source"]


def read_stories(folder: KitFolder) -> list[KitStory]:
    """The impact stories, in the order of their slugs."""
    names: dict[str, dict[str, str]] = {}
    for name, is_folder in folder.listing("impact").items():
        file = f"impact/{name}"
        if is_folder:
            texts = folder.listing(file)
            found = {item: f"{file}/{item}" for item, is_dir in texts.items() if item.endswith(".md") and not is_dir}
            for item in texts.keys() - found.keys():
                folder.faults.add(f"{file}/{item}", None, "is not part of a story; texts are named like en.md")
            slug = name
        else:
            slug, _, rest = name.partition(".")
            found = {rest: file}
        parts = names.setdefault(slug, {})
        for part, where in found.items():
            if part in parts:
                folder.faults.add(where, None, f"is a duplicate of {parts[part]}; keep one")
            parts[part] = where
    stories = [_story(folder, slug, parts) for slug, parts in names.items()]
    return [story for story in stories if story]


def _story(folder: KitFolder, slug: str, parts: Mapping[str, str]) -> KitStory | None:
    if fault := slug_fault(slug):
        folder.faults.add(f"impact/{slug}", None, fault)
    texts: dict[str, dict[str, str]] = {}
    for part, file in parts.items():
        locale = part.removesuffix(".md")
        if part == "toml":
            continue
        if part == locale:
            folder.faults.add(file, None, "is not part of a story; it is <slug>.toml with <slug>.<locale>.md")
        elif fault := locale_fault(locale):
            folder.faults.add(file, None, fault)
        elif (found := read_texts(folder, file, ("title", "summary"), of_case=False)) is not None:
            texts[locale] = found
    if "toml" not in parts:
        folder.faults.add(f"impact/{slug}.toml", None, "is missing beside its texts; add it")
        return None
    if len(parts) == 1:
        folder.faults.add(parts["toml"], None, f"has no text; add one for a locale, such as {slug}.en.md")
    table = Table.load(folder, parts["toml"])
    if table is None:
        return None
    table.only("name", "country", "edition", "when", "outcome", "figures", "quotes", "source", "source_title")
    facts: dict[str, Any] = {
        "name": table.text("name", 200),
        "country": table.country(),
        "edition": edition_of(table),
        "happened_on": table.moment("when"),
        "outcome": table.choice("outcome", folder.known("outcomes")),
        "figures": tuple(_figure(item, folder.known("units")) for item in table.tables("figures")),
        "quotes": tuple(_quote(item) for item in table.tables("quotes")),
        "source": table.text("source", 500),
        "source_title": table.text("source_title", 300),
    }
    return KitStory(slug=slug, texts=texts, **facts)


def _figure(table: Table, known: Sequence[str]) -> dict[str, Any]:
    table.only("scope", "unit", "value", "qualifier")
    value = table.integer("value", 0, 1_000_000_000_000)
    if "value" not in table.data:
        table.fault(None, "value is missing; add it")
    scope = table.text("scope", 10)
    if scope and scope != "global" and scope not in countries():
        table.fault("scope", f"{scope!r} is not a scope; give 'global' or a country's ISO code, such as 'AU'")
    return {
        "scope": scope,
        "unit": table.choice("unit", known),
        "value": value,
        "qualifier": table.choice("qualifier", QUALIFIERS, default=""),
    }


def _quote(table: Table) -> dict[str, str]:
    table.only("text", "speaker", "source")
    return present(
        {
            "text": table.text("text", 1000),
            "speaker": table.text("speaker", 200),
            "source": table.text("source", 500, required=False),
        }
    )


def read_totals(folder: KitFolder) -> list[KitTotal]:
    """The totals by year, oldest first. They are as published; nothing is computed."""
    text = folder.read_text(TOTALS_FILE)
    found: dict[int, KitTotal] = {}
    if text is None:
        return []

    def fault(line: int, message: str) -> None:
        folder.faults.add(TOTALS_FILE, line, message)

    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for number, row in enumerate(reader):
            line = reader.line_num
            if number == 0:
                if row != TOTALS_HEADER:
                    fault(line, f"must start with the line {','.join(TOTALS_HEADER)} (commas, not semicolons)")
                    return []
            elif row and len(row) != len(TOTALS_HEADER):
                fault(line, f"has {len(row)} columns; it must have {len(TOTALS_HEADER)}: {','.join(TOTALS_HEADER)}")
            elif row:
                total = _total([cell.strip() for cell in row], partial(fault, line))
                if total and total.year in found:
                    fault(line, f"year: {total.year} appears here twice; keep one")
                elif total:
                    found[total.year] = total
    except csv.Error as error:
        fault(reader.line_num, f"is not CSV ({error}); correct the quotes")
    if not text.strip():
        fault(1, f"is empty; start with the line {','.join(TOTALS_HEADER)}, or remove the file")
    return [found[year] for year in sorted(found)]


def _total(row: list[str], fault: Callable[[str], None]) -> KitTotal | None:
    year, total, qualifier, source = row
    good = True

    def bad(message: str) -> None:
        nonlocal good
        good = False
        fault(message)

    if not re.fullmatch("(19[6-9]|20[0-9])[0-9]", year, re.ASCII):
        bad(f"year: {year[:20]!r} is not a year; give one such as 2024")
    if not re.fullmatch("[1-9][0-9]{0,11}", total, re.ASCII):
        bad(f"total: {total[:20]!r} is not a whole number; write digits only")
    if qualifier not in QUALIFIERS:
        bad(f"qualifier: {qualifier[:40]!r} is not known; {closest(qualifier, QUALIFIERS)}, or leave it empty")
    if not source or len(source) > 500:
        bad("source: must say in at most 500 characters where the total was published")
    elif problem := text_fault(source):
        bad(f"source: {problem}")
    return KitTotal(int(year), int(total), qualifier, source) if good else None
