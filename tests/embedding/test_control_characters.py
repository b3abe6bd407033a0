"""What a keyboard cannot type but a program can send: no page gives it back, since no valid HTML may hold it."""

from __future__ import annotations

import re

import pytest

from flask_w4r.testing import run_jobs, sign, submit
from flask_w4r.web.typed import kind_for, one_line
from tests.embedding.conftest import MakeSite, host_layout
from tests.embedding.test_every_route import as_host, full_site, routes
from tests.petitions.helpers import session_token

#: HTML 13.2.3.5, and XML 2.2: control characters but tabs and ends of lines, and what Unicode says is no character.
UNFIT = "".join(map(chr, [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFDD0, 0xFFFE, 0x1FFFF]))
#: They hold such bytes by nature.
FILES = ("image/jpeg", "application/pdf")
SENT = f"Quin{UNFIT}cy\tand\nBo"


def unfit(text: str) -> set[str]:
    return set(text) & set(UNFIT)


@pytest.mark.parametrize("layout", ["ours", "a host's"])
def test_no_form_gives_back_what_no_page_may_hold(make_site: MakeSite, layout: str) -> None:
    options = {} if layout == "ours" else {"templates": host_layout(), "layout": "host.html"}
    host = full_site(make_site, **options)
    pages = dict(routes(host, "GET"))
    given_back = 0
    for name, path in routes(host, "POST"):
        client = as_host(host.app.test_client())
        session_token(client)
        # Every field of the form that sends there; where it has no page of its own, those that many forms have.
        fields = {
            "title",
            "text",
            "address",
            "q",
            *re.findall(r'name="([^"]+)"', client.get(pages.get(name, path)).text),
        }
        for sent in ({}, dict.fromkeys(fields, SENT)):
            answer = client.post(path, data=sent)
            assert not unfit(answer.text), name
        given_back += answer.text.count("Quincy\tand")
        assert not unfit(client.get(path, query_string=dict.fromkeys(fields, SENT)).text), name
    assert given_back >= 9, "what was typed is given back else"


def test_what_was_kept_is_shown_without_them_too(make_site: MakeSite) -> None:
    host = full_site(make_site)
    pages = [path for name, path in routes(host, "GET") if name.startswith(("moderation", "host"))]
    client = host.app.test_client()
    assert sign(client, "/ma", "ann-example", first_name=SENT, email="kept@example.org").status_code == 303
    page = client.get("/ma/events/ann-example/rsvp")
    typed = {"name": SENT, "email": "kept@example.org", "party_size": "1", "access_needs": SENT, "access_consent": "y"}
    assert submit(client, page, "form_token", **typed).status_code == 303
    run_jobs(host.app)
    link = host.mailer.links("/rsvp/")[0].removeprefix("http://localhost")
    submit(client, client.get(link), "form_token")
    answers = {path: as_host(host.app.test_client()).get(path, buffered=True) for path in [link, *pages]}
    shown = {path: answer.text for path, answer in answers.items() if answer.mimetype not in FILES}
    assert [path for path, text in shown.items() if unfit(text)] == []
    assert {path for path, text in shown.items() if "Quin" in text} >= {link, "/ma/host"}


@pytest.mark.parametrize(
    ("kind", "value", "given"),
    [
        ("date", "2026-12-10", "date"), ("date", "", "date"), ("date", "tomorrow", "text"), ("date", "20261210", "text"),
        ("datetime-local", "2026-12-10T18:30", "datetime-local"), ("datetime-local", "2026-12-10", "text"),
        ("datetime-local", "2026-12-10T18:30+14:00", "text"),
        ("url", "https://meet.example/x", "url"), ("url", "meet.example", "text"), ("url", "https://a b", "text"),
        ("url", "https://[", "text"), ("text", "any\nthing", "text"), ("email", "sam@", "email"),
    ],
)  # fmt: skip
def test_what_is_no_date_comes_back_where_it_may_stand(kind: str, value: str, given: str) -> None:
    assert kind_for(kind, value) == given
    assert one_line("a\r\nb\nc") == "a b c"
