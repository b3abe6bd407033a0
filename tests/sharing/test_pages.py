"""The share page of a case: for everybody the same, with texts that fit, plain links, pictures and papers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flask_w4r.blueprints.sharing.pages import server_of
from flask_w4r.config_defaults import FEATURES
from flask_w4r.models import Case
from flask_w4r.services.printing import typeset
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.signals import case_changed
from flask_w4r.testing import make_campaign
from tests.conftest import Host
from tests.embedding.conftest import AU, MA, MakeSite, clear_pages

SHARE = "/au/cases/ann-example/share"


def test_the_share_page_is_the_same_for_everybody(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    first, second = client.get(SHARE), client.get(f"{SHARE}?src=x&v=3", headers={"Cookie": "a=b"})
    assert first.status_code == 200
    assert first.data == second.data
    assert first.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in first.headers
    assert "https://wa.me/?text=" in first.text
    assert "src%3Dwhatsapp" in first.text


def test_pictures_are_of_their_sizes_and_kept(make_site: MakeSite) -> None:
    host = make_site(section=MA)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    for shape, size in (("wide", (1200, 630)), ("square", (1080, 1080)), ("story", (1080, 1920))):
        answer = client.get(f"/ma/cases/ann-example/share/{shape}.jpg")
        assert answer.mimetype == "image/jpeg"
        assert Image.open(io.BytesIO(answer.data)).size == size
        assert client.get(f"/ma/cases/ann-example/share/{shape}.jpg").data == answer.data
        again = client.get(
            f"/ma/cases/ann-example/share/{shape}.jpg", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
    assert client.get("/ma/cases/ann-example/share/round.jpg").status_code == 404


def _status(host: Host, status: str) -> None:
    host.run("w4r", "case", "status", "ann-example", status)
    clear_pages(host)


FILES = ("wide.jpg", "square.jpg", "story.jpg", "qr.svg", "qr.png", "poster.pdf")


def test_a_case_that_is_not_to_be_passed_on_says_why(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])

    def close(work: Any) -> None:
        work.session.query(Case).filter_by(slug="ann-example").update({"ways": ["petition"]})

    run(host.app, close)
    clear_pages(host)
    client = host.app.test_client()
    page = client.get(SHARE)
    assert page.status_code == 200
    assert "This way to act is not open for this case." in page.text
    assert "wa.me" not in page.text + client.get("/au/cases/ann-example").text
    assert client.get(f"{SHARE}/mastodon?server=a.example").location == SHARE


def test_everything_of_a_withdrawn_case_is_gone(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    for name in FILES[:-1]:
        assert client.get(f"{SHARE}/{name}").status_code == 200
    _status(host, "withdrawn")
    for path in (SHARE, f"{SHARE}/mastodon?server=a.example", *(f"{SHARE}/{name}" for name in FILES)):
        answer = client.get(path)
        assert answer.status_code == 410, path
        assert "Ann" not in answer.text
        assert "no-store" in answer.headers["Cache-Control"]
    assert client.post(f"{SHARE}/visit", data={"via": "x"}).status_code == 410


def test_texts_and_pictures_follow_the_case(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    before = client.get(f"{SHARE}/wide.jpg")
    _status(host, "freed")
    page = client.get(SHARE).text
    assert "Good news for Ann Example." in page
    assert "scan" not in page.lower()
    after = client.get(f"{SHARE}/wide.jpg")
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.data != before.data


def test_purging_names_all_of_it(make_site: MakeSite) -> None:
    host = make_site(section=MA)
    make_campaign(host.app, ["ann-example"])
    told: list[str] = []
    with case_changed.connected_to(lambda app, **given: told.extend(given["urls"]), sender=host.app):
        _status(host, "withdrawn")
    for prefix in ("/ma", "/ma/fr"):
        for name in ("", *(f"/{name}" for name in FILES)):
            assert f"http://localhost{prefix}/cases/ann-example/share{name}" in told


def test_a_case_page_shows_its_picture_where_it_is_linked(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    page = client.get("/au/cases/ann-example").text
    found = re.search(r'property="og:image"\s+content="([^"]+)"', page)
    assert found
    assert found[1].startswith("http://localhost/au/cases/ann-example/share/wide.jpg?v=")
    assert client.get(found[1].removeprefix("http://localhost")).mimetype == "image/jpeg"
    for name, value in (("width", "1200"), ("height", "630")):
        assert re.search(rf'property="og:image:{name}"\s+content="{value}"', page)
    assert re.search(r'property="og:image:alt"\s+content="Ann Example\. [^"]+"', page)
    assert f'href="{SHARE}"' in page
    assert 'data-w4r-way="share"' in page
    assert f'href="{SHARE}"' in client.get("/au/cases/ann-example/thanks").text


def test_a_site_without_sharing_has_none_of_it(make_site: MakeSite) -> None:
    features = [name for name in FEATURES if name != "sharing"]
    host = make_site(section=AU, features=features)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    page = client.get("/au/cases/ann-example").text
    assert "wa.me" not in page
    assert "/share" not in page
    assert 'data-w4r-way="share"' not in page
    assert client.get("/au/cases/ann-example/thanks").status_code == 200
    assert client.get(SHARE).status_code == 404


@pytest.mark.parametrize(
    ("typed", "server"),
    [
        ("mastodon.social", "mastodon.social"),
        (" https://Mastodon.Social/ ", "mastodon.social"),
        ("@ann@mastodon.social", "mastodon.social"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("mastodon.social:8080", None),
        ("mastodon.social/share?text=x", None),
        ("mastodon.social#a", None),
        ("javascript:alert(1)", None),
        ("http://https://a.example", None),
        ("a.example\\@b.example", "b.example"),
        ("evil.example/@mastodon.social", "mastodon.social"),
        ("a..example", None),
        ("-a.example", None),
        ("a.example\r\nX-Evil: 1", None),
        ("x" * 64 + ".example", None),
    ],
)
def test_a_mastodon_server_is_a_name_and_nothing_else(typed: str, server: str | None) -> None:
    assert server_of(typed) == server


@given(typed=st.text(max_size=80))
def test_no_server_leads_anywhere_else(typed: str) -> None:
    server = server_of(typed)
    if server is not None:
        parts = urlsplit(f"https://{server}/share?text=x")
        assert (parts.hostname, parts.port, parts.username, parts.path) == (server, None, None, "/share")


def test_the_way_to_mastodon_is_shown_and_not_followed(make_site: MakeSite) -> None:
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    page = client.get(f"{SHARE}/mastodon?server=mastodon.example&text=9")
    assert page.status_code == 200
    assert "Location" not in page.headers
    assert 'href="https://mastodon.example/share?text=Ann%20Example' in page.text
    assert "noindex" in page.text
    wrong = client.get(f"{SHARE}/mastodon?server=%22%3E%3Cb%3E")
    assert wrong.status_code == 422
    assert "Enter the name of your server" in wrong.text
    assert "<b>" not in wrong.text


def test_a_qr_code_leads_to_the_case(make_site: MakeSite) -> None:
    host = make_site(section=MA)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    svg = client.get("/ma/fr/cases/ann-example/share/qr.svg")
    assert svg.mimetype == "image/svg+xml"
    drawn = io.BytesIO()
    segno.make("http://localhost/ma/fr/cases/ann-example?src=qr", error="m", micro=False).save(
        drawn, kind="png", scale=24, border=4
    )
    png = client.get("/ma/fr/cases/ann-example/share/qr.png")
    same = [Image.open(io.BytesIO(data)).convert("1").tobytes() for data in (png.data, drawn.getvalue())]
    assert same[0] == same[1]


@pytest.mark.parametrize("size", ["a4", "letter"])
def test_a_poster_is_one_page_with_its_words(make_site: MakeSite, size: str) -> None:
    host = make_site(section=MA)
    make_campaign(host.app, ["ann-example"])
    answer = host.app.test_client().get(f"/ma/cases/ann-example/share/poster.pdf?size={size}")
    assert answer.mimetype == "application/pdf"
    pdf = pypdfium2.PdfDocument(answer.data)
    assert len(pdf) == 1
    words = pdf[0].get_textpage().get_text_range()
    assert "Ann Example" in words
    assert "localhost/ma/cases/ann-example" in words
    assert "?src=" not in words
    wide = {"a4": 595, "letter": 612}[size]
    assert round(pdf[0].get_width()) == wide


def test_without_typst_there_is_no_poster_and_no_link_to_one(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeset, "find_spec", lambda name: None)
    host = make_site(section=AU)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    assert "poster.pdf" not in client.get(SHARE).text
    answer = client.get(f"{SHARE}/poster.pdf")
    assert answer.status_code == 503
    assert "cannot make posters" in answer.text


def test_the_desk_sees_every_text_and_picture_in_every_language(desk: Host, staff: Callable[..., Any]) -> None:
    slug = desk.rows("SELECT slug FROM w4r_case ORDER BY id")[0].slug
    editor = staff(may="edit_cases")
    assert f"/au/moderation/cases/{slug}/share" in editor.get(f"/au/moderation/cases/{slug}").text
    page = editor.get(f"/au/moderation/cases/{slug}/share")
    assert page.status_code == 200
    for words in ("Mastodon", "Signal", "Made of name and demand", "280"):
        assert words in page.text
    picture = editor.get(f"/au/moderation/cases/{slug}/share/story.jpg")
    assert picture.mimetype == "image/jpeg"
    assert "no-store" in picture.headers["Cache-Control"]
    assert staff(may="view_queue").get(f"/au/moderation/cases/{slug}/share").status_code == 403
    assert editor.get("/au/moderation/cases/nobody/share").status_code == 404
