"""Each kind of fault in an address says its own mend; what SMTPUTF8 carries is taken where the site's mail can."""

from __future__ import annotations

from html import unescape
from typing import get_args

import pytest

from flask_w4r import W4R
from flask_w4r.doctor import examine
from flask_w4r.forms.checks import ADDRESS_FAULTS
from flask_w4r.mailers import SMTPMailer
from flask_w4r.services.people.address_faults import FaultKey
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, supporter
from tests.conftest import Host, MakeHost

from .helpers import CASE, PREFIX, SLUG, column, mail_and_press, people, person, tally

#: One address of each kind, and of its mend.
TYPED = {
    "": "Enter your email address",
    "Sam <sam@example.org>": "without a name",
    "“sam@example.org”": "without quotation marks",
    "sam@example.org, jo@example.org": "one email address only",
    "sam@@example.org": "more than one @",
    "sam.example.org": "has an @ in it",
    "@example.org": "before the @",
    "sam@": "after the @",
    "sam lee@example.org": "without spaces",
    "sam@example.org.": "at the end",
    "sam@example,org": "comma",
    "o’brien@example.org": "straight one",
    "jean–luc@example.org": "hyphen",
    "sam..lee@example.org": "Check the dots",
    "sam@gmail": "with an ending",
    "sam(lee)@example.org": "brackets",
    "sam@exa_mple.org": "Mail cannot be sent there",
    "s" * 65 + "@example.org": "too long",
    "münchen@example.org": "accents",
    "\ue000@example.org": "in the format name@example.org",
}


def test_every_fault_has_words() -> None:
    assert set(ADDRESS_FAULTS) == set(get_args(FaultKey))
    assert len({str(words) for words in ADDRESS_FAULTS.values()}) == len(ADDRESS_FAULTS) == len(TYPED)


def test_each_kind_says_its_own_mend_and_keeps_what_was_typed(make_host: MakeHost) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app)
    client = host.app.test_client()
    page = client.get(f"{CASE}/sign")
    for typed, mend in TYPED.items():
        _, fields = form_fields(page, "form_token")
        page = client.post(f"{CASE}/sign", data={**fields, **supporter(1, email=typed)})
        text = unescape(page.text)
        assert page.status_code == 422, typed
        said = [words for words in map(str, ADDRESS_FAULTS.values()) if words in text]
        assert len(said) == 1 and mend in said[0], typed
        assert text.count(said[0]) == 2, "at the top and at the field"
        assert f'value="{typed}"' in text, typed
    assert column(host, "id") == []


@pytest.fixture
def carried(make_host: MakeHost) -> Host:
    host = make_host(captcha="none", mail_utf8=True)
    make_campaign(host.app)
    return host


def test_what_smtputf8_carries_signs_and_confirms(carried: Host) -> None:
    client = carried.app.test_client()
    assert sign(client, PREFIX, SLUG, email="علي@example.org").status_code == 303
    assert person(carried)["email"] == "علي@example.org"
    assert "Your signature is confirmed" in mail_and_press(carried).text
    (mail,) = carried.mailer.messages
    assert mail["To"] == "علي@example.org" and "To: علي@example.org".encode() in mail.as_bytes()
    assert (tally(carried), people(carried)) == (1, 1)
    assert sign(client, PREFIX, SLUG, email="O’Brien@example.org").status_code == 422
    carried.run("w4r", "tally", "recount")


def test_one_mailbox_beyond_ascii_signs_once(carried: Host) -> None:
    client = carried.app.test_client()
    for email in ("münchen@example.org", "MÜNCHEN@Example.org", "mu\u0308nchen@example.org"):
        assert sign(client, PREFIX, SLUG, email=email).status_code == 303
    run_jobs(carried.app)
    assert len(column(carried, "id")) == 1
    assert sign(client, PREFIX, SLUG, email="munchen@example.org").status_code == 303
    assert len(column(carried, "id")) == 2


@pytest.mark.parametrize(("settings", "level"), [({}, None), ({"mail_utf8": True}, "error")])
def test_the_doctor_asks_the_mail_server(
    make_host: MakeHost, settings: dict[str, bool], level: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SMTPMailer, "carries_utf8", lambda self: False)
    host = make_host(captcha="none", w4r=W4R(), mail_url="smtp://127.0.0.1:9", **settings)
    found = [item.level for item in examine(host.app, get_state(host.app)) if "SMTPUTF8" in item.text]
    assert found == ([level] if level else [])
