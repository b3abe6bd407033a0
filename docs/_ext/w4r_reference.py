"""Directives that make the reference from the code, so that nothing is typed twice.

``w4r-config``     every ``W4R_*`` key, from ``W4RConfig``
``w4r-section``    every section key, from ``Section``
``w4r-presets``    the country presets that ship
``w4r-words``      a vocabulary of case kits, from ``flask_w4r.topics``
``w4r-commands``   the command line, from its click groups
``w4r-seam``       what capabilities hang into each other, from their ``Capability``
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any

import click
from docutils import nodes
from section_keys import SECTION_KEYS
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from flask_w4r import config, sections, topics
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.cli import LazyGroup, w4r_group
from flask_w4r.i18n import use_locale
from flask_w4r.seam import Capability, Seam
from flask_w4r.services.kits.shipped import shipped_kits


def type_name(annotation: object) -> str:
    """An annotation as a reader who knows a little Python says it."""
    text = str(annotation)
    for old, new in (("Mapping[str, Any]", "table"), ("Mapping[str, str]", "table of texts"),
                     ("Mapping[str, int]", "table of whole numbers"), ("Mapping[str, date]", "table of dates"),
                     ("Mapping[str, ConsentSpec]", "table"), ("tuple[CustomField, ...]", "list of tables"),
                     ("tuple[str, ...]", "list of texts"), ("frozenset[str]", "list of texts"),
                     ("tuple[float, float]", "two numbers"), (" | None", ""), ("Any", "see below"), ("str", "text"),
                     ("float", "number"), ("bool", "True or False"), ("int", "whole number")):  # fmt: skip
        text = text.replace(old, new)
    return text


def literal(text: str) -> str:
    """Single backticks, as docstrings here have them, as reST literals."""
    parts = text.split("`")
    return "".join(f"``{part}``" if number % 2 else escape(part) for number, part in enumerate(parts))


def escape(text: str) -> str:
    """Plain words that reST shall not read as markup."""
    return "".join("\\" + char if char in "\\*_|`" else char for char in text)


def shown(value: Any) -> str:
    """A default, as a literal."""
    return f"``{value!r}``" if value not in (None, "") else "none"


def config_entries() -> Iterator[str]:
    """A definition for each configuration key."""
    for item in fields(config.W4RConfig):
        key: config.Key = item.metadata["key"]
        yield f".. _w4r-{item.name.replace('_', '-')}:\n"
        yield f"``W4R_{item.name.upper()}``"
        yield f"   {literal(key.doc)}\n"
        if isinstance(key.default, Mapping):
            yield "   A table; what you leave out keeps its default:\n"
            yield from (f"   * ``{name}``: ``{value!r}``" for name, value in key.default.items())
        else:
            default = f"``{key.shown_default}``" if key.shown_default else shown(key.default or None)
            kind = type_name(item.type)
            yield f"   *Default:* {default}." + ("" if kind == "see below" else f" *Type:* {kind}.")
        yield ""


def section_entries() -> Iterator[str]:
    """A definition for each section key. Raises where a key has no words, or words have no key."""
    known = {item.name for item in fields(sections.Section)}
    if known != set(SECTION_KEYS):
        raise ValueError(f"docs/_ext/section_keys.py differs from Section: {sorted(known ^ set(SECTION_KEYS))}")
    for item in fields(sections.Section):
        default = item.default if item.default is not MISSING else None
        if item.name in ("url_prefix", "confirmation"):
            default_words = f":ref:`W4R_{item.name.upper()} <w4r-{item.name.replace('_', '-')}>`"
        else:
            default_words = shown(default if isinstance(default, bool | int) else default or None)
        yield f"``{item.name}``"
        yield f"   {SECTION_KEYS[item.name]}\n"
        yield f"   *Default:* {default_words}. *Type:* {type_name(item.type)}.\n"


def preset_entries() -> Iterator[str]:
    """A row for each preset."""
    yield ".. list-table::\n   :header-rows: 1\n"
    heads = ("Preset", "Name", "Languages", "Time zone", "Least age", "Fields")
    yield "   * - " + "\n     - ".join(heads)
    for code in sections.preset_codes():
        found, faults = sections.load_section(code, default_prefix="/", default_confirmation="email")
        if found is None:
            raise ValueError(f"{code}: {faults}")
        modes = "; ".join(f"{name} {mode}" for name, mode in found.fields.items() if mode != "required")
        cells = (f"``{code}``", found.name, ", ".join(found.locales), found.time_zone, str(found.min_age), modes)
        yield "   * - " + "\n     - ".join(escape(cell) if "``" not in cell else cell for cell in cells)


def word_entries(name: str) -> Iterator[str]:
    """A line for each word of a vocabulary, with its English label."""
    if name == "KITS":
        yield ", ".join(f"``{kit}``" for kit in shipped_kits())
        return
    with use_locale("en"):
        found = [(key, str(label)) for key, label in getattr(topics, name).items() if key]
    yield "; ".join(f"``{key}`` ({escape(label)})" for key, label in found) + "."


def command_entries(command: click.Command, path: str) -> Iterator[str]:
    """A definition for each command below a group."""
    if isinstance(command, click.Group):
        below = command.load() if isinstance(command, LazyGroup) else command.commands
        for name in sorted(below):
            yield from command_entries(below[name], f"{path} {name}")
        return
    context = click.Context(command, info_name=path)
    yield f".. rubric:: ``{' '.join([path, *command.collect_usage_pieces(context)])}``\n"
    yield f"{escape(' '.join((command.help or '').split()))}\n"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            names = ", ".join((*parameter.opts, *parameter.secondary_opts))
            default = parameter.to_info_dict()["default"] if parameter.show_default else None
            words = (parameter.help or "").rstrip(".") + "."
            yield f"``{names}``\n   {escape(words)}" + (f" Default: ``{default}``." if default is not None else "")
            if isinstance(parameter.type, click.Choice):
                yield f"   One of {', '.join(f'``{choice}``' for choice in parameter.type.choices)}."
            yield ""
        elif isinstance(parameter.type, click.Choice):
            yield f"``{parameter.human_readable_name}``"
            yield f"   One of {', '.join(f'``{choice}``' for choice in parameter.type.choices)}.\n"


def table_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table whose cells are reST."""
    yield ".. list-table::\n   :header-rows: 1\n"
    for cells in (heads, *rows):
        yield "   * - " + "\n     - ".join(cell or " " for cell in cells)


