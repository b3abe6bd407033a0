"""The sign form is the section's: its fields, its questions, its consents, and what is kept of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from flask_w4r.keyring import generate_key
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, submit, supporter
from tests.conftest import Host, MakeHost

from .helpers import CASE, PREFIX, SLUG, column, link, mail_and_press, people, person, tally, typed_in


def section(**changes: Any) -> dict[str, Any]:
    return {"preset": "AU", "url_prefix": PREFIX, **changes}


@pytest.fixture
def au(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app)
    return host


@pytest.mark.parametrize("mode", ["required", "optional", "hidden"])
@pytest.mark.parametrize("name", ["first_name", "last_name", "phone", "postcode"])
def test_a_field_is_required_optional_or_hidden(make_host: MakeHost, name: str, mode: str) -> None:
    host = make_host(captcha="none", section=section(fields={name: mode}))
    make_campaign(host.app)
    client = host.app.test_client()
    page = client.get(f"{CASE}/sign")
    assert (f'name="{name}"' in page.text) == (mode != "hidden")
    given = {"phone": "0400 123 456", "postcode": "2000", name: ""}
    answer = submit(client, page, "form_token", **{**supporter(), **given})
    assert answer.status_code == (422 if mode == "required" else 303)
    if mode == "required":
        assert f'href="#{name}"' in answer.text
        assert f'id="{name}-error"' in answer.text
        assert not column(host, "id")
    answer = sign(client, PREFIX, SLUG, **{**given, name: "2001"})
    assert answer.status_code == 303
    assert person(host).get(name) == (None if mode == "hidden" else "2001")


QUESTIONS = [
    {
        "name": "school",
        "label": {"en": "Your school"},
        "required": True,
        "max_length": 20,
        "hint": {"en": "Its full name"},
    },
    {"name": "heard", "label": {"en": "Where did you hear of us?"}, "type": "select", "choices": ["friend", "street"]},
    {"name": "volunteer", "label": {"en": "I want to help"}, "type": "checkbox"},
    {"name": "member", "label": {"en": "I know the rules"}, "type": "checkbox", "required": True},
]


def test_custom_fields(make_host: MakeHost) -> None:
    host = make_host(captcha="none", section=section(custom_fields=QUESTIONS))
    make_campaign(host.app)
    client = host.app.test_client()
    page = client.get(f"{CASE}/sign")
    for words in ("Your school", "Its full name", "Where did you hear of us?", "I want to help", ">street<"):
        assert words in page.text
    answer = submit(client, page, "form_token", **supporter(), heard="street")
    assert answer.status_code == 422
    assert 'href="#school"' in answer.text
    assert 'href="#member"' in answer.text, "a box that must be ticked is a field like any other"
    assert '<option value="street" selected>' in answer.text
    wrong = sign(client, PREFIX, SLUG, school="x" * 21, heard="radio", member="y")
    assert wrong.status_code == 422
    assert 'href="#heard"' in wrong.text
    assert 'href="#school"' in wrong.text
    assert "x" * 21 in wrong.text
    assert sign(client, PREFIX, SLUG, school="Hill High", heard="friend", member="y").status_code == 303
    assert person(host)["custom"] == {"school": "Hill High", "heard": "friend", "member": True}


@pytest.mark.parametrize("name", ["address", "section", "data", "errors", "validate", "meta", "values", "process"])
def test_a_custom_field_may_have_any_name(make_host: MakeHost, name: str) -> None:
    """Also one that means something to the form's own code."""
    field = {"name": name, "label": {"en": "Something of ours"}, "required": True}
    host = make_host(captcha="none", section=section(custom_fields=[field]))
    make_campaign(host.app)
    client = host.app.test_client()
    assert f'name="{name}"' in client.get(CASE).text
    missing = sign(client, PREFIX, SLUG)
    assert missing.status_code == 422
    assert f'href="#{name}"' in missing.text
    assert sign(client, PREFIX, SLUG, **{name: "12 Hill Street"}).status_code == 303
    assert person(host)["custom"] == {name: "12 Hill Street"}
    assert person(host)["email"] == "sam1@example.org"


