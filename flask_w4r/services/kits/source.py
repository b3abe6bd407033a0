"""A kit's files, read with suspicion: capped, no links, UTF-8 only; and the faults found in them, with their lines."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...action_types import STANDARD, in_order, reported_types
from ...errors import KitError
from ...sections import Section
from ...topics import OPEN

MAX_TEXT_BYTES = 128 * 1024
MAX_PHOTO_BYTES = 12 * 1024 * 1024
MAX_ENTRIES = 1000
MAX_FAULTS = 200

_IGNORED = re.compile(r"\..*|.*~|Thumbs\.db|desktop\.ini|__pycache__", re.IGNORECASE)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\- \"']+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+|\"[^\"]*\"|'[^']*')\s*(?:\.[^=]*)?=")

LinePath = tuple[str | int, ...]


@dataclass
class Faults:
    """Collects every fault of a kit, so that one run names them all."""

    found: set[tuple[str, int, str]] = field(default_factory=set)

    def add(self, file: str, line: int | None, message: str) -> None:
        """Note a fault. ``line`` is ``None`` where the fault is the file itself."""
        self.found.add((file, line or 0, message))

    def listed(self) -> list[str]:
        """The faults in the order of file and line, each as ``file:line: what is wrong; the mend``."""
        lines = [f"{file}:{line}: {text}" if line else f"{file}: {text}" for file, line, text in sorted(self.found)]
        if len(lines) > MAX_FAULTS:
            lines[MAX_FAULTS:] = [f"... and {len(lines) - MAX_FAULTS} more; correct these first"]
        return lines

    def check(self) -> None:
        """Raise :class:`KitError` with everything found, if anything was."""
        if self.found:
            raise KitError(self.listed())


class KitFolder:
    """The folder of a kit. Names are relative to it, with slashes.

    :param sections: whose own words the kit may use.
    """

    def __init__(self, root: Path, faults: Faults, sections: Sequence[Section] = ()) -> None:
        self.root = root
        self.faults = faults
        self._sections = sections

    def known(self, vocabulary: str) -> list[str]:
        """The words of a vocabulary: ours, and those that each of the sections has."""
        own = [set(section.vocabularies.get(vocabulary, ())) for section in self._sections]
        return [*OPEN[vocabulary], *sorted(set.intersection(*own).difference(OPEN[vocabulary]) if own else ())]

    def known_types(self) -> list[str]:
        """The types of action that can have a goal beside signatures: ours, and those that each of the sections has."""
        own = [set(reported_types(section)) for section in self._sections]
        return in_order(set.intersection(*own) if own else {name for name, one in STANDARD.items() if one.is_reported})

    def listing(self, folder: str = "") -> dict[str, bool]:
        """The entries of a folder as ``{name: is_folder}``. Links and special files are faults and left out."""
        found: dict[str, bool] = {}
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if _IGNORED.fullmatch(entry.name):
                        continue
                    if not _encodable(name):
                        self.faults.add(ascii(name), None, "the file's name is not UTF-8; rename it")
                    elif entry.is_symlink():
                        self.faults.add(name, None, "is a link; put the file itself here")
                    elif entry.is_dir(follow_symlinks=False):
                        found[entry.name] = True
                    elif entry.is_file(follow_symlinks=False):
                        found[entry.name] = False
                    else:
                        self.faults.add(name, None, "is not a file; remove it")
                    if len(found) > MAX_ENTRIES:
                        self.faults.add(folder or ".", None, f"holds more than {MAX_ENTRIES} entries; is this a kit?")
                        break
        except OSError as error:
            self.faults.add(folder or ".", None, f"cannot be read ({error.strerror}); check it and its permissions")
        return dict(sorted(found.items()))

    def read_bytes(self, name: str, limit: int) -> bytes | None:
        """The file's bytes, or ``None`` after noting why not."""
        # O_NOFOLLOW and the check on the open file: what was listed may have been swapped for a link or a pipe since.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            handle = os.open(self.root / name, flags)
        except OSError as error:
            self.faults.add(name, None, f"cannot be read ({error.strerror}); check it and its permissions")
            return None
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                self.faults.add(name, None, "is not a file; remove it")
                return None
            data = file.read(limit + 1)
        if len(data) > limit:
            self.faults.add(name, None, f"is larger than {limit // 1024} KiB; make it smaller")
            return None
        return data

    def read_text(self, name: str) -> str | None:
        """The file's text with plain line ends and no byte order mark, or ``None`` after noting why not."""
        data = self.read_bytes(name, MAX_TEXT_BYTES)
        if data is None:
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self.faults.add(name, line, "is not UTF-8 text; save the file with the encoding UTF-8")
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def toml_lines(text: str) -> Mapping[LinePath, int]:
    """Where each key of a TOML text stands, by its path; entries of arrays by their index.

    A light scan for messages only: what it does not recognise is simply not in the map, see :func:`line_of`.
    """
    lines: dict[LinePath, int] = {}
    tables: dict[LinePath, int] = {}
    prefix: LinePath = ()
    array: LinePath = ()
    depth = entry = 0
    closing = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        if closing:
            closing = "" if closing in raw else closing
            continue
        line = _STRING.sub('""', raw.replace('"""', "\x00").replace("'''", "\x01"))
        line = line.split("#", 1)[0]
        if depth:
            if line.lstrip().startswith(("{", '""', "[")):
                lines.setdefault((*array, entry), number)
                entry += 1
        elif header := _HEADER.match(raw):
            prefix = tuple(part.strip(" \"'") for part in header[2].split("."))
            if header[1] == "[[":
                tables[prefix] = tables.get(prefix, -1) + 1
                prefix = (*prefix, tables[prefix])
            lines.setdefault(prefix, number)
            continue
        elif key := _KEY.match(raw):
            array, entry = (*prefix, key[1].strip("\"'")), 0
            lines.setdefault(array, number)
            line = line.partition("=")[2]
        for mark, delimiter in (("\x00", '"""'), ("\x01", "'''")):
            if line.count(mark) % 2:
                closing = delimiter
        depth = max(0, depth + line.count("[") - line.count("]"))
    return lines


def line_of(lines: Mapping[LinePath, int], path: LinePath) -> int:
    """The line of a key, else of what it stands in, else the first."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1