def seam_entries(what: str) -> Iterator[str]:
    """A table of what hangs in the seam."""
    seam = Seam(CAPABILITIES)

    def owner(part: str, item: object) -> str:
        return f"``{next(one.name for one in CAPABILITIES if item in getattr(one, part))}``"

    def purpose(one: Capability) -> str:
        words = import_module(f"flask_w4r.services.{one.name}").__doc__ or ""
        return " ".join(words.split("\n\n")[0].split())

    tables: dict[str, tuple[Sequence[str], Callable[[], Iterable[Sequence[str]]]]] = {
        "capabilities": (("Name", "What it is for"), lambda: ((f"``{one.name}``", purpose(one)) for one in CAPABILITIES)),
        "retention": (
            ("Rule", "Of", "What is kept how long"),
            lambda: ((f"``{one.name}``", owner("retention", one), str(one.keeps)) for one in seam.retention.values()),
        ),
        "personal": (
            ("Table", "Columns", "Rule", "Note"),
            lambda: (
                (f"``{one.table}``", ", ".join(f"``{name}``" for name in one.columns),
                 f"``{one.rule}``" if one.rule else "", one.why) for one in seam.personal
            ),
        ),
        "mails": (
            ("Mail", "Of", "Note"),
            lambda: (
                (f"``{one.name}``", owner("mails", one),
                 "a stranger can cause it: counted for the daily cap" if one.capped
                 else (one.hand_over.__doc__ or "").split("\n")[0] if one.hand_over else "") for one in seam.mails.values()
            ),
        ),
        "jobs": (
            ("Job", "Of", "How often"),
            lambda: (
                (f"``{one.name}``", owner("jobs", one), f"every {one.every:.0f} s" if one.every else "at each look")
                for one in seam.jobs.values()
            ),
        ),
    }  # fmt: skip
    heads, rows = tables[what]
    yield from table_of(heads, rows())


class Generated(SphinxDirective):
    """Parses the reST that a function of this module makes."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the parsed nodes."""
        makers = {
            "w4r-config": config_entries,
            "w4r-section": section_entries,
            "w4r-presets": preset_entries,
            "w4r-words": lambda: word_entries(self.arguments[0]),
            "w4r-seam": lambda: seam_entries(self.arguments[0]),
            "w4r-commands": lambda: command_entries(w4r_group, "flask w4r"),
        }
        return self.parse_text_to_nodes("\n".join(makers[self.name]()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    for name in ("w4r-config", "w4r-section", "w4r-presets", "w4r-words", "w4r-commands", "w4r-seam"):
        app.add_directive(name, Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
