"""Our templates in a host whose Jinja reads otherwise: with other delimiters, such as ``[[ name ]]`` beside a script that
takes ``{{``, or trimming lines, which would leave no space between two attributes."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment
from jinja2.ext import Extension

_OURS = Path(__file__).resolve().parents[1] / "templates"
_NAMES = ("block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
          "comment_start_string", "comment_end_string")  # fmt: skip
#: What our templates are written in: nothing is trimmed but where a mark says so.
_PLAIN = Environment(keep_trailing_newline=True)  # noqa: S701  it renders nothing
#: Which of them a token holds.
_IN_TOKEN = {
    "block_begin": (0,), "block_end": (1,), "raw_begin": (0, 1), "raw_end": (0, 1), "variable_begin": (2,),
    "variable_end": (3,), "comment_begin": (4,), "comment_end": (5,),
}  # fmt: skip
#: Jinja's own mark that nothing is trimmed at a delimiter, at those that have no other.
_UNTRIMMED = {"{%": "{%+", "%}": "+%}", "{#": "{#+", "#}": "+#}"}


class Delimiters(Extension):
    """Writes our templates anew for the host's settings before they are compiled. A host's own file stays as it is."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source as the environment reads it."""
        if filename is None or not Path(filename).resolve().is_relative_to(_OURS):
            return source
        return as_written_for(self.environment, source)


def as_written_for(env: Environment, source: str) -> str:
    """What is written in the usual delimiters and trimmed nowhere, in the delimiters of an environment and so there too."""
    theirs, ours = ([getattr(one, name) for name in _NAMES] for one in (env, _PLAIN))
    if theirs == ours and not (env.trim_blocks or env.lstrip_blocks):
        return source
    parts = []
    for _, kind, value in _PLAIN.lex(source):
        if kind in _IN_TOKEN:
            value = _UNTRIMMED.get(value, value)
        for number in _IN_TOKEN.get(kind, ()):
            value = value.replace(ours[number], theirs[number], 1)
        parts.append(value)
    return "".join(parts)
