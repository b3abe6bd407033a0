"""The host's Flask-Babel: its layout speaks the language of our page, and its own pages stay as they are."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string
from flask_babel import Babel, get_locale

from flask_w4r import i18n
from flask_w4r.testing import make_campaign, run_jobs, sign
from tests.conftest import Host
from tests.embedding.conftest import MA, MakeSite, host_layout, own_pages

MARK = "{{ _('Home') }}|{{ 1234.5|numberformat }}"
HOME = {"fr": "Accueil", "ar": "الرئيسية", "de": "Startseite"}


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """The host's own catalogues."""
    for locale, text in HOME.items():
        catalogue = Catalog(locale=locale)
        catalogue.add("Home", text)
        folder = tmp_path / "words" / locale / "LC_MESSAGES"
        folder.mkdir(parents=True)
        file = BytesIO()
        write_mo(file, catalogue)
        (folder / "messages.mo").write_bytes(file.getvalue())
    return tmp_path / "words"


def page(app: Flask) -> None:
    own_pages(app)

    @app.route("/home")
    def home() -> str:
        return render_template_string("{{ _('Home') }}")


@pytest.fixture(params=["before", "after"])
def host(request: pytest.FixtureRequest, make_site: MakeSite, words: Path) -> Host:
    def babel(app: Flask) -> None:
        Babel(app, locale_selector=lambda: "de")
        page(app)

    made = make_site(
        **{request.param: babel}, section=MA, layout="host.html", public_layout="host.html",
        templates=host_layout(MARK), BABEL_TRANSLATION_DIRECTORIES=str(words),
    )  # fmt: skip
    make_campaign(made.app)
    return made


@pytest.mark.parametrize(
    ("path", "home"),
    [("/ma/", HOME["ar"]), ("/ma/fr/", HOME["fr"]), ("/ma/fr/sign", HOME["fr"]), ("/ma/sign", HOME["ar"])],
)
def test_the_hosts_layout_speaks_the_pages_language(host: Host, path: str, home: str) -> None:
    client = host.app.test_client()
    assert f"own header {home}|" in client.get(path).text
    assert client.get("/home").text == HOME["de"], "the host's own pages choose for themselves"


def test_errors_speak_it_too(host: Host) -> None:
    answer = host.app.test_client().get("/ma/fr/cases/nobody")
    assert answer.status_code == 404
    assert HOME["fr"] in answer.text


def test_nothing_of_a_request_stays_in_its_context(host: Host) -> None:
    with host.app.app_context():
        client = host.app.test_client()
        for _ in range(2):
            assert HOME["fr"] in client.get("/ma/fr/sign").text
            assert str(get_locale()) == "de"
            assert i18n.get_locale() == "en"
            assert client.get("/home").text == HOME["de"]
            assert HOME["ar"] in client.get("/ma/sign").text


def test_our_words_need_no_babel(make_site: MakeSite) -> None:
    host = make_site(section=MA)
    make_campaign(host.app)
    assert 'lang="fr-MA"' in host.app.test_client().get("/ma/fr/").text


def test_another_extension_of_that_name_is_no_hindrance(make_site: MakeSite) -> None:
    host = make_site(section=MA, after=lambda app: app.extensions.update(babel=None))
    make_campaign(host.app)
    # A host without Flask-Babel's configuration object, such as one with a fork of it.
    assert host.app.test_client().get("/ma/fr/").status_code == 200


def test_a_host_overrules_our_words(make_site: MakeSite, words: Path) -> None:
    catalogue = Catalog(locale="fr")
    catalogue.add("Languages", "Parlez")
    with (words / "fr" / "LC_MESSAGES" / "flask_w4r.mo").open("wb") as file:
        write_mo(file, catalogue)
    host = make_site(section=MA, BABEL_TRANSLATION_DIRECTORIES=str(words))
    make_campaign(host.app)
    client = host.app.test_client()
    assert 'aria-label="Parlez"' in client.get("/ma/fr/").text
    assert "Parlez" not in client.get("/ma/").text


def test_mails_are_in_the_signers_language(host: Host) -> None:
    client = host.app.test_client()
    sign(client, "/ma/fr", "ann-example")
    run_jobs(host.app)
    (message,) = host.mailer.messages
    assert "/ma/fr/confirm/" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
