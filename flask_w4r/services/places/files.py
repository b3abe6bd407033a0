"""Reading the gazetteer that ships, and the postcode files of GeoNames: theirs with suspicion, line by line."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...errors import W4RError
from .geo import is_point
from .names import fold, fold_postcode

TOWNS = Path(__file__).resolve().parents[2] / "places" / "towns.tsv.gz"
#: GeoNames' largest file (every country) has 130 MB unpacked and 1.8 million lines.
MAX_PACKED = 128 * 1024 * 1024
MAX_UNPACKED = 512 * 1024 * 1024
MAX_LINES = 5_000_000
MAX_LINE = 4096
_MAX_MEMBERS = 20
_COUNTRY, _CODE, _NAME, _LAT, _LON = 0, 1, 2, 9, 10
_FIELDS = 11


class PlaceFileError(W4RError):
    """A file of places cannot be used. Says what is wrong, where, and the mend."""


@dataclass(frozen=True, slots=True)
class Town:
    """One line of the gazetteer. ``names`` are ``(locale, name)``, the town's own first with an empty locale."""

    id: int
    name: str
    country: str
    region: str
    lat: float
    lon: float
    population: int
    time_zone: str
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PostcodePoint:
    """One line of a postcode file."""

    country: str
    code: str
    place_name: str
    lat: float
    lon: float


def read_towns(path: Path = TOWNS) -> Iterator[Town]:
    """The towns that ship, in the order of the file.

    :raises PlaceFileError: the file is not in the package.
    """
    if not path.is_file():
        raise PlaceFileError(f"{path.name} is not in the package; install it again")
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            number, name, country, region, lat, lon, population, zone, others = line.rstrip("\n").split("\t")
            pairs = (other.partition(":")[::2] for other in others.split("|") if other)
            yield Town(int(number), name, country, region, float(lat), float(lon), int(population), zone,
                       (("", name), *pairs))  # fmt: skip


def read_postcodes(path: Path) -> Iterator[PostcodePoint]:
    """The lines of a GeoNames postcode file, as downloaded.

    :param path: ``CC.zip``, or the ``CC.txt`` out of it.
    :raises PlaceFileError: when it is anything else, or larger than such a file can be. Lines read so far are of no
        use then: read it to its end before anything is stored.
    """
    with _opened(path) as file:
        packed = zipfile.is_zipfile(file)
        file.seek(0)
        if not packed:
            yield from _points(file, path.name)
            return
        try:
            with zipfile.ZipFile(file) as archive, archive.open(_member(archive, path.name)) as text:
                yield from _points(text, path.name)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
            raise PlaceFileError(f"{path.name}: the zip cannot be read ({error}); download it again") from error
        except zlib.error as error:
            raise PlaceFileError(f"{path.name}: the zip is damaged; download it again") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, which must be an ordinary one: a pipe would wait for ever."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise PlaceFileError(f"{path}: cannot be read ({why})") from error
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise PlaceFileError(f"{path.name}: is not a file; give a GeoNames postcode file (CC.zip or CC.txt)")
    with os.fdopen(handle, "rb") as file:
        if found.st_size > MAX_UNPACKED:
            raise PlaceFileError(f"{path.name}: is larger than {MAX_UNPACKED >> 20} MB; is this a postcode file?")
        yield file


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The one text file in the zip. Nothing is ever unpacked to disk, so what it is called does no harm."""
    members = archive.infolist()
    texts = [item for item in members if item.filename.endswith(".txt") and item.filename.lower() != "readme.txt"]
    if len(members) > _MAX_MEMBERS or len(texts) != 1:
        raise PlaceFileError(
            f"{name}: does not contain exactly one CC.txt; download it from GeoNames' export/zip folder"
        )
    (member,) = texts
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise PlaceFileError(f"{name}: is encrypted or packed in an unknown way; download it again")
    if member.compress_size > MAX_PACKED:
        raise PlaceFileError(f"{name}: is larger than {MAX_PACKED >> 20} MB; is this a postcode file?")
    return member


def _points(file: IO[bytes], name: str) -> Iterator[PostcodePoint]:
    """The lines, each checked. Sizes are counted as read: what a zip says of itself may be a lie."""
    size = number = 0
    is_empty = True
    reader = io.BufferedReader(file, 1 << 16) if isinstance(file, io.RawIOBase) else file
    while line := reader.readline(MAX_LINE + 1):
        number, size = number + 1, size + len(line)
        if len(line) > MAX_LINE:
            raise PlaceFileError(f"{name}:{number}: the line is too long; is this a postcode file?")
        if size > MAX_UNPACKED or number > MAX_LINES:
            raise PlaceFileError(f"{name}: is larger than any postcode file; is this one?")
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise PlaceFileError(f"{name}:{number}: is not UTF-8; download it again") from error
        if text.strip():
            is_empty = False
            yield _point(text, f"{name}:{number}")
    if is_empty:
        raise PlaceFileError(f"{name}: is empty; download it again")


def _point(text: str, where: str) -> PostcodePoint:
    fields = text.rstrip("\r\n").split("\t")
    if len(fields) < _FIELDS:
        raise PlaceFileError(
            f"{where}: has {len(fields)} fields, not 12 separated by tabs; this is not a GeoNames postcode file "
            "(its export/zip folder has those, export/dump has others)"
        )
    country, code, place = fields[_COUNTRY].strip().upper(), fold_postcode(fields[_CODE]), fields[_NAME].strip()
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise PlaceFileError(f"{where}: {country[:10]!r} is not a country's code")
    if not code:
        raise PlaceFileError(f"{where}: has no postcode")
    try:
        lat, lon = float(fields[_LAT]), float(fields[_LON])
    except ValueError:
        lat = lon = float("nan")
    if not is_point(lat, lon):
        raise PlaceFileError(f"{where}: has no valid latitude and longitude in fields 10 and 11")
    # A null byte is text to Python and an error to PostgreSQL.
    return PostcodePoint(country, code, place.replace("\0", "")[:180].rstrip(), lat, lon)


def folded_names(town: Town) -> dict[tuple[str, str], str]:
    """What a town is found by: ``{(folded, locale): name}``. One without letters to fold is left out."""
    found: dict[tuple[str, str], str] = {}
    for locale, name in town.names:
        folded = fold(name)
        if folded:
            found.setdefault((folded, locale), name)
    return found
