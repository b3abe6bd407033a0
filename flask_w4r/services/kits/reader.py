"""Reads a kit and judges it whole: every fault at once, each with its file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import available_timezones

from ...action_types import SIGNATURE
from ...errors import KitError
from ...models.campaign import CASE_KINDS, CASE_STATUSES
from ...sections import Section
from ...topics import SOLIDARITY_ROUTES, WAYS
from .addresses import COUNTRY, PARTS
from .fields import Table, closest, edition_of, locale_fault, present, slug_fault
from .impact import read_stories, read_totals
from .model import CASE_TEXTS, MINOR, TITLE_LOCALE, UPDATE_PREFIX, Kit, KitCase, KitPhoto
from .pictures import FORMATS, PictureFault, render
from .source import MAX_PHOTO_BYTES, Faults, KitFolder
from .texts import read_texts

MAX_CASES = 100
MOST_GOAL = 1_000_000_000
_ROOT = ("campaign.toml", "cases", "impact", "totals.csv")
_CASE_KEYS = (
    "name", "country", "kind", "position", "topics", "status", "goal", "goals", "location", "facts_as_of", "signer_warning",
    "sensitive", "minor", "sources", "target", "targets", "solidarity", "ways", "updates", "photo",
)  # fmt: skip
_FREE = re.compile(r"(README|LICEN[CS]E|NOTES|CHANGES)(\.\w+)?", re.IGNORECASE)

Texts = dict[str, dict[str, str]]


def read_kit(path: Path | str, sections: Sequence[Section] = ()) -> Kit:
    """Read and validate a kit.

    :param path: the kit's folder.
    :param sections: who is to have it. Words of a vocabulary that each of them has of its own are known then.
    :returns: the kit, valid as a whole.
    :raises KitError: with every fault, each as ``file:line: what is wrong; the mend``.
    """
    root = Path(path)
    faults = Faults()
    if "\0" in str(path) or not root.is_dir():
        raise KitError([f"{str(path)!a}: is not a folder; give the folder that holds campaign.toml"])
    folder = KitFolder(root, faults, sections)
    for name, is_folder in folder.listing().items():
        if name not in _ROOT and not _FREE.fullmatch(name):
            faults.add(name, None, f"is not part of a kit; {closest(name, _ROOT)}")
        elif name in _ROOT and is_folder != (name in ("cases", "impact")):
            faults.add(name, None, "must be a folder" if not is_folder else "must be a file")
    campaign = Table.load(folder, "campaign.toml")
    cases = _cases(folder)
    stories = read_stories(folder) if (root / "impact").is_dir() else []
    totals = read_totals(folder) if (root / "totals.csv").is_file() else []
    head = _campaign(campaign) if campaign else None
    faults.check()
    assert head is not None
    cases.sort(key=lambda case: (case.position, case.slug))
    return Kit(**head, cases=tuple(cases), stories=tuple(stories), totals=tuple(totals), path=root)


def _campaign(table: Table) -> dict[str, Any]:
    table.only("edition", "title", "titles", "starts_on", "ends_on")
    title = table.text("title", 200)
    below = table.table("titles")
    titles: dict[str, str | None] = {TITLE_LOCALE: title}
    for locale in below.data:
        if fault := locale_fault(locale):
            below.fault(locale, fault)
        elif locale == TITLE_LOCALE:
            below.fault(locale, f"the title in {TITLE_LOCALE!r} is the plain 'title' above; remove this one")
        else:
            titles[locale] = below.text(locale, 200)
    starts_on, ends_on = table.day("starts_on"), table.day("ends_on")
    if starts_on and ends_on and ends_on < starts_on:
        table.fault("ends_on", "is before starts_on; swap or correct the dates")
    return {"edition": edition_of(table), "titles": titles, "starts_on": starts_on, "ends_on": ends_on}


def _cases(folder: KitFolder) -> list[KitCase]:
    entries = folder.listing("cases") if (folder.root / "cases").is_dir() else {}
    if not entries:
        folder.faults.add(
            "cases", None, "contains no case; add a folder for each, with case.toml and a text such as en.md"
        )
    if len(entries) > MAX_CASES:
        folder.faults.add("cases", None, f"holds more than {MAX_CASES} cases; is this a kit?")
        return []
    found: list[KitCase] = []
    seen: dict[str, str] = {}
    for slug, is_folder in entries.items():
        here = f"cases/{slug}"
        if not is_folder:
            folder.faults.add(here, None, "is not part of a kit; each case is a folder")
            continue
        if fault := slug_fault(slug):
            folder.faults.add(here, None, fault)
        if slug.lower() in seen:
            folder.faults.add(here, None, f"is the same slug as {seen[slug.lower()]!r}; rename one")
        seen[slug.lower()] = slug
        case = _case(folder, slug)
        if case:
            found.append(case)
    return found


def _case(folder: KitFolder, slug: str) -> KitCase | None:
    here = f"cases/{slug}"
    files = folder.listing(here)
    table = Table.load(folder, f"{here}/case.toml")
    texts: Texts = {}
    photo_name = table.data["photo"].get("file") if table and isinstance(table.data.get("photo"), dict) else None
    for name, is_folder in files.items():
        file = f"{here}/{name}"
        if not is_folder and name.endswith(".md"):
            if fault := locale_fault(name.removesuffix(".md")):
                folder.faults.add(file, None, fault)
            elif (found := read_texts(folder, file, CASE_TEXTS[:-1], of_case=True)) is not None:
                texts[name.removesuffix(".md")] = found
        elif is_folder or name not in ("case.toml", photo_name):
            folder.faults.add(file, None, "is not part of a case; case.toml names one photo, texts end in .md")
    if not any(name.endswith(".md") for name in files):
        folder.faults.add(here, None, "has no text; add one for a locale, such as en.md")
    if table is None:
        return None
    table.only(*_CASE_KEYS)
    sensitive = table.choices("sensitive", [key for key in folder.known("sensitive") if key != MINOR])
    facts: dict[str, Any] = {
        "name": table.text("name", 200),
        "country": table.country(),
        "kind": table.choice("kind", CASE_KINDS, default="person"),
        "position": table.integer("position", 0, 10_000, default=0),
        "topics": table.choices("topics", folder.known("topics")),
        "status": table.choice("status", CASE_STATUSES, default="active"),
        "goal": table.integer("goal", 1, MOST_GOAL),
        "goals": _goals(table.table("goals"), folder.known_types()),
        "location": table.text("location", 200, required=False),
        "facts_as_of": table.day("facts_as_of"),
        "signer_warning": table.flag("signer_warning"),
        "sensitive": (*sensitive, MINOR) if table.flag("minor") else sensitive,
        "sources": _sources(table),
        "target": _target(table.table("target")),
        "targets": tuple(_target(item) for item in table.tables("targets")),
        "ways": table.choices("ways", WAYS) if "ways" in table.data else None,
        "solidarity": _solidarity(table.table("solidarity"), folder.known("solidarity_rules")),
        "updates": _updates(table, here, texts, folder.faults),
        "photo": _photo(folder, table, here, files) if "photo" in table.data else None,
    }
    return KitCase(slug=slug, texts=texts, **facts)


def _goals(table: Table, known: Sequence[str]) -> dict[str, int]:
    for kind in table.data:
        if kind == SIGNATURE:
            table.fault(kind, "is the plain 'goal' above the tables; write the number there and remove this one")
        elif kind not in known:
            hint = closest(kind, known)
            table.fault(
                kind[:60], f"is no type of action; {hint}; name one of your own in the section key action_types"
            )
    numbers = {kind: table.integer(kind, 1, MOST_GOAL) for kind in known}
    return {kind: number for kind, number in numbers.items() if number}


def _sources(table: Table) -> tuple[Mapping[str, str], ...]:
    found = []
    for item in table.tables("sources"):
        item.only("url", "title", "seen_on")
        seen = item.day("seen_on", required=False)
        found.append(
            present({"title": item.text("title", 300), "url": item.url("url"), "seen_on": seen and seen.isoformat()})
        )
    if not found and "sources" not in table.data:
        table.fault(None, "sources is missing; add [[sources]] with a title, so that readers can check the facts")
    return tuple(found)


def _target(table: Table) -> dict[str, Any]:
    table.only("name", "title", "titles", "salutation", "address", "email", "verified_on", "country", "time_zone")
    email = table.text("email", 254, required=False)
    if email:
        from email_validator import EmailNotValidError, validate_email

        try:
            validate_email(email, check_deliverability=False)
        except EmailNotValidError:
            table.fault("email", f"{email[:80]!r} is not an email address; correct it")
    verified = table.day("verified_on", required=False)
    address = _address(table)
    zone = table.text("time_zone", 60, required=False)
    if zone and zone not in available_timezones():
        table.fault("time_zone", f"{zone!r} is not an IANA zone; name it like 'America/Bogota'")
    if (email or address) and not verified:
        table.fault(None, "verified_on is missing; say when the address was last checked")
    return present(
        {
            "name": table.text("name", 200, required=False),
            "title": table.text("title", 200, required=False),
            "titles": _titles(table),
            "salutation": table.text("salutation", 200, required=False),
            "address": address,
            "email": email,
            "verified_on": verified and verified.isoformat(),
            "country": table.country() if "country" in table.data else None,
            "time_zone": zone,
        }
    )


def _titles(table: Table) -> dict[str, str]:
    """The title in other languages, by locale."""
    titles = table.table("titles")
    if titles.data and "title" not in table.data:
        table.fault("titles", "needs a title to fall back to; add title")
    for locale in titles.data:
        if fault := locale_fault(locale):
            titles.fault(locale[:60], fault)
    return present({locale: titles.text(locale, 200) for locale in titles.data})


def _address(table: Table) -> str | dict[str, str] | None:
    """Lines that are in order already, or a table of parts."""
    if not isinstance(table.data.get("address"), dict):
        return table.text("address", 600, required=False, lines=True)
    parts = table.table("address")
    parts.only(*PARTS, COUNTRY)
    found = present({part: parts.text(part, 200, required=False, lines=part == "street") for part in PARTS})
    if not {"street", "city"} & set(found):
        table.fault("address", "needs a street or a city at least; add it, or write the address as lines")
    if COUNTRY in parts.data:
        found |= present({COUNTRY: parts.country(COUNTRY)})
    return found


def _solidarity(table: Table, known: Sequence[str]) -> dict[str, Any]:
    table.only("route", "address", "languages", "rules")
    route = table.choice("route", SOLIDARITY_ROUTES, default="none")
    address = table.text("address", 600, required=False, lines=True)
    if address and route == "none":
        table.fault("address", 'is given although route = "none"; remove the address, or change the route')
    if route == "direct" and not address:
        table.fault("route", "'direct' needs the address that messages go to; add it")
    languages = []
    for code in table.strings("languages"):
        if fault := locale_fault(code):
            table.fault("languages", fault)
        languages.append(code)
    rules = list(table.choices("rules", known))
    return {"route": route, **present({"address": address, "languages": languages, "rules": rules})}


def _updates(table: Table, here: str, texts: Texts, faults: Faults) -> tuple[Mapping[str, str], ...]:
    found: list[Mapping[str, str]] = []
    known: set[str] = set()
    for item in table.tables("updates"):
        item.only("on", "source")
        on = item.moment("on")
        if on is None:
            continue
        if on in known:
            item.fault("on", f"{on!r} appears twice; combine both in one update")
        if texts and not any(UPDATE_PREFIX + on in words for words in texts.values()):
            item.fault("on", f'no text describes this update; add "{on}" under updates in a text such as en.md')
        known.add(on)
        found.append(present({"on": on, "source": item.url("source")}))
    for locale, words in texts.items():
        for key in words:
            on = key.removeprefix(UPDATE_PREFIX)
            if key.startswith(UPDATE_PREFIX) and on not in known:
                hint = closest(on, known) if known else "there are none"
                faults.add(
                    f"{here}/{locale}.md", None, f"updates: {on[:40]!r} is not in [[updates]] of case.toml; {hint}"
                )
    return tuple(found)


def _photo(folder: KitFolder, table: Table, here: str, files: Mapping[str, bool]) -> KitPhoto | None:
    photo = table.table("photo")
    photo.only("file", "alt", "credit")
    name, alt, credit = photo.text("file", 100), photo.text("alt", 300), photo.text("credit", 200)
    if name is None:
        return None
    if "/" in name or "\\" in name or name.startswith("."):
        photo.fault("file", "must be the name of a file beside case.toml, without a folder")
    elif PurePosixPath(name).suffix.lower() not in FORMATS:
        photo.fault("file", f"must end in {', '.join(FORMATS)}; save the picture as one of them")
    elif files.get(name) is not False:
        photo.fault("file", f"there is no file {name!r} beside case.toml; add it or correct the name")
    elif (data := folder.read_bytes(f"{here}/{name}", MAX_PHOTO_BYTES)) is not None:
        try:
            renditions = render(data)
        except PictureFault as error:
            folder.faults.add(f"{here}/{name}", None, str(error))
            return None
        return KitPhoto(alt or "", credit or "", hashlib.sha256(data).hexdigest(), renditions)
    return None
