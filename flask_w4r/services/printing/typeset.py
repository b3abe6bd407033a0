"""Setting PDFs with Typst, each in a process of its own: what it takes of memory goes when it ends.

What is set goes in as a JSON file, never as source: a name may hold any character.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...errors import PDFUnavailable

#: Seconds that one PDF may take; a volume takes a few.
MOST_SECONDS = 300
MISSING = "PDFs need the extra 'pdf': pip install 'flask_w4r[pdf]'"
_HERE = Path(__file__).parent


def insist_on_typst() -> None:
    """See that PDFs can be set here.

    :raises PDFUnavailable: a library is missing; the message says how to install it.
    """
    if not can_typeset():
        raise PDFUnavailable(MISSING)


def can_typeset() -> bool:
    """Whether PDFs can be set here."""
    return find_spec("typst") is not None and find_spec("fontTools") is not None


def source_of(template: Sequence[Path]) -> bytes:
    """Files of Typst as one."""
    return b"\n".join(path.read_bytes() for path in template)


def typeset(
    template: Path | Sequence[Path],
    data: Mapping[str, Any],
    *,
    font_paths: tuple[str, ...],
    faces: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """Set one PDF.

    :param template: its file, or several that are put together in this order.
    :param data: what its ``data`` is, as JSON.
    :param font_paths: folders with fonts, beside the system's.
    :param files: pictures that it shows, by the names it knows them by.
    :param faces: more of its ``sys.inputs``.
    :raises PDFUnavailable: a library is missing, or Typst did not do it.
    """
    insist_on_typst()
    sources = (template,) if isinstance(template, Path) else tuple(template)
    name = sources[-1].name
    # Only we can look into it, and it goes with all that is in it.
    with tempfile.TemporaryDirectory(prefix="w4r-") as folder:
        root = Path(folder)
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        (root / "inputs.json").write_text(json.dumps(dict(faces or {})), "utf-8")
        (root / name).write_bytes(source_of(sources))
        for file, content in files.items():
            (root / file).write_bytes(content)
        command = [_python(), str(_HERE / "typeset_process.py"), folder, name, *font_paths]
        try:
            done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PDFUnavailable(f"Typst did not set {name}: {type(error).__name__}") from None
        made = root / "out.pdf"
        if done.returncode or not made.exists():
            # What it says is about the template, not about what was set.
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise PDFUnavailable(f"Typst did not set {name}: {said[-1] if said else done.returncode}")
        return made.read_bytes()


def _python() -> str:
    """The interpreter, also where a server that embeds one runs us."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    return str(Path(sys.prefix) / "bin" / "python3")
