"""Rows as a spreadsheet, by XlsxWriter, which holds one row at a time and keeps the others in a file.

That file, and the finished one, stand in a folder that only this account can read, and go with it whatever happens but a power
cut or a ``SIGKILL``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...errors import W4RError

#: Rows of a sheet below its names; a spreadsheet has 1,048,576 at most.
ROWS = 1_000_000
#: Characters of a cell at most.
CELL = 32_767
#: What is read of the finished file at a time, in bytes.
CHUNK = 256 * 1024
_PLAIN = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def need() -> Any:
    """The library.

    :raises W4RError: it is not there.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise W4RError("spreadsheets need the extra 'xlsx': pip install 'flask_w4r[xlsx]'") from None
    return xlsxwriter


def sheet_bytes(
    columns: Sequence[str],
    pieces: Iterable[Sequence[Sequence[Any]]],
    about: Callable[[], Mapping[str, str]] | None,
) -> Iterator[bytes]:
    """Write a spreadsheet, and give it out.

    :param pieces: rows of texts and numbers.
    :param about: what the last sheet says, asked once all rows are written.
    :raises W4RError: the library is not there.
    """
    library = need()
    with TemporaryDirectory(prefix="w4r-export-") as folder:
        path = Path(folder) / "export.xlsx"
        book = library.Workbook(str(path), {**_PLAIN, "tmpdir": folder})
        try:
            _fill(book, columns, pieces)
            if about is not None:
                facts = about()
                _about(book, facts)
                book.set_properties({"author": facts.get("who", ""), "comments": "; ".join(facts.values())})
        finally:
            book.close()
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _fill(book: Any, columns: Sequence[str], pieces: Iterable[Sequence[Sequence[Any]]]) -> None:
    sheet, line = _sheet(book, columns), 1
    for rows in pieces:
        for row in rows:
            if line > ROWS:
                sheet, line = _sheet(book, columns), 1
            for number, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, number, cell[:CELL])
                else:
                    sheet.write_number(line, number, cell)
            line += 1


def _sheet(book: Any, columns: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for number, name in enumerate(columns):
        sheet.write_string(0, number, name)
    return sheet


def _about(book: Any, facts: Mapping[str, str]) -> None:
    sheet = book.add_worksheet("About")
    for line, (name, value) in enumerate(facts.items()):
        sheet.write_string(line, 0, name)
        sheet.write_string(line, 1, value[:CELL])
