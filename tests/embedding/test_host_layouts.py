"""Layouts that nobody here wrote: without our blocks, with blocks of our names, with visitors in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, flash, g, session

from flask_w4r import doctor
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign
from tests.conftest import Host
from tests.embedding.conftest import MakeSite
from tests.embedding.test_layouts import assert_for_all, assert_private, logins

CASE, SIGN = "/au/cases/ann-example", "/au/cases/ann-example/sign"
PAGES = ("/au/", CASE, SIGN, "/au/cases/nobody")
#: A layout as the first page of Bootstrap's documentation has it, with what sites add to it.
BOOTSTRAP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{% block title %}{% endblock %} | Blog</title>
<link rel="stylesheet" href="https://fonts.example.org/css?family=Lora"><link rel="icon" href="data:,">
<style>.navbar-toggler { background: url("data:image/svg+xml,") }</style>HEAD</head><body>
<nav class="navbar">Blog VISITOR</nav><main class="container">{% block content %}{% endblock %}</main>
<script>document.title += "!"</script>SCRIPTS</body></html>"""


def block(name: str) -> str:
    return f"{{% block {name} %}}{{% endblock %}}"


def layout(head: str = "head", scripts: str = "scripts", visitor: str = "") -> str:
    parts = {"HEAD": head and block(head), "SCRIPTS": scripts and block(scripts), "VISITOR": visitor}
    return re.sub("HEAD|SCRIPTS|VISITOR", lambda found: parts[found[0]], BOOTSTRAP)


def site(make_site: MakeSite, source: str, templates: dict[str, str] | None = None, **kwargs: Any) -> Host:
    """A host that names its layout in ``W4R_LAYOUT`` and does no more."""
    host = make_site(layout="host.html", templates={"host.html": source, **(templates or {})}, **kwargs)
    make_campaign(host.app)
    return host


def findings(host: Host) -> dict[str, list[str]]:
    """What the doctor says of the layout, by level."""
    found: dict[str, list[str]] = {"ok": [], "warn": [], "error": []}
    for one in doctor.examine(host.app, get_state(host.app)):
        if one.subject in ("layout", "host"):
            found[one.level].append(one.text)
    return found


def head_of(text: str) -> str:
    return text.partition("</head>")[0]


@pytest.mark.parametrize(("head", "scripts"), [("head", "scripts"), ("styles", "js"), ("extra_css", "javascript")])
def test_blocks_by_other_names(make_site: MakeSite, head: str, scripts: str) -> None:
    host = site(make_site, layout(head, scripts))
    client = host.app.test_client()
    for path in PAGES:
        text = client.get(path).text
        assert "css/w4r.css?v=" in head_of(text)
        assert 'rel="canonical"' in head_of(text)
        assert ('content="noindex' in head_of(text)) == (path in PAGES[2:])
        assert text.count("css/w4r.css") == text.count("js/w4r.js") == text.count("<main") == 1
        assert text.index("js/w4r.js") > text.index("</main>")
        assert text.index("Blog</title>") > text.index("<title>") + len("<title>")
    found = findings(host)
    assert found["warn"] == []
    assert len([line for line in found["ok"] if "stands for" in line]) == (0 if head == "head" else 2)


def test_without_a_place_in_the_head(make_site: MakeSite) -> None:
    """The stylesheet goes before the content, and what hides from people does so without it."""
    host = site(make_site, layout("", ""))
    client = host.app.test_client()
    for path in PAGES:
        text = client.get(path).text
        assert "w4r" not in head_of(text)
        assert text.index("css/w4r.css") < text.index('class="w4r w4r-content')
        assert text.index('class="w4r w4r-content') < text.index("js/w4r.js") < text.index("</main>")
        # No meta element is valid in a body.
        assert "<meta" not in text.partition("<body>")[2]
    for path in (CASE, SIGN):
        trap = re.search(r'<div class="w4r-trap"[^>]*>', client.get(path).text)
        assert trap
        assert re.search(r"\bhidden\b(?!=)", trap[0]), "needs no stylesheet"
    warnings = " ".join(findings(host)["warn"])
    for line in (block("head") + " at the end of <head>", block("scripts") + " before </body>"):
        assert line in warnings
    assert "no block title" not in warnings


