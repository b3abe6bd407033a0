"""``python -m benchmarks.letters``: letter sheets as PDFs, beside Typst alone.

* one sheet that was not made before, from the request to its last byte, with the case read from the database; beside Typst
  set in the same process with the same template and data, warm;
* 200 sheets in one file, as the library sets a large paper; beside a process that does nothing but that;
* a sheet that is kept: no Typst at all;
* the memory of a process that sets 300 papers in turn.

It prints figures, and ends with 1 where a goal is missed or the memory goes on growing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.services.campaign.catalogue import find_case
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.letters.papers import Press, letters
from flask_w4r.services.letters.sheet import sheet_of
from flask_w4r.services.printing.small import Kept, Paper, faces, set_paper
from flask_w4r.services.printing.typeset import source_of
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.letters.world import ANN, MINISTER, SECTION, TEXTS, change

#: Milliseconds for one, seconds for so many.
ONE, MANY, SHEETS = 150, 5.0, 200
#: Megabytes that 300 papers may leave.
GROWTH = 60
ALONE = """
import json, sys, time, typst
source, data, faces = sys.argv[1:4]
began = time.perf_counter()
made = typst.compile(open(source, "rb").read(), sys_inputs={"data": open(data).read(), **json.loads(faces)}, pdf_standards="ua-1")
open(sys.argv[4], "wb").write(made)
"""


def site(folder: Path) -> Flask:
    """A site with a case that has all a sheet can say."""
    app = Flask("letters")
    app.config.update(
        SECRET_KEY="bench", W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(), TESTING=True,
        W4R_MAIL_SENDER="w4r@example.org", W4R_MAIL_URL="console:", SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/site.sqlite3",
        W4R_SECTION=SECTION, W4R_RATE_LIMITS={"paper_host": "100000/minute"},
    )  # fmt: skip
    W4R().init_app(app, SQLAlchemy(app))
    result = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    assert result.exit_code == 0, result.output
    make_campaign(app, (ANN,))
    change(app, ANN, texts=TEXTS, target=MINISTER)
    return app


def paper(app: Flask, sheets: int, mark: str = "") -> Paper:
    """A paper of so many sheets of that case."""
    state = get_state(app)
    section = next(iter(state.sections.values()))
    lens = Lens(section, "en", state.clock(), lambda endpoint, **values: f"/{endpoint}")
    press = Press(
        lens, state.keyring, lambda endpoint, **values: f"https://example.org/{endpoint}/{values}"[:110], "a4"
    )
    with app.test_request_context():
        case = read(app, lambda session: find_case(session, lens, ANN))
    return letters(
        press,
        [
            sheet_of(replace(case, id=number, name=f"{case.name} {mark}{number}"), lens)
            for number in range(1, sheets + 1)
        ],
    )


def median(work: Callable[[int], Any], rounds: int) -> float:
    """The median of some runs, in milliseconds."""
    taken = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def memory() -> float:
    """What this process holds, in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def alone(made: Paper, folder: Path) -> float:
    """Seconds of a process that only sets this paper."""
    (folder / "source.typ").write_bytes(source_of(made.template))
    (folder / "data.json").write_text(made.text, "utf-8")
    words = (
        str(folder / "source.typ"),
        str(folder / "data.json"),
        json.dumps(dict(faces("en", ()))),
        str(folder / "out.pdf"),
    )
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", ALONE, *words], check=True)
    return time.perf_counter() - began


def main() -> int:
    """Measure; print; exit 1 where a goal is missed."""
    import typst

    parser = argparse.ArgumentParser(prog="python -m benchmarks.letters", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = site(folder)
        client, state = app.test_client(), get_state(app)

        def fresh(number: int) -> None:
            state.lazy["papers"] = Kept()
            change(app, ANN, texts={"demand": f"Release her, for the {number}th time."})
            assert client.get(f"/au/cases/{ANN}/letter.pdf").status_code == 200

        fresh(0)
        written = median(lambda number: change(app, ANN, texts={"demand": f"Release her {number}."}), rounds)
        one = median(fresh, rounds) - written
        fonts = typst.Fonts()
        samples = [paper(app, 1, str(number)) for number in range(rounds)]
        inputs = faces("en", ())

        def bare(number: int) -> None:
            compiler = typst.Compiler(
                source_of(samples[number].template),
                font_paths=fonts,
                sys_inputs={"data": samples[number].text, **inputs},
            )
            compiler.compile(format="pdf", pdf_standards="ua-1")

        floor = median(bare, rounds)
        kept = median(lambda number: client.get(f"/au/cases/{ANN}/letter.pdf"), rounds)
        many = paper(app, SHEETS)
        set_seconds = median(lambda number: set_paper(many), 3) / 1000
        alone_seconds = statistics.median(alone(many, folder) for _ in range(3))
        for number in range(40):
            set_paper(paper(app, 1, f"w{number}"))
        before = memory()
        for number in range(300):
            set_paper(paper(app, 1, f"m{number}"))
        grown = memory() - before
        for engine in state.engines(app):
            engine.dispose()
    print(
        f"one sheet, made anew       {one:8.0f} ms   Typst alone {floor:6.0f} ms   ratio {one / floor:5.2f}   goal {ONE} ms"
    )
    print(f"one sheet, kept            {kept:8.1f} ms")
    print(
        f"{SHEETS} sheets in one file     {set_seconds:8.2f} s    Typst alone {alone_seconds:6.2f} s    ratio {set_seconds / alone_seconds:5.2f}   goal {MANY} s"
    )
    print(f"memory after 300 papers    {grown:+8.0f} MB   goal {GROWTH} MB at most")
    return int(one > ONE or set_seconds > MANY or grown > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
