"""The form of a class: what it asks, whom it counts, and who may press how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Edition, Pupil, SchoolClass
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.testing import form_fields
from tests.conftest import MakeHost, every_database
from tests.petitions.helpers import MovingClock

from .helpers import counted, make_class, make_site, press, rows, teach, write


def test_it_needs_no_cookie_and_gives_none(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    page = host.app.test_client(use_cookies=False).get(path)
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    answer = write(host, path, client=host.app.test_client(use_cookies=False))
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (303, False)
    assert counted(host) == (1, 1)


def test_the_same_press_twice_counts_once_and_a_class_of_many_cases_counts_each_letter(make_host: MakeHost) -> None:
    host = make_site(make_host, "ann-example", "bo-example")
    teacher = teach(host, cases=["ann-example", "bo-example"])
    path = make_class(host, teacher)
    client = host.app.test_client()
    _, fields = form_fields(client.get(path), "form_token")
    for _ in range(2):
        client.post(path, data={**fields, "cases": ["ann-example", "bo-example"]})
    assert counted(host) == (1, 1)
    assert counted(host, "bo-example") == (1, 1)
    assert "1 of 28 pupils · 2 letters" in " ".join(teacher.get("/au/school").text.split()).replace("</p>", "")
    host.run("w4r", "tally", "recount")


def test_a_section_says_what_is_asked(make_host: MakeHost) -> None:
    host = make_site(make_host, mode="teacher")
    path = make_class(host, teach(host))
    assert "first_name" not in host.app.test_client().get(path).text
    assert write(host, path, first_name="Canaryna", age="15").status_code == 303
    assert [one.person for one in rows(host, Pupil)] == [None], "what was not asked for is not kept"
    assert counted(host) == (1, 1)


def test_without_class_mode_there_are_no_links(make_host: MakeHost) -> None:
    host = make_site(make_host, mode="off")
    teacher = teach(host)
    assert "Make a class" not in teacher.get("/au/school").text
    assert press(teacher, "/au/school/classes", label="7b", size="28").location == "/au/school?done=off"
    assert rows(host, SchoolClass) == []


@pytest.mark.parametrize(
    ("typed", "kept", "words"),
    [
        ({"first_name": "Canaryna Surname", "age": "14"}, {"name": "Canaryna", "age": 14}, ""),
        ({"first_name": "Canaryna", "age": "١٥"}, {"name": "Canaryna", "age": 15}, ""),
        ({"first_name": "Canaryna", "age": "9", "guardian": "y"}, {"name": "Canaryna", "age": 9}, ""),
        ({"first_name": "", "age": "9"}, None, ""),
        ({"first_name": "Canaryna", "age": "9"}, None, "You are under 14: ask your parent or guardian first"),
        ({"first_name": "Canaryna", "age": ""}, None, "Enter your age as a number"),
        ({"first_name": "Canaryna", "age": "minus"}, None, "Enter your age as a number"),
        ({"first_name": "x" * 200, "age": "15"}, None, "Enter your first name"),
        ({"cases": []}, None, "Tick who you wrote a letter for"),
        ({"cases": ["bo-example"]}, None, "is not a valid choice"),
    ],
)
def test_who_is_kept(make_host: MakeHost, typed: dict[str, Any], kept: Any, words: str, caplog: Any) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    answer = write(host, path, **typed)
    assert answer.status_code == (422 if words else 303)
    assert words in answer.text
    keyring = host.app.extensions["w4r"].keyring
    assert [keyring.open_json(row.person) for row in rows(host, Pupil) if row.person] == ([kept] if kept else [])
    assert rows(host, SchoolClass)[0].people == (0 if words else 1), "a refusal is not stored"
    assert "Canaryna" not in caplog.text


def test_links_open_with_the_campaign_and_end_with_it(make_host: MakeHost) -> None:
    clock = MovingClock()
    host = make_site(make_host, clock=clock)
    path = make_class(host, teach(host))
    assert write(host, path).status_code == 303
    days = update(Edition).values(starts_on=date(2026, 11, 25), ends_on=date(2026, 12, 20))
    run(host.app, lambda work: execute(work.session, days))
    assert "Not yet" in host.app.test_client().get(path).text
    clock.move(days=10)
    assert write(host, path).status_code == 303
    clock.move(days=30)
    answer = host.app.test_client().get(path)
    assert (answer.status_code, "The campaign is over" in answer.text) == (410, True)
    assert counted(host) == (2, 2)


def test_a_teacher_ends_a_link_and_gives_what_is_left_to_another_class(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher, size=20)
    write(host, path)
    answer = press(teacher, "/au/school/classes", label="8a", size="9")
    assert answer.status_code == 422
    assert "there is room for 8 more pupils" in answer.text
    number = rows(host, SchoolClass)[0].id
    assert press(teacher, "/au/school/classes/end", **{"class": str(number)}).location == "/au/school?done=ended"
    assert host.app.test_client().get(path).status_code == 410
    assert counted(host) == (1, 1)
    assert write(host, make_class(host, teacher, "8a", 27)).status_code == 303


def test_a_teacher_sees_and_erases_their_own_school_alone(make_host: MakeHost) -> None:
    host = make_site(make_host)
    other = teach(host, school="Vale School", email="val@school.example.org")
    path = make_class(host, other, "3c")
    write(host, path, first_name="Valcanary", age="15")
    teacher = teach(host)
    pupil, room = rows(host, Pupil)[0], rows(host, SchoolClass)[0]
    assert "Valcanary" not in teacher.get("/au/school").text
    for which in ({"pupil": str(pupil.id)}, {"class": str(room.id)}, {}):
        assert press(teacher, "/au/school/pupils/erase", **which).location == "/au/school?done=none"
    assert press(teacher, "/au/school/classes/end", **{"class": str(room.id)}).location == "/au/school?done=gone"
    assert len(rows(host, Pupil)) == 1
    assert press(other, "/au/school/pupils/erase", pupil=str(pupil.id)).location == "/au/school?done=erased"


def test_a_code_is_typed_as_pupils_type(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    client, code = host.app.test_client(), path.rpartition("/")[2]
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert client.get("/au/class", query_string={"code": typed}).location == path
    assert "We do not know this code" in client.get("/au/class", query_string={"code": "7b"}).text
    assert client.get(path[:-1] + ("0" if path[-1] != "0" else "2")).status_code == 404


@every_database
def test_a_school_day_of_30_classes_behind_one_address(make_host: MakeHost) -> None:
    """900 pupils cannot be pressed in a test's time; 30 classes at once with 4 each are far over what a network may do."""
    host = make_site(make_host, limits={"sign_host": "5/minute", "confirm_host": "5/minute", "hold_host": "1/minute"})
    teacher = teach(host, size="120")
    paths = [make_class(host, teacher, f"{number}a", 4) for number in range(30)]

    def one_class(path: str) -> list[int]:
        return [write(host, path).status_code for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one_class, paths))
    assert found == [[303, 303, 303, 303, 200]] * 30
    assert counted(host) == (120, 120)
    host.run("w4r", "tally", "recount")


