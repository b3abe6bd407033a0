"""Pages that many people read: the same bytes for all, kept by caches, no cookie, no statement when warm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from flask_w4r.models import Case, CaseText, Edition
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import form_fields, make_campaign
from flask_w4r.web import kept
from tests.conftest import Host
from tests.embedding.conftest import MA, MakeSite, clear_pages

PATHS = ("/ma/", "/ma/fr/", "/ma/cases/ann-example", "/ma/fr/cases/ann-example", "/ma/impact", "/ma/tally.json",
         "/ma/cases/ann-example/tally.json", "/ma/cases/ann-example/thanks", "/ma/editions/2026/")  # fmt: skip


@pytest.fixture
def ma(make_site: MakeSite) -> Host:
    host = make_site(section=MA)
    make_campaign(host.app, ["ann-example", "bob-example"])
    return host


@contextmanager
def statements(host: Host) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    with host.app.app_context():
        engine = host.db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", PATHS)
def test_the_same_bytes_for_all(ma: Host, path: str) -> None:
    one, two = ma.app.test_client(), ma.app.test_client()
    one.get("/ma/cases/ann-example/sign")  # This visitor has a cookie.
    first, second = one.get(path), two.get(path, headers={"Accept-Language": "fr", "User-Agent": "Another"})
    assert first.status_code == 200
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    for answer in (first, second):
        assert answer.headers["Cache-Control"] == "public, max-age=3"
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers
    if b"form_token" in first.data:
        _, fields = form_fields(first, "form_token")
        assert fields["form_token"] == [""]


@pytest.mark.parametrize("path", PATHS)
def test_not_modified(ma: Host, path: str) -> None:
    client = ma.app.test_client()
    etag = client.get(path).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"].startswith("public")
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_no_statement_when_warm(ma: Host, path: str) -> None:
    client = ma.app.test_client()
    with statements(ma) as seen:
        client.get(path)
        assert seen, "the first rendering reads"
        seen.clear()
        for _ in range(3):
            assert client.get(path).status_code == 200
    assert seen == []


def test_a_head_request_is_a_get_without_body(ma: Host) -> None:
    client = ma.app.test_client()
    for path in PATHS:
        answer = client.head(path)
        assert (answer.status_code, answer.data) == (200, b"")


@pytest.mark.parametrize(
    ("seconds", "header"),
    [(0, "max-age=0"), (1, "max-age=0"), (5, "max-age=3"), (60, "max-age=58"), (7.5, "max-age=5")],
)
def test_a_page_is_no_older_than_configured(make_site: MakeSite, seconds: float, header: str) -> None:
    host = make_site(cache_seconds=seconds)
    make_campaign(host.app)
    assert host.app.test_client().get("/au/").headers["Cache-Control"] == f"public, {header}"
    with statements(host) as seen:
        host.app.test_client().get("/au/")
    assert bool(seen) == (seconds == 0)


def test_a_crowd_that_asks_for_what_is_not_there_fills_no_memory(ma: Host) -> None:
    client = ma.app.test_client()
    for number in range(100):
        assert client.get(f"/ma/cases/none-{number}").status_code == 404
    cache = ma.app.extensions["w4r"].lazy["pages"]
    assert cache._pages == {}
    assert len(cache._locks) == 64


def test_a_full_cache_forgets(ma: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_PAGES", 10)
    client = ma.app.test_client()
    for root in range(30):
        client.get("/ma/", environ_overrides={"SCRIPT_NAME": f"/{root}"})
    assert len(ma.app.extensions["w4r"].lazy["pages"]._pages) <= 10


def test_the_language_is_in_the_path(ma: Host) -> None:
    client = ma.app.test_client()
    for path in ("/ma/", "/ma/cases/ann-example", "/ma/sign"):
        page = client.get(path, headers={"Accept-Language": "fr"})
        assert '<html lang="ar-MA" dir="rtl"' in page.text, "a browser's wish never changes a page"
        page = client.get(path.replace("/ma/", "/ma/fr/"), headers={"Accept-Language": "ar"})
        assert '<html lang="fr-MA" dir="ltr"' in page.text
    for path in ("/ma/ar/", "/ma/ar/cases/ann-example", "/ma/en/", "/ma/FR/", "/ma/de/cases/ann-example"):
        assert client.get(path).status_code == 404, "one address for each page and language"
    assert client.get("/ma/fr").status_code == 308


def test_every_language_is_offered(ma: Host) -> None:
    for path, others in (("/ma/cases/ann-example", "/ma/fr/cases/ann-example"), ("/ma/", "/ma/fr/")):
        text = " ".join(ma.app.test_client().get(path).text.split())
        for lang, target in (("ar-MA", path), ("fr-MA", others)):
            assert f'<link rel="alternate" hreflang="{lang}" href="http://localhost{target}">' in text
        assert f'<link rel="canonical" href="http://localhost{path}">' in text
        assert f'href="{others}" hreflang="fr-MA" lang="fr-MA" dir="ltr"' in text


def test_words_in_another_language_are_marked(ma: Host) -> None:
    def translate(uow: Any) -> None:
        number = uow.session.query(Case.id).filter_by(slug="bob-example").scalar()
        for field in ("title", "summary", "demand", "petition", "story"):
            uow.session.add(CaseText(case_id=number, locale="fr", field=field, centre_base="En français."))

    run(ma.app, translate)
    client = ma.app.test_client()
    fallback = client.get("/ma/cases/ann-example").text
    assert 'lang="en" dir="ltr"' in " ".join(fallback.split())
    assert 'lang="en"' not in client.get("/ma/fr/cases/bob-example").text.partition("w4r-others")[0]
    clear_pages(ma)
    # The section's own language before English, where it has the words.
    assert "En français." in client.get("/ma/fr/cases/bob-example").text


@pytest.mark.parametrize(
    ("first", "last", "phase", "words"),
    [
        (5, 30, "before", "Signing opens on"),
        (-5, 30, "running", 'action="/au/cases/ann-example/sign"'),
        (-30, -5, "after", "can no longer be signed"),
    ],
)
def test_before_during_and_after(make_site: MakeSite, first: int, last: int, phase: str, words: str) -> None:
    today = date.today()
    window = {"starts_on": today + timedelta(days=first), "ends_on": today + timedelta(days=last)}
    host = make_site(section={"preset": "AU", "url_prefix": "/au", "window": window})
    make_campaign(host.app)
    client = host.app.test_client()
    assert words in client.get("/au/cases/ann-example").text
    assert client.get("/au/").status_code == 200
    form = client.get("/au/cases/ann-example/sign")
    assert form.status_code == (200 if phase == "running" else 303)
    assert client.post("/au/cases/ann-example/sign").status_code == (422 if phase == "running" else 409)
    assert ("sign" in client.get("/au/").text) == (phase == "running") or phase != "running"


def test_an_edition_that_is_over_is_an_archive(make_site: MakeSite) -> None:
    host = make_site()
    make_campaign(host.app, ["ann-example"])

    def older(uow: Any) -> None:
        edition = uow.session.query(Edition).one()
        edition.year, edition.starts_on, edition.ends_on = "2020", date(2020, 11, 1), date(2020, 12, 31)

    run(host.app, older)
    make_campaign(host.app, ["bob-example"])
    clear_pages(host)
    client = host.app.test_client()
    assert "Ann Example" not in client.get("/au/").text
    assert 'href="/au/editions/2020/"' in client.get("/au/").text
    archive = client.get("/au/editions/2020/")
    assert "Ann Example" in archive.text
    assert "<form" not in archive.text
    assert "can no longer be signed" in client.get("/au/cases/ann-example").text
    assert client.post("/au/cases/ann-example/sign").status_code == 409
    assert client.get("/au/editions/1999/").status_code == 404
    assert client.get("/au/editions/../../").status_code == 404


def test_before_any_kit(make_site: MakeSite) -> None:
    client = make_site(upgrade=True).app.test_client()
    assert "has not been announced yet" in client.get("/au/").text
    assert client.get("/au/tally.json").status_code == 404
    assert client.get("/au/sign").status_code == 200
    assert client.get("/au/sign/thanks").status_code == 404


def test_static_files_last_under_their_digest(ma: Host) -> None:
    client = ma.app.test_client()
    path = client.get("/ma/").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    cases = ((path, "max-age=31536000"), (path.partition("?")[0], "no-cache"), (path[:-1] + "_", "no-cache"))
    for address, cached in cases:
        with client.get(address) as answer:
            assert (answer.status_code, answer.mimetype) == (200, "text/css")
            assert cached in answer.headers["Cache-Control"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for bad in ("/w4r-static/none.css?v=1", "/w4r-static/../extension.py?v=1", "/w4r-static/%2e%2e/extension.py?v=1"):
        assert client.get(bad).status_code == 404
