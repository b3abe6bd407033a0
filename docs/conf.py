"""Sphinx: how the documentation is built. ``make docs`` runs it; warnings are errors."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from flask_w4r import __version__  # noqa: E402

project = "flask_w4r"
author = "flask_w4r contributors"
copyright = "2026, flask_w4r contributors"
release = version = __version__
extensions = ["sphinx.ext.autodoc", "w4r_reference"]
exclude_patterns = ["_build", "snippets"]
html_theme = "furo"
html_title = f"flask_w4r {version}"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
highlight_language = "none"
nitpicky = False
