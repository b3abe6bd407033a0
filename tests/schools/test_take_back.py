"""A teacher takes one press back: exactly that pupil and those letters are not counted any more, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

from sqlalchemy import update

from flask_w4r.models import Edition, Pupil, SchoolClass
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.schools import pupils
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import MovingClock

from .helpers import certificate, counted, make_class, make_site, press, press_link, rows, take_back, teach, write

TWO = ("ann-example", "bo-example")


def shown(host: Host, path: str) -> dict[str, Any]:
    """What the projector shows."""
    found: dict[str, Any] = host.app.test_client().get(f"{path}/count.json").get_json()
    return found


@every_database
def test_exactly_that_press_is_not_counted_any_more(make_host: MakeHost) -> None:
    host = make_site(make_host, *TWO)
    teacher = teach(host, cases=list(TWO))
    path = make_class(host, teacher)
    write(host, path, first_name="Canaryna", age="15")
    write(host, path, list(TWO), first_name="Prankina", age="16")
    write(host, path, "bo-example")
    assert (counted(host), counted(host, "bo-example")) == ((3, 2), (3, 2))
    page = teacher.get("/au/school").text
    assert "The pupil and the letters are not counted any more" in page
    assert "First name and age go, and the letters still count" in page
    prank = rows(host, Pupil)[1]
    assert take_back(teacher, prank.id) == "taken"
    assert (counted(host), counted(host, "bo-example")) == ((2, 1), (2, 1))
    assert shown(host, path)["people"] == shown(host, path)["total"] == 2
    assert certificate(host) == ["2 pupils wrote.", "The school wrote 2 letters."]
    page = teacher.get("/au/school?done=taken").text
    assert "Prankina" not in page
    assert "Canaryna" in page
    assert "the place in the class is free again" in page
    assert take_back(teacher, prank.id) == "unknown", "from another tab"
    assert counted(host) == (2, 1)
    assert rows(host, SchoolClass)[0].people == 2
    host.run("w4r", "tally", "recount")


def test_where_no_name_is_asked_the_press_is_known_by_its_time_and_case(make_host: MakeHost) -> None:
    clock = MovingClock()
    host = make_site(make_host, mode="teacher", clock=clock)
    teacher = teach(host)
    path = make_class(host, teacher)
    write(host, path)
    clock.move(hours=1)
    write(host, path)
    page = teacher.get("/au/school").text
    first, second = rows(host, Pupil)
    assert page.index(f'name="pupil" value="{second.id}"') < page.index(f'name="pupil" value="{first.id}"')
    assert "without a name" in page
    assert "Erase" not in page
    assert take_back(teacher, second.id) == "taken"
    assert counted(host) == (1, 1)
    # A week later it is known of no press when it was.
    clock.move(days=8)
    host.run("w4r", "retention", "run")
    assert rows(host, Pupil) == []
    assert take_back(teach_again(host), first.id) == "unknown"
    assert counted(host) == (1, 1)
    host.run("w4r", "tally", "recount")


def test_it_is_taken_from_the_day_that_it_counted_on(make_host: MakeHost) -> None:
    clock = MovingClock()
    host = make_site(make_host, clock=clock)
    path = make_class(host, teach(host))
    write(host, path)
    first = rows(host, Pupil)[0]
    clock.move(days=1)
    write(host, path)
    assert take_back(teach_again(host), first.id) == "taken"
    assert list(*rows(host, SchoolClass)[0].counts.values()) == [rows(host, Pupil)[0].day.isoformat()]
    assert first.day < rows(host, Pupil)[0].day
    host.run("w4r", "tally", "recount")


def teach_again(host: Host) -> Any:
    """The teacher's browser two hours later: their link once more."""
    client = host.app.test_client()
    press_link(host, "/school/", client)
    return client


