"""Small papers, set in this process by a Typst that stays warm.

A process of its own takes most of a second before it sets the first letter: it loads Typst and looks through the fonts. A sheet
takes some hundredths, and Typst lets other threads run meanwhile. What it remembers between papers is some megabytes and does
not grow, so that small papers need no process; large ones go to :mod:`.typeset`, whose memory goes when it ends.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import PDFUnavailable
from . import fonts
from .typeset import insist_on_typst, source_of, typeset

#: So many bytes of papers are kept, those that were asked for last.
KEPT = 24_000_000
#: From so many characters of data on, a paper is a large one.
LARGE = 120_000
#: Faces by purpose, best first; of them those that are installed. Typst goes on to all others by itself.
FACES: Mapping[str, Sequence[str]] = {
    "sans": ("Noto Sans", "Noto Sans Arabic", "DejaVu Sans", "Libertinus Serif"),
    "serif": ("Libertinus Serif", "Noto Naskh Arabic", "Noto Serif"),
}
#: The same signs look different in these languages: their own faces go first.
OWN_FACES: Mapping[str, Mapping[str, str]] = {
    "ja": {"sans": "Noto Sans CJK JP", "serif": "Noto Serif CJK JP"},
    "zh": {"sans": "Noto Sans CJK SC", "serif": "Noto Serif CJK SC"},
    "ko": {"sans": "Noto Sans CJK KR", "serif": "Noto Serif CJK KR"},
}


@dataclass(frozen=True)
class Paper:
    """A paper that can be set: the same words are the same paper.

    :param template: files of Typst, put together in this order; ``data`` is what they print.
    :param lang: the language that most of it is in.
    """

    template: tuple[Path, ...]
    data: Mapping[str, Any]
    lang: str
    font_paths: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The data, as Typst reads it."""
        return json.dumps(self.data, ensure_ascii=False, sort_keys=True)

    @property
    def digest(self) -> str:
        """Names the paper: it changes with any word, and with the template."""
        parts = (_source(self.template), self.lang.encode(), "|".join(self.font_paths).encode(), self.text.encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


class Kept:
    """Papers that were set, by digest; the oldest go first."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._size = most, 0
        self._papers: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str) -> bytes | None:
        """What is kept of a paper."""
        with self._lock:
            found = self._papers.get(digest)
            if found is not None:
                self._papers.move_to_end(digest)
            return found

    def put(self, digest: str, made: bytes) -> None:
        """Keep one, unless it alone would push out most of the others."""
        if len(made) > self._most // 4:
            return
        with self._lock:
            if digest not in self._papers:
                self._papers[digest] = made
                self._size += len(made)
            while self._size > self._most:
                self._size -= len(self._papers.popitem(last=False)[1])

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size


#: One at a time, each on one core: whoever asks for many waits.
_SETTING = threading.Lock()


def set_paper(paper: Paper) -> bytes:
    """Set a paper, as PDF/UA-1.

    :raises PDFUnavailable: a library is missing, no font has a letter of it, or Typst did not do it; the message says which.
    """
    insist_on_typst()
    text = paper.text
    insist_on_letters(text, paper.font_paths)
    if len(text) > LARGE:
        return typeset(
            paper.template, paper.data, font_paths=paper.font_paths, faces=faces(paper.lang, paper.font_paths)
        )
    import typst

    with _SETTING:
        try:
            compiler = typst.Compiler(
                _source(paper.template), font_paths=_fonts(paper.font_paths),
                sys_inputs={"data": text, **faces(paper.lang, paper.font_paths)},
            )  # fmt: skip
            made = compiler.compile(format="pdf", pdf_standards="ua-1")
        except RuntimeError as error:
            # What it says is about the template, not about what was set.
            raise PDFUnavailable(f"Typst did not set {paper.template[-1].name}: {str(error)[:200]}") from None
    assert isinstance(made, bytes)
    return made


@lru_cache(maxsize=16)
def _source(template: tuple[Path, ...]) -> bytes:
    return source_of(template)


@lru_cache(maxsize=4)
def _fonts(font_paths: tuple[str, ...]) -> Any:
    import typst

    return typst.Fonts(font_paths=list(font_paths))


@lru_cache(maxsize=64)
def faces(lang: str, font_paths: tuple[str, ...]) -> Mapping[str, str]:
    """The installed faces by purpose, as a template reads them: ``sys.inputs.sans.split("|")``."""
    there = {name.lower() for name in _fonts(font_paths).families()}
    own = OWN_FACES.get(lang.split("-")[0], {})
    found = {}
    for purpose, names in FACES.items():
        # Latin letters keep their own face, which is in front.
        wanted = [*names, own[purpose]] if purpose in own else [*names]
        found[purpose] = "|".join(name for name in wanted if name.lower() in there)
    return found


#: Characters that a font was found for, by the folders with fonts.
_known: dict[tuple[str, ...], set[str]] = {}


def insist_on_letters(text: str, font_paths: tuple[str, ...]) -> None:
    """See that every character can be printed. Fonts are opened for those that were never asked for before.

    :raises PDFUnavailable: no font has some; the message names their scripts.
    """
    known = _known.setdefault(font_paths, set())
    new = set(text) - known
    found = fonts.missing(new, font_paths) if new else {}
    if found:
        raise PDFUnavailable(fonts.lacking(found))
    known |= new
