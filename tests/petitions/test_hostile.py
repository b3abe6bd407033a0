"""Whatever is sent: never an error of ours, and never a name refused for its marks."""

from __future__ import annotations

import unicodedata
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from flask_w4r.forms.petitions.press import filled
from flask_w4r.forms.petitions.sign import make_sign_form, submission_of
from flask_w4r.services.people import consents
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, supporter
from tests.conftest import Host, MakeHost, every_database

from .helpers import CASE, PREFIX, SLUG, person

SLUGS = (SLUG, "bo-example")
UNLIMITED = dict.fromkeys(("sign_host", "sign_site", "sign_block", "token_host", "confirm_host"), "9999999/second")
CUSTOM = [
    {"name": "school", "label": {"en": "School"}},
    {"name": "heard", "label": {"en": "Heard"}, "type": "select", "choices": ["friend", "street"]},
    {"name": "helper", "label": {"en": "Helper"}, "type": "checkbox"},
]
FIELDS = ("first_name", "last_name", "email", "phone", "postcode", "newsletter", "withhold_name", "consent", "website",
          "altcha", "school", "heard", "helper", "cases", "form_token", "h-captcha-response", "unknown")  # fmt: skip
SAME_HOST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    own = {"preset": "AU", "url_prefix": PREFIX, "custom_fields": CUSTOM}
    host = make_host(captcha="altcha", section=own, rate_limits={**UNLIMITED, "sign_uncaptcha": "9999999/second"})
    make_campaign(host.app, SLUGS)
    return host


def tokens(host: Host, path: str) -> tuple[Any, dict[str, Any]]:
    client = host.app.test_client()
    return client, form_fields(client.get(path), "form_token")[1]


WORDS = (
    st.text(max_size=60)
    | st.text(max_size=5).map(lambda text: text * 200)
    | st.sampled_from(
        [
            "y",
            "yes",
            "no",
            "a@example.org",
            "\0",
            "\u202e\u200d",
            "A" * 5000,
            "{{7*7}}",
            "%s%(x)s",
            "'; --",
            "\r\nBcc: x@y.z",
        ]
    )
)


@pytest.mark.parametrize("path", [f"{CASE}/sign", f"{PREFIX}/sign"])
@every_database
def test_any_text_in_any_field(host: Host, path: str) -> None:
    client, hidden = tokens(host, path)

    @SAME_HOST
    @given(typed=st.dictionaries(st.sampled_from(FIELDS), WORDS | st.lists(WORDS, max_size=3)), signed=st.booleans())
    def check(typed: dict[str, Any], signed: bool) -> None:
        good = {**hidden, **supporter(), "cases": SLUG} if signed else {}
        answer = client.post(path, data={**good, **typed})
        assert answer.status_code in (303, 413, 422)
        assert "\r" not in (answer.location or "")

    check()


@pytest.mark.parametrize("several", [False, True])
def test_the_short_way_through_a_form_is_the_long_way(host: Host, several: bool) -> None:
    """What is read without making the form is what the form would have read."""
    section = get_state(host.app).sections["AU"]
    asked = {name: consents.question(section, name, "en") for name in (consents.PETITION, consents.NEWSLETTER)}
    form_class = make_sign_form(section, "en", asked, several=several, testing=True)

    @SAME_HOST
    @given(typed=st.dictionaries(st.sampled_from(FIELDS), WORDS | st.lists(WORDS, max_size=3)), signed=st.booleans())
    def check(typed: dict[str, Any], signed: bool) -> None:
        sent = MultiDict({**({**supporter(), "cases": SLUG} if signed else {}), **typed})
        with host.app.test_request_context():
            long = form_class(formdata=sent)
            valid = long.validate()
            short = filled(form_class, sent)
            assert (short is not None) == valid
            if short is not None:
                told = [submission_of(form, section, "en", asked) for form in (short, long)]
                assert told[0] == told[1]
                for name in ("website", "cases") if several else ("website",):
                    assert (short[name].data or "") == (long[name].data or "")

    check()


@SAME_HOST
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "", "text/plain"]
    ),
)
@example(body=b"first_name=%ff%fe&last_name=%00&email=\xff", kind="application/x-www-form-urlencoded")
def test_any_body(host: Host, body: bytes, kind: str) -> None:
    answer = host.app.test_client().post(f"{CASE}/sign", data=body, content_type=kind)
    assert answer.status_code in (400, 413, 422)


def test_a_body_that_is_too_large(host: Host) -> None:
    client, hidden = tokens(host, f"{CASE}/sign")
    for typed in ({"first_name": "A" * 70_000}, {f"field{number}": "x" for number in range(30_000)}):
        assert client.post(f"{CASE}/sign", data={**hidden, **supporter(), **typed}).status_code == 413
    multipart = {**supporter(), **{f"part{number}": "x" for number in range(300)}}
    answer = client.post(f"{CASE}/sign", data=multipart, content_type="multipart/form-data")
    assert answer.status_code == 413


@pytest.mark.parametrize("slug", ["%00", "a%00b", "%ff", "%F0%9F%98%80", "a" * 3000, "..%2f..", "%0d%0aX:1", "'"])
@every_database
def test_slugs_that_nobody_has(host: Host, slug: str) -> None:
    client = host.app.test_client()
    for path in ("", "/sign", "/sign/token", "/thanks", "/tally.json"):
        answer = client.get(f"{PREFIX}/cases/{slug}{path}")
        assert answer.status_code == 404 or path == "/sign/token", (path, answer.status_code)
    assert client.post(f"{PREFIX}/cases/{slug}/sign", data=supporter()).status_code == 404
    hidden = form_fields(client.get(f"{PREFIX}/sign"), "form_token")[1]
    assert client.post(f"{PREFIX}/sign", data={**hidden, **supporter(), "cases": slug}).status_code == 422


MARKS = st.characters(categories=["Mn", "Mc", "Me", "Lm", "Sk", "Pd", "Po", "Pi", "Pf", "Zs", "Cf"])
LETTERS = st.characters(categories=["Lu", "Ll", "Lo", "Lt"]).filter(lambda char: char not in "\u115f\u1160\u3164\uffa0")


@SAME_HOST
@given(letter=LETTERS, rest=st.lists(LETTERS | MARKS, max_size=60).map("".join))
@example(letter="Z", rest="\u0351\u0300\u0301\u0302\u0303\u0304algo")
@example(letter="D", rest="'Arcy-O\u2019Neill, Jr.")
@example(letter="\u0645", rest="\u062d\u0645\u0651\u062f \u0639\u0628\u062f\u200c\u0627\u0644\u0644\u0647")
def test_no_name_is_refused_for_its_marks(host: Host, letter: str, rest: str) -> None:
    client, hidden = tokens(host, f"{CASE}/sign")
    email = f"{uuid.uuid4().hex}@example.org"
    typed = supporter(email=email, first_name=letter + rest)
    answer = client.post(f"{CASE}/sign", data={**hidden, **typed})
    assert answer.status_code == 303, (letter + rest).encode("unicode-escape")
    # The first mark may join the letter; what is kept begins as what was typed.
    kept = person(host)["first_name"]
    assert unicodedata.normalize("NFD", kept)[0] == unicodedata.normalize("NFD", letter)[0]
