"""Hostile kits: whatever they try, they are named as faulty, soon, and nothing else happens."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_w4r.errors import KitError
from flask_w4r.services.kits.reader import read_kit

from .conftest import ADA, ADA_EN, BOB, TEXT, faults, put


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        (
            'file = "../../../../etc/passwd"\nalt = "A"\ncredit = "C"',
            "file: must be the name of a file beside case.toml",
        ),
        ('file = "/etc/passwd"\nalt = "A"\ncredit = "C"', "file: must be the name of a file beside case.toml"),
        ('file = "ada.svg"\nalt = "A"\ncredit = "C"', "file: must end in .jpg"),
        ('file = "ada.jpg"\nalt = "A"\ncredit = "C"', "file: there is no file 'ada.jpg' beside case.toml"),
        ('file = "ada.jpg"\ncredit = "C"', "alt is missing; add it"),
        ('file = "ada.jpg"\nalt = "A"', "credit is missing; add it"),
        ('file = ["a"]\nalt = "A"\ncredit = "C"', "file: must be text, in quotes"),
    ],
)
def test_photos_stay_in_their_folder(kit_path: Path, photo: str, expected: str) -> None:
    put(kit_path, ADA, (kit_path / ADA).read_text("utf-8") + f"\n[photo]\n{photo}\n")
    assert any(expected in fault for fault in faults(kit_path)), faults(kit_path)


def test_links_and_special_files_are_refused(kit_path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text(TEXT.replace("She sang.", "Canary"))
    (kit_path / "cases/ada-example/fr.md").unlink()
    (kit_path / "cases/ada-example/fr.md").symlink_to(secret)
    (kit_path / "cases/other").symlink_to(tmp_path)
    (kit_path / "totals.csv").unlink()
    (kit_path / "totals.csv").symlink_to(secret)
    os.mkfifo(kit_path / "cases/river-people/fr.md")
    found = faults(kit_path)
    for name in ("cases/ada-example/fr.md", "cases/other", "totals.csv"):
        assert f"{name}: is a link; put the file itself here" in found
    assert "cases/river-people/fr.md: is not a file; remove it" in found
    assert not any("Canary" in fault for fault in found)


def test_large_files_are_not_read(kit_path: Path) -> None:
    put(kit_path, ADA_EN, "x" * 200_000)
    with (kit_path / "totals.csv").open("wb") as file:
        file.truncate(2**34)
    found = faults(kit_path)
    assert f"{ADA_EN}: is larger than 128 KiB; make it smaller" in found
    assert "totals.csv: is larger than 128 KiB; make it smaller" in found


def test_encodings(kit_path: Path) -> None:
    kit = read_kit(kit_path)
    for name in (ADA, ADA_EN, "totals.csv"):
        put(kit_path, name, b"\xef\xbb\xbf" + (kit_path / name).read_bytes().replace(b"\n", b"\r\n"))
    assert read_kit(kit_path) == kit, "a byte order mark and Windows line ends are let go"
    put(kit_path, ADA_EN, TEXT.replace("Indented", "Indenté").encode("latin-1"))
    put(kit_path, "totals.csv", (kit_path / "totals.csv").read_text("utf-8").encode("utf-16"))
    found = faults(kit_path)
    assert f"{ADA_EN}:9: is not UTF-8 text; save the file with the encoding UTF-8" in found
    assert "totals.csv:1: is not UTF-8 text; save the file with the encoding UTF-8" in found


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (ADA, "a = " + "[" * 50_000),
        (ADA, "a = " + "{b=" * 40_000),
        (ADA, "goal = " + "9" * 100_000),
        (ADA, "\n".join(f"[[sources]]\nurll{n} = 1" for n in range(4000))),
        (ADA, ".".join("a" * 60_000) + " = 1"),
        (ADA, "\n".join(".".join("a" * 1_500) + f".b{n} = 1" for n in range(40))),
        (ADA_EN, "---\ntitle: " + "[" * 50_000 + "\n---\n\nS"),
        (ADA_EN, "---\n" + "- " * 30_000 + "\n---\n\nS"),
        (ADA_EN, "---\na: &a [x, x]\n" + "\n".join(f"a{n}: &b{n} [*a, *a]" for n in range(2000)) + "\n---\n\nS"),
        (ADA_EN, "---\ntitle: !!python/object/apply:os.system ['true']\n---\n\nS"),
        (ADA_EN, TEXT + "[" * 39_000),
        (ADA_EN, TEXT + "*a " * 13_000),
        (ADA_EN, TEXT + "![" * 19_000),
        (ADA_EN, TEXT + "`" * 39_000),
        (ADA_EN, TEXT + "> " * 19_000),
        (ADA_EN, TEXT + "<" * 39_000),
        (ADA_EN, TEXT + "<!--" * 9_000),
        (ADA_EN, TEXT + "\\[" * 19_000),
        (ADA_EN, TEXT + "[a](" * 1_400),
        (ADA_EN, TEXT + "\n[a]: b" * 1_400),
        (ADA_EN, TEXT + "- " * 19_000),
        (ADA_EN, TEXT + "&amp;" * 7_900),
        ("totals.csv", "year,total,qualifier,source\n" + '"' * 100_001),
        ("totals.csv", "\n" * 100_000),
    ],
)
def test_pathological_files_are_judged_soon(kit_path: Path, file: str, text: str) -> None:
    put(kit_path, file, text)
    started = time.perf_counter()
    try:
        read_kit(kit_path)
    except KitError as error:
        assert len(error.faults) <= 201
    assert time.perf_counter() - started < 5


FILES = ("campaign.toml", ADA, ADA_EN, BOB, "impact/bob-example.en.md", "totals.csv")
JUNK = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([
        b"[", b"]", b'"', b"'", b"=", b"---\n", b"\n", b"\0", b"\xff\xfe", b"{", b": ", b"- ", b"&a *a", b"<b>",
        b"\\ud800", b"\xef\xbb\xbf", b"true", b"-1", b"1e400", b"2024-02-30", b"[[sources]]", b",", b"\r",
    ]),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400, deadline=None)
@given(data=st.data())
def test_mutated_kits_are_read_or_refused_and_nothing_else(kit_path: Path, tmp_path: Path, data: st.DataObject) -> None:
    copy = tmp_path / "mutant"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(kit_path, copy)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(FILES))
        old = (copy / name).read_bytes()
        start = data.draw(st.integers(0, len(old)))
        end = data.draw(st.integers(start, min(len(old), start + 20)))
        (copy / name).write_bytes(old[:start] + data.draw(JUNK) + old[end:])
    try:
        kit = read_kit(copy)
    except KitError as error:
        assert error.faults and all(fault.count("\n") == 0 for fault in error.faults)
    else:
        assert kit.edition and kit.cases
