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

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

#: The longest each text may be: what a page, a letter and a share card can bear.
LENGTHS: Mapping[str, int] = {"title": 200, "summary": 600, "demand": 400, "petition": 8000, "update": 1000}
MAX_STORY = 40_000
_ONE_LINE = frozenset({"title", "summary", "demand", "update"})
_MAX_BRACKETS = 1500


@dataclass(frozen=True)
class _Entry:
    key: str
    line: int
    value: str | None
    below: tuple[_Entry, ...] = ()


def read_texts(folder: KitFolder, file: str, fields: tuple[str, ...], *, updates: bool) -> dict[str, str] | None:
    """Read one locale's texts.

    :param fields: what the front matter must hold; the story always follows it.
    :param updates: whether the front matter may hold ``updates``, a text for each dated update.
    :returns: ``{field: words}`` with ``update:<on>`` for updates, or ``None`` where the file has no such shape.
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
    found = _fields(folder, file, entries, fields, updates)
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
    return [_entry(key, value, below=True) for key, value in root.value]


def _entry(key: object, value: object, *, below: bool) -> _Entry:
    import yaml

    assert isinstance(key, yaml.Node)
    name = key.value if isinstance(key, yaml.ScalarNode) else "?"
    line = key.start_mark.line + 2
    if isinstance(value, yaml.ScalarNode):
        return _Entry(name, line, value.value)
    if below and isinstance(value, yaml.MappingNode):
        return _Entry(name, line, None, tuple(_entry(k, v, below=False) for k, v in value.value))
    return _Entry(name, line, None)


def _fields(
    folder: KitFolder, file: str, entries: list[_Entry], fields: tuple[str, ...], updates: bool
) -> dict[str, str]:
    known = (*fields, "updates") if updates else fields
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
                _take(folder, file, update, name, "update", found)
            if not entry.below:
                folder.faults.add(file, entry.line, 'updates: must be lines such as \'"2024-12-25": "..."\'')
        else:
            _take(folder, file, entry, entry.key, entry.key, found)
        seen.add(entry.key)
    for key in fields:
        if key not in seen:
            folder.faults.add(file, 1, f"{key} is missing; add it to the front matter")
    return found


def _take(folder: KitFolder, file: str, entry: _Entry, name: str, kind: str, found: dict[str, str]) -> None:
    def fault(message: str) -> None:
        folder.faults.add(file, entry.line, f"{entry.key[:60]}: {message}")

    if entry.value is None:
        fault("must be text")
        return
    text = tidy(entry.value)
    if problem := text_fault(text):
        fault(problem)
    elif not text:
        fault("is empty; fill it in")
    elif kind in _ONE_LINE and ("\n" in text or "\t" in text):
        fault("must be on one line")
    elif len(text) > LENGTHS[kind]:
        fault(f"has {len(text)} characters; the limit is {LENGTHS[kind]}")
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
