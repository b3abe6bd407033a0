"""A layout of the host's around our pages: which of its blocks take ours, our part of a page as text, and the layout
rendered round that text.

A page of ours is first rendered into ``w4r/_slots.html``, which gives what it puts into each of its blocks. That is our
part; it is the same for every visitor, so that of a public page is kept. The layout is then rendered around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from flask import Flask, render_template
from jinja2 import Environment, Template, nodes
from jinja2.exceptions import TemplateNotFound
from jinja2.meta import find_referenced_templates
from markupsafe import Markup

from ..state import W4RState
from .delimiters import as_written_for

OURS = "w4r/layout.html"
SLOTS = "w4r/_slots.html"
#: Our blocks in the order of ``w4r/_slots.html``, each with the names that a layout may have for it, best first.
STAND_INS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "page_title", "head_title"),
    "head": ("head", "extra_head", "head_extra", "extrahead", "styles", "css", "stylesheets", "extra_css", "extra_styles", "metas", "meta"),
    "hero": ("hero",),
    "content": ("content", "main", "main_content", "page_content", "body"),
    "aside": ("aside",),
    "scripts": ("scripts", "javascripts", "javascript", "js", "extra_js", "extra_scripts", "end_scripts"),
}  # fmt: skip
#: What becomes of a page whose layout has no such block, and the line that mends it. Without ``content`` none is shown.
LACKS: Mapping[str, tuple[str, str]] = {
    "title": ("pages have no title of their own", "<title>{% block title %}{% endblock %}</title> in <head>"),
    "head": (
        "our stylesheet is linked before the content, and pages go without their canonical address, their languages,"
        " what sharing needs, and 'noindex'",
        "{% block head %}{% endblock %} at the end of <head>",
    ),
    "content": ("there is no place for our pages", "{% block content %}{% endblock %} in <main>"),
    "scripts": ("our script is loaded after the content", "{% block scripts %}{% endblock %} before </body>"),
}
_PACKAGE = str(Path(__file__).parent.parent / "templates")
_MARK, _SUPER = f"\x1e{token_hex(8)}\x1e", f"\x1f{token_hex(8)}\x1f"
#: What of our head may stand in a body, where a layout has no place for it in its own head.
_ANYWHERE = re.compile(
    r"""<link\b[^>]*\brel="stylesheet"[^>]*>|<script type="application/ld\+json">.*?</script>""", re.DOTALL
)


@dataclass(frozen=True)
class Layout:
    """One layout, and where our blocks go in it."""

    name: str
    #: Ours, not the host's.
    own: bool
    #: Our block, and the layout's for it, where it has one.
    places: Mapping[str, str]
    #: The layout's blocks in which it has nothing itself.
    bare: frozenset[str]
    #: Around our part; ``None`` for our own.
    frame: Template | None


@dataclass(frozen=True)
class Part:
    """What is ours of one page in a host's layout."""

    layout: Layout
    #: For each block of the layout's, what goes into it: one piece, or two, around what the layout has there itself.
    blocks: Mapping[str, tuple[Markup, ...]]
    #: What the layout is given beside what each request has.
    values: Mapping[str, Any]
    #: Every template was ours, and none was given anything of the host's.
    plain: bool


def find_layout(app: Flask, state: W4RState, name: str) -> Layout:
    """Look at a layout, once; anew while templates are written.

    :raises TemplateNotFound: the host has no such template.
    """
    kept: dict[str, Layout] = state.once("layouts", dict)
    found = kept.get(name)
    if found is None or app.jinja_env.auto_reload:
        found = kept[name] = _examine(app.jinja_env, name)
    return found


def layouts_in_use(state: W4RState) -> dict[str, str]:
    """The layouts that the configuration names: key and template."""
    config = state.config
    return {"W4R_LAYOUT": config.layout} | ({"W4R_PUBLIC_LAYOUT": config.public_layout} if config.public_layout else {})


def _examine(env: Environment, name: str) -> Layout:
    if name == OURS and _file_is_ours(env, name):
        return Layout(name, True, {block: block for block in STAND_INS}, frozenset(), None)
    blocks = _blocks(env, name)
    places = {ours: next((one for one in names if one in blocks), "") for ours, names in STAND_INS.items()}
    places = {ours: theirs for ours, theirs in places.items() if theirs}
    lines = ["{% extends w4r_layout %}"]
    for block in places.values():
        ours = f"w4r_blocks['{block}']"
        lines.append(
            f"{{% block {block} %}}{{{{ {ours}[0] }}}}"
            f"{{% if {ours}|length > 1 %}}{{{{ super() }}}}{{{{ {ours}[1] }}}}{{% endif %}}{{% endblock %}}"
        )
    # A block that a layout requires and that is not ours to fill stays empty.
    left = [name for name, block in blocks.items() if block.required and name not in places.values()]
    lines += [f"{{% block {block} %}}{{% endblock %}}" for block in left]
    bare = frozenset(name for name, block in blocks.items() if block.bare)
    return Layout(name, False, places, bare, env.from_string(as_written_for(env, "".join(lines))))


class _Block(NamedTuple):
    #: A page must fill it.
    required: bool = False
    #: The layout has nothing in it.
    bare: bool = False


