"""Who teaches and who wrote: how long it is kept, what its owner sees, what staff see and take away."""

from __future__ import annotations

import csv
import io
import logging
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_w4r.keyring import generate_key
from flask_w4r.models import Pupil, School, SchoolClass
from flask_w4r.testing import run_jobs, submit
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import MovingClock, dump

from .helpers import counted, make_class, make_site, press_link, rows, staff_of, teach, write

TEACHER = "tess@school.example.org"
DESK = "/au/moderation/schools"


def my_data(host: Host) -> FlaskClient:
    client = host.app.test_client()
    submit(client, client.get("/au/my-data"), "email", email=TEACHER)
    run_jobs(host.app)
    path = host.mailer.links("/my-data/")[0].partition("http://localhost")[2]
    submit(client, client.get(path), "form_token")
    return client


@every_database
def test_a_teachers_details_are_shown_and_erased_while_the_class_stays(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher = teach(host)
    path = make_class(host, teacher)
    write(host, path, first_name="Canaryna", age="15")
    client = my_data(host)
    (held,) = client.get("/au/my-data.json").get_json()["schools"]
    assert (held["school"], held["name"], held["email"], held["state"]) == (
        "Hill School", "Tess Teacher", TEACHER, "approved",
    )  # fmt: skip
    assert "Canaryna" not in client.get("/au/my-data").text
    submit(client, client.get("/au/my-data"), "csrf_token", act="erase_all", sure="yes")
    school = rows(host, School)[0]
    assert (school.person, school.email_index, school.name) == (None, None, "Hill School")
    assert write(host, path).status_code == 303
    assert counted(host) == (2, 2)
    assert teacher.get("/au/school").status_code == 200, "names of pupils can still be erased"
    answer = submit(
        teacher, teacher.get("/au/school/report"), "csrf_token", people="3", letters=["3"], case=["ann-example"]
    )
    assert answer.status_code == 422
    assert "Your address was erased" in answer.text


@every_database
def test_pupils_and_teachers_go_a_while_after_the_campaign_and_numbers_stay(make_host: MakeHost) -> None:
    clock = MovingClock()
    host = make_site(make_host, clock=clock, retention={"pupil_days": 7})
    write(host, make_class(host, teach(host)), first_name="Canaryna", age="15")
    days = host.rows("SELECT ends_on FROM w4r_edition")[0][0]
    left = {}
    for moved in range(0, 120, 4):
        clock.move(days=4)
        host.run("w4r", "retention", "run")
        known = (len(rows(host, Pupil)), rows(host, School)[0].person is not None)
        left.setdefault(known, (clock().date(), moved))
    assert list(left) == [(1, True), (0, True), (0, False)], days
    assert 7 < (left[0, True][0] - rows_end(days)).days <= 12
    assert 30 < (left[0, False][0] - rows_end(days)).days <= 35
    assert rows(host, SchoolClass)[0].people == 1
    host.run("w4r", "tally", "recount")


def rows_end(value: Any) -> Any:
    """A day, as any of the databases gives it."""
    from datetime import date

    return value if isinstance(value, date) else date.fromisoformat(value)


def test_nothing_of_a_pupil_is_anywhere_but_on_their_teachers_page(
    make_host: MakeHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    host = make_site(make_host)
    teacher = teach(host, size="40")
    path = make_class(host, teacher, size=40)
    urls = []
    for number in range(12):
        answer = write(host, path, first_name="Canaryna", age="97" if number else "98")
        urls += [answer.request.url, answer.location]
    assert write(host, path, first_name="Canaryna", age="7").status_code == 422
    assert "Canaryna" in teacher.get("/au/school").text
    mo = staff_of(host)
    seen = [mo.get(DESK).text, mo.get("/au/moderation/queue?kind=school").text, mo.get("/au/moderation/").text]
    seen += [host.app.test_client().get(f"{path}{part}").text for part in ("", "/board", "/thanks", "/count.json")]
    for name in ("schools", "events", "signatures"):
        done = host.app.test_cli_runner().invoke(args=["w4r", "export", name, "--section", "AU", "--out", "-"])
        seen.append(done.output)
    seen += [host.app.test_client().get("/au/tally.json").text, *urls, caplog.text, repr(dump(host))]
    seen += [str(message) for message in host.mailer.messages]
    assert not [one for one in seen if "Canaryna" in one]
    assert not [one for one in seen[:3] if re.search(r">\s*9[78]\b", one)], "no age is on a page of staff"


def test_the_desks_table_hides_small_numbers_and_can_be_taken_away(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host, size="20"), size=12)
    for _ in range(12):
        write(host, path)
    write(host, make_class(host, teach(host, school="Vale School", email="val@school.example.org"), size=9))
    page = " ".join(staff_of(host).get(DESK).text.split())
    assert "fewer than 10" in page
    assert page.index("Hill School") < page.index("Vale School")
    assert ">0.6<" in page
    made = host.run("w4r", "export", "schools", "--section", "AU", "--out", "-").output
    table = list(csv.DictReader(io.StringIO(made.lstrip("\ufeff"))))[:2]
    assert [(row["school"], row["size"], row["pupils"], row["actions"], row["per_pupil"]) for row in table] == [
        ("Hill School", "20", "12", "12", "0.6"), ("Vale School", "28", "", "", ""),
    ]  # fmt: skip
    assert "tess" not in made.lower()


def test_the_desk_changes_a_size_and_mails_a_new_link(make_host: MakeHost) -> None:
    host = make_site(make_host)
    teacher, number = teach(host), 0
    number = rows(host, School)[0].id
    mo = staff_of(host)
    assert mo.post(DESK, {"school": number, "act": "size", "size": "60"}, page=DESK).location.endswith("done=sized")
    assert rows(host, School)[0].size == 60
    assert mo.post(DESK, {"school": number, "act": "link"}, page=DESK).location.endswith("done=sent")
    run_jobs(host.app)
    assert teacher.get("/au/school").status_code == 403, "the link before has ended"
    assert press_link(host, "/school/").location == "/au/school"
    acts = [row[0] for row in host.rows("SELECT action FROM w4r_audit ORDER BY seq")]
    assert acts[-2:] == ["school_size", "school_link"]


def test_who_may_not_decide_sees_no_schools(make_host: MakeHost) -> None:
    host = make_site(make_host)
    mo = staff_of(host)
    mo.headers["X-May"] = "view_queue"
    assert mo.get(DESK).status_code == 403


def test_schools_are_a_goal(make_host: MakeHost) -> None:
    host = make_site(make_host, goals={"schools": 10})
    assert "0 of 10" in " ".join(host.app.test_client().get("/au/").text.split())
    teach(host)
    host.app.extensions["w4r"].lazy.pop("pages", None)
    assert "1 of 10" in " ".join(host.app.test_client().get("/au/").text.split())


def test_links_and_addresses_are_found_under_a_new_index_key(make_host: MakeHost) -> None:
    host = make_site(make_host)
    path = make_class(host, teach(host))
    config = host.app.config
    old, new = config["W4R_INDEX_KEY"], generate_key()
    kept = {
        "section": {"preset": "AU", "url_prefix": "/au", "class_mode": "names"},
        "encryption_keys": config["W4R_ENCRYPTION_KEYS"], "index_key": new,
    }  # fmt: skip
    fresh = make_host(upgrade=False, index_keys_old=[old], **kept)
    assert write(fresh, path).status_code == 303
    told = fresh.run("w4r", "keys", "reindex").output
    assert "w4r_school: 1 rows, 1 indexed anew" in told
    assert "w4r_school_class: 1 rows, 1 indexed anew" in told
    assert write(make_host(upgrade=False, **kept), path).status_code == 303
