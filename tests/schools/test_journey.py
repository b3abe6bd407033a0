"""A school from the form to the certificate: a class of 28 with one link."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flask_w4r.models import Pupil, School, SchoolClass
from flask_w4r.testing import form_fields, run_jobs
from tests.conftest import MakeHost, every_database
from tests.petitions.helpers import dump

from .helpers import (
    QUEUE,
    counted,
    decide,
    join,
    make_class,
    make_site,
    press,
    press_link,
    rows,
    school_ids,
    staff_of,
    teach,
    write,
)

NAMES = [f"Pupil{chr(97 + number)}" for number in range(26)] + ["Zoefreda", "علي"]


@every_database
def test_a_class_of_28_with_one_link(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher)
    for number, name in enumerate(NAMES):
        answer = write(host, path, first_name=name, age=str(16 + number % 3))
        assert answer.status_code == 303, answer.text
    assert counted(host) == (28, 28)
    more = write(host, path, first_name="Late", age="16")
    assert more.status_code == 200
    assert "Your whole class is counted" in more.text
    assert "tell your teacher" in more.text
    assert counted(host) == (28, 28)
    assert "28 of 28 pupils" in teacher.get("/au/school").text
    assert all(f"<bdi>{name}</bdi>" in teacher.get("/au/school").text for name in NAMES)
    # Nothing of a pupil stands in any table but the sealed first name and age.
    stored = repr(dump(host))
    assert not any(name in stored for name in NAMES)
    assert len(rows(host, Pupil)) == 28
    kept = {"id", "section", "class_id", "person", "cases", "day", "created_at"}
    assert {column.name for column in Pupil.__table__.columns} == kept
    host.run("w4r", "tally", "recount")
    one = rows(host, SchoolClass)[0]
    assert press(teacher, "/au/school/pupils/erase", **{"class": str(one.id)}).location == "/au/school?done=erased"
    assert rows(host, Pupil) == []
    assert counted(host) == (28, 28)
    assert "Zoefreda" not in teacher.get("/au/school").text
    host.run("w4r", "tally", "recount")


def test_a_school_waits_for_its_teacher_and_then_for_the_desk(make_host: MakeHost) -> None:
    host = make_site(make_host)
    assert join(host).location == "/au/schools/new/thanks"
    assert "Hill School" not in staff_of(host).get(QUEUE).text
    assert "Hill School, Hobart" in press_link(host, "/prove/").text
    page = staff_of(host).get(QUEUE).text
    assert "Hill School" in page
    assert "Tess Teacher" in page
    assert "tess@school.example.org" not in page
    decide(host, school_ids(host)[0])
    assert "Your school takes part: Hill School" in str(host.mailer.messages[-1]["Subject"])
    client = host.app.test_client()
    assert client.get("/au/school").status_code == 403
    press_link(host, "/school/", client)
    page = client.get("/au/school").text
    assert "Hill School" in page
    assert not re.search(r"/school/[\w-]{20}", page), "the link is not in the page"
    assert press(client, "/au/school/leave").location == "/au/schools"
    assert client.get("/au/school").status_code == 403


def test_one_that_is_not_let_in_is_told_why_and_may_come_again(make_host: MakeHost) -> None:
    host = make_site(make_host)
    join(host)
    press_link(host, "/prove/")
    decide(host, school_ids(host)[0], "reject")
    assert "No such school is known." in str(host.mailer.messages[-1])
    join(host)
    assert [row.state for row in rows(host, School)] == ["rejected", "unconfirmed"]


def test_whoever_joins_again_gets_the_link_again(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teach(host)
    before = len(host.mailer.messages)
    assert join(host, school="hill  school").location == "/au/schools/new/thanks"
    assert len(rows(host, School)) == 1
    assert "The link to your school" in str(host.mailer.messages[-1]["Subject"])
    assert len(host.mailer.messages) == before + 1
    assert press_link(host, "/school/").location == "/au/school"


def test_what_the_desk_takes_back_opens_nothing(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher)
    write(host, path)
    batch = host.rows("SELECT id FROM w4r_batch ORDER BY id DESC")[0][0]
    staff_of(host).post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
    run_jobs(host.app)
    assert rows(host, School)[0].state == "submitted"
    assert teacher.get("/au/school").status_code == 403
    assert write(host, path).status_code == 410
    assert counted(host) == (1, 1), "what was counted stays"
    host.run("w4r", "tally", "recount")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"size": "0"}, "Enter a whole number between 1"),
        ({"size": "many"}, "Enter a whole number between 1"),
        ({"school": " "}, "Enter the name of the school"),
        ({"town": ""}, "Enter the town"),
        ({"cases": []}, "Choose at least one person"),
        ({"country": "ZZ"}, "Not a valid choice"),
        ({"email": "tess"}, "@"),
    ],
)
def test_a_fault_is_named_and_what_was_typed_stays(make_host: MakeHost, typed: dict[str, Any], words: str) -> None:
    host = make_site(make_host)
    answer = join(host, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Tess Teacher" in answer.text
    assert rows(host, School) == []


def test_the_teacher_reports_paper_and_gets_a_certificate(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    page = teacher.get("/au/school/report")
    _, fields = form_fields(page, "csrf_token")
    typed: dict[str, Any] = {
        **fields,
        "case": ["ann-example"],
        "letters": ["12"],
        "cards": [""],
        "emails": [""],
        "posts": [""],
    }
    typed |= {"signatures_on_paper": ["40"], "people": "20", "note": ""}
    assert teacher.post("/au/school/report", data=typed).location == "/au/school?done=reported"
    assert teacher.post("/au/school/report", data=typed).location == "/au/school?done=already"
    state, people, place = host.rows("SELECT state, people, place FROM w4r_report")[0]
    assert (state, people, place) == ("submitted", 20, "Hill School, Hobart")
    assert counted(host) == (0, 0), "nothing counts before the desk has looked"
    made = teacher.get("/au/school/certificate.pdf")
    assert made.mimetype == "application/pdf" or made.status_code == 503


def test_the_campaign_leads_there_and_a_site_without_schools_has_none(make_host: MakeHost) -> None:
    host = make_site(make_host)
    assert 'href="/au/schools"' in host.app.test_client().get("/au/").text
    page = host.app.test_client().get("/au/schools")
    assert "public" in page.headers["Cache-Control"]
    assert "Set-Cookie" not in page.headers
    plain = make_host(upgrade=False, features={"petitions", "tally"})
    assert plain.app.test_client().get("/au/schools").status_code == 404
    assert "/au/schools" not in plain.app.test_client().get("/au/").text
