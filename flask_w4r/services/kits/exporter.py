"""Writes an edition of a section as a kit that reads back the same."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import KitError, NotFound
from ...models.campaign import Case, CaseText, Edition, ImpactStory, Picture, YearTotal
from ...sections import Section
from .fields import locale_fault
from .impact import TOTALS_FILE, TOTALS_HEADER
from .model import MINOR, TITLE_LOCALE, UPDATE_PREFIX
from .reader import read_kit
from .texts import tidy
from .way_texts import nested

Words = Literal["shown", "centre"]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_KEYS = frozenset({"on", "seen_on", "verified_on", "when"})
_PHOTO = "photo.jpg"
#: What may stand in a YAML block as it is; anything else is quoted.
_BLOCK = re.compile(r"[^\s#][ -~\u00a0-\u2027\u202a-\ud7ff\n]*")


def export_kit(session: Session, section: Section, year: str, path: Path | str, *, words: Words = "shown") -> Path:
    """Write an edition, with the section's stories and totals, as a kit folder.

    The folder appears whole or not at all, and only when it reads back without a fault. A withdrawn case is left out
    with its story: its name is said nowhere.

    :param path: the folder to write; it must not exist, or be empty.
    :param words: ``shown`` for the words on the section's pages, ``centre`` for the centre's.
    :returns: the folder.
    :raises NotFound: when the section has no such edition.
    :raises KitError: when the folder is taken, or what the section wrote does not fit a kit.
    """
    target = Path(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise KitError([f"{target}: already exists; name a new folder, or empty this one"])
    edition = session.scalars(
        select(Edition).where(Edition.section == section.code, Edition.year == year)
    ).one_or_none()
    if edition is None:
        raise NotFound(f"{section.code} has no edition {year}")
    # Beside the target, so that the rename at the end stays on one disk.
    draft = target.absolute().parent / f".{target.name}.{secrets.token_hex(6)}"
    try:
        draft.mkdir(parents=True)
        _write(draft / "campaign.toml", _campaign(edition))
        _cases(session, edition, draft, words)
        _stories(session, section, draft)
        _totals(session, section, draft)
        read_kit(draft, [section])
        os.replace(draft, target)
    except OSError as error:
        raise KitError(
            [f"{target}: cannot be written ({error.strerror}); check the folder it is to stand in"]
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    return str(value)


def _lines(table: Mapping[str, Any], header: str = "") -> list[str]:
    """A table as TOML, without what is absent, empty or false."""
    body = []
    for key, value in table.items():
        if key in _DATE_KEYS and _DATE.fullmatch(value):
            body.append(f"{key} = {value}")
        elif value or (value == 0 and value is not False):
            body.append(f"{key} = {_value(value)}")
    return ["", header, *body] if header and body else body


def _campaign(edition: Edition) -> str:
    titles = dict(edition.titles)
    title = titles.pop(TITLE_LOCALE, None) or next(iter(titles.values()), f"Write for Rights {edition.year}")
    head = _lines({"edition": edition.year, "title": title, "starts_on": edition.starts_on, "ends_on": edition.ends_on})
    return "\n".join([*head, *_lines({key: titles[key] for key in sorted(titles)}, "[titles]"), ""])


def _cases(session: Session, edition: Edition, draft: Path, words: Words) -> None:
    cases = session.scalars(
        select(Case)
        .where(Case.section == edition.section, Case.edition_id == edition.id, Case.status != "withdrawn")
        .order_by(Case.position, Case.slug)
    ).all()
    texts: dict[int, dict[str, dict[str, str]]] = {case.id: {} for case in cases}
    rows = session.scalars(
        select(CaseText).where(CaseText.case_id.in_(list(texts))).order_by(CaseText.locale, CaseText.field)
    )
    for row in rows:
        if fault := locale_fault(row.locale):  # it becomes a file's name
            raise KitError([f"a text in the database: {fault}"])
        text = row.centre_base if words == "centre" or row.local is None else row.local
        if text:
            texts[row.case_id].setdefault(row.locale, {})[row.field] = text
    for case in cases:
        here = draft / "cases" / case.slug
        _write(here / "case.toml", _case(case))
        for locale, found in texts[case.id].items():
            _write(here / f"{locale}.md", _texts(found))
        if case.photo:
            largest = select(Picture).where(Picture.case_id == case.id).order_by(Picture.width.desc()).limit(1)
            (here / _PHOTO).write_bytes(session.scalars(largest).one().data)


def _case(case: Case) -> str:
    facts = {
        "name": case.name,
        "country": case.country,
        "kind": case.kind,
        "position": case.position,
        "topics": case.topics,
        "status": case.status,
        "goal": case.goal,
        "location": case.location,
        "facts_as_of": case.facts_as_of,
        "signer_warning": case.signer_warning,
        "sensitive": [label for label in case.sensitive if label != MINOR],
        "minor": MINOR in case.sensitive,
    }
    lines = _lines(facts)
    lines += [] if case.ways is None else [f"ways = {_value(case.ways)}"]
    lines += [] if case.sources else ["sources = []"]
    if case.photo:
        photo = {"file": _PHOTO, "alt": case.photo["alt"], "credit": case.photo["credit"]}
        lines += _lines(photo, "[photo]")
    lines += _lines(case.goals or {}, "[goals]")
    lines += _lines(case.target, "[target]")
    for target in case.targets or ():
        lines += _lines(target, "[[targets]]")
    lines += _lines(case.solidarity, "[solidarity]")
    for source in case.sources:
        lines += _lines(source, "[[sources]]")
    for entry in case.updates:
        lines += _lines(entry, "[[updates]]")
    return "\n".join([*lines, ""])


def _texts(words: Mapping[str, str]) -> str:
    """Front matter and story. Line ends are made plain; everything else is the section's to mend."""
    clean = {key: text.replace("\r\n", "\n").replace("\r", "\n") for key, text in words.items()}
    lines = ["---"]
    for key in ("title", "summary", "demand", "petition"):
        if key in clean:
            lines += _front(key, tidy(clean[key]))
    updates = {key.removeprefix(UPDATE_PREFIX): clean[key] for key in clean if key.startswith(UPDATE_PREFIX)}
    if updates:
        lines.append("updates:")
        lines += [f"  {_quoted(on)}: {_quoted(tidy(updates[on]))}" for on in sorted(updates)]
    for root, value in nested(clean).items():
        lines += _yaml(f"{root}:", value, "")
    return "\n".join([*lines, "---", "", clean.get("story", ""), ""])