def test_a_block_within_a_style_or_script_is_no_place_for_ours(make_site: MakeSite) -> None:
    source = (
        layout("", "").replace("</style>", block("css") + "</style>").replace("</script>", block("js") + "</script>")
    )
    text = site(make_site, source).app.test_client().get(CASE).text
    assert "w4r" not in head_of(text)
    assert "js/w4r.js" in text.partition("</main>")[0]


def test_a_layout_in_several_storeys(make_site: MakeSite) -> None:
    """Blocks come from the layouts that a layout extends; one that must be filled and is not ours stays empty."""
    base = layout("styles").replace("<main", "{% block menu required %}{% endblock %}<main")
    base = base.replace(block("content"), "{% block body %}{% block content %}{% endblock %}{% endblock %}")
    host = site(
        make_site,
        '{% extends "base.html" %}{% block styles %}<link href="own.css">{% endblock %}',
        {"base.html": base},
    )
    for path in PAGES:
        text = host.app.test_client().get(path).text
        assert head_of(text).index("own.css") < text.index("css/w4r.css"), "ours after the host's"
        assert text.count('class="w4r w4r-content') == 1


def test_a_layout_that_is_chosen_at_each_rendering(make_site: MakeSite) -> None:
    host = site(make_site, "{% extends chosen|default('') or 'base.html' %}", {"base.html": layout()})
    assert "css/w4r.css" in head_of(host.app.test_client().get(CASE).text)


def test_blocks_of_a_host_that_have_names_of_ours_stay_the_hosts(make_site: MakeSite) -> None:
    """``page``, ``robots`` and ``desk`` are blocks within our pages."""
    source = layout().replace(
        "<main", "{% block page %}the host's page{% endblock %}{% block robots %}R2{% endblock %}<main"
    )
    host = site(make_site, source.replace("VISITOR", ""))
    for path in PAGES:
        text = host.app.test_client().get(path).text
        assert "the host's page" in text
        assert "R2" in text
        assert text.count("<h1") == 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (layout().replace(block("content"), ""), "host.html has no block content"),
        ('{% extends "none.html" %}', "there is no template none.html"),
        ("{% block content %}", "host.html, line 1"),
    ],
)
def test_a_layout_that_cannot_hold_our_pages(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture, source: str, reason: str
) -> None:
    host = site(make_site, source)
    for path in (CASE, SIGN):
        assert host.app.test_client().get(path).status_code == 503
    assert [reason in record.message for record in caplog.records if "503" in record.message] == [True]
    assert reason in host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output


def test_a_layout_of_the_hosts_under_our_name(make_site: MakeSite) -> None:
    host = make_site(templates={"w4r/layout.html": layout("css", "")})
    make_campaign(host.app)
    answer = host.app.test_client().get(CASE)
    assert "css/w4r.css" in head_of(answer.text)
    assert answer.headers["Content-Security-Policy"].startswith("frame-ancestors"), "it is the host's layout"


def test_a_piece_of_our_layout_that_the_host_replaces(make_site: MakeSite) -> None:
    """The layout stays ours, and so does its policy; what shows a visitor is not for all."""
    host = make_site(templates={"w4r/_partials/site_header.html": "{{ session.get('name') }}'s header"}, before=enter)
    make_campaign(host.app)
    client = host.app.test_client()
    client.get("/enter/Kim")
    for path in PAGES:
        answer = client.get(path)
        assert "Kim's header" in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert_private(answer)


