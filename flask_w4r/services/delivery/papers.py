"""What stands in a petition book and on its certificate, in the section's own language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ... import i18n
from ...i18n import gettext, ngettext
from ...models import Delivery
from ...sections import Section, text_direction
from ..campaign.views import CaseView, who
from .names import Entry

#: Names in one volume.
VOLUME = 5000


def volumes(row: Delivery) -> int:
    """How many volumes a book has: one at least, with its cover."""
    return max(1, -(-(row.count - row.withheld) // VOLUME))


def in_words(section: Section, directories: Sequence[str], make: Callable[[], Any]) -> Any:
    """Make a paper in the section's own language: it is read where it is handed over, whatever a signer reads."""
    with i18n.use_locale(section.lang_tag(section.default_locale), directories):
        return make()


def _common(section: Section, row: Delivery, case: CaseView) -> dict[str, Any]:
    return {
        "lang": section.default_locale.split("-")[0], "dir": text_direction(section.default_locale), "section": section.name,
        "edition": case.edition.title, "demand": case.demand or case.title, "counts": count_lines(row),
    }  # fmt: skip


def count_lines(row: Delivery) -> list[str]:
    """How many signed, and how many of them are not named."""
    lines = [ngettext("%(num)s person signed this petition.", "%(num)s people signed this petition.", row.count)]
    if row.withheld:
        lines.append(
            ngettext(
                "This includes %(num)s person who asked that their name be kept back.",
                "This includes %(num)s people who asked that their names be kept back.",
                row.withheld,
            )
        )
    return lines


def _target(case: CaseView) -> str:
    return who(case.target.get("name", ""), case.target.get("office", ""))


def _facts(section: Section, row: Delivery, case: CaseView) -> list[list[str]]:
    """What stands on the cover and on the certificate alike."""
    facts = [(gettext("Addressed to"), _target(case)), (gettext("Handed over to"), i18n.listing(row.recipients))]
    if row.frozen_at is not None:
        facts.append((gettext("Counts as of"), i18n.long_datetime(row.frozen_at, section.time_zone)))
    facts.append((gettext("Delivery"), row.public_id))
    return [[word, value] for word, value in facts if value]


def field_word(section: Section, name: str) -> str:
    """What a column is called."""
    known = {"name": gettext("Name"), "country": gettext("Country")}
    custom = next((field for field in section.custom_fields if field.name == name), None)
    return known.get(name) or (section.text(custom.label, section.default_locale) if custom else name)


def book(
    section: Section, row: Delivery, case: CaseView, volume: int, entries: Sequence[tuple[int, Entry]]
) -> dict[str, Any]:
    """One volume.

    :param volume: its number, from 1.
    :param entries: the names in it, by number.
    """
    many, facts = volumes(row), _facts(section, row, case)
    if many > 1:
        words = gettext("%(number)s of %(all)s", number=i18n.number(volume), all=i18n.number(many))
        facts.insert(0, [gettext("Volume"), words])
    running = i18n.listing([case.name, section.name])
    return {
        **_common(section, row, case),
        "title": f"{case.name}: {case.demand or case.title}", "case": case.name, "country": case.country_name,
        "petition": [" ".join(part.split()) for part in case.petition.split("\n\n") if part.strip()], "facts": facts, "running": running,
        "words": {"page": gettext("Page %(page)s of %(pages)s", page="{page}", pages="{pages}")},
        "columns": ["", *(field_word(section, name) for name in row.fields)],
        "names": [[i18n.number(number), *_cells(row, entry)] for number, entry in entries],
    }  # fmt: skip


def _cells(row: Delivery, entry: Entry) -> list[str]:
    return [i18n.country_name(entry.values[name]) if name == "country" else entry.values[name] for name in row.fields]


def certificate(section: Section, row: Delivery, case: CaseView) -> dict[str, Any]:
    """The certificate."""
    return {
        **_common(section, row, case),
        "title": gettext("Certificate of signatures for %(name)s", name=case.name), "facts": _facts(section, row, case),
        "country_heads": [gettext("Country"), gettext("Signatures")],
        **_beside([[name, i18n.number(count)] for name, count in by_country(row.countries)]),
        "proofs": [
            [gettext("SHA-256 of names.csv"), row.digest or ""],
            [gettext("Root of the Merkle tree of all signatures (RFC 6962, SHA-256)"), row.root or ""],
        ],
        "check": gettext(
            "Whoever signed can prove with a receipt, without giving their name, that their signature is among these."
        ),
    }  # fmt: skip


def _beside(cells: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Rows of a table in one column after another: as many beside each other as a page needs."""
    beside = next((number for number, most in ((1, 12), (2, 30), (3, 75)) if len(cells) <= most), 4)
    high = -(-len(cells) // beside)
    empty = ["", ""]
    columns = [[*cells[at * high : (at + 1) * high]] for at in range(beside)]
    rows = [[column[at] if at < len(column) else empty for column in columns] for at in range(high)]
    return {"beside": beside, "countries": rows}


def by_country(countries: Mapping[str, int]) -> list[tuple[str, int]]:
    """Countries by name with their counts, the most first."""
    return sorted(
        ((i18n.country_name(code), count) for code, count in countries.items()), key=lambda one: (-one[1], one[0])
    )