def test_the_last_place_is_given_once(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host), size=3)
    clients = [host.app.test_client() for _ in range(8)]
    forms = [form_fields(client.get(path), "form_token")[1] for client in clients]
    with ThreadPoolExecutor(8) as pool:
        made = [
            pool.submit(client.post, path, data={**fields, "cases": "ann-example"})
            for client, fields in zip(clients, forms, strict=True)
        ]
    codes = sorted(one.result().status_code for one in made)
    assert codes == [303] * 3 + [409] * 5
    assert counted(host) == (3, 3)


def test_whoever_guesses_at_links_is_limited_and_classes_behind_the_same_address_are_not(make_host: MakeHost) -> None:
    host = make_site(make_host, limits={"confirm_host": "5/minute"})
    path = make_class(host, teach(host))
    client = host.app.test_client()
    codes = [client.post(f"/au/class/AAAA-BBBB-{number:04d}", data={}).status_code for number in range(8)]
    assert codes == [404] * 5 + [429] * 3
    assert write(host, path).status_code == 303


def test_another_sites_page_counts_nobody(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    client = host.app.test_client()
    _, fields = form_fields(client.get(path), "form_token")
    data = {**fields, "cases": "ann-example"}
    assert client.post(path, data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 422
    assert client.post(path, data={"cases": "ann-example"}).status_code == 422
    assert counted(host) == (0, 0)


def test_the_projector_shows_the_count_and_how_to_come_in(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    write(host, path, first_name="Canaryna", age="15")
    client = host.app.test_client()
    page = client.get(f"{path}/board")
    assert "<svg" in page.text
    assert "Canaryna" not in page.text
    assert client.get(f"{path}/count.json").get_json() == {"people": 1, "size": 28, "total": 1, "open": True}
    assert client.get("/au/class/AAAA-BBBB-0001/count.json").status_code == 404
