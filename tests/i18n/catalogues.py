"""The catalogues as they stand in the package, and what the source asks of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flask_w4r"
TRANSLATIONS = PACKAGE / "translations"
LOCALES = ("ar", "fr")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
#: What marks a message: the name, and how many of its arguments are messages.
IN_PYTHON = {"gettext": 1, "ngettext": 2, "lazy_gettext": 1, "_l": 1}
IN_TEMPLATES = {"_w4r": 1, "_w4rn": 2}


def template() -> Catalog:
    """The .pot file."""
    with (TRANSLATIONS / "flask_w4r.pot").open("rb") as file:
        return read_po(file)


def source(locale: str) -> Catalog:
    """A locale's .po file."""
    with (TRANSLATIONS / locale / "LC_MESSAGES" / "flask_w4r.po").open("rb") as file:
        return read_po(file, locale=locale)


def compiled(locale: str) -> Catalog:
    """A locale's .mo file."""
    with (TRANSLATIONS / locale / "LC_MESSAGES" / "flask_w4r.mo").open("rb") as file:
        return read_mo(file)


def messages(catalogue: Catalog) -> list[Message]:
    """Its messages without the header."""
    return [message for message in catalogue if message.id]


def forms(message: Message) -> list[str]:
    """The words of a translation: one, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def ids(message: Message) -> tuple[str, ...]:
    """The English words: one, or singular and plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def asked_in_python() -> Iterator[tuple[Path, int, tuple[str | None, ...]]]:
    """Every call for words in Python: file, line and messages (None where it is no literal)."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name == "i18n.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in IN_PYTHON:
                words = node.args[: IN_PYTHON[name]]
                yield (
                    path,
                    node.lineno,
                    tuple(
                        word.value if isinstance(word, ast.Constant) and isinstance(word.value, str) else None
                        for word in words
                    ),
                )


def asked_in_templates() -> Iterator[tuple[Path, int, tuple[str | None, ...]]]:
    """Every call for words in a template, a partial or a mail: file, line and messages (None: no literal)."""
    parser = Environment()
    for path in sorted((PACKAGE / "templates").rglob("*.*")):
        for node in parser.parse(path.read_text()).find_all(nodes.Call):
            if isinstance(node.node, nodes.Name) and node.node.name in IN_TEMPLATES:
                words = node.args[: IN_TEMPLATES[node.node.name]]
                yield (
                    path,
                    node.lineno,
                    tuple(
                        word.value if isinstance(word, nodes.Const) and isinstance(word.value, str) else None
                        for word in words
                    ),
                )