def test_what_was_erased_still_counts_and_cannot_be_taken_back(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    write(host, make_class(host, teacher), first_name="Canaryna", age="15")
    number = rows(host, Pupil)[0].id
    assert press(teacher, "/au/school/pupils/erase", pupil=str(number)).location == "/au/school?done=erased"
    assert take_back(teacher, number) == "unknown"
    assert counted(host) == (1, 1)


def test_a_place_that_is_free_again_is_given_to_the_next(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher, size=2)
    client = host.app.test_client()
    _, fields = form_fields(client.get(path), "form_token")
    prank = {**fields, "cases": "ann-example"}
    client.post(path, data=prank)
    write(host, path)
    assert "Your whole class is counted" in write(host, path).text
    assert take_back(teacher, rows(host, Pupil)[0].id) == "taken"
    client.post(path, data=prank)
    assert counted(host) == (1, 1), "the same press sent again is the same press"
    assert write(host, path).status_code == 303
    assert counted(host) == (2, 2)


def test_a_teacher_takes_back_in_their_own_school_alone(make_host: MakeHost) -> None:
    host = make_site(make_host)
    other = teach(host, school="Vale School", email="val@school.example.org")
    write(host, make_class(host, other, "3c"))
    number = rows(host, Pupil)[0].id
    assert take_back(teach(host), number) == "unknown"
    answer = other.post("/au/school/pupils/take-back", data={"pupil": str(number)})
    assert answer.status_code == 422, "without the page's token"
    assert host.app.test_client().post("/au/school/pupils/take-back", data={"pupil": str(number)}).status_code == 403
    assert counted(host) == (1, 1)


def test_once_the_campaign_is_over_nothing_is_taken_back_and_the_page_says_so(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    write(host, make_class(host, teacher), first_name="Canaryna", age="15")
    assert "Take back" in teacher.get("/au/school").text
    days = update(Edition).values(
        starts_on=date(2001, 11, 25), ends_on=get_state(host.app).clock().date() - timedelta(2)
    )
    run(host.app, lambda work: execute(work.session, days))
    page = teacher.get("/au/school").text
    assert "Take back" not in page
    assert "nothing can be taken back" in page
    assert "Canaryna" in page, "names can still be erased"
    assert take_back(teacher, rows(host, Pupil)[0].id) == "over"
    assert counted(host) == (1, 1)


@every_database
def test_two_tabs_and_presses_for_the_last_place_at_once(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher, size=3)
    clients = [host.app.test_client() for _ in range(7)]
    forms = [form_fields(client.get(path), "form_token")[1] for client in clients]

    def come(number: int) -> str:
        return str(clients[number].post(path, data={**forms[number], "cases": "ann-example"}).status_code)

    assert [come(number) for number in range(3)] == ["303"] * 3
    prank = rows(host, Pupil)[0].id
    cookie = teacher.get_cookie("session")
    _, fields = form_fields(teacher.get("/au/school"), "csrf_token")

    def tab(_: int) -> str:
        client = host.app.test_client()
        client.set_cookie("session", cookie.value)
        answer = client.post("/au/school/pupils/take-back", data={**fields, "pupil": str(prank)})
        return str(answer.location).rpartition("=")[2]

    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(*job) for job in [(tab, 0), (come, 3), (tab, 1), (come, 4), (come, 5), (tab, 2), (come, 6)]]
        found = [one.result() for one in made]
    assert sorted(one for one in found if not one.isdigit()) == ["taken", "unknown", "unknown"]
    came = found.count("303")
    assert came <= 1
    assert counted(host) == (2 + came, 2 + came)
    assert len(rows(host, Pupil)) == rows(host, SchoolClass)[0].people == 2 + came
    host.run("w4r", "tally", "recount")


@every_database
def test_erasing_and_taking_back_the_same_press_at_once(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher)
    for _ in range(4):
        write(host, path, first_name="Canaryna", age="15")
    state = get_state(host.app)
    section, school = state.sections["AU"], rows(host, SchoolClass)[0].school_id
    lens = Lens(section, "en", state.clock(), lambda *given, **values: "")
    ids = [one.id for one in rows(host, Pupil)]

    def erase(number: int) -> str:
        return str(run(host.app, lambda work: pupils.erase(work.session, section, school, pupil_id=number)))

    def back(number: int) -> str:
        return run(host.app, lambda work: pupils.take_back(work.session, lens, school, number))

    with ThreadPoolExecutor(8) as pool:
        made = [(pool.submit(back, number), pool.submit(erase, number)) for number in ids]
        found = {(one.result(), other.result()) for one, other in made}
    assert found <= {("taken", "0"), ("unknown", "1")}
    taken = 4 - counted(host)[0]
    assert rows(host, SchoolClass)[0].people == 4 - taken
    assert rows(host, Pupil) == []
    host.run("w4r", "tally", "recount")