def test_without_consent_nothing_is_kept_but_on_the_page(au: Host) -> None:
    client = au.app.test_client()
    page = client.get(f"{CASE}/sign")
    typed = {**supporter(), "phone": "0400 123 456", "postcode": "2000", "newsletter": "yes", "withhold_name": "y"}
    del typed["consent"]
    answer = submit(client, page, "form_token", **typed)
    assert answer.status_code == 422
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert '<a href="#consent">Tick the box' in answer.text
    assert 'aria-describedby="consent-error"' in answer.text
    assert typed_in(answer) == {name: [value] for name, value in typed.items()}
    assert not column(au, "id")
    assert submit(client, answer, "form_token", consent="y").status_code == 303
    assert person(au)["phone"] == "0400 123 456"


def test_the_consent_says_the_age(make_host: MakeHost) -> None:
    host = make_host(captcha="none", section=section(min_age=16))
    make_campaign(host.app)
    assert "I am 16 or older, and I agree" in host.app.test_client().get(CASE).text
    plain = make_host(captcha="none", section={**section(url_prefix="/plain", code="XA"), "min_age": None})
    make_campaign(plain.app)
    text = plain.app.test_client().get("/plain/cases/ann-example").text
    assert "or older" not in text
    assert "I agree that" in text


@pytest.mark.parametrize(("answer", "kept"), [(None, None), ("no", False), ("yes", True), ("maybe", None), ("", None)])
def test_silence_is_no(au: Host, answer: str | None, kept: bool | None) -> None:
    client = au.app.test_client()
    page = client.get(f"{CASE}/sign")
    assert page.text.count('name="newsletter"') == 2
    assert "newsletter" not in form_fields(page, "form_token")[1], "none is chosen for the reader"
    typed = {} if answer is None else {"newsletter": answer}
    assert submit(client, page, "form_token", **supporter(), **typed).status_code == 303
    assert [bool(value) for value in column(au, "newsletter")] == [bool(kept)]
    rows = au.rows("SELECT granted FROM w4r_consent WHERE purpose = 'newsletter'")
    assert [bool(row[0]) for row in rows] == ([] if kept is None else [kept])


def test_the_exact_words_agreed_to_are_on_file(make_host: MakeHost) -> None:
    own = {"petition": {"version": "7", "text": {"ar": "أوافق", "fr": "Je suis d'accord & je signe"}}}
    host = make_host(captcha="none", section={"preset": "MA", "url_prefix": PREFIX, "consents": own})
    make_campaign(host.app)
    client = host.app.test_client()
    page = client.get(f"{PREFIX}/fr/cases/{SLUG}/sign")
    assert "Je suis d&#39;accord &amp; je signe" in page.text
    assert submit(client, page, "form_token", **supporter(), newsletter="yes").status_code == 303
    filed = {(row[0], row[1], row[2]): row for row in host.rows(
        "SELECT purpose, version, locale, text, digest FROM w4r_consent_text WHERE section = 'MA'"
    )}  # fmt: skip
    assert {key[2] for key in filed} == {"ar", "fr"}
    given = host.rows("SELECT purpose, text_digest, granted, method, given_at FROM w4r_consent ORDER BY purpose DESC")
    assert [(row[0], bool(row[2]), row[3]) for row in given] == [
        ("petition", True, "web_form"),
        ("newsletter", True, "web_form"),
    ]
    shown = filed["petition", "7", "fr"]
    assert shown[3] == "Je suis d'accord & je signe"
    assert bytes(given[0][1]) == bytes(shown[4]) == hashlib.sha256(f"MA|petition|7|fr|{shown[3]}".encode()).digest()
    newsletter = next(row for key, row in filed.items() if key[0] == "newsletter" and key[2] == "fr")
    assert bytes(given[1][1]) == bytes(newsletter[4])
    assert newsletter[3] in page.get_data(as_text=True).replace("&#39;", "'")


def test_a_withheld_name_is_marked(au: Host) -> None:
    client = au.app.test_client()
    assert sign(client, PREFIX, SLUG, withhold_name="y").status_code == 303
    assert sign(client, PREFIX, SLUG, email="other@example.org").status_code == 303
    assert [bool(value) for value in column(au, "withhold_name")] == [True, False]