def _blocks(env: Environment, name: str) -> dict[str, _Block]:
    """The blocks of a layout and of those it extends."""
    found: dict[str, _Block] = {}
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        source, tree = parsed(env, name)
        if tree is None:
            # No source (compiled templates): what it says itself, and what it may have from above.
            known = env.get_template(name).blocks
            return dict.fromkeys([*known, *(STAND_INS if "content" not in known else ())], _Block()) | found
        for block in tree.find_all(nodes.Block):
            if not _is_within(source, block.name):
                found.setdefault(block.name, _Block(block.required, all(says_nothing(one) for one in block.body)))
        above = next(tree.find_all(nodes.Extends), None)
        if above is None:
            break
        if not isinstance(above.template, nodes.Const):
            # Chosen at each rendering: taken to offer what the documentation asks for.
            return dict.fromkeys(STAND_INS, _Block()) | found
        name = above.template.value
    return found


def says_nothing(node: nodes.Node) -> bool:
    """Whether a piece of a template is space alone."""
    return isinstance(node, nodes.Output) and all(
        isinstance(one, nodes.TemplateData) and not one.data.strip() for one in node.nodes
    )


def parsed(env: Environment, name: str) -> tuple[str, nodes.Template | None]:
    """A template's source and what it says; ``None`` where the host's templates have no source."""
    if env.loader is None:
        raise TemplateNotFound(name)
    try:
        source = env.loader.get_source(env, name)[0]
    except RuntimeError:
        return "", None
    return source, env.parse(source, name)


def _is_within(source: str, block: str) -> bool:
    """Whether a block stands inside of ``<style>`` or ``<script>``, where no tag of ours could be read."""
    before = re.split(rf"\bblock\s+{re.escape(block)}\b", source, maxsplit=1)[0].lower()
    return any(before.rfind(f"<{tag}") > before.rfind(f"</{tag}") for tag in ("style", "script"))


def _file_is_ours(env: Environment, name: str) -> str | None:
    """The path of a template that is the library's own file, and not one of the host's with its name."""
    path = env.loader.get_source(env, name)[1] if env.loader else None
    return path if path is not None and path.startswith(_PACKAGE) else None


def is_all_ours(env: Environment, name: str) -> bool:
    """Whether a template, and all that it draws on, is the library's own."""
    left, seen = [name], {name}
    while left:
        try:
            path = _file_is_ours(env, left.pop())
        except TemplateNotFound:
            continue
        if path is None:
            return False
        fresh = _references(path) - seen
        seen |= fresh
        left += fresh
    return True


@cache
def _references(path: str) -> frozenset[str]:
    """The templates that one of our files names."""
    tree = Environment(autoescape=True).parse(Path(path).read_text("utf-8"))
    return frozenset(name for name in find_referenced_templates(tree) if name)


def _uses_ours(app: Flask, state: W4RState, template: str) -> bool:
    kept: dict[str, bool] = state.once("own_templates", dict)
    if template not in kept or app.jinja_env.auto_reload:
        kept[template] = is_all_ours(app.jinja_env, template)
    return kept[template]


def make_part(app: Flask, state: W4RState, layout: Layout, template: str, values: Mapping[str, Any],
              context: Mapping[str, Any]) -> Part | str:  # fmt: skip
    """Render what is ours of a page.

    :param template: its full name.
    :param values: what the layout is given too.
    :param context: what only the page is given.
    :returns: the part; or the whole page, where the host's own ``w4r/base.html`` extends a layout by itself.
    """
    plain = _uses_ours(app, state, template)
    given = {**values, **context, "w4r_layout": SLOTS, "w4r_mark": _MARK, "w4r_super": _SUPER}
    # Templates of ours need nothing of the host's context processors, which may look at the visitor.
    text = app.jinja_env.get_template(template).render(given) if plain else render_template(template, **given)
    pieces = text.split(_MARK)
    if len(pieces) != len(STAND_INS) + 2:
        return text
    filled = dict(zip(STAND_INS, pieces[1:-1], strict=True))
    blocks = {theirs: filled[ours] for ours, theirs in layout.places.items()}
    before = "" if "head" in layout.places else "\n".join(_ANYWHERE.findall(filled["head"]))
    before += "" if "hero" in layout.places else filled["hero"]
    after = "".join(filled[block] for block in ("aside", "scripts") if block not in layout.places)
    blocks[layout.places["content"]] = before.replace(_SUPER, "") + filled["content"] + after.replace(_SUPER, "")
    split = {name: _pieces(text, bare=name in layout.bare) for name, text in blocks.items()}
    return Part(layout, split, values, plain)


def _pieces(text: str, *, bare: bool) -> tuple[Markup, ...]:
    # Where the layout has nothing itself, nothing is asked of it.
    pieces = [text.replace(_SUPER, "")] if bare else text.split(_SUPER, 1)
    return tuple(Markup(piece) for piece in pieces)  # noqa: S704  rendered by templates


def frame(part: Part) -> str:
    """Render the layout around our part, for whoever asks."""
    assert part.layout.frame is not None
    given = {**part.values, "w4r_layout": part.layout.name, "w4r_blocks": part.blocks}
    return render_template(part.layout.frame, **given)
