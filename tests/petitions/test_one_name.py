"""People with one name sign like everybody: by the box beside the last name, or where the whole name is one field."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.sections import load_section, preset_codes
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign, submit, supporter, take_in
from tests.conftest import Host, MakeHost

from .helpers import CASE, PREFIX, SLUG, column, link, people, person, press, tally

OTHER = "bo-example"
ONE = {"first_name": "Sukarno", "last_name": "", "one_name": "y"}
WHOLE = {"full_name": "required"}
#: What the form takes, and what is kept as first and last name.
TAKEN = [
    (ONE, ("Sukarno", None)),
    ({**ONE, "first_name": "", "last_name": " Sukarno "}, ("Sukarno", None)),
    ({**ONE, "last_name": "SUKARNO"}, ("SUKARNO", None)),
    ({**ONE, "first_name": "سوكارنو"}, ("سوكارنو", None)),
    ({**ONE, "last_name": "Putra"}, ("Sukarno", "Putra")),
    ({"first_name": "Ann", "last_name": "Lee"}, ("Ann", "Lee")),
]
REFUSED = [
    ({**ONE, "one_name": None}, "last_name", "Enter your last name, or tick “I have one name”"),
    ({**ONE, "first_name": ""}, "first_name", "Enter your name"),
    ({**ONE, "first_name": "", "last_name": "\u3164"}, "last_name", "Enter your name"),
    ({**ONE, "first_name": "", "last_name": "x" * 101}, "last_name", "Use no more than 100 characters"),
    ({"first_name": "", "last_name": "Lee"}, "first_name", "Enter your first name"),
]


def section(**changes: Any) -> dict[str, Any]:
    return {"preset": "AU", "url_prefix": PREFIX, **changes}


def make(make_host: MakeHost, **changes: Any) -> Host:
    host = make_host(captcha="none", section=section(**changes))
    make_campaign(host.app, (SLUG, OTHER))
    return host


@pytest.fixture
def au(make_host: MakeHost) -> Host:
    return make(make_host)


@pytest.mark.parametrize("preset", preset_codes())
def test_every_preset_offers_it(preset: str) -> None:
    found, faults = load_section(preset, default_prefix="/x", default_confirmation="email")
    assert found is not None and not faults
    modes = [found.field_mode(name) for name in ("first_name", "last_name", "one_name", "full_name")]
    assert modes == ["required", "required", "optional", "hidden"]


def test_what_is_taken_and_what_is_kept(au: Host) -> None:
    client = au.app.test_client()
    for number, (typed, kept) in enumerate(TAKEN):
        given = {name: value for name, value in typed.items() if value is not None}
        assert sign(client, PREFIX, SLUG, email=f"sam{number}@example.org", **given).status_code == 303, typed
        found = person(au)
        assert (found["first_name"], found.get("last_name")) == kept, typed


def test_what_is_refused_says_why_and_keeps_the_tick(au: Host) -> None:
    client = au.app.test_client()
    for typed, field, words in REFUSED:
        given = {name: value for name, value in {**supporter(), **typed}.items() if value is not None}
        answer = submit(client, client.get(f"{CASE}/sign"), "form_token", **given)
        text = unescape(answer.text)
        assert answer.status_code == 422, typed
        assert f'href="#{field}"' in text and text.count(words) == 2, typed
        assert ("one_name" in form_fields(answer, "form_token")[1]) == bool(typed.get("one_name")), typed
    assert column(au, "id") == []


def test_the_field_says_that_it_may_stay_empty(au: Host) -> None:
    """A screen reader at the last name hears of the box that comes after it, and no "required"."""
    for path in (CASE, f"{CASE}/sign", f"{PREFIX}/sign"):
        text = au.app.test_client().get(path).text
        (first,), (last,) = (
            re.findall(rf'<input[^>]*name="{name}"[^>]*>', text) for name in ("first_name", "last_name")
        )
        assert " required" in first and " required" not in last
        for described in re.findall(r'aria-describedby="([^"]*)"', last)[0].split():
            assert text.count(f'id="{described}"') == 1
        assert text.index('name="last_name"') < text.index('name="one_name"') < text.index('name="email"')


@pytest.mark.parametrize(
    ("fields", "there"),
    [
        ({"one_name": "hidden"}, ["first_name", "last_name"]),
        ({"last_name": "optional"}, ["first_name", "last_name"]),
        ({"first_name": "hidden"}, ["last_name"]),
        ({}, ["first_name", "last_name", "one_name"]),
        (WHOLE, ["full_name"]),
    ],
)
def test_the_section_decides(make_host: MakeHost, fields: dict[str, str], there: list[str]) -> None:
    host = make(make_host, fields=fields)
    client = host.app.test_client()
    page = client.get(f"{CASE}/sign")
    assert re.findall(r'name="(\w*_name)"', page.text.partition('name="withhold_name"')[0]) == there
    # What a form does not have excuses nothing.
    answer = submit(client, page, "form_token", **supporter(last_name="", one_name="y", full_name=""))
    fine = there == ["first_name", "last_name", "one_name"] or fields == {"last_name": "optional"}
    assert answer.status_code == (303 if fine else 422)


def test_a_whole_name_in_one_field(make_host: MakeHost) -> None:
    host = make(make_host, fields=WHOLE)
    client = host.app.test_client()
    page = client.get(f"{CASE}/sign")
    assert 'autocomplete="name"' in page.text
    answer = submit(client, page, "form_token", email="sam@example.org", consent="y", full_name=" ")
    assert answer.status_code == 422 and 'href="#full_name"' in answer.text and "Enter your name" in answer.text
    for name in ("Sukarno", "María José  García Márquez"):
        assert sign(client, PREFIX, SLUG, full_name=name, email=f"{len(name)}@example.org").status_code == 303
        assert (person(host)["first_name"], person(host).get("last_name")) == (" ".join(name.split()), None)
    confirm = host.app.test_client()
    run_jobs(host.app)
    assert "María José García Márquez" in confirm.get(link(host)).text


@pytest.mark.parametrize(
    ("key", "mend"), [("one_name", "optional, hidden"), ("full_name", "required, optional, hidden")]
)
def test_a_wrong_mode_is_named(key: str, mend: str) -> None:
    table = section(fields={key: "always"})
    _, faults = load_section(table, default_prefix="/x", default_confirmation="email")
    assert faults == [f"fields: {key} must be one of {mend}"]


@pytest.mark.parametrize("fields", [{}, WHOLE])
def test_who_has_one_name_signs_the_others_in_one_press(make_host: MakeHost, fields: dict[str, str]) -> None:
    """The details that are kept fill the next form, whatever it asks for."""
    host = make(make_host, fields=fields)
    client = host.app.test_client()
    assert sign(client, PREFIX, SLUG, full_name="Sukarno", **ONE).status_code == 303
    run_jobs(host.app)
    page = client.get(link(host))
    assert "<bdi>Sukarno</bdi>" in page.text
    done = submit(client, page, "form_token")
    assert "Your signature is confirmed" in done.text
    again = submit(client, done, "link", cases=[OTHER], consent="y")
    assert again.status_code == 200
    take_in(host.app)
    assert column(host, "state") == ["confirmed", "confirmed"]
    assert person(host).get("last_name") is None and person(host)["first_name"] == "Sukarno"
    assert (tally(host, OTHER), people(host)) == (1, 1)


def test_a_section_that_changes_its_form_keeps_its_signers(make_host: MakeHost) -> None:
    """Who signed with two names signs on by a form that asks for one, and the other way round."""
    keys = {"encryption_keys": [generate_key()], "index_key": generate_key(), "captcha": "none"}
    two = make_host(section=section(), **keys)
    whole = make_host(section=section(fields=WHOLE), **keys)
    make_campaign(two.app, (SLUG, OTHER))
    for before, after, typed in ((two, whole, {}), (whole, two, {"full_name": "Bo Whole", "email": "bo@example.org"})):
        client = before.app.test_client()
        assert sign(client, PREFIX, SLUG, **typed).status_code == 303
        run_jobs(before.app)
        later = after.app.test_client()
        done = submit(later, later.get(link(before)), "form_token")
        assert submit(later, done, "link", cases=[OTHER], consent="y").status_code == 200
        take_in(after.app)
    signed = [person(two, number) for number in column(two, "id")]
    names = [(found["first_name"], found.get("last_name")) for found in signed]
    assert names == [("Sam", "Sample1"), ("Sam Sample1", None), ("Bo Whole", None), ("Bo Whole", None)]


def test_one_name_is_told_from_two_in_a_shared_mailbox(make_host: MakeHost) -> None:
    host = make(make_host, shared_mailbox=True)
    client = host.app.test_client()
    for typed in (
        {"first_name": "Sukarno", "last_name": "Putra"},
        ONE,
        {**ONE, "first_name": "", "last_name": "SUKARNO"},
    ):
        assert sign(client, PREFIX, SLUG, **typed, email="family@example.org").status_code == 303
        run_jobs(host.app)
        if "/confirm/" in str(host.mailer.links()):
            press(host.app.test_client(), link(host))
    assert len(column(host, "id")) == 2
    assert (tally(host), people(host)) == (2, 1)
    host.run("w4r", "tally", "recount")


def test_a_newsletter_gets_one_name(make_host: MakeHost) -> None:
    taken: list[Any] = []
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer)
    w4r.subscriber_sink(taken.append)
    host = make_host(w4r=w4r, captcha="none", section=section(confirmation="none"))
    make_campaign(host.app)
    assert sign(host.app.test_client(), PREFIX, SLUG, newsletter="yes", **ONE).status_code == 303
    run_jobs(host.app)
    assert [(item.first_name, item.last_name) for item in taken] == [("Sukarno", "")]