def _yaml(head: str, value: Any, indent: str) -> list[str]:
    """A text, list or table of texts after its key or dash."""
    if isinstance(value, str):
        if "\n" not in value or not _BLOCK.fullmatch(value):
            return [f"{indent}{head} {_quoted(tidy(value))}"]
        return [f"{indent}{head} |", *(f"{indent}  {line}" if line else "" for line in tidy(value).split("\n"))]
    pairs = [(f"{key}:", item) for key, item in value.items()] if isinstance(value, dict) else [("-", i) for i in value]
    below = [line for key, item in pairs for line in _yaml(key, item, f"{indent}  ")]
    return [f"{indent}{head}", *below]


def _front(key: str, text: str) -> Iterable[str]:
    if "\n" not in text or not _BLOCK.fullmatch(text):
        return [f"{key}: {_quoted(text)}"]
    return [f"{key}: |", *(f"  {line}" if line else "" for line in text.split("\n"))]


def _quoted(text: str) -> str:
    # JSON's strings are YAML's, but for the separators that YAML would take for line ends.
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _stories(session: Session, section: Section, draft: Path) -> None:
    withdrawn = select(Case.name).where(Case.section == section.code, Case.status == "withdrawn")
    for row in session.scalars(
        select(ImpactStory)
        .where(ImpactStory.section == section.code, ImpactStory.name.not_in(withdrawn))
        .order_by(ImpactStory.slug)
    ):
        facts = {
            "name": row.name,
            "country": row.country,
            "edition": row.edition,
            "when": row.happened_on,
            "outcome": row.outcome,
            "source": row.source,
            "source_title": row.source_title,
        }
        lines = _lines(facts)
        for figure in row.figures:
            lines += _lines(figure, "[[figures]]")
        for quote in row.quotes:
            lines += _lines(quote, "[[quotes]]")
        _write(draft / "impact" / f"{row.slug}.toml", "\n".join([*lines, ""]))
        for locale, words in row.texts.items():
            _write(draft / "impact" / f"{row.slug}.{locale}.md", _texts(words))


def _totals(session: Session, section: Section, draft: Path) -> None:
    rows = session.scalars(select(YearTotal).where(YearTotal.section == section.code).order_by(YearTotal.year)).all()
    if rows:
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(TOTALS_HEADER)
        writer.writerows([row.year, row.total, row.qualifier, row.source] for row in rows)
        _write(draft / TOTALS_FILE, text.getvalue())