def test_one_mailbox_signs_once_however_it_is_written(au: Host) -> None:
    client = au.app.test_client()
    for email in ("jo.sample@gmail.com", "JoSample@gmail.com", "josample+w4r@googlemail.com"):
        assert sign(client, PREFIX, SLUG, email=email).status_code == 303
    assert len(column(au, "id")) == 1
    assert "Your signature is confirmed" in mail_and_press(au).text
    assert au.mailer.messages[0]["To"] == "josample+w4r@googlemail.com", "mail goes to the address as typed"
    assert (tally(au), people(au)) == (1, 1)
    assert sign(client, PREFIX, SLUG, email="j.o.sample@gmail.com").status_code == 303
    run_jobs(au.app)
    assert tally(au) == 1
    assert sign(client, PREFIX, SLUG, email="jo.sample@example.org").status_code == 303
    assert len(column(au, "id")) == 2, "another provider's dots belong to the name"
    au.run("w4r", "tally", "recount")


def test_a_shared_mailbox_has_two_places(make_host: MakeHost) -> None:
    host = make_host(captcha="none", section=section(shared_mailbox=True))
    make_campaign(host.app)
    client = host.app.test_client()
    for first in ("Ann", "Bo", "Cy"):
        assert sign(client, PREFIX, SLUG, first_name=first, email="family@example.org").status_code == 303
        if first != "Cy":
            assert "Your signature is confirmed" in mail_and_press(host).text
    run_jobs(host.app)
    assert len(column(host, "id")) == 2
    assert (tally(host), people(host)) == (2, 1)
    assert sign(client, PREFIX, SLUG, first_name=" ANN ", email="Family@example.org").status_code == 303
    run_jobs(host.app)
    assert tally(host) == 2
    host.run("w4r", "tally", "recount")


def test_without_confirmation_it_counts_at_once(make_host: MakeHost) -> None:
    host = make_host(captcha="none", section=section(confirmation="none"))
    make_campaign(host.app)
    client = host.app.test_client()
    for _ in range(2):
        assert sign(client, PREFIX, SLUG).location == f"{CASE}/thanks"
    assert "We have received your signature for Ann Example" in client.get(f"{CASE}/thanks").text
    assert (tally(host), people(host)) == (1, 1)
    assert run_jobs(host.app)["mail"]["sent"] == 0
    host.run("w4r", "tally", "recount")


def test_a_class_signs_without_addresses(make_host: MakeHost) -> None:
    own = section(confirmation="none", fields={"email": "hidden", "newsletter": "hidden"})
    host = make_host(captcha="none", section=own)
    make_campaign(host.app)
    client = host.app.test_client()
    assert 'name="email"' not in client.get(f"{CASE}/sign").text
    for number in range(3):
        assert sign(client, PREFIX, SLUG, last_name=f"Pupil{number}").status_code == 303
    assert (tally(host), people(host)) == (3, 3)
    assert "email" not in person(host)
    host.run("w4r", "tally", "recount")
    host.run("w4r", "tally", "recount", "--fix")
    assert people(host) == 3


def test_an_optional_address_may_be_left_out(make_host: MakeHost) -> None:
    host = make_host(captcha="none", section=section(confirmation="none", fields={"email": "optional"}))
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, PREFIX, SLUG, email="").status_code == 303
    assert sign(client, PREFIX, SLUG, email="not an address").status_code == 422
    assert sign(client, PREFIX, SLUG, email="jo@example.org").status_code == 303
    assert (tally(host), people(host)) == (2, 2)


def test_a_section_that_stops_asking_for_confirmation(make_host: MakeHost) -> None:
    """Who waits for a mail from before is counted when they sign again, once."""
    keys = {"encryption_keys": [generate_key()], "index_key": generate_key(), "captcha": "none"}
    before = make_host(section=section(), **keys)
    make_campaign(before.app)
    assert sign(before.app.test_client(), PREFIX, SLUG).status_code == 303
    run_jobs(before.app)
    after = make_host(section=section(confirmation="none"), **keys)
    assert sign(after.app.test_client(), PREFIX, SLUG, first_name="Samuel").status_code == 303
    assert (column(after, "state"), tally(after)) == (["confirmed"], 1)
    assert before.app.test_client().get(link(before)).status_code == 404
    after.run("w4r", "tally", "recount")
