"""What stands around a page in our own layout: header, footer and head. Of pages with a secret URL it is the same for all, so it
is rendered once and kept for a moment; such a page renders only what it says itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from flask import Flask, request
from jinja2 import nodes

from . import Here, moment
from .delimiters import as_written_for
from .layout import OURS, is_all_ours, parsed, says_nothing

#: What a page may fill to stand in a shell; in their order there.
BLOCKS = ("title", "robots", "page")
_BASE = "w4r/base.html"
_MARK = f"\x1e{token_hex(8)}\x1e"
_HOLLOW = f'{{% extends "{_BASE}" %}}' + "".join(f"{{% block {name} %}}{_MARK}{{% endblock %}}" for name in BLOCKS)


def in_shell(
    app: Flask, place: Here, template: str, given: Mapping[str, Any], context: Mapping[str, Any]
) -> str | None:
    """Render a page in its shell.

    :param template: its full name.
    :param given: what the layout is given: the same for all who ask in one language.
    :param context: what only the page is given.
    :returns: the page; ``None`` where it has to be rendered whole: the host changed a template, or it fills other blocks.
    """
    if app.jinja_env.auto_reload or not place.state.once(f"shell:{template}", lambda: _fits(app, template)):
        return None
    # Links differ where the app answers under several roots or names.
    host = request.host if app.url_map.host_matching else ""
    key = (template, place.section.code, place.locale, request.script_root, host)
    around = moment.kept(place, "shells", key, lambda: _hollow(app, given))
    found = app.jinja_env.get_template(template)
    values = found.new_context({**given, **context})
    said = ["".join(found.blocks[name](values)) if name in found.blocks else "" for name in BLOCKS]
    return "".join(piece for pair in zip(around, [*said, ""], strict=True) for piece in pair)


def _hollow(app: Flask, given: Mapping[str, Any]) -> list[str]:
    return app.jinja_env.from_string(as_written_for(app.jinja_env, _HOLLOW)).render(given).split(_MARK)


def _fits(app: Flask, template: str) -> bool:
    """Whether a page does nothing but fill these blocks of ours."""
    if not is_all_ours(app.jinja_env, template) or not is_all_ours(app.jinja_env, OURS):
        return False
    tree = parsed(app.jinja_env, template)[1]
    if tree is None:
        return False
    above = [node for node in tree.body if isinstance(node, nodes.Extends)]
    blocks = {node.name for node in tree.find_all(nodes.Block)}
    return (
        [getattr(node.template, "value", None) for node in above] == [_BASE]
        and blocks <= set(BLOCKS)
        and all(isinstance(node, nodes.Extends | nodes.Block) or says_nothing(node) for node in tree.body)
    )
