"""Every command in the documentation exists, and those of the quickstart run as they stand."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from flask import Flask

from flask_w4r.cli import LazyGroup, w4r_group
from flask_w4r.testing import make_campaign, make_messages, make_signatures
from tests.places.world import AU_LINES, write_zip

from .conftest import MakeSite, run
from .pages import DOCS, MARKDOWN, PAGES, ROOT, SNIPPETS, blocks, commands, included

QUICKSTART = DOCS / "quickstart.rst"
#: Commands of others, and what must be true of them here.
OTHERS = (
    "gunicorn --config gunicorn.conf.py our_site:app", "celery --app celery_worker worker --beat",
    'pip install "./flask_w4r[pdf]"', "apt-get install fonts-noto-core fonts-noto-cjk libfribidi0",
)  # fmt: skip
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


def test_only_commands_are_typed_into_a_page() -> None:
    """Other code is a snippet, which a test runs."""
    for page in PAGES:
        for language, body in blocks(page):
            assert language == "console" or (language == "text" and page.name == "kits.rst"), (page.name, language)
            if language == "console":
                assert all(line.startswith("$ ") for line in body.strip().splitlines()), page.name
    allowed = {"README.md": {"sh", "python"}, "CONTRIBUTING.md": {"sh"}, "CHANGES.md": set()}
    for page in MARKDOWN:
        assert {language for language, _ in blocks(page)} <= allowed[page.name]


def test_the_tree_of_a_kit_is_the_example() -> None:
    ((_, tree),) = [block for block in blocks(DOCS / "kits.rst") if block[0] == "text"]
    names = {line.split()[0].removeprefix("kit/") for line in tree.strip().splitlines()}
    slugs = {"ann-example": "<slug>", "bo-example": "<slug>", "en.md": "<locale>.md"}
    found = set()
    for path in (SNIPPETS / "kit").rglob("*"):
        name = str(path.relative_to(SNIPPETS / "kit"))
        for word, placeholder in slugs.items():
            name = name.replace(word, placeholder)
        found |= {name} if path.is_file() else set()
    assert names == found


def test_the_readme_mounts_what_the_quickstart_mounts() -> None:
    ((_, body),) = [block for block in blocks(ROOT / "README.md") if block[0] == "python"]
    site = (SNIPPETS / "our_site.py").read_text("utf-8")
    block = site.split("# ten lines: start\n")[1].split("# end\n")[0]
    assert body == f"from flask_w4r import W4R\n\n{block}"
    assert len([line for line in body.splitlines() if line]) == 10


#: Commands that succeeded; another page may name one as well, and some take long.
_succeeded: set[tuple[str, ...]] = set()


def _check_flask(words: list[str], site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if tuple(words) in _succeeded:
        return
    app = site()
    # Names a page of the documentation gives to files.
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SNIPPETS / "kit", tmp_path / "kit", dirs_exist_ok=True)
    if words[1] == "places":
        write_zip(tmp_path / "AU.zip", AU_LINES)
    if words[1] == "section":
        _ready_to_move(app, words)
    if words[1:3] == ["erasures", "import"]:
        run(app, "w4r", "erasures", "export", words[3])
    if "export" in words or words[1:3] == ["reports", "import"]:
        run(app, "w4r", "kit", "import", "./kit")
        shutil.copy(SNIPPETS / "counts.csv", tmp_path)
    if words[1:3] != ["section", "import"]:
        make_campaign(app, [f"case-{len(list(tmp_path.iterdir()))}"], year="2025")
    if words[1] == "deliver":
        words = _delivered(app, words)
    if words[1] == "cards":
        make_messages(app, "ann-example", 2, taken_at=datetime.now(UTC) if "--again" in words else None)
    # The test's site has no lasting mailer, which the doctor rightly says.
    run(app, *words, code=1 if words[-1] == "doctor" else 0)
    _succeeded.add(tuple(words))


def _delivered(app: Flask, words: list[str]) -> list[str]:
    """A command about a delivery, with something to deliver or a delivery in place of ``ID``."""
    make_signatures(app, "ann-example", 2, state="confirmed")
    if "prepare" in words:
        return words
    said = run(app, "w4r", "deliver", "prepare", "ann-example", "--to", "X", "--out", "made", "--no-pdf", "--json")
    return [json.loads(said)["id"] if word == "ID" else word for word in words]


def _ready_to_move(app: Flask, words: list[str]) -> None:
    """A passphrase, and an archive of the section where one is to come in."""
    Path("passphrase").write_text("correct horse battery staple\n", "utf-8")
    if "import" in words:
        run(app, "w4r", "section", "export", *words[3:])
        run(app, "w4r", "section", "erase", "AU", "--yes")


ALL = sorted({(page.name, line) for page in (*PAGES, *MARKDOWN) for line in commands(page) if page != QUICKSTART})


@pytest.mark.usefixtures("quick_passphrases")
@pytest.mark.parametrize(("page", "line"), ALL, ids=[f"{page}: {line}" for page, line in ALL])
def test_command(page: str, line: str, make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    elif words[:2] == ["flask", "w4r"]:
        _check_flask(words[1:], make_site, tmp_path, monkeypatch)
    elif words[0] == "pg_dump":
        if (program := shutil.which("pg_dump")) is not None:
            known = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
            assert all(word.partition("=")[0] in known for word in words[1:] if word.startswith("--"))
    elif words[0].startswith(".venv/bin/"):
        module = {"pybabel": "babel.messages.frontend", "python": "flask_w4r.migrations"}[Path(words[0]).name]
        assert subprocess.run([sys.executable, "-c", f"import {module}"], check=False).returncode == 0
    else:
        assert line in OTHERS


def test_the_commands_that_a_text_names_exist() -> None:
    for page in (*PAGES, *MARKDOWN):
        for words in re.findall(r"`flask w4r ([a-z][a-z ]*[a-z])", page.read_text("utf-8")):
            command: click.Command = w4r_group
            for word in words.split():
                if isinstance(command, click.Group):
                    below = command.load() if isinstance(command, LazyGroup) else command.commands
                    assert word in below, (page.name, words)
                    command = below[word]


def test_extras_exist() -> None:
    for page in PAGES:
        for names in re.findall(r"flask_w4r\[([a-z,]+)\]", page.read_text("utf-8")):
            assert set(names.split(",")) <= set(EXTRAS)
    for name in ("postgres", "mariadb", "redis", "celery"):
        assert f"``{name}``" in QUICKSTART.read_text("utf-8")
        assert name in EXTRAS


@pytest.mark.slow
def test_the_quickstart_runs_as_it_stands(tmp_path: Path) -> None:
    lines = commands(QUICKSTART)
    assert lines[0] == 'pip install "./flask_w4r[postgres,redis]"'
    assert lines.index("flask run") == lines.index("flask w4r jobs run") - 1
    lines = ["flask w4r jobs run --once" if line == "flask w4r jobs run" else line for line in lines[1:]]
    script = "\n".join(["set -eu", *(line for line in lines if line not in ("flask run", "flask w4r doctor"))])
    script += """
    flask w4r doctor || test $? = 1
    python - <<'END'
    from our_site import app
    client = app.test_client()
    print("answers", client.get("/write-for-rights/").status_code)
    END
    """.replace("\n    ", "\n")
    shutil.copy(SNIPPETS / "our_site.py", tmp_path)
    shutil.copytree(SNIPPETS / "kit", tmp_path / "kit")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("W4R_", "FLASK_"))}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env={**kept, "PATH": path, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers 200" in done.stdout
    assert "ERROR" not in done.stdout, done.stdout
    assert oct((tmp_path / "keys.env").stat().st_mode)[-3:] == "600"


def test_the_emphasised_lines_are_the_ones_to_add() -> None:
    (wanted,) = re.findall(r":emphasize-lines: (\S+)", QUICKSTART.read_text("utf-8"))
    lines = (SNIPPETS / "our_site.py").read_text("utf-8").splitlines()
    start, end = lines.index("# ten lines: start") + 2, lines.index("# end")
    assert wanted == f"{lines.index('from flask_w4r import W4R') + 1},{start}-{end}"


def test_the_worker_unit() -> None:
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((SNIPPETS / "w4r-jobs.service").read_text("utf-8"))
    assert unit["Service"]["ExecStart"].endswith("/flask w4r jobs run")
    assert unit["Service"]["Environment"] == "FLASK_APP=our_site"
    assert "w4r-jobs.service" in included(DOCS / "deployment.rst")
