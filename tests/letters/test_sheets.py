"""Sheets as pages and as PDFs: what they say, and what becomes of them when the case changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.testing import make_campaign
from tests.conftest import Host, MakeHost

from .test_print import faults, keep_pictures
from .world import ANN, BO, MINISTER, SECTION, TEXTS, change, pages_of, sizes_of, words_of

SAYS = (
    "Kim Example", "Minister of Justice", "19 Aitken Street", "WELLINGTON 6011", "NEW ZEALAND", "Dear Minister Example,",
    "Do right by Ann Example.", "She put up a poster.", "Name no political party.", "I am writing about Ann Example.",
    "High Commission of New Zealand", "A letter abroad costs 3 dollars.",
)  # fmt: skip


def test_a_sheet_says_whom_to_write_to_what_to_ask_and_what_to_leave_out(site: Host) -> None:
    client = site.app.test_client()
    page = client.get(f"/au/cases/{ANN}/letter")
    text = " ".join(re.sub("<[^>]*>", " ", page.text).split())
    pdf = client.get(f"/au/cases/{ANN}/letter.pdf")
    assert (page.status_code, pdf.status_code, pdf.mimetype) == (200, 200, "application/pdf")
    for words in SAYS:
        assert words in text, words
        assert words in words_of(pdf.data), words
    # What is posted is the letter alone: no advice stands on it.
    letter = words_of(pdf.data, 0)
    assert "Kim Example" in letter and "Dear Minister Example," in letter
    assert "poster" not in letter and "Leave out" not in letter and "Embassy" not in letter
    assert pages_of(pdf.data) == 2


def test_an_office_is_named_in_the_readers_language_and_read_in_its_own(site: Host) -> None:
    """What goes on an envelope stays as it is; a title that is not translated is marked as English."""
    client = site.app.test_client()
    titles = {**MINISTER, "titles": {"ar": "وزير العدل"}}
    change(site.app, target=titles, targets=[{"title": "Attorney General"}])
    change(site.app, texts={"demand": "أفرجوا عنها.", "title": "ملصق"}, locale="ar")
    case, letter = client.get(f"/au/ar/cases/{ANN}").text, client.get(f"/au/ar/cases/{ANN}/letter").text
    assert re.search('Kim Example[,،] <bdi lang="ar">وزير العدل</bdi>', case)
    assert re.search(r'lang="en"\s+dir="ltr">\s+<bdi>Kim Example</bdi>\s+<br>\s+<bdi>Minister of Justice</bdi>', letter)
    assert '<bdi lang="en">Attorney General</bdi>' in letter
    assert 'Kim Example, <bdi lang="en">Minister of Justice</bdi>' in client.get(f"/au/cases/{ANN}").text


def test_whoever_wrote_on_paper_is_led_to_the_report(site: Host) -> None:
    client = site.app.test_client()
    page = client.get(f"/au/cases/{ANN}/letter").text
    told = re.search(r'href="(/au/report[?]code=[^"]+)"', page)
    assert told is not None
    form = client.get(told[1]).text
    assert "Ann Example" in form and "Bo Example" not in form
    # Nobody need have written yet, and a printed sheet says where it is to be told.
    assert 'href="/au/report"' in client.get("/au/").text
    assert "localhost/au/report" in words_of(client.get(f"/au/cases/{ANN}/letter.pdf").data, 1)


def test_the_signature_list_is_found(site: Host) -> None:
    client = site.app.test_client()
    assert f'href="/au/cases/{ANN}/petition.pdf?size=a4"' in client.get(f"/au/cases/{ANN}/letter").text
    change(site.app, ways=["letter"])
    site.app.extensions["w4r"].lazy.pop("pages", None)
    assert "petition.pdf" not in client.get(f"/au/cases/{ANN}/letter").text


def test_politics_and_insults_are_left_out_whatever_a_case_asks(site: Host) -> None:
    client = site.app.test_client()
    for said in (client.get(f"/au/cases/{ANN}/letter").text, words_of(client.get(f"/au/cases/{ANN}/letter.pdf").data)):
        assert "Name no political party." in said
        assert "Leave out party politics" in said and "Leave out insults" in said


@pytest.mark.parametrize(("size", "points"), [("a4", (595, 842)), ("letter", (612, 792)), ("nonsense", (595, 842))])
def test_paper_of_both_worlds(site: Host, size: str, points: tuple[int, int]) -> None:
    client = site.app.test_client()
    for path in (f"cases/{ANN}/letter.pdf?", f"cases/{ANN}/letter.pdf?blank=1&", "letters.pdf?"):
        pdf = client.get(f"/au/{path}size={size}")
        assert pdf.status_code == 200
        assert sizes_of(pdf.data) == {points}
    assert words_of(client.get(f"/au/cases/{ANN}/letter.pdf?blank=1").data) == ""


def test_all_sheets_in_one_file_or_those_that_are_named(site: Host) -> None:
    client = site.app.test_client()
    both = words_of(client.get("/au/letters.pdf").data)
    assert "Write for Ann Example" in both and "Write for Bo Example" in both
    one = words_of(client.get(f"/au/letters.pdf?cases={BO}&cases={BO}").data)
    assert "Bo Example" in one and "Ann Example" not in one
    assert "Address: not known here yet" in one
    assert client.get("/au/letters.pdf?cases=nobody").status_code == 404


@pytest.mark.parametrize(
    ("keys", "where", "href"),
    [
        ({"contact": "desk@example.org"}, "desk@example.org", "mailto:desk@example.org"),
        ({"contact": "https://example.org/@us"}, "https://example.org/@us", "https://example.org/@us"),
        ({"contact": "ring 12345"}, "ring 12345", None),
        ({"postal_address": ["Example Section", "1 Street"]}, "Example Section, 1 Street", None),
    ],
)
def test_whoever_misses_an_address_learns_whom_to_ask(
    make_host: MakeHost, keys: dict[str, Any], where: str, href: str | None
) -> None:
    host = make_host(section={**SECTION, **keys})
    make_campaign(host.app, (BO,))
    change(host.app, BO, country="BY", target={"title": "The President"})
    client = host.app.test_client()
    page = client.get(f"/au/cases/{BO}/letter").text
    asked = f"Address: ask your section, {where}"
    assert (f'<a href="{href}">{asked}</a>' if href else asked) in page
    assert f"for its address, ask your section, {where}" in page
    said = " ".join(words_of(client.get(f"/au/cases/{BO}/letter.pdf").data).split())
    assert "ask your section" in said


def test_a_signature_list_says_where_it_is_sent_back_to(make_host: MakeHost, site: Host, tmp_path: Path) -> None:
    path = f"/au/cases/{ANN}/petition.pdf"
    assert "Send this list to" not in words_of(site.app.test_client().get(path).data)
    lines = ["Example Section", "1 Example Street", "2000 Sydney"]
    host = make_host(f"sqlite:///{tmp_path}/back.sqlite3", section={**SECTION, "postal_address": lines})
    make_campaign(host.app, (ANN,))
    change(host.app, ANN, texts=TEXTS, target=MINISTER)
    pdf = host.app.test_client().get(path).data
    keep_pictures(pdf, "petition-back")
    said = words_of(pdf)
    assert said.index("Send this list to:") < said.index(lines[0]) < said.index(lines[1]) < said.index(lines[2])
    assert pages_of(pdf) == 1
    assert faults(pdf) == []


def test_a_paper_is_the_same_for_all_and_says_when_it_changed(site: Host) -> None:
    client = site.app.test_client()
    first = client.get(f"/au/cases/{ANN}/letter.pdf")
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    assert "Set-Cookie" not in first.headers
    again = client.get(f"/au/cases/{ANN}/letter.pdf", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(f"/au/cases/{ANN}/letter.pdf").data == first.data
    change(site.app, texts={"demand": "Release her."})
    after = client.get(f"/au/cases/{ANN}/letter.pdf", headers={"If-None-Match": first.headers["ETag"]})
    assert after.status_code == 200
    assert "Release her." in words_of(after.data)
