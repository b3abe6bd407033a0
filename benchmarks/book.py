"""A petition book of 100,000 names in ten scripts: seconds and memory of ``flask w4r deliver prepare``, and is it right?

Run ``python -m benchmarks.book``. It makes a site on SQLite with so many made-up signatures, prepares the delivery with the
command in a process of its own, watches the memory of that process and of all that it starts, and opens every page of every
volume as a picture and as text. It prints figures, and ends with 1 where the book is wrong or the memory above 600 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pypdfium2
from sqlalchemy import insert

from flask_w4r.keyring import generate_key
from flask_w4r.models import Signature
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.delivery.scripts import NAMES, letters
from tests.own_process import create_app

MOST_MEMORY = 600
SLUG = "ann-example"


def main(arguments: list[str] | None = None) -> int:
    """Measure once. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=100_000)
    wanted = parser.parse_args(arguments).names
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environment = _site(root, wanted)
        out = root / "out"
        began = time.monotonic()
        peak = _watched(
            [
                sys.executable,
                "-m",
                "flask",
                "--app",
                "tests.own_process",
                "w4r",
                "deliver",
                "prepare",
                SLUG,
                "--to",
                "Embassy of Example",
                "--out",
                str(out),
                "--json",
            ],
            environment,
        )
        seconds = time.monotonic() - began
        said = json.loads((out / "batch.json").read_text("utf-8"))
        books = sorted(out.glob("book-*.pdf"), key=lambda path: int(path.stem.partition("-")[2]))
        size = sum(path.stat().st_size for path in books) / 1e6
        print(
            f"{said['names']:,} names, {len(books)} volumes, {size:.0f} MB: {seconds:.0f} s, {peak:.0f} MB of memory at most"
        )
        began = time.monotonic()
        pages, wrong = _look(books)
        print(
            f"{pages:,} pages opened as pictures and read as text in {time.monotonic() - began:.0f} s; {len(wrong)} wrong"
        )
        for fault in wrong[:10]:
            print(f"  {fault}")
    return int(bool(wrong) or peak > MOST_MEMORY or said["names"] != wanted)


def _site(root: Path, wanted: int) -> dict[str, str]:
    """Make the site and its signatures; returns what a process needs to be it."""
    settings = {
        "SECRET_KEY": "only for a benchmark", "TESTING": True, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{root / 'site.sqlite3'}",
        "W4R_ENCRYPTION_KEYS": [generate_key()], "W4R_INDEX_KEY": generate_key(), "W4R_BASE_URL": "http://localhost",
        "W4R_MAIL_SENDER": "w4r@example.org", "W4R_SECTION": {"preset": "AU", "url_prefix": "/au"},
    }  # fmt: skip
    os.environ["W4R_SITE_SETTINGS"] = json.dumps(settings)
    app = create_app()
    result = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    assert result.exit_code == 0, result.output
    case_id = next(iter(make_campaign(app, [SLUG]).values()))
    state = get_state(app)
    now = state.clock()

    def some(work: UnitOfWork, first: int, last: int) -> None:
        rows: list[dict[str, Any]] = []
        for number in range(first, last):
            given, family = NAMES[number % len(NAMES)]
            person = {"first_name": given, "last_name": family, "email": f"p{number}@example.org"}
            rows.append({
                "section": "AU", "case_id": case_id, "state": "confirmed", "email_index": number.to_bytes(32, "big"),
                "person": state.keyring.seal_json(person), "locale": "en", "reasons": [], "captcha": "pass",
                "created_at": now, "updated_at": now, "confirmed_at": now, "newsletter": False, "withhold_name": False,
            })  # fmt: skip
        work.session.execute(insert(Signature), rows)

    for first in range(0, wanted, 5000):
        run(app, lambda work, first=first: some(work, first, min(first + 5000, wanted)))  # type: ignore[misc]
    return dict(os.environ)


def _watched(command: list[str], environment: dict[str, str]) -> float:
    """Run a command; returns the most memory in MB that it and its children held at one moment."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], _memory(process.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    code = process.wait()
    over.set()
    thread.join()
    assert code == 0, f"the command ended with {code}"
    return peak[0]


def _memory(pid: int) -> float:
    """Resident memory of a process and of all that it started, in MB."""
    found = 0.0
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    except OSError:  # It ended just now.
        return 0.0
    if match := re.search(r"VmRSS:\s+(\d+)", status):
        found = int(match[1]) / 1024
    return found + sum(_memory(int(child)) for child in children)


def _look(books: list[Path]) -> tuple[int, list[str]]:
    """Open every page; returns how many there are, and what is wrong."""
    expected, pages, wrong = 1, 0, []
    for path in books:
        with pypdfium2.PdfDocument(path) as book:
            for at in range(len(book)):
                pages += 1
                page = book[at]
                shades = page.render(scale=0.4).to_pil().convert("L").histogram()
                if sum(shades[:128]) < 50:
                    wrong.append(f"{path.name}, page {at + 1}: nothing is printed")
                if at:
                    expected = _read(page, expected, f"{path.name}, page {at + 1}", wrong)
                page.close()
    return pages, wrong


def _read(page: Any, expected: int, where: str, wrong: list[str]) -> int:
    """See that a page's names follow each other; returns the number that comes next."""
    text = page.get_textpage()
    height = page.get_height()
    lines: dict[int, list[tuple[float, str]]] = {}
    for at in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(at)
        if 70 < bottom < height - 70:
            middle = round((bottom + top) / 2)
            near = next((y for y in (*range(middle - 5, middle + 6),) if y in lines), middle)
            lines.setdefault(near, []).append((left, text.get_text_bounded(left, bottom, right, top)))
    for y in sorted(lines, reverse=True):
        whole = " ".join(part for _, part in sorted(lines[y]))
        number = re.match(r"[\d,]+", whole)
        if number is None:
            continue
        if int(number[0].replace(",", "")) != expected:
            wrong.append(f"{where}: {number[0]} where {expected} should be")
        name, said = letters("".join(NAMES[(expected - 1) % len(NAMES)])), letters(whole)
        if any(said.count(char) < name.count(char) for char in set(name)):
            wrong.append(f"{where}: the name of {expected} is not there")
        expected += 1
    text.close()
    return expected


if __name__ == "__main__":
    sys.exit(main())