def test_what_the_host_puts_into_our_blocks_is_kept(make_site: MakeSite) -> None:
    """A block that we leave alone shows what the layout has there; an override of the host's fills it."""
    source = layout().replace("<main", "{% block hero %}Old hero{% endblock %}<main").replace("VISITOR", "")
    over = '{% extends "w4r/base.html" %}{% block hero %}{{ super() }}, new{% endblock %}{% block aside %}At the end{% endblock %}'
    host = site(make_site, source, {"w4r/campaign/impact.html": over})
    assert "Old hero<main" in host.app.test_client().get(CASE).text
    text = host.app.test_client().get("/au/impact").text
    assert "Old hero, new" in text
    assert text.index("At the end") < text.index("</main>")


def test_a_host_whose_base_extends_a_layout_by_itself(make_site: MakeSite) -> None:
    base = '{% extends "mine.html" %}{% block content %}<div class="w4r">{% block page %}{% endblock %}</div>{% endblock %}'
    host = site(make_site, layout(), {"w4r/base.html": base, "mine.html": "Mine: " + block("content")})
    for path in PAGES:
        assert host.app.test_client().get(path).text.startswith("Mine: ")


# One site, one look: the layout is rendered around what is ours, which is kept.


def greet(app: Flask) -> None:
    """A host whose hook looks at the visitor before any page, as Flask's tutorial does."""

    @app.before_request
    def load_visitor() -> None:
        g.visitor = session.get("name")


def enter(app: Flask) -> None:
    @app.route("/enter/<name>")
    def enter_as(name: str) -> str:
        session["name"] = name
        flash(f"Welcome, {name}")
        return "in"


LOOKS: dict[str, tuple[str, Callable[[Flask], None]]] = {
    "session": ("{{ session.get('name') }}", lambda app: None),
    "hook": ("{{ g.visitor }}", greet),
    "flash": ("{% for text in get_flashed_messages() %}{{ text }}{% endfor %}", lambda app: None),
}


@pytest.mark.parametrize("how", LOOKS)
def test_every_page_stands_in_the_layout_and_ours_is_made_once(make_site: MakeSite, how: str) -> None:
    visitor, hooks = LOOKS[how]

    def before(app: Flask) -> None:
        enter(app)
        hooks(app)

    host = site(make_site, layout(visitor=visitor), before=before)
    kim, noor = host.app.test_client(), host.app.test_client()
    kim.get("/enter/Kim")
    noor.get("/enter/Noor")
    made: list[str] = []
    _listen(host, made)
    first = kim.get(CASE)
    assert "Kim" in first.text
    assert made, "the first visit reads"
    made.clear()
    second = noor.get(CASE)
    assert "Noor" in second.text
    assert "Kim" not in second.text
    assert second.text.partition("<main")[2] == first.text.partition("<main")[2]
    assert made == [], "what is ours was kept"
    for answer in (first, second):
        assert_private(answer)
    for path in ("/au/", "/au/impact", "/au/cases/ann-example/thanks", "/au/events", SIGN, "/au/cases/nobody"):
        assert 'class="navbar"' in kim.get(path).text


def _listen(host: Host, made: list[str]) -> None:
    from sqlalchemy import event

    for engine in get_state(host.app).engines(host.app):
        event.listen(engine, "before_cursor_execute", lambda *about: made.append(about[2]))


def test_a_layout_that_looks_at_some_visitors_only(make_site: MakeSite) -> None:
    """Who has a name is shown it; the page of all others may be kept by caches, without any name."""
    visitor = "{% if request.args.get('me') %}{{ session.get('name') }}{% endif %}"
    host = site(make_site, layout(visitor=visitor), before=enter)
    kim, stranger = host.app.test_client(), host.app.test_client()
    kim.get("/enter/Kim")
    assert_for_all(stranger.get(CASE))
    assert "Kim" in kim.get(f"{CASE}?me=1").text
    assert_private(kim.get(f"{CASE}?me=1"))
    for client in (stranger, kim):
        assert "Kim" not in client.get(CASE).text
        assert_for_all(client.get(CASE))


