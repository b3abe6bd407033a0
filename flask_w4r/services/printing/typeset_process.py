"""Run as a script, for one PDF: ``python typeset_process.py FOLDER TEMPLATE [FONTS ...]`` writes ``FOLDER/out.pdf``.

It imports nothing of ours: the process is small, and begins at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: str, template: str, *font_paths: str) -> None:
    """Set a template with the ``data.json`` beside it."""
    import typst

    root = Path(folder)
    families = {name.lower() for name in typst.Fonts(font_paths=list(font_paths)).families()}
    # What is installed of them: an unknown family is a warning. Typst falls back to all others by itself.
    wanted = ("Noto Sans", "Noto Sans Arabic", "Noto Naskh Arabic", "DejaVu Sans", "Libertinus Serif")
    fonts = [name for name in wanted if name.lower() in families]
    typst.compile(
        str(root / template),
        output=str(root / "out.pdf"),
        root=folder,
        font_paths=list(font_paths),
        sys_inputs={"fonts": "|".join(fonts), **json.loads((root / "inputs.json").read_text("utf-8"))},
        pdf_standards="ua-1",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
