"""A kit's text files: YAML front matter of plain strings, then a story in Markdown without HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .fields import closest, text_fault, unfit_fault, url_fault
from .model import UPDATE_PREFIX
from .source import KitFolder
from .way_texts import ROOTS, WAY_TEXTS, way_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

#: The longest each text may be: what a page, a letter and a share card can bear.
LENGTHS: Mapping[str, int] = {"title": 200, "summary": 600, "demand": 400, "petition": 8000, "update": 1000}
MAX_STORY = 40_000
_ONE_LINE = frozenset({"title", "summary", "demand", "update"})
_MAX_BRACKETS = 1500
_PLAIN = re.compile(r"\.[0-9]+(?=\.|$)")
#: How many levels below a key of the front matter are looked at.
_DEEP = 2


@dataclass(frozen=True)
class _Entry:
    key: str
    line: int
    value: str | None
    below: tuple[_Entry, ...] = ()


def read_texts(folder: KitFolder, file: str, fields: tuple[str, ...], *, of_case: bool) -> dict[str, str] | None:
    """Read one locale's texts.

    :param fields: what the front matter must hold; the story always follows it.
    :param of_case: whether the front matter may hold ``updates``, a text for each dated update, and what belongs to ways to act.
    :returns: ``{field: words}`` with ``update:<on>`` for updates and the names of ``way_texts``, or ``None`` where the file has no such shape.
    """
    text = folder.read_text(file)
    if text is None:
        return None
    if not text.startswith("---\n"):
        folder.faults.add(file, 1, "must start with a line '---', then title: and the other texts; add them")
        return None
    end = text.find("\n---\n", 3)
    if end < 0 and text.endswith("\n---"):
        end = len(text) - 4
    if end < 0:
        folder.faults.add(file, 1, "the front matter does not end; put a line '---' before the story")
        return None
    entries = _front_matter(folder, file, text[4 : end + 1])
    if entries is None:
        return None
    found = _fields(folder, file, entries, fields, of_case)
    story = text[end + 5 :]
    first = text.count("\n", 0, end) + 3
    blank = re.match(r"(?:[ \t]*\n)*", story)
    skipped = blank.end() if blank else 0
    first += story.count("\n", 0, skipped)
    story = story[skipped:].rstrip()
    if not story:
        folder.faults.add(file, first, "the story is missing; write it below the front matter")
    elif len(story) > MAX_STORY:
        folder.faults.add(file, first, f"the story has {len(story)} characters; the limit is {MAX_STORY}")
    else:
        for line, message in story_faults(story):
            folder.faults.add(file, first + line, message)
        found["story"] = story
    return found


def _front_matter(folder: KitFolder, file: str, text: str) -> list[_Entry] | None:
    import yaml

    for number, words in enumerate(text.split("\n")):
        if problem := unfit_fault(words):
            folder.faults.add(file, number + 2, problem)
            return None
    try:
        # BaseLoader knows text, lists and maps only: no tag makes an object, and "no" stays a word.
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else 2
        folder.faults.add(file, line, f"the front matter is not YAML ({error.problem}); put the text in quotes")
        return None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        folder.faults.add(file, 1, "the front matter is not usable YAML; rewrite it")
        return None
    if not isinstance(root, yaml.MappingNode):
        folder.faults.add(file, 2, "the front matter must be lines such as 'title: \"...\"'; add them")
        return None
    return [_entry(key, value, _DEEP) for key, value in root.value]


def _entry(key: object, value: object, deep: int) -> _Entry:
    import yaml

    assert isinstance(key, yaml.Node)
    name = key.value if isinstance(key, yaml.ScalarNode) else "?"
    line = key.start_mark.line + 2
    if isinstance(value, yaml.ScalarNode):
        return _Entry(name, line, value.value)
    if deep and isinstance(value, yaml.MappingNode):
        return _Entry(name, line, None, tuple(_entry(k, v, deep - 1) for k, v in value.value))
    if deep and isinstance(value, yaml.SequenceNode):
        return _Entry(name, line, None, tuple(_item(n, item, deep - 1) for n, item in enumerate(value.value, start=1)))
    return _Entry(name, line, None)


def _item(number: int, value: object, deep: int) -> _Entry:
    """An item of a list is known by its number."""
    import yaml

    assert isinstance(value, yaml.Node)
    key = yaml.ScalarNode("tag:yaml.org,2002:str", str(number), value.start_mark)
    return _entry(key, value, deep)


def _fields(
    folder: KitFolder, file: str, entries: list[_Entry], fields: tuple[str, ...], of_case: bool
) -> dict[str, str]:
    known = (*fields, "updates", *ROOTS) if of_case else fields
    found: dict[str, str] = {}
    seen: set[str] = set()
    for entry in entries:
        if entry.key in seen:
            folder.faults.add(file, entry.line, f"{entry.key[:60]}: appears here twice; keep one")
        elif entry.key not in known:
            folder.faults.add(file, entry.line, f"{entry.key[:60]}: is not a key here; {closest(entry.key, known)}")
        elif entry.key == "updates":
            for update in entry.below:
                name = UPDATE_PREFIX + update.key
                if name in found:
                    folder.faults.add(file, update.line, f"{update.key[:60]}: appears here twice; keep one")
                _take(folder, file, update, name, found, LENGTHS["update"], lines=False)
            if not entry.below:
                folder.faults.add(file, entry.line, 'updates: must be lines such as \'"2024-12-25": "..."\'')
        elif entry.key in ROOTS:
            _take_way(folder, file, entry, entry.key, found)
        else:
            _take(folder, file, entry, entry.key, found, LENGTHS[entry.key], lines=entry.key not in _ONE_LINE)
        seen.add(entry.key)
    for key in fields:
        if key not in seen:
            folder.faults.add(file, 1, f"{key} is missing; add it to the front matter")
    return found


def _take_way(folder: KitFolder, file: str, entry: _Entry, name: str, found: dict[str, str]) -> None:
    """Take what stands below the key of a way to act, each text under its full name."""
    spec = way_text(name)
    if spec is not None and spec.items and entry.below:
        before = len(folder.faults.found)
        lines: dict[str, str] = {}
        for item in entry.below:
            _take(folder, file, item, f"{name}.{item.key}", lines, spec.longest, lines=False)
        whole = "\n".join(lines.values())
        if len(whole) > spec.longest:
            folder.faults.add(file, entry.line, f"{name}: has {len(whole)} characters; the limit is {spec.longest}")
        elif len(folder.faults.found) == before:
            found[name] = whole
    elif spec is not None:
        _take(folder, file, entry, name, found, spec.longest, lines=spec.lines)
    elif not entry.below or not any(known.startswith(f"{_PLAIN.sub('.#', name)}.") for known in WAY_TEXTS):
        wanted = sorted({known for known in WAY_TEXTS if known.startswith(f"{name.partition('.')[0]}.")})
        folder.faults.add(file, entry.line, f"{name[:60]}: is not a text here; known are {', '.join(wanted)}")
    else:
        seen: set[str] = set()
        for item in entry.below:
            full = f"{name}.{item.key}"
            if full in seen:
                folder.faults.add(file, item.line, f"{full[:60]}: appears here twice; keep one")
            else:
                _take_way(folder, file, item, full, found)
            seen.add(full)


def _take(
    folder: KitFolder, file: str, entry: _Entry, name: str, found: dict[str, str], longest: int, *, lines: bool
) -> None:
    def fault(message: str) -> None:
        label = name if "." in name else entry.key
        folder.faults.add(file, entry.line, f"{label[:60]}: {message}")

    if entry.value is None:
        fault("must be text")
        return
    text = tidy(entry.value)
    if problem := text_fault(text):
        fault(problem)
    elif not text:
        fault("is empty; fill it in")
    elif not lines and ("\n" in text or "\t" in text):
        fault("must be on one line")
    elif len(text) > longest:
        fault(f"has {len(text)} characters; the limit is {longest}")
    else:
        found[name] = text


def tidy(text: str) -> str:
    """A text without space around it or at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    # Not for who reads a kit without stories.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def story_faults(story: str) -> Iterator[tuple[int, str]]:
    """What a story may not hold, as (line from 0, what is wrong and the mend)."""
    for number, words in enumerate(story.split("\n")):
        if problem := unfit_fault(words):
            yield number, problem
    # Unclosed brackets by the thousand make any Markdown parser slow, and no story has them.
    if story.count("[") + story.count("*") + story.count("_") + story.count("`") > _MAX_BRACKETS:
        yield 0, "has far too many brackets, stars, underscores or backticks; write plain paragraphs"
        return
    for block in _markdown().parse(story):
        line = block.map[0] if block.map else 0
        if block.type == "html_block":
            yield line, "HTML is not allowed; write Markdown"
        for token in block.children or ():
            if problem := _inline_fault(token):
                yield line, problem
            line += token.type in ("softbreak", "hardbreak")


def _inline_fault(token: Token) -> str | None:
    if token.type == "html_inline":
        return "HTML is not allowed; write Markdown"
    if token.type == "image":
        return "a picture in the story is not allowed; the portrait goes into [photo] of case.toml"
    if token.type == "link_open":
        target = str(token.attrs.get("href", ""))
        return None if target.startswith("mailto:") else url_fault(target)
    return None