@pytest.mark.parametrize(
    ("look", "headers"),
    [
        ("{% if not request.cookies.get('consent') %}May we use cookies?{% endif %}", {"Cookie": "consent=y"}),
        ("{% if 'Mobile' not in request.user_agent.string %}May we use cookies?{% endif %}", {"User-Agent": "Mobile"}),
        ("{% if request.accept_languages.best != 'fr' %}May we use cookies?{% endif %}", {"Accept-Language": "fr"}),
    ],
)
def test_a_layout_that_looks_at_what_a_browser_sends(make_site: MakeSite, look: str, headers: dict[str, str]) -> None:
    host = site(make_site, layout(visitor=look))
    client = host.app.test_client(use_cookies=False)
    for given, shown in (({}, True), (headers, False), ({}, True)):
        answer = client.get(CASE, headers=given)
        assert ("May we use cookies?" in answer.text) == shown
        assert_private(answer)


def test_what_one_visitor_asked_with_is_shown_to_no_other(make_site: MakeSite) -> None:
    """A layout may link to the page with its arguments, say to come back to it after a login."""
    host = site(make_site, layout(visitor="{{ request.full_path }}"))
    client = host.app.test_client()
    tracked = client.get(f"{CASE}?mail=kim@example.org")
    assert "kim@example.org" in tracked.text
    assert_for_all(tracked)
    plain = client.get(CASE)
    assert "kim@example.org" not in plain.text
    assert "other=1" in client.get(f"{CASE}?other=1").text
    assert "other=1" not in client.get(CASE).text


def test_a_layout_that_looks_at_nobody_is_rendered_once(make_site: MakeSite) -> None:
    seen: list[int] = []

    def count(app: Flask) -> None:
        app.context_processor(lambda: seen.append(1) or {})  # type: ignore[func-returns-value]

    host = site(make_site, layout(), before=count)
    answers = [host.app.test_client().get(CASE) for _ in range(3)]
    assert len(seen) == 1
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    for answer in answers:
        assert_for_all(answer)
    again = host.app.test_client().get(CASE, headers={"If-None-Match": answers[0].headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("how", ["session", "hook"])
def test_a_piece_of_the_hosts_that_shows_the_visitor_is_not_kept(make_site: MakeSite, how: str) -> None:
    visitor, hooks = LOOKS[how]

    def before(app: Flask) -> None:
        enter(app)
        hooks(app)

    host = site(make_site, layout(), {"w4r/_partials/case_after.html": f"For {visitor}."}, before=before)
    for name in ("Kim", "Noor"):
        client = host.app.test_client()
        client.get(f"/enter/{name}")
        answer = client.get(CASE)
        assert f"For {name}." in answer.text
        assert_private(answer)


def test_a_layout_with_logins_costs_no_cache_where_it_shows_nobody(make_site: MakeSite) -> None:
    host = site(make_site, layout(), before=logins)
    client = host.app.test_client()
    client.get("/login")
    assert_for_all(client.get(CASE))


def test_what_is_ours_of_a_page_is_as_fresh_as_any(make_site: MakeSite) -> None:
    host = site(make_site, layout(visitor="{{ session.get('name') }}"), before=enter)
    client = host.app.test_client()
    assert 'action="/au/cases/ann-example/sign"' in client.get(CASE).text
    host.run("w4r", "case", "status", "ann-example", "closed")
    get_state(host.app).lazy["pages"].clear()
    assert 'action="/au/cases/ann-example/sign"' not in client.get(CASE).text


def test_an_edited_layout_is_looked_at_again_while_templates_are_written(make_site: MakeSite) -> None:
    host = site(make_site, layout("", ""), TEMPLATES_AUTO_RELOAD=True)
    client = host.app.test_client()
    assert "css/w4r.css" not in head_of(client.get(SIGN).text)
    host.app.jinja_loader.mapping["host.html"] = layout()  # type: ignore[union-attr]
    assert "css/w4r.css" in head_of(client.get(SIGN).text)
