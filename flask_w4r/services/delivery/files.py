"""The files of a delivery: ``names.csv``, ``book-1.pdf ...``, ``certificate.pdf`` and ``batch.json``.

All are made from the names as they were frozen, and none is made once somebody left since. Nothing of them is kept here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ...errors import CaseWithdrawn, FilesOutdated, PDFUnavailable
from ...models import Case, Delivery
from ...sections import Section
from ...state import get_state
from ..campaign.catalogue import cases_by_id
from ..campaign.views import CaseView, Lens
from ..printing import fonts
from ..printing.typeset import typeset
from ..storage.unit_of_work import read
from . import names, papers
from .names import Entry


def batch(app: Any, row: Delivery) -> dict[str, Any]:
    """What ``batch.json`` says: ``count`` is all, of which ``names`` are printed and ``withheld`` are not."""
    slug = read(app, lambda session: session.get_one(Case, row.case_id).slug)
    return {
        "id": row.public_id, "case": slug, "to": "; ".join(row.recipients), "count": row.count, "withheld": row.withheld,
        "names": row.count - row.withheld, "root": row.root, "digest": row.digest, "fields": list(row.fields),
        "countries": dict(row.countries), "frozen_at": row.frozen_at.isoformat() if row.frozen_at else None,
    }  # fmt: skip


def case_of(app: Any, lens: Lens, row: Delivery) -> CaseView:
    """The case, in the language of a lens.

    :raises CaseWithdrawn: it was withdrawn; nothing is made of it any more.
    """
    found = read(app, lambda session: cases_by_id(session, lens, [row.case_id]))
    if not found:
        raise CaseWithdrawn(row.public_id)
    return found[0]


def insist_on_fonts(app: Any, letters: Iterable[str]) -> None:
    """See that every character can be printed.

    :raises PDFUnavailable: no font has some; the message names their scripts.
    """
    found = fonts.missing(letters, get_state(app).config.font_path)
    if found:
        raise PDFUnavailable(fonts.lacking(found))


def _typeset(app: Any, section: Section, template: str, make: Callable[[], dict[str, Any]]) -> bytes:
    state = get_state(app)
    data = papers.in_words(section, state.translation_directories, make)
    return typeset(Path(__file__).parent / template, data, font_paths=state.config.font_path)


def volume_pdf(
    app: Any,
    section: Section,
    row: Delivery,
    case: CaseView,
    volume: int,
    entries: list[tuple[int, Entry]] | None = None,
) -> bytes:
    """One volume of the book.

    :param volume: its number, from 1.
    :param entries: its names, where they were read already.
    :raises FilesOutdated: somebody left since.
    :raises PDFUnavailable: it cannot be set here.
    """
    if entries is None:
        last = min(volume * papers.VOLUME, row.count - row.withheld)
        entries = list(names.frozen(app, section, row, (volume - 1) * papers.VOLUME + 1, last))
        insist_on_fonts(app, {char for _, entry in entries for value in entry.values.values() for char in value})
    return _typeset(app, section, "book.typ", lambda: papers.book(section, row, case, volume, entries))


def certificate_pdf(app: Any, section: Section, row: Delivery, case: CaseView) -> bytes:
    """The certificate.

    :raises PDFUnavailable: it cannot be set here.
    """
    return _typeset(app, section, "certificate.typ", lambda: papers.certificate(section, row, case))


def csv_lines(app: Any, section: Section, row: Delivery) -> Iterator[str]:
    """``names.csv``, line by line.

    :raises FilesOutdated: somebody left since.
    """
    yield names.csv_header(row.fields)
    for number, entry in names.frozen(app, section, row, 1, row.count - row.withheld):
        yield names.csv_entry(number, entry, row.fields)


def write(
    app: Any,
    section: Section,
    row: Delivery,
    case: CaseView,
    folder: Path,
    *,
    pdf: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Write all files of a frozen delivery into a folder, which is made where it is not there, for its owner alone.

    :param pdf: make the book and the certificate too.
    :param progress: told how many names are written.
    :returns: what ``batch.json`` says; it is written last.
    :raises FilesOutdated: somebody left meanwhile.
    :raises PDFUnavailable: the PDFs cannot be set here.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in (*folder.glob("book-*.pdf"), folder / "certificate.pdf", folder / "batch.json"):
        old.unlink(missing_ok=True)
    digest, printed = hashlib.sha256(), row.count - row.withheld
    volume: list[tuple[int, Entry]] = []
    made = 0
    with _opened(folder / "names.csv") as file:

        def put(line: str) -> None:
            digest.update(line.encode())
            file.write(line.encode())

        put(names.csv_header(row.fields))
        for number, entry in names.frozen(app, section, row, 1, printed):
            put(names.csv_entry(number, entry, row.fields))
            volume.append((number, entry))
            if len(volume) == papers.VOLUME or number == printed:
                made += 1
                if pdf:
                    _write(folder / f"book-{made}.pdf", volume_pdf(app, section, row, case, made, volume))
                volume = []
                progress(number)
    if digest.hexdigest() != row.digest:
        raise FilesOutdated(row.public_id)
    if pdf:
        if not made:
            _write(folder / "book-1.pdf", volume_pdf(app, section, row, case, 1, []))
        _write(folder / "certificate.pdf", certificate_pdf(app, section, row, case))
    said = batch(app, row)
    _write(folder / "batch.json", json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n")
    return said


def _opened(path: Path) -> Any:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write(path: Path, data: bytes) -> None:
    with _opened(path) as file:
        file.write(data)
