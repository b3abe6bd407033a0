"""``python -m tests.valid``: is every page and mail that the quick tests meet valid HTML?

The Nu Html Checker reads one of each shape (``tests.markup``). It comes as ``vnu-jar`` by npm into ``.tools``, which git
leaves out, and needs Java. Exits with 1 on anything it finds, and where a template of ours was met by no test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "flask_w4r" / "templates"
TOOLS = ROOT / ".tools" / "vnu"
JAR = TOOLS / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
PACKAGE = "vnu-jar@^26.9"
#: Mail programs go by attributes that HTML left behind for CSS, which many of them do not know.
OBSOLETE = re.compile(r"The “\w+” attribute on the “\w+” element is obsolete\.")
#: What a test typed is given back as typed.
TYPED = re.compile(r"Private Use Area")


def need_tools() -> None:
    """Have the checker in its folder.

    :raises SystemExit: with what is missing and how to get it.
    """
    java = shutil.which("java")
    if java is None or subprocess.run([java, "-version"], capture_output=True, check=False).returncode:
        raise SystemExit(
            "Java 17 or newer is needed to check the HTML: install a JRE, such as Debian's default-jre-headless"
        )
    if JAR.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(f"npm is needed to fetch the HTML checker: install Node.js, or put vnu.jar at {JAR}")
    TOOLS.mkdir(parents=True, exist_ok=True)
    # Its script would fetch a Java of its own.
    command = [
        npm,
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(TOOLS),
        PACKAGE,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not JAR.exists():
        raise SystemExit(f"npm could not fetch {PACKAGE}:\n{done.stderr.strip()[-2000:]}")


def templates() -> set[str]:
    """The templates that are a page or a mail of their own."""
    names = {path.relative_to(TEMPLATES).with_suffix("").as_posix() for path in TEMPLATES.rglob("*.html")}
    parts = {name for name in names if any(part.startswith("_") for part in name.split("/"))}
    return names - parts - {"w4r/base", "w4r/layout", "w4r/mail/layout"}


def told(messages: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """What the checker says that counts: where it was, by template and message."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in messages:
        path = Path(item["url"].removeprefix("file:"))
        template = path.parent.as_posix().partition("/w4r/")[2]
        is_mail = template.startswith("mail/") and OBSOLETE.match(item["message"])
        if not is_mail and not TYPED.search(item["message"]):
            # One message for all values: a time has a new one each day.
            words = re.sub(r"value “[^”]*”", "value “…”", item["message"])
            extract = " ".join(str(item.get("extract", "")).split())
            found[template, words].append(f"{path.name}: {extract[:200]}")
    return found


def check(folder: Path) -> list[str]:
    """Let the checker read a folder.

    :returns: what it found, a line each.
    """
    command = ["java", "-Xss8m", "-jar", str(JAR), "--format", "json", "--exit-zero-always", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        messages: Sequence[Mapping[str, Any]] = json.loads(done.stderr)["messages"]
    except ValueError:
        return [f"the checker ended with {done.returncode}: {done.stderr.strip()[-2000:]}"]
    return [
        f"{name}: {words} ({len(where)}, such as {where[0]})" for (name, words), where in sorted(told(messages).items())
    ]


def main() -> int:
    """Run the quick tests, keep what they meet, and check it."""
    need_tools()
    with tempfile.TemporaryDirectory() as kept:
        environment = {**os.environ, "W4R_KEEP_MARKUP": kept}
        command = [sys.executable, "-m", "tests", "--fast", "-q"]
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            print("The tests themselves failed, so what follows may be of half a page.")
            bad = ["the tests failed"]
        else:
            bad = []
        met = {path.parent.relative_to(kept).as_posix() for path in Path(kept).rglob("*.html")}
        for name in met - templates():
            shutil.rmtree(Path(kept, name))
        bad += [f"{name}: no quick test meets this template" for name in sorted(templates() - met)]
        bad += check(Path(kept))
        number = sum(1 for _ in Path(kept).rglob("*.html"))
    print("\n".join(bad) if bad else f"{number} pages and mails of {len(templates())} templates are valid.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
