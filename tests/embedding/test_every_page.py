"""Every page and mail in a host whose Jinja is not as ours: strict, trimming, with a name for the server, full of our names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment, StrictUndefined, meta

from flask_w4r import W4R, Actor
from flask_w4r.testing import run_jobs
from tests.conftest import Host
from tests.embedding.conftest import LAYOUT, MakeSite, clear_pages, host_layout
from tests.embedding.test_every_route import ACTED, as_host, full_site, routes

#: What a filter, a search or a form of ours may be given by whoever writes an address.
QUERIES = (
    "",
    "?days=x&kind=event&page=2&state=all&status=&near=Sydney&km=25&q=sam",
    "?kind=report&saved=1&done=approve&case=x",
)

#: What no reader should see.
UNREAD = re.compile(r"\{\{|\{%|\[\[|<%")


def used(message: str) -> Any:
    def use(self: Any, *given: Any) -> Any:
        raise AssertionError(message)

    return use


#: Something of the host's that no page of ours may so much as look at.
THEIRS = type(
    "Theirs", (), {
        name: used("a page of ours used a value of the host's")
        for name in ("__str__", "__html__", "__bool__", "__iter__", "__len__", "__call__", "__getattr__", "__getitem__",
                     "__eq__", "__lt__", "__gt__", "__contains__", "__format__", "__add__", "__radd__", "__mod__")
    },
)()  # fmt: skip


def parsed(env: Environment) -> Iterator[Any]:
    """Each template of ours."""
    loader = env.loader
    assert loader is not None
    for name in env.list_templates(filter_func=lambda name: name.startswith("w4r/")):
        yield env.parse(loader.get_source(env, name)[0])


def names(app: Flask) -> set[str]:
    """The variables that any template of ours takes from its context."""
    found = set().union(*(meta.find_undeclared_variables(tree) for tree in parsed(app.jinja_env)))
    return {name for name in found if not name.startswith("_w4r")}


def strict(app: Flask) -> None:
    app.jinja_options = {  # type: ignore[misc]
        **app.jinja_options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True,
        "keep_trailing_newline": True, "optimized": False,
    }  # fmt: skip


def other_delimiters(app: Flask) -> None:
    app.jinja_options = {  # type: ignore[misc]
        **app.jinja_options, "block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "[[",
        "variable_end_string": "]]", "comment_start_string": "<#", "comment_end_string": "#>",
        "line_statement_prefix": "%%", "line_comment_prefix": "##", "trim_blocks": True, "undefined": StrictUndefined,
    }  # fmt: skip


def namesakes(app: Flask) -> None:
    taken = dict.fromkeys(names(app), THEIRS)
    app.context_processor(lambda: taken)
    app.jinja_env.globals.update(taken)
    # Of a filter the likely names; what is built into Jinja is a host's to leave alone.
    for name in ("number", "percent", "date", "datetime", "country", "time_span", "markdown", "currency"):
        app.jinja_env.filters[name] = app.jinja_env.tests[name] = used(f"a page of ours used the host's filter {name}")


KINDS: dict[str, dict[str, Any]] = {
    "strict, trimming, with a name": {
        "before": strict, "templates": host_layout(), "layout": "host.html", "public_layout": "host.html",
        "SERVER_NAME": "w4r.example.org", "PREFERRED_URL_SCHEME": "https", "base_url": "https://w4r.example.org",
    },
    "with other delimiters": {
        "before": other_delimiters, "layout": "host.html", "public_layout": "host.html",
        "templates": {"host.html": LAYOUT.replace("{{", "[[").replace("}}", "]]").replace("{%", "<%").replace("%}", "%>")},
    },
    "namesakes": {"after": namesakes},
    "without events": {"after": namesakes, "features": ["petitions", "impact", "tally", "moderation"]},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_and_mail(make_site: MakeSite, kind: str) -> None:
    host = full_site(make_site, captcha="altcha", **KINDS[kind])
    assert host.app.jinja_env.undefined is StrictUndefined
    pages = list(walk(host))
    assert len(pages) > 60
    raw = [(name, method) for name, method, answer in pages if "html" in answer.mimetype and UNREAD.search(answer.text)]
    assert not raw, "Jinja has read all of it"
    assert {answer.status_code for _, _, answer in pages} <= {200, 303, 400, 403, 404, 409, 422}
    assert not host.rows("SELECT last_error FROM w4r_outbox WHERE last_error IS NOT NULL")
    run_jobs(host.app)
    assert host.mailer.messages


@pytest.mark.parametrize("change", [strict, other_delimiters])
def test_a_hosts_trimming_leaves_every_space_of_ours(make_site: MakeSite, change: Callable[[Flask], None]) -> None:
    """Between two attributes it is what makes them two."""
    usual, theirs = (make_site(before=hook).app.jinja_env for hook in (lambda app: None, change))
    loader = usual.loader
    assert loader is not None
    names = usual.list_templates(filter_func=lambda name: name.startswith("w4r/"))
    assert len(names) > 100
    for name in names:
        source, filename, _ = loader.get_source(usual, name)

        def words(env: Environment, source: str = source, filename: Any = filename, name: str = name) -> str:
            read = env.lexer.tokeniter(env.preprocess(source, name, filename), name, filename)
            # Whether a file's last end of line is kept matters nowhere.
            return "|".join(text for _, kind, text in read if kind == "data").rstrip("|\n")

        assert words(usual) == words(theirs), name


@pytest.mark.parametrize("hook", [strict, namesakes])
def test_a_site_that_has_nothing_yet(make_site: MakeSite, hook: Callable[[Flask], None]) -> None:
    """No edition, no event, nothing at the desk."""
    w4r = W4R(mailer=lambda message: None, actor_loader=lambda: Actor("7", "Mo"), permission_check=lambda *asked: True)
    app = make_site(w4r=w4r, **{"before" if hook is strict else "after": hook}).app
    found = {
        app.test_client().get(rule.rule, buffered=True).status_code
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("w4r_au.") and not rule.arguments and "GET" in (rule.methods or ())
    }
    assert found <= {200, 302, 403, 404, 409, 422}


def walk(host: Host) -> Iterator[tuple[str, str, Any]]:
    """Each page as it is, with a query, and after a form that was filled in wrong or not at all."""
    for name, path in routes(host, "GET"):
        client = host.app.test_client()
        for query in QUERIES:
            clear_pages(host)
            yield name, "GET", (as_host(client) if name.startswith("host") else client).get(path + query, buffered=True)
    for name, path in routes(host, "POST"):
        for data in ({}, ACTED):
            yield name, "POST", as_host(host.app.test_client()).post(path, data=data)
