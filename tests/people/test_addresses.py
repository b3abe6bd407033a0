from __future__ import annotations

import unicodedata
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_w4r.services.people.address_faults import FaultKey
from flask_w4r.services.people.addresses import AddressFault, is_disposable, mask_address, parse_address
from flask_w4r.services.people.providers import PUBLIC_PROVIDERS, RULES


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("Ann@Example.ORG", "ann@example.org"),
        ("a.n.n+w4r@gmail.com", "ann@gmail.com"),
        ("Ann@googlemail.com", "ann@gmail.com"),
        ("a.nn+x@outlook.com", "a.nn@outlook.com"),
        ("ann+x@hotmail.fr", "ann@hotmail.fr"),
        ("ann+x@fastmail.com", "ann@fastmail.com"),
        ("a.n_n-b+x@pm.me", "annb@proton.me"),
        ("annb@protonmail.com", "annb@proton.me"),
        ("ann+x@me.com", "ann@icloud.com"),
        ("ann@mac.com", "ann@icloud.com"),
        ("ann.lee@ya.ru", "ann-lee@yandex.ru"),
        # Nothing is known of other domains: dots and tags may belong to somebody else.
        ("a.nn+x@example.org", "a.nn+x@example.org"),
        ("ann+x@mail.example.org", "ann+x@mail.example.org"),
        ("+x@gmail.com", "+x@gmail.com"),
        ("ann@bücher.example.org", "ann@xn--bcher-kva.example.org"),
    ],
)
def test_one_mailbox_has_one_canonical_form(typed: str, canonical: str) -> None:
    assert parse_address(typed).canonical == canonical


def test_mail_goes_to_what_was_typed() -> None:
    address = parse_address("  A.Nn+News@GoogleMail.com\u200f ")
    assert address.typed == "A.Nn+News@googlemail.com"
    assert address.domain == "googlemail.com"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "empty"),
        (None, "empty"),
        (" \u200b\u00a0", "empty"),
        ("ann", "no_at"),
        ("ann.example.org", "no_at"),
        ("ann (at) example.org", "no_at"),
        ("ann@", "no_domain"),
        ("@example.org", "no_local"),
        ("ann@localhost", "ending"),
        ("ann@gmail", "ending"),
        ("ann@[127.0.0.1]", "domain"),
        ("ann@127.0.0.1", "domain"),
        ("ann@example.test", "domain"),
        ("ann@ex_ample.org", "domain"),
        ("ann@-example.org", "domain"),
        ("ann@example.org/", "domain"),
        ("ann@https://example.org", "domain"),
        ('"ann lee"@example.org', "quotes"),
        ("\u201cann@example.org\u201d", "quotes"),
        ("«ann@example.org»", "quotes"),
        ("Ann <ann@example.org>", "around"),
        ("<ann@example.org>", "around"),
        ("MAILTO:ann@example.org", "around"),
        ("A" * 300 + " <ann@example.org>", "around"),
        ("ann@example.org\r\nBcc: eve@example.org", "several"),
        ("ann@example.org,eve@example.org", "several"),
        ("ann@example.org; eve@example.org", "several"),
        ("ann@example.org / eve@example.org", "several"),
        ("ann@example.org، eve@example.org", "several"),
        ("a" * 60 + "@example.org and eve@example.org", "several"),
        ("ann@@example.org", "two_ats"),
        ("ann@mail@example.org", "two_ats"),
        ("ann lee@example.org", "spaces"),
        ("ann @example.org", "spaces"),
        ("ann@example .org", "spaces"),
        ("ann@exam\u00a0ple.org", "spaces"),
        ("ann@example.org.", "end"),
        ("ann@example.org,", "end"),
        ("ann@example.org;", "end"),
        ("ann@example.org)", "end"),
        ("ann@example.org。", "end"),
        ("ann@example.org،", "end"),
        ("ann@example,org", "comma"),
        ("ann,lee@example.org", "comma"),
        ("ann@example،org", "comma"),
        ("ann@example;org", "comma"),
        ("ann@example，org", "comma"),
        ("o\u2019brien@example.org", "apostrophe"),
        ("o\u00b4brien@example.org", "apostrophe"),
        ("o\u02bcbrien@example.org", "apostrophe"),
        ("jean\u2013luc@example.org", "dash"),
        ("jean\u2011luc@example.org", "dash"),
        ("ann@exa\u2014mple.org", "dash"),
        ("a..b@example.org", "dots"),
        (".ann@example.org", "dots"),
        ("ann.@example.org", "dots"),
        ("ann@.example.org", "dots"),
        ("ann@example..org", "dots"),
        ("ann(lee)@example.org", "signs"),
        ("ann:lee@example.org", "signs"),
        ("ann@example.org\x00", "domain"),
        ("an\x00n@example.org", "signs"),
        ("\ud800@example.org", "syntax"),
        ("a" * 65 + "@example.org", "too_long"),
        ("é" * 33 + "@example.org", "too_long"),
        ("a@" + "b" * 253 + ".org", "too_long"),
        ("a@" + "b" * 2_000_000 + ".org", "too_long"),
    ],
)
def test_faults_are_named(text: str | None, key: str) -> None:
    with pytest.raises(AddressFault) as caught:
        parse_address(text)
    assert caught.value.key == key
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        # What keyboards and copied text add that nobody sees.
        ("ann\u200b@example\u2060.org", "ann@example.org"),
        ("\u2067ann@example.org\u2069", "ann@example.org"),
        ("ann\u200d@example.org", "ann@example.org"),
        ("\ufeffann@exam\u00adple.org", "ann@example.org"),
        # The wide signs of East Asian keyboards.
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ann@example.org"),
        ("ann\ufe6bexample。org", "ann@example.org"),
        ("o＇brien@example.org", "o'brien@example.org"),
    ],
)
def test_what_cannot_be_seen_is_mended(typed: str, canonical: str) -> None:
    assert parse_address(typed).canonical == canonical


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("München@example.org", "münchen@example.org"),
        ("Mu\u0308nchen@Example.org", "münchen@example.org"),
        ("सीता@example.org", "सीता@example.org"),
        ("علي@مثال.org", "علي@xn--mgbh0fb.org"),
        ("用户@example.org", "用户@example.org"),
        ("ÉMILE+x@gmail.com", "émile@gmail.com"),
        ("straße@example.org", "straße@example.org"),
    ],
)
def test_what_smtputf8_carries_is_read_and_marked(typed: str, canonical: str) -> None:
    address = parse_address(typed)
    assert (address.canonical, address.needs_utf8) == (canonical, True)
    assert parse_address(address.typed) == address
    assert not parse_address("ann@bücher.example.org").needs_utf8


