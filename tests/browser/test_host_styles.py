"""Our parts under the stylesheets of frameworks, and a host's layout with what it brings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from werkzeug.serving import make_server

from flask_w4r import W4R
from flask_w4r.testing import make_campaign
from tests.browser.conftest import Visitor

SIGN, CASE = "/au/cases/ann-example/sign", "/au/cases/ann-example"
SNIPPETS = Path(__file__).parents[2] / "docs" / "snippets"
#: What each framework says of bare elements that our parts are made of, in short.
FRAMEWORKS = {
    "bootstrap4": """label { display: inline-block; margin-bottom: .5rem }
        legend { display: block; width: 100%; margin-bottom: .5rem; font-size: 1.5rem; line-height: inherit }
        input, button, select, textarea { margin: 0; font-family: inherit; font-size: inherit; line-height: inherit }
        input[type="radio"], input[type="checkbox"] { box-sizing: border-box; padding: 0 }
        a { color: #007bff; text-decoration: none; background-color: transparent } h1, h2 { font-weight: 500; line-height: 1.2 }
        button { border-radius: 0 } body { font-family: serif; line-height: 1.5; color: #212529; text-align: center }""",
    "bootstrap5": """label { display: inline-block } legend { float: left; width: 100%; font-size: calc(1.275rem + .3vw) }
        legend + * { clear: left } ol, ul { padding-left: 2rem } p { margin-bottom: 1rem } dd { margin-left: 0 }
        button:not(:disabled), [type="submit"]:not(:disabled) { cursor: crosshair } hr { opacity: .25 }""",
    "bulma": """html, body, p, ol, ul, li, dl, dt, dd, blockquote, figure, fieldset, legend, h1, h2, h3 { margin: 0; padding: 0 }
        h1, h2, h3 { font-size: 100%; font-weight: normal } ul { list-style: none } button, input, select { margin: 0 }
        input[type="checkbox"], input[type="radio"] { vertical-align: baseline } strong { color: #f14668; font-weight: 600 }
        fieldset { border: none } a { color: #485fc7; cursor: help } span { font-style: inherit; font-weight: inherit }""",
    "tailwind": """*, ::before, ::after { box-sizing: border-box; border: 0 solid #e5e7eb } img, svg { display: block; vertical-align: middle }
        h1, h2, h3 { font-size: inherit; font-weight: inherit } a { color: inherit; text-decoration: inherit }
        button, input, select { font: inherit; color: inherit; margin: 0; padding: 0 } legend { padding: 0 }
        button, [type="submit"] { -webkit-appearance: button; background-color: transparent; background-image: none }
        ol, ul { list-style: none; margin: 0; padding: 0 } p, figure, fieldset { margin: 0 }""",
    # As of version 4: in layers, of which one has a name of ours.
    "layers": """@layer theme, base, components, utilities; @layer base { * { margin: 0; padding: 0; border: 0 solid }
        label { display: inline } legend { font-size: 2rem } button { border-radius: 9rem; background: none } } """,
    "pico": """label { display: block; margin-bottom: .375rem } fieldset legend { font-weight: 400; font-size: 1.4rem }
        [type="checkbox"], [type="radio"] { appearance: none; width: 1.25em; height: 1.25em; margin-inline-end: .5em; border-width: 1px }
        [type="checkbox"] ~ label, [type="radio"] ~ label { display: inline-block; margin-bottom: 0; cursor: help }
        input:not([type="checkbox"], [type="radio"]) { height: 5rem; padding: .75rem 1rem; border-radius: 1rem }
        :where(input)[aria-invalid="true"]:not([type="checkbox"], [type="radio"]) { padding-inline-end: 9rem; color: green }
        button:is(:hover, :active, :focus), button[type="submit"] { width: 100%; margin-bottom: 3rem; background: navy }
        progress { height: .5rem } progress::-webkit-progress-value { background: navy } :where(p) ~ h2 { margin-top: 6rem }""",
}  # fmt: skip
LAYOUT = """<!doctype html><html lang="{{ lang }}" dir="{{ dir }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>{% block title %}{% endblock %}</title>
<style>@font-face { font-family: Lora; src: url("data:font/woff2;base64,") } nav { color: rgb(1, 2, 3) } body { margin: 0 }</style>
<link rel="stylesheet" href="/{{ request.args.sheet or 'none' }}.css">{% block styles %}{% endblock %}</head>
<body><nav onclick="0">Blog</nav><main>{% block content %}{% endblock %}</main>
<script>document.documentElement.dataset.hosts = "ran"</script>{% block scripts %}{% endblock %}</body></html>"""
#: Every computed value of every element of ours, but for what lies within a drawing.
LOOK = """() => [...document.querySelectorAll(".w4r-content, .w4r-content :not(svg *)")].map((element) => {
  const style = getComputedStyle(element);
  return [element.tagName, element.className, Object.fromEntries([...style].map((name) => [name, style[name]]))];
})"""
#: How much lower than the middle of its box the middle of a label's first line is.
OFF = """() => [...document.querySelectorAll(".w4r-choice")].map((choice) => {
  const box = choice.querySelector("input").getBoundingClientRect(), label = choice.querySelector("label");
  const range = document.createRange(); range.selectNodeContents(label);
  const line = range.getClientRects()[0];
  return Math.abs((line.top + line.bottom) / 2 - (box.top + box.bottom) / 2);
})"""


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A host with a layout of its own, which has things inline; its stylesheet is chosen by ``?sheet=``."""
    app = Flask("blog")
    app.config.update(
        SECRET_KEY="only for tests", TESTING=True, W4R_SECTION={"preset": "AU", "url_prefix": "/au"},
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path_factory.mktemp('blog') / 'site.sqlite3'}",
        W4R_LAYOUT="blog.html", W4R_CAPTCHA="none", W4R_FORM_MIN_SECONDS=0,
    )  # fmt: skip
    app.jinja_loader = DictLoader({"blog.html": LAYOUT})  # type: ignore[assignment]
    sheets = {**FRAMEWORKS, "none": "", "own_rules": (SNIPPETS / "own_rules.css").read_text("utf-8")}
    app.add_url_rule("/<sheet>.css", "sheet", lambda sheet: Response(sheets[sheet], mimetype="text/css"))
    W4R(app, SQLAlchemy(app))
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    make_campaign(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def refused(visitor: Visitor, address: str) -> None:
    """The form page, sent empty, so that it shows its faults too."""
    visitor.open(address)
    visitor.page.locator("button[type=submit]").click()
    visitor.page.locator(".w4r-errors").wait_for()
    visitor.page.evaluate("document.activeElement.blur()")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_frameworks_sheet_does_not_reach_our_parts(visit: Any, blog: str, width: int) -> None:
    visitor = visit(width)
    refused(visitor, f"{blog}{SIGN}")
    looks = {}
    for sheet in ("none", *FRAMEWORKS):
        # The form was sent to an address without the argument.
        visitor.page.evaluate(
            "(href) => { document.querySelector('link[href$=\".css\"]:not([href*=w4r])').href = href }", f"/{sheet}.css"
        )
        visitor.until(f"[...document.styleSheets].some((sheet) => sheet.href?.endsWith('/{sheet}.css'))")
        visitor.shot(f"framework-{sheet}-{width}")
        looks[sheet] = visitor.page.evaluate(LOOK)
        assert max(visitor.page.evaluate(OFF)) <= 1, sheet
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for (tag, name, plain), (_, _, styled) in zip(looks["none"], looks[sheet], strict=True):
            assert {key: value for key, value in styled.items() if value != plain[key]} == {}, (sheet, tag, name)


@pytest.mark.browser
def test_a_hosts_own_rules_for_our_parts_win(visit: Any, blog: str) -> None:
    visitor = visit()
    visitor.open(f"{blog}{SIGN}?sheet=own_rules")
    look = "getComputedStyle(document.querySelector('.w4r-button'))"
    assert visitor.page.evaluate(f"[{look}.textTransform, {look}.borderTopLeftRadius]") == ["uppercase", "32px"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_what_a_hosts_layout_brings_works(visit: Any, blog: str, width: int) -> None:
    """Its inline script and style, its pictures in ``data:``: with the strict policy all of them were blocked."""
    visitor = visit(width)
    for path in (CASE, SIGN):
        visitor.open(blog + path)
        assert visitor.page.evaluate("document.documentElement.dataset.hosts") == "ran"
        assert visitor.page.evaluate("getComputedStyle(document.querySelector('nav')).color") == "rgb(1, 2, 3)"
        assert visitor.page.evaluate("getComputedStyle(document.querySelector('.w4r-button--go')).cursor") == "pointer"
        assert not visitor.page.locator("#w4r-website").is_visible()
        assert visitor.axe() == []
        visitor.shot(f"blog-{path.rpartition('/')[2]}-{width}")
    assert visitor.complaints == []
    assert {policy.split(";")[0] for policy in visitor.policies} == {"frame-ancestors 'none'"}


@pytest.mark.browser
def test_the_trap_is_hidden_without_any_stylesheet(visit: Any, blog: str) -> None:
    visitor = visit()
    visitor.page.route("**/*.css*", lambda route: route.abort())
    visitor.open(blog + SIGN)
    assert visitor.page.locator("#email").is_visible()
    assert not visitor.page.locator("#w4r-website").is_visible()
