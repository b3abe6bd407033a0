"""Postcodes that a section loads: what they answer, and files that are none."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from flask_w4r.services.places import files as place_files
from flask_w4r.services.places import search as places
from flask_w4r.services.places.files import PlaceFileError, read_postcodes
from tests.conftest import every_database

from .world import (
    AU_LINES,
    line,
    load_postcodes,
    some_towns,
    store,
    write_zip,
)


@every_database
def test_postcodes(session: Session, tmp_path: Path) -> None:
    store(session, [town for town in some_towns() if town.country == "AU"])
    for _ in range(2):
        load_postcodes(session, write_zip(tmp_path / "AU.zip", AU_LINES))
        session.commit()

    def find(text: str) -> places.Places:
        return places.search(session, text, country="AU", locale="en")

    for typed in ("2000", " 2000 ", "Sydney NSW 2000", "2000, Sydney"):
        certain = find(typed).certain
        assert certain is not None and certain.postcode == "2000" and certain.region == "NSW", typed
    assert certain.id is not None and certain.time_zone == "Australia/Sydney"
    assert {hit.name for hit in find("0872").hits} == {"Kaltukatjara", "Yulara"} and find("0872").certain is None
    assert find("9999").reason == "no_place"
    assert find("20001").reason == "no_place"
    assert places.search(session, "2000", country="NZ", locale="en").reason == "no_postcodes_loaded"
    # A new file replaces the country's codes, and no other country's.
    load_postcodes(
        session, write_zip(tmp_path / "NZ.zip", [line("NZ", "6011", "Wellington", -41.29, 174.78)], "NZ.txt")
    )
    load_postcodes(session, write_zip(tmp_path / "AU.zip", AU_LINES[3:5]))
    assert find("3000").reason == "no_place" and find("0872").hits
    assert places.search(session, "6011", country="NZ", locale="en").certain is not None


def test_the_beginning_of_a_code_that_geonames_does_not_have_whole(session: Session, tmp_path: Path) -> None:
    lines = [line("GB", code, name, 51.5, lon) for code, name, lon in (("SW1A", "Westminster", -0.14), ("SW1", "x", 1), ("M1", "Manchester", -2.2))]  # fmt: skip
    load_postcodes(session, write_zip(tmp_path / "GB.zip", lines, "GB.txt"))
    for typed in ("SW1A 1AA", "sw1a1aa", "10 Downing Street, London SW1A 1AA"):
        certain = places.search(session, typed, country="GB", locale="en").certain
        assert certain is not None and certain.name == "Westminster", typed
        assert certain.id is None and certain.time_zone == ""


def test_a_code_across_the_180th_meridian_stays_in_the_sea(session: Session, tmp_path: Path) -> None:
    lines = [line("FJ", "7777", "East", -16.9, -179.99), line("FJ", "7777", "West", -16.9, 179.99)]
    load_postcodes(session, write_zip(tmp_path / "FJ.zip", lines, "FJ.txt"))
    certain = places.search(session, "7777", country="FJ", locale="en").certain
    assert certain is not None and abs(certain.lon) == 179.99


def bad_zip(path: Path, change: Callable[[bytearray], None]) -> None:
    write_zip(path, AU_LINES)
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def encrypted(data: bytearray) -> None:
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + offset] |= 1


def broken_inside(data: bytearray) -> None:
    at = data.find(b"AU.txt") + 10
    data[at : at + 40] = bytes(40)


def lying(data: bytearray) -> None:
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 5)


ZIPS: dict[str, Callable[[Path], object]] = {
    "not a zip": lambda path: path.write_bytes(b"PK\x03\x04 and then nothing"),
    "empty": lambda path: path.write_bytes(b""),
    "a picture": lambda path: path.write_bytes(bytes(range(256)) * 40),
    "no text": lambda path: write_zip(path, AU_LINES, "AU.csv"),
    "encrypted": lambda path: bad_zip(path, encrypted),
    "damaged": lambda path: bad_zip(path, broken_inside),
    "lying about its size": lambda path: bad_zip(path, lying),
    "cut short": lambda path: bad_zip(path, lambda data: data.__delitem__(slice(len(data) // 2, None))),
    "a dump of towns": lambda path: path.write_text("2147714\tSydney\tSydney\t\t-33.8\t151.2\tP\n"),
    "latin-1": lambda path: path.write_bytes(line("FR", "1", "Orl\xe9ans", 1, 2).encode("latin-1")),
    "no number": lambda path: path.write_text(line("AU", "2000", "Sydney", "south", "east")),
    "not a number": lambda path: path.write_text(line("AU", "2000", "Sydney", "nan", "inf")),
    "not on earth": lambda path: path.write_text(line("AU", "2000", "Sydney", 91, 0)),
    "no country": lambda path: path.write_text(line("<b>", "2000", "Sydney", 1, 2)),
    "no code": lambda path: path.write_text(line("AU", " - ", "Sydney", 1, 2)),
    "a fault at the end": lambda path: path.write_text("\n".join([*AU_LINES, "AU\t1"])),
    "one endless line": lambda path: path.write_bytes(b"x" * 1_000_000),
    "a folder": lambda path: path.mkdir(),
    "a pipe": lambda path: os.mkfifo(path),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("kind", ZIPS)
def test_hostile_files(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "AU.zip"
    ZIPS[kind](path)
    with pytest.raises(PlaceFileError) as caught:
        list(read_postcodes(path))
    assert "AU.zip" in str(caught.value) and len(str(caught.value)) < 400


def test_two_files_in_one_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "AU.zip", "w") as archive:
        archive.writestr("AU.txt", AU_LINES[0])
        archive.writestr("../../NZ.txt", AU_LINES[0])
    with pytest.raises(PlaceFileError, match="does not contain exactly one"):
        list(read_postcodes(tmp_path / "AU.zip"))


def test_a_bomb_stops_at_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "AU.zip", [AU_LINES[0]] * 50_000)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(place_files, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(PlaceFileError, match="larger than any postcode file"):
        list(read_postcodes(path))
    monkeypatch.setattr(place_files, "MAX_UNPACKED", 1 << 30)
    monkeypatch.setattr(place_files, "MAX_LINES", 49_999)
    with pytest.raises(PlaceFileError, match="larger than any postcode file"):
        list(read_postcodes(path))


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(data)
    with pytest.raises(PlaceFileError):
        list(read_postcodes(path))


def test_a_text_file_as_windows_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "AU.txt"
    path.write_bytes("\ufeff".encode() + "\r\n".join([*AU_LINES, ""]).encode())
    points = list(read_postcodes(path))
    assert len(points) == len(AU_LINES) and points[0].country == "AU" and points[0].code == "2000"
