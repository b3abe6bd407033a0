"""Every text fits: as each network counts, over all cases that ship and all languages, and whatever is in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_w4r import W4R
from flask_w4r.sections.sources import USUAL_SOURCES, source_of
from flask_w4r.services.campaign import catalogue
from flask_w4r.services.campaign.views import CaseView, Lens
from flask_w4r.services.kits.shipped import shipped_kits
from flask_w4r.services.kits.way_texts import MOST
from flask_w4r.services.sharing import lengths
from flask_w4r.services.sharing.networks import NETWORKS
from flask_w4r.services.sharing.posts import OWN, Text, texts_of, wordings
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from tests.conftest import Host, MakeHost

FAMILY = "👨‍👩‍👧‍👦"
#: What a kit may say, at its longest and in many scripts.
SNIPPETS = (
    "Ada needs you.",
    "Write " * 60 + "now!",
    "Libérez-la immédiatement, sans condition : elle n’a fait que défendre les droits des autres. " * 4,
    "أفرجوا عنها فورًا ودون قيد أو شرط، فهي لم تفعل سوى الدفاع عن حقوق الآخرين. " * 5,
    "直ちに無条件で釈放してください。" * 24,
    "ปล่อยตัวเธอทันทีโดยไม่มีเงื่อนไข" * 12,
    "https://example.org/a-long-address " * 11,
    "See example.org and a.b.c.example.com. " * 9,
    FAMILY * 50,
    "🏳️‍🌈🇲🇦👍🏽" * 60,
    "e\u0301" * 200,
    "क्षत्रिय " * 44,
    "x" * 400,
)
#: How long a text is, by hand: what each network counts.
COUNTED = (
    ("Ada", 3, 3, 3),
    ("é", 1, 1, 1),
    ("e\u0301", 1, 1, 1),
    ("حرية", 4, 4, 4),
    ("自由", 4, 2, 2),
    ("한국", 4, 2, 2),
    (FAMILY, 2, 1, 1),
    ("👍🏽", 2, 1, 1),
    ("🇲🇦", 2, 1, 1),
    ("❤️", 2, 1, 1),
    ("“Hi” – all", 10, 10, 10),
    ("a https://example.org/" + "x" * 80, 25, 102, 25),
    ("https://a.b", 23, 11, 23),
    ("example.org", 23, 11, 11),
)


@pytest.mark.parametrize(("text", "on_x", "on_bluesky", "on_mastodon"), COUNTED)
def test_each_network_counts_its_own_way(text: str, on_x: int, on_bluesky: int, on_mastodon: int) -> None:
    assert lengths.weighted(text) == on_x
    assert lengths.graphemes(text) == on_bluesky
    assert lengths.graphemes_short_addresses(text) == on_mastodon


def _address(source: str, variant: int) -> str:
    return f"https://write-for-rights.example.org/section/fr/cases/somebody-with-a-long-name?src={source}&v={variant}"


def _insist(texts: list[Text]) -> None:
    for text in texts:
        for post in text.posts:
            network = post.network
            where = (network.key, post.text)
            assert network.count(post.whole) == post.count <= post.longest, where
            assert post.whole.endswith(_address(network.key, text.variant)), where
            assert "\n" not in post.text, where
            if post.url is None:
                continue
            assert len(post.url) < 8000, where
            parts = urlsplit(post.url)
            assert parts.scheme in ("https", "mailto"), where
            said = {value for values in parse_qs(parts.query, keep_blank_values=True).values() for value in values}
            assert any(_address(network.key, text.variant) in one for one in said), where
            if network.takes_text:
                assert any(post.text in one for one in said), where
                assert "+" not in parts.query, "a mail program would show it"


@pytest.fixture(scope="module")
def kits() -> list[str]:
    return shipped_kits()


def _cases(host: Host) -> list[CaseView]:
    state, found = get_state(host.app), []
    for section in state.sections.values():
        for locale in section.locales:
            lens = Lens(section, locale, state.clock(), lambda endpoint, **values: f"/{endpoint}")

            def load(session: Any, lens: Lens = lens) -> list[CaseView]:
                editions = catalogue.editions(session, lens)
                return [case for edition in editions for case in catalogue.cases_of(session, lens, edition)]

            found += read(host.app, load)
    return found


def test_every_text_of_every_case_that_ships_fits_every_network(make_host: MakeHost, kits: list[str]) -> None:
    sections = [{"preset": code, "url_prefix": f"/{code.lower()}"} for code in ("AU", "MA")]
    host = make_host(sections=sections, w4r=W4R())
    for kit in kits:
        host.run("w4r", "kit", "import", kit, "--section", "all")
    cases = _cases(host)
    assert len(cases) > 80
    for case in cases:
        _insist(texts_of(case, _address))
    # As the kit would say it, and open.
    running = replace(cases[0].edition, phase="running")
    words = {f"share.{number}": text for number, text in enumerate(SNIPPETS[:MOST], 1)}
    more = {f"share.{number}": text for number, text in enumerate(SNIPPETS[MOST : 2 * MOST], 1)}
    for case in cases[::12]:
        for some in (words, more):
            opened = replace(case, status="active", edition=running, words=some)
            texts = texts_of(opened, _address)
            assert [text.variant for text in texts] == [1, 2, 3, 4, 5, OWN]
            _insist(texts)


@pytest.fixture
def case(make_host: MakeHost) -> CaseView:
    host = make_host()
    host.run("w4r", "demo", "--year", "2024")
    found = next(case for case in _cases(host) if case.slug == "joel-paredes")
    return replace(found, words={name: text for name, text in found.words.items() if not name.startswith("share.")})


def test_texts_follow_how_the_case_stands(case: CaseView) -> None:
    words = {"share.1": "Act for Joel now!"}
    assert [text for _, text in wordings(replace(case, words=words))] == [
        "Act for Joel now!",
        f"{case.name}: {case.demand}",
    ]
    freed = wordings(replace(case, words=words, status="freed"))
    assert freed == [(OWN, "Good news for Joel Paredes. Thank you to everyone who took action.")]
    closed = wordings(replace(case, words=words, status="closed"))
    assert closed == [(OWN, "The story of Joel Paredes.")]


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(min_size=1, max_size=120),
    text=st.one_of(st.text(max_size=400), st.sampled_from(SNIPPETS), st.lists(st.sampled_from(SNIPPETS)).map("".join)),
)
def test_no_text_is_too_long_or_leaves_its_place(name: str, text: str) -> None:
    for network in NETWORKS:
        short = lengths.fitted(text, network.longest, network.count, lambda some: f"{some} {_address('x', 1)}")
        assert network.count(f"{short} {_address('x', 1)}") <= network.longest
        assert short == " ".join(short.split())
        joined = " ".join(text.split())
        assert short == joined or not short or joined.startswith(short.removesuffix(lengths.CUT))


def test_a_text_is_cut_after_a_word() -> None:
    short = lengths.fitted("Free Ada now and for ever", 15, len, str)
    assert short == "Free Ada now…"
    assert lengths.fitted("直ちに無条件で釈放", 5, len, str) == "直ちに無…"
    assert lengths.fitted("Free", 0, len, str) == ""


def test_only_what_is_on_the_list_is_a_source(make_host: MakeHost) -> None:
    assert {network.key for network in NETWORKS} <= set(USUAL_SOURCES)
    section = next(iter(get_state(make_host().app).sections.values()))
    said = ("x", "x:2", "qr", "x:12", "x:-1", "x:٣", "", "y", "X", "x ", "newsletter:0")
    assert [source_of(section, one) for one in said] == [
        ("x", 0), ("x", 2), ("qr", 0), ("x", 0), ("x", 0), ("x", 0), None, None, None, None, ("newsletter", 0),
    ]  # fmt: skip
    own = replace(section, share_sources=("bus-stop",))
    assert source_of(own, "bus-stop") == ("bus-stop", 0)
    assert source_of(own, "x") is None


def test_mail_links_keep_their_lines(case: CaseView) -> None:
    mail = texts_of(case, _address)[0].on("email")
    assert mail.url is not None
    assert unquote(mail.url).startswith("mailto:?subject=Joel Paredes&body=Joel Paredes: ")
    assert "%0A%0Ahttps%3A%2F%2F" in mail.url