def test_test_domains_only_where_asked() -> None:
    assert parse_address("ann@mail.test", test_environment=True).domain == "mail.test"


def test_a_fault_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(AddressFault) as caught:
        parse_address("canary at example")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "disposable"),
    [
        ("mailinator.com", True),
        ("MAILINATOR.com", True),
        ("x7.mailinator.com", True),
        ("a.b.c.yopmail.com", True),
        ("example.org", False),
        ("gmail.com", False),
        ("com", False),
        ("", False),
    ],
)
def test_disposable_domains_and_their_children(domain: str, disposable: bool) -> None:
    assert is_disposable(domain) is disposable


def test_only_shared_domains_are_kept_in_clear() -> None:
    assert parse_address("ann@gmail.com").provider == "gmail.com"
    assert parse_address("ann@ann-lee.example.org").provider is None
    assert parse_address("a@annlee77.yopmail.com").provider == "yopmail.com"


def test_no_public_provider_is_taken_for_disposable() -> None:
    assert not [domain for domain in PUBLIC_PROVIDERS if is_disposable(domain)]
    assert {rule.mailbox_domain for rule in RULES.values() if rule.mailbox_domain} <= set(RULES)
    assert all(domain == domain.strip().lower() for domain in PUBLIC_PROVIDERS)


def test_mask() -> None:
    assert mask_address("ann@example.org") == "a…@e….org"
    assert mask_address("ann@mail.example.org") == "a…@m….org"
    assert mask_address("nonsense") == "…@n…"


#: Text that is nearly an address: what people and attackers put together.
_NEARLY = st.lists(
    st.one_of(
        st.sampled_from([*"@@@@...<>,;:()[]\"' \u2019\u2013\u200b\u202e＠、", "ann", "example.org", "gmail", "é", "علي", "xn--", "mailto:"]),
        st.characters(),
    ),
    max_size=12,
).map("".join)  # fmt: skip


# A machine that is busy is no fault of ours.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), _NEARLY))
def test_nothing_but_the_documented_fault_is_raised(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressFault as fault:
        assert fault.key in get_args(FaultKey)
        return
    assert parse_address(address.typed) == address
    assert parse_address(address.canonical).canonical == address.canonical
    assert address.typed.count("@") == 1 and address.domain.isascii()
    assert not any(char.isspace() or unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in address.typed)
    assert len(address.typed.encode()) <= 254


_LOCAL = st.from_regex(r"[A-Za-z0-9_-]{1,12}([.+][A-Za-z0-9_-]{1,8}){0,3}", fullmatch=True)
_DOMAIN = st.sampled_from([*RULES, "example.org", "mail.example.net", "yahoo.com", "yopmail.com"])


@given(_LOCAL, _DOMAIN)
def test_canonical_form_is_stable(local: str, domain: str) -> None:
    first = parse_address(f"{local}@{domain}")
    again = parse_address(first.canonical)
    assert again.canonical == first.canonical
    assert parse_address(f"{local.upper()}@{domain.upper()}").canonical == first.canonical
    assert first.typed == f"{local}@{domain}" or first.typed.lower() == f"{local}@{domain}".lower()


@given(st.text(), st.text())
def test_a_mask_shows_two_letters_at_most(local: str, domain: str) -> None:
    masked = mask_address(f"{local}@{domain}")
    assert len(masked.partition("…")[0]) <= 1
