"""The desk's pages: prepare, take the files, hand over, call off; each act logged."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest

from flask_w4r.services.printing import fonts
from flask_w4r.testing import form_fields, make_signatures
from tests.conftest import Host
from tests.moderation.conftest import Staff

from .world import OTHER, SLUG, TO, change, today

LIST = "/au/moderation/deliveries"


def prepared(desk: Host, mo: Staff, *, count: int = 4, cases: Any = None, **typed: Any) -> Any:
    make_signatures(desk.app, SLUG, count, state="confirmed", withhold_name=lambda number: number == 1)
    ids = [row[0] for row in desk.rows("SELECT id FROM w4r_case WHERE slug = 'ann-example'")]
    return mo.post(LIST, {"cases": cases or ids, "recipients": TO, **typed}, page=LIST)


def actions(host: Host) -> list[str]:
    return [row[0] for row in host.rows("SELECT action FROM w4r_audit ORDER BY seq")]


def test_from_the_form_to_the_hand_over(desk: Host, staff: Callable[..., Staff]) -> None:
    mo = staff(may="deliver")
    page = mo.get(LIST)
    assert "There are no signatures to deliver" in page.text
    answer = prepared(desk, mo)
    assert answer.status_code == 303
    where = answer.location
    page = mo.get(where)
    assert ("4" in page.text, "1 without the name" in page.text) == (True, True)
    listed = mo.post(f"{where}/files/names.csv", page=where)
    assert listed.mimetype == "text/csv"
    assert listed.headers["Cache-Control"] == "private, no-store"
    assert [line.split(",")[1] for line in listed.text.splitlines()] == [
        "name",
        "Sam Sample2",
        "Sam Sample3",
        "Sam Sample4",
    ]
    figures = mo.post(f"{where}/files/batch.json", page=where).get_json()
    assert hashlib.sha256(listed.data).hexdigest() == figures["digest"]
    for name in ("book-1.pdf", "certificate.pdf"):
        assert len(pypdfium2.PdfDocument(io.BytesIO(mo.post(f"{where}/files/{name}", page=where).data))) >= 1
    for name in ("book-2.pdf", "book-0.pdf", "names.xlsx"):
        assert mo.post(f"{where}/files/{name}", page=where).status_code == 404
    typed = {"act": "hand_over", "on": today(), "by": "Jo Bloggs", "outcome": "met", "note": "It rained."}
    assert mo.post(f"{where}/act", typed, page=where).status_code == 303
    page = mo.get(where)
    assert ("Jo Bloggs" in page.text, "names.csv" in page.text) == (True, False)
    public = desk.app.test_client().get(where.replace("/moderation", ""))
    assert ("It rained." in public.text, "Bloggs" in public.text) == (True, False)
    assert actions(desk) == [
        "delivery_prepared", *["delivery_file"] * 4, "delivery_handed_over",
    ]  # fmt: skip
    log = desk.rows("SELECT changes FROM w4r_audit")
    assert not any("Sam" in str(row[0]) for row in log)


def test_names_are_not_given_out_once_they_were_handed_over(desk: Host, staff: Callable[..., Staff]) -> None:
    mo = staff()
    where = prepared(desk, mo).location
    _, fields = form_fields(mo.get(where), "csrf_token")
    mo.post(f"{where}/act", {"act": "hand_over", "on": today(), "by": "Jo", "outcome": "posted"}, page=where)
    token = {"csrf_token": fields["csrf_token"]}
    for name, code in (("names.csv", 404), ("book-1.pdf", 404), ("certificate.pdf", 200), ("batch.json", 200)):
        assert mo.client.post(f"{where}/files/{name}", data=token, headers=mo.headers).status_code == code, name


def test_whoever_leaves_is_dropped_and_the_old_files_are_refused(desk: Host, staff: Callable[..., Staff]) -> None:
    mo = staff()
    where = prepared(desk, mo).location
    change(desk, "UPDATE w4r_signature SET state = 'invalid' WHERE id = 2")
    typed = {"act": "hand_over", "on": today(), "by": "Jo", "outcome": "met"}
    refused = mo.post(f"{where}/act", typed, page=where)
    assert (refused.status_code, "Make the files again" in refused.text) == (409, True)
    for name in ("names.csv", "book-1.pdf"):
        assert mo.post(f"{where}/files/{name}", page=where).status_code == 409
    assert mo.post(f"{where}/act", {"act": "make"}, page=where).status_code == 303
    assert mo.post(f"{where}/act", typed, page=where).status_code == 303
    assert desk.rows("SELECT count FROM w4r_delivery") == [(3,)]
    assert desk.rows("SELECT id FROM w4r_signature WHERE delivered_at IS NULL") == [(2,)]


def test_called_off_all_of_it_is_in_the_next(desk: Host, staff: Callable[..., Staff]) -> None:
    mo = staff()
    where = prepared(desk, mo).location
    assert mo.post(f"{where}/act", {"act": "call_off"}, page=where).status_code == 303
    again = mo.client.post(f"{where}/act", data={"act": "call_off"}, headers=mo.headers)
    assert again.status_code == 422, "without its token nothing happens"
    assert "Called off" in mo.get(where).text
    assert "4 signatures" in mo.get(LIST).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"recipients": " \n "}, "Say who it is handed over to"),
        ({"recipients": "x" * 300}, "200 characters"),
        ({"cases": "999"}, "There is a problem"),
        ({"cases": "nonsense"}, "There is a problem"),
    ],
)
def test_what_is_typed_wrongly_comes_back(desk: Host, staff: Callable[..., Staff], typed: Any, words: str) -> None:
    answer = prepared(desk, staff(), **typed)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert desk.rows("SELECT count(*) FROM w4r_delivery")[0][0] == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"on": "2099-01-01"}, "not in the future"),
        ({"on": "tomorrow"}, "There is a problem"),
        ({"by": ""}, "Say who took it there"),
        ({"outcome": "eaten"}, "There is a problem"),
        ({"note": "x" * 3000}, "There is a problem"),
    ],
)
def test_a_hand_over_typed_wrongly_comes_back(desk: Host, staff: Callable[..., Staff], typed: Any, words: str) -> None:
    mo = staff()
    where = prepared(desk, mo).location
    good = {"act": "hand_over", "on": today(), "by": "Jo", "outcome": "met"}
    answer = mo.post(f"{where}/act", {**good, **typed}, page=where)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert desk.rows("SELECT state FROM w4r_delivery") == [("prepared",)]


def test_several_cases_and_offices_in_one_go(desk: Host, staff: Callable[..., Staff]) -> None:
    make_signatures(desk.app, OTHER, 2, state="confirmed")
    ids = [row[0] for row in desk.rows("SELECT id FROM w4r_case")]
    answer = prepared(desk, staff(), cases=ids, recipients=f"{TO}\nThe Minister\n")
    assert answer.location == LIST
    assert desk.rows("SELECT count FROM w4r_delivery ORDER BY count") == [(2,), (4,)]
    assert "The Minister" in staff().get(LIST).text


def test_letters_that_no_font_has_are_told_by_script_before(
    desk: Host, staff: Callable[..., Staff], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_covered", lambda wanted, paths: set())
    make_signatures(desk.app, SLUG, 1, state="confirmed", first_name="山田", email="y@example.org")
    answer = prepared(desk, staff())
    assert (answer.status_code, "Han (2)" in answer.text) == (422, True)
    assert desk.rows("SELECT state FROM w4r_delivery") == [("called_off",)]
    # The list alone needs no font.
    assert staff().post(LIST, {"cases": "1", "recipients": TO, "list_only": "y"}, page=LIST).status_code == 303
