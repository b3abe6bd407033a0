"""An address one slip away from a large provider's: asked about once, with everything kept, and taken when it is right."""

from __future__ import annotations

import pytest

from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.near_misses import meant
from flask_w4r.testing import form_fields, make_campaign, supporter
from tests.conftest import Host, MakeHost

from .helpers import CASE, SLUG


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app, (SLUG,))
    return host


@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmai.com", "gmail.com"), ("gnail.com", "gmail.com"),
        ("gmaill.com", "gmail.com"), ("hotmail.con", "hotmail.com"), ("hotmial.com", "hotmail.com"),
        ("yahoo.co", "yahoo.com"), ("yaho.com", "yahoo.com"), ("outlok.com", "outlook.com"), ("iclod.com", "icloud.com"),
    ],
)  # fmt: skip
def test_slips(typed: str, likely: str) -> None:
    assert meant(parse_address(f"sam@{typed}")) == likely


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "mail.com", "ymail.com", "email.com", "hotmail.co.uk", "yahoo.co.uk", "yahoo.fr", "gmx.com", "live.com",
     "example.org", "amnesty.org", "outlook.com.au", "me.com", "googlemail.com"],
)  # fmt: skip
def test_what_is_real_is_not_asked_about(domain: str) -> None:
    assert meant(parse_address(f"sam@{domain}", test_environment=True)) is None


def test_asked_once_and_taken_when_it_is_right(host: Host) -> None:
    client = host.app.test_client()
    typed = supporter(1, email="sam@gmial.com")
    page = client.get(f"{CASE}/sign")
    _, fields = form_fields(page, "form_token")
    asked = client.post(f"{CASE}/sign", data={**fields, **typed})
    assert asked.status_code == 422
    assert "Did you mean gmail.com?" in asked.text and 'value="sam@gmial.com"' in asked.text
    assert host.rows("SELECT count(*) FROM w4r_signature")[0][0] == 0
    _, again = form_fields(asked, "form_token")
    assert again["asked"] == ["gmial.com"]
    assert client.post(f"{CASE}/sign", data={**again, **typed}).status_code == 303
    assert host.rows("SELECT count(*) FROM w4r_signature")[0][0] == 1


def test_mended_it_is_taken_and_another_slip_is_asked_about(host: Host) -> None:
    client = host.app.test_client()
    _, fields = form_fields(client.get(f"{CASE}/sign"), "form_token")
    asked = client.post(f"{CASE}/sign", data={**fields, **supporter(1, email="sam@gmial.com")})
    _, again = form_fields(asked, "form_token")
    other = client.post(f"{CASE}/sign", data={**again, **supporter(1, email="sam@hotmail.con")})
    assert other.status_code == 422 and "Did you mean hotmail.com?" in other.text
    assert client.post(f"{CASE}/sign", data={**again, **supporter(1, email="sam@gmail.com")}).status_code == 303
