"""What a school did on paper: one report, beside what its links counted, and nothing of either twice."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor

from flask_w4r.models import Pupil, Report, School
from flask_w4r.services.schools import telling
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import submit
from tests.conftest import Host, MakeHost, every_database

from .helpers import (
    QUEUE,
    certificate,
    counted,
    decide_reports,
    make_class,
    make_site,
    press,
    report,
    rows,
    staff_of,
    take_back,
    teach,
    write,
)
from .test_keep import DESK, my_data

REPORTS = "/au/moderation/queue?kind=report"


def exported(host: Host) -> list[tuple[str, ...]]:
    made = host.run("w4r", "export", "schools", "--section", "AU", "--out", "-").output
    table = [row for row in csv.DictReader(io.StringIO(made.lstrip("\ufeff"))) if row["school"] == "Hill School"]
    return [(row["pupils"], row["actions"], row["per_pupil"]) for row in table]


@every_database
def test_a_teachers_day(make_host: MakeHost) -> None:
    """28 pupils, one of them a prank; letters of a parents' evening; the certificate; and everything erased in one press."""
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher)
    for number in range(27):
        write(host, path, first_name=f"Canary{chr(97 + number)}", age=str(14 + number % 3))
    write(host, path, first_name="Batman", age="99")
    assert "Your whole class is counted" in write(host, path).text
    assert take_back(teacher, rows(host, Pupil)[-1].id) == "taken"
    assert write(host, path, first_name="Zoefreda", age="15").status_code == 303
    assert counted(host) == (28, 28)
    page = teacher.get("/au/school/report").text
    assert "The links of your classes have counted 28 letters. Leave them out." in page
    assert report(teacher, 9, letters=12).location == "/au/school?done=reported"
    assert counted(host) == (28, 28), "nothing counts before the desk has looked"
    assert certificate(host) == ["28 pupils wrote.", "The school wrote 28 letters."]
    assert "it counts once we have looked at it" in teacher.get("/au/school").text
    page = " ".join(staff_of(host).get(REPORTS).text.split())
    assert "this report must leave them out" in page
    assert "counted: 28" in page
    decide_reports(host)
    assert counted(host) == (28, 40)
    assert certificate(host) == ["28 pupils wrote.", "The school wrote 40 letters."]
    assert exported(host) == [("28", "40", "1.43")]
    assert ">40<" in "".join(staff_of(host).get(DESK).text.split())
    page = "".join(teacher.get("/au/school").text.split())
    assert ">28</dd>" in page
    assert ">12</dd>" in page
    made = teacher.get("/au/school/certificate.pdf")
    assert made.mimetype == "application/pdf" or made.status_code == 503
    assert press(teacher, "/au/school/pupils/erase").location == "/au/school?done=erased"
    assert rows(host, Pupil) == []
    assert "Zoefreda" not in teacher.get("/au/school").text
    assert (counted(host), exported(host)) == ((28, 40), [("28", "40", "1.43")])
    host.run("w4r", "tally", "recount")


@every_database
def test_one_report_that_is_raised(make_host: MakeHost) -> None:
    host = make_site(make_host, "ann-example", "bo-example")
    teacher = teach(host, cases=["ann-example", "bo-example"])
    report(teacher, 20, letters=12, cards=3)
    assert report(teacher, 20, letters=12, cards=3).location == "/au/school?done=already"
    decide_reports(host)
    assert counted(host)[1] == 12
    assert certificate(host) == ["20 people took part.", "The school wrote 12 letters.", "Cards: 3"]
    page = "".join(teacher.get("/au/school/report").text.split())
    assert 'value="12"' in page
    assert 'value="20"' in page
    # Two more before the desk looks again: the second of them stands for all three.
    report(teacher, 25, letters=14, cards=3)
    report(teacher, 30, letters=20, cards=3)
    assert counted(host)[1] == 12
    decide_reports(host)
    assert counted(host)[1] == 20
    assert [one.state for one in rows(host, Report)] == ["replaced", "replaced", "approved"]
    host.run("w4r", "tally", "recount")
    # Back to what was told first, and what the desk takes back brings the one before.
    assert report(teacher, 20, letters=12, cards=3).location == "/au/school?done=reported"
    decide_reports(host)
    assert counted(host)[1] == 12
    batch = host.rows("SELECT id FROM w4r_batch ORDER BY id DESC")[0][0]
    staff_of(host).post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
    assert counted(host)[1] == 20
    decide_reports(host, "reject")
    assert counted(host)[1] == 20
    host.run("w4r", "tally", "recount")


@every_database
def test_two_reports_of_one_school_at_once(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teach(host)
    state, school = get_state(host.app), rows(host, School)[0]
    case = school.cases[0]

    def tell(number: int) -> str:
        counts = {case: {"letter": number}}
        return run(
            host.app,
            lambda work: telling.tell(work, state.sections["AU"], school.id, 5, counts, "", now=state.clock()),
        )

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tell, range(1, 5))) == ["reported"] * 4
    assert sorted(one.state for one in rows(host, Report)) == ["replaced"] * 3 + ["submitted"]
    waiting = next(one for one in rows(host, Report) if one.state == "submitted")
    decide_reports(host)
    assert counted(host)[1] == waiting.counts[str(case)]["letter"]
    host.run("w4r", "tally", "recount")


def test_sheets_for_a_school_ask_nobody_to_report_them(make_host: MakeHost) -> None:
    host = make_site(make_host)
    page = teach(host).get("/au/school").text
    assert "report=no" in page


def test_the_report_goes_with_its_teacher_and_its_numbers_stay(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    report(teacher, 20, letters=12)
    decide_reports(host)
    report(teacher, 20, letters=15)
    client = my_data(host)
    assert {one["place"] for one in client.get("/au/my-data.json").get_json()["reports"]} == {"Hill School, Hobart"}
    submit(client, client.get("/au/my-data"), "csrf_token", act="erase_all", sure="yes")
    assert [(one.state, one.person, one.email_index) for one in rows(host, Report)] == [("approved", None, None)]
    assert counted(host)[1] == 12
    assert certificate(host) == ["20 people took part.", "The school wrote 12 letters."]
    host.run("w4r", "tally", "recount")


def test_a_school_that_was_let_in_once_keeps_its_numbers_when_its_teacher_goes(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    write(host, make_class(host, teacher), first_name="Canaryna", age="15")
    batch = host.rows("SELECT id FROM w4r_batch ORDER BY id DESC")[0][0]
    staff_of(host).post(f"/au/moderation/decisions/{batch}/undo", page=QUEUE)
    client = my_data(host)
    submit(client, client.get("/au/my-data"), "csrf_token", act="erase_all", sure="yes")
    assert [(one.state, one.person) for one in rows(host, School)] == [("submitted", None)]
    assert counted(host) == (1, 1)
    host.run("w4r", "tally", "recount")


def test_the_code_of_a_class_is_shown_to_its_own_page(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    client = host.app.test_client()
    page = client.get("/au/report", query_string={"code": path.rpartition("/")[2]})
    assert "Is it the code of a class?" in page.text
    link = page.text.partition('href="/au/class?')[2].partition('"')[0]
    assert client.get(f"/au/class?{link}").location == path
